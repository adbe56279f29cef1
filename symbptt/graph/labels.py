"""Labels as base, superscript and subscript in Unicode, and how wide they are."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from symbptt.core.terms import Term
from symbptt.report.pen import UNICODE_PEN

_BASE, _SCRIPT = 6.2, 4.4  # the width of a character, pt


@dataclass(frozen=True)
class Label:
    """``base`` with its scripts, as text."""

    base: str
    above: str
    below: str

    @property
    def base_width(self) -> float:
        """An estimate in points."""
        return _BASE * _length(self.base)

    @property
    def width(self) -> float:
        """The same with the scripts."""
        return self.base_width + _SCRIPT * max(_length(self.above), _length(self.below))


def label(term: Term) -> Label:
    """The label of a quantity."""
    text = UNICODE_PEN.term(term)
    base, parts = "", {"^": "", "_": ""}
    mark, depth = "", 0
    for character in text:
        if character in parts and depth == 0:
            mark = character
            continue
        depth += (character == "{") - (character == "}")
        if mark:
            parts[mark] += character
        else:
            base += character
    above, below = (_plain(parts[m]) for m in "^_")
    return Label(base, above, below)


def _plain(script: str) -> str:
    return "".join(c for c in script if c not in "{}^_").replace("-", "\u2212")


def _length(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)
