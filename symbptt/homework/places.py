"""Where in a homework something stands: the exercise and its part, from headings and labels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symbptt.worksheet.names import EXERCISE, PART

_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]+(?P<title>.*?)[ \t#]*$")
_MARKS = re.compile(r"^[ \t]*(?:\*\*|__|\*|_)?(?P<label>.*?)$")
_SHORT = 60  # a longer line that begins with "Exercise 1" is a sentence


@dataclass(frozen=True)
class Place:
    """Exercise 1, part b; either may be empty."""

    exercise: str = ""
    part: str = ""

    def __str__(self) -> str:
        return f"{self.exercise}{self.part}"

    def covers(self, other: Place) -> bool:
        """Whether what stands here may answer what is asked there: a part is not always said."""
        if self.exercise != other.exercise:
            return False
        return not self.part or not other.part or self.part == other.part


def after_line(place: Place, line: str) -> Place:
    """The place behind a line, which is a heading, begins with a label such as (b), or neither.

    Whatever its level, a heading such as "(c)" is a part of the exercise above it.
    """
    heading = _HEADING.match(line)
    text = heading["title"] if heading else line
    marked = _MARKS.match(text)
    text = (marked["label"] if marked else text).replace("（", "(").replace("）", ")").strip()
    exercise = EXERCISE.match(text)
    bold = line.lstrip().startswith(("**", "__"))
    if exercise and (heading or bold or len(text) < _SHORT):
        rest = text[exercise.end() :].lstrip(" .:：、*")
        part = PART.match(rest)
        return Place(exercise[1], part[1] if part else "")
    part = PART.match(text)
    return Place(place.exercise, part[1]) if part else place
