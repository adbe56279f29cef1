"""What a page may ask: the fields of every task, and what each may hold.

>>> question("preview", {"model": "rnn"})
{'task': 'preview', 'model': 'rnn', 'lang': 'en'}
>>> question("preview", {"model": 3})
Traceback (most recent call last):
symbptt.serve.questions.Refused: model: a text of at most 20000 characters is expected
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symbptt.calculus.derive import FORMS
from symbptt.derivation import LAYOUTS
from symbptt.report.words import LANGUAGES

FILES = ("tex", "html", "py", "md")


class Refused(ValueError):
    """A request that no page of ours makes."""


@dataclass(frozen=True)
class Field:
    """What a field may hold, in words and as a test; ``default`` stands for a missing one."""

    words: str
    holds: Callable[[Any], bool]
    default: Any = None


def _text(length: int, default: str | None = None) -> Field:
    words = f"a text of at most {length} characters is expected"
    return Field(words, lambda x: isinstance(x, str) and len(x) <= length, default)


def _one_of(*values: str) -> Field:
    return Field(f"one of {', '.join(filter(None, values))} is expected",
                 lambda x: isinstance(x, str) and x in values, values[0])  # fmt: skip


def _number(most: int) -> Field:
    return Field(f"a number from 0 to {most} is expected", lambda x: type(x) is int
                 and 0 <= x <= most, 0)  # fmt: skip


_LANG = {"lang": _one_of(*LANGUAGES)}
_MODEL = {"model": _text(20_000)}
_DERIVATION = {
    **_MODEL, **_LANG, "quantity": _text(1_000), "form": _one_of("", *FORMS), "T": _number(30),
    "window": _text(8, ""), "layout": _one_of("", *LAYOUTS),
}  # fmt: skip
_ANSWER = {**_MODEL, **_LANG, "quantity": _text(1_000, ""), "answer": _text(8_000)}

TASKS: Mapping[str, Mapping[str, Field]] = {
    "preview": {**_MODEL, **_LANG},
    "read": _ANSWER,
    "check": _ANSWER,
    "proof": {**_ANSWER, "number": _number(10_000)},
    "derive": _DERIVATION,
    "part": {**_DERIVATION, "number": _number(10_000)},
    "file": {**_DERIVATION, "kind": _one_of(*FILES)},
}


def question(task: str, data: Any) -> dict[str, Any]:
    """The question with every field; Refused for what is missing, unknown or out of bounds."""
    fields = TASKS[task]
    if not isinstance(data, dict) or not data.keys() <= fields.keys():
        raise Refused(f"an object with the fields {', '.join(fields)} is expected")
    out = {"task": task}
    for name, field in fields.items():
        value = data.get(name, field.default)
        if not field.holds(value):
            raise Refused(f"{name}: {field.words}")
        out[name] = value
    return out
