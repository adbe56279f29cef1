"""Assumptions as they are read in a report: a property in words is said in its language."""

from __future__ import annotations

from symbptt.models.properties import PROPERTY

from .document import Inline, phrase
from .pen import Pen


def given(text: str, pen: Pen) -> Inline:
    r"""A formula, or ``W \text{ is symmetric}`` as a phrase about W."""
    match = PROPERTY.match(text)
    if match is None:
        return pen.math(text)
    kind = (match["tex"] or match["plain"]).removesuffix("s").replace(" ", "-")
    return phrase(f"given.{kind}", what=pen.math(match["what"].strip()))
