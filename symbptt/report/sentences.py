"""Small pieces of text: ranges in words, sentences in a row, labels."""

from __future__ import annotations

from collections.abc import Sequence

from .document import Content, Text, phrase
from .pen import Pen
from .ranges import Facts, ranges
from .reasons import listed_and


_ROMAN = ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def range_sentence(facts: Facts, pen: Pen) -> Content:
    """For 1 <= k <= t <= T,"""
    where = conditions(facts, pen)
    return (phrase("theorem.conditions", conditions=where),) if where else ()


def conditions(facts: Facts, pen: Pen) -> Content:
    """1 <= k <= t <= T and 1 <= i <= n"""
    return listed_and(tuple(map(pen.math, ranges(facts, pen))))


def spaced(parts: Sequence[Content]) -> Content:
    """Sentences with a space between them; empty ones are left out."""
    out: Content = ()
    for part in filter(None, parts):
        out = (*out, Text(" "), *part) if out else part
    return out


def roman(number: int) -> str:
    """i, ii, iii, iv, ..."""
    out = ""
    for value, letters in _ROMAN:
        while number >= value:
            out, number = out + letters, number - value
    return out


def slug(title: str) -> str:
    """A title as a key of the word lists."""
    return title.lower().replace(" ", "-")
