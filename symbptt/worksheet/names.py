"""What statements are called: by the headings above them, or by their option :id:."""

from __future__ import annotations

import re

from symbptt.core.errors import ReadError

from .directive import Directive

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
EXERCISE = re.compile(
    r"(?:exercise|problem|question|task|练习|习题|问题)\s*(\d+(?:\.\d+)*)", re.IGNORECASE
)
PART = re.compile(r"\(([a-z]{1,4}|\d+)\)")


def heading_name(text: str) -> str:
    """ "Exercise 1: the layer" is 1, "(b) Recurrence" is b, any other heading its words."""
    for pattern in (EXERCISE, PART):
        match = pattern.match(text.strip())
        if match:
            return match[1]
    words = re.findall(r"[a-z0-9]+", re.sub(r"\$[^$]*\$", "", text).lower())
    return "-".join(words[:4])


class Numbering:
    """The headings passed, and the ids given so far."""

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._counts: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._ids: set[str] = set()

    def heading(self, level: int, name: str) -> None:
        """A heading ends those of its level and below."""
        self._headings = [h for h in self._headings if h[0] < level]
        if name:
            self._headings.append((level, name))

    @property
    def place(self) -> str:
        """1b for part (b) of exercise 1."""
        names = [name for _, name in self._headings]
        short = "".join(n for n in names if len(n) <= 4 or n.replace(".", "").isdigit())
        return short or "-".join(names[-1:]) or "statement"

    def take(self, asked: str | None, directive: Directive) -> str:
        """The id of the next statement; ReadError if it is taken or not fit for a file name."""
        if asked is None:
            while True:
                self._counts[self.place] = self._counts.get(self.place, 0) + 1
                asked = f"{self.place}-{self._counts[self.place]}"
                if asked.lower() not in self._taken:
                    break
        elif not _ID.fullmatch(asked):
            raise ReadError("an id has letters, digits, dots, - and _ only", directive.places["id"])
        if asked.lower() in self._taken:
            line = self._taken[asked.lower()]
            where = directive.places["id"]
            raise ReadError(f"the id {asked} is taken by the block in line {line}", where)
        self._taken[asked.lower()] = directive.line
        self._ids.add(asked)
        return asked

    def has(self, id: str) -> bool:
        """Whether a statement has that id."""
        return id in self._ids
