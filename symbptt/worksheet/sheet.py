"""A worksheet as data: its items in the order of the text, each of which can be run and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from symbptt.report import markdown

if TYPE_CHECKING:
    from symbptt.report.document import Block

    from .question import Question
    from .report import Telling
    from .run import Run


class Item:
    """A piece of a worksheet.

    ``prepare`` is called for all items in order, then ``complete`` for all; ``tell`` when both
    are done. What an item does not need it leaves out.
    """

    def prepare(self, run: Run) -> None:
        """Does what needs nothing of the items below."""

    def complete(self, run: Run) -> None:
        """Does what needs all items prepared; adds statements and files to the run."""

    def tell(self, telling: Telling) -> Iterator[Block]:
        """What the report shows in this place."""
        yield from ()

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """What a sheet of questions shows in this place; it gives no answers away."""
        yield from ()


@dataclass(frozen=True)
class Prose(Item):
    """A piece of Markdown."""

    markdown: str
    line: int

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The text itself."""
        yield from markdown.blocks(self.markdown)

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The text itself."""
        yield from self.tell(telling)


@dataclass(frozen=True)
class Sheet:
    """A worksheet. ``name`` is that of its file, ``path`` how it was called.

    ``lang``, ``detail`` and ``kind`` say how its report is printed; the detail, where it is not
    given, depends on the kind.
    """

    name: str
    path: str
    title: str
    lang: str
    items: tuple[Item, ...] = field(default=())
    detail: str = ""
    kind: str = "report"

    @property
    def source(self) -> str:
        """How files made from the worksheet name it: the same wherever the project lies."""
        place = Path(self.path)
        if place.is_absolute():
            here = Path.cwd()
            place = place.relative_to(here) if place.is_relative_to(here) else Path(place.name)
        return "" if place == Path() else place.as_posix()
