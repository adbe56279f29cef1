"""Tokens, and the state of a lexer that makes them."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import NamedTuple

from .source import Source

MAX_DEPTH = 40  # of brackets and braces, measured by a linear scan before anything recursive
_BRACES = re.compile(r"\\.|%[^\n]*|[{}]", re.DOTALL)


class Token(NamedTuple):
    """``kind``, normalized ``text``, the offsets of the source it stands for, space before it."""

    kind: str
    text: str
    at: int
    end: int
    gap: bool


class Emitter:
    """The tokens made so far, what is open, and the language of the current line.

    ``words`` are names of several letters, ``names`` whole names; ``lines``: line breaks matter.
    """

    def __init__(self, source: Source, words: Set[str], names: Set[str], lines: bool) -> None:
        self.source, self.words, self.names, self.lines = source, words, names, lines
        self.text = source.text
        self.out: list[Token] = []
        self.gap = False
        self.latex = True  # whether the line is LaTeX rather than plain text
        self.font_at = -1  # offset of a font whose brace comes next
        self.angle_end = -1  # offset of the > that closes a <
        self.braces: list[bool] = []  # whether each open brace is (in) a script
        self.open: list[int] = []  # offsets of open ( and [
        self.environments: list[tuple[str, int]] = []
        self.close_of = _matched_braces(source)

    def emit(self, kind: str, text: str, at: int, end: int) -> int:
        self.out.append(Token(kind, text, at, end, self.gap))
        self.gap = False
        return end

    @property
    def after_script(self) -> bool:
        """Whether the next character is the whole script of a ``_`` or ``^`` without braces."""
        return bool(self.out) and self.out[-1].kind in ("sub", "sup")

    @property
    def in_script(self) -> bool:
        return bool(self.braces) and self.braces[-1]


def _matched_braces(source: Source) -> dict[int, int]:
    """Offsets of the braces that open, with those that close them; errors point at the open one."""
    stack: list[int] = []
    pairs: dict[int, int] = {}
    for m in _BRACES.finditer(source.text):
        if m.group() == "{":
            stack.append(m.start())
            if len(stack) > MAX_DEPTH:
                raise source.fail(f"braces are nested more than {MAX_DEPTH} deep", m.start())
        elif m.group() == "}":
            if not stack:
                raise source.fail(
                    "this } closes nothing", m.start(), "remove it, or add a { before"
                )
            pairs[stack.pop()] = m.start()
    if stack:
        raise source.fail("this { is never closed", stack[-1], "add a }")
    return pairs
