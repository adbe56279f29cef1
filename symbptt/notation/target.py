"""What a printed language is to the printer: names, templates, and a few levels that differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .symbols import PRECEDENCE, Level, Name

_SLOT = re.compile(r"<(\w+)>|<\{(\w+)\}>")
_SIMPLE = re.compile(r"[^\W_]+|\([^\W_]+\)")  # a script that can do without braces


@dataclass(frozen=True)
class Style:
    """Choices of a reader: sizes under 0, 1 and I; ``h[t]`` for ``h_t`` (one-line text only)."""

    dimensions: bool = False
    brackets: bool = False


@dataclass(frozen=True)
class Target:
    """One printed language.

    ``name`` shows a name. ``templates`` has a text with ``<slots>`` for every construct (see
    ``fill``). ``joints`` says what stands between two factors, by what the right one begins with.
    ``functions`` has the templates of functions not written as f(a); they bind like "fraction".
    ``levels`` overrides PRECEDENCE. ``tall`` finds formulas that need tall parentheses.
    ``merged`` tells that the entry (i, j) of a name goes into its subscript.
    """

    name: Callable[[Name], str]
    templates: Mapping[str, str]
    joints: tuple[tuple[re.Pattern[str], str], ...]
    functions: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)
    tall: re.Pattern[str] | None = None
    merged: bool = True

    def fill(self, key: str, **slots: str) -> str:
        """The template ``key`` with its slots filled."""
        return fill(self.templates[key], **slots)

    def level(self, key: str) -> Level:
        """How tightly the construct ``key`` binds here."""
        return self.levels.get(key) or PRECEDENCE.get(key, Level.ATOM)

    def group(self, text: str) -> str:
        """The text in parentheses of the right size."""
        return self.fill("tall_group" if self.is_tall(text) else "group", a=text)

    def call(self, function: str, text: str) -> str:
        """A function's name applied to a text."""
        return self.fill("tall_call" if self.is_tall(text) else "call", f=function, a=text)

    def enclose(self, key: str, text: str) -> str:
        """The text between bars of the right size."""
        return self.fill(f"tall_{key}" if self.is_tall(text) else key, a=text)

    def is_tall(self, text: str) -> bool:
        """Whether the text is higher than a line."""
        return self.tall is not None and self.tall.search(text) is not None

    def join(self, left: str, right: str) -> str:
        """Two factors side by side."""
        for pattern, joint in self.joints:
            if pattern.match(right):
                return f"{left}{joint}{right}"
        return f"{left} {right}"


def fill(template: str, **slots: str) -> str:
    """``template`` with its ``<slot>`` replaced; ``<{slot}>`` keeps braces where needed."""
    return _SLOT.sub(lambda m: slots[m[1]] if m[1] else braced(slots[m[2]]), template)


def braced(script: str) -> str:
    """A script of one-line text, in braces unless it is one word."""
    return script if _SIMPLE.fullmatch(script) else f"{{{script}}}"
