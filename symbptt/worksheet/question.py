"""A question of a worksheet, as a sheet without the answers shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symbptt.report.document import Block, Blocks, Content, Display, Prose, Text, phrase
from symbptt.report.givens import given as said_given
from symbptt.report.pen import LATEX_PEN
from symbptt.report.reasons import listed_and


@dataclass(frozen=True)
class Question:
    """What is asked, and how many points an answer has where that is not one."""

    text: Blocks
    points: Content = ()


def question(text: Iterable[Block], points: int = 1) -> Question:
    """A question that has so many points."""
    said = phrase("ask.points", points=Text(str(points)))
    return Question(tuple(text), (said,) if points > 1 else ())


def statement(key: str, latex: str, given: Iterable[str], points: int = 1) -> Question:
    """A question about a statement under assumptions, as the author wrote them."""
    assumed = tuple(said_given(text, LATEX_PEN) for text in given)
    head = (phrase("theorem.under", conditions=listed_and(assumed)), Text(" ")) if assumed else ()
    return question((Prose((*head, phrase(key))), Display(latex)), points)
