"""```{only} KIND ...: prose for some kinds of reports, such as what belongs to the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.core.errors import ReadError
from symbptt.report import markdown
from symbptt.report.document import Block, Display, Math
from symbptt.report.katex_render import lint
from symbptt.report.walking import walk

from ..directive import Directive, check_options
from ..kinds import REPORTS
from ..reading import Reading
from ..report import Telling
from ..sheet import Item


@dataclass(frozen=True)
class OnlyBlock(Item):
    """A piece of Markdown for some kinds of reports."""

    kinds: tuple[str, ...]
    markdown: str

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The text, where it belongs."""
        if telling.kind in self.kinds:
            yield from markdown.blocks(self.markdown)

    def ask(self, telling: Telling) -> Iterator[Block]:
        """The same."""
        yield from self.tell(telling)


def read(d: Directive, reading: Reading) -> OnlyBlock:
    """The kinds stand after the name."""
    check_options(d, ())
    kinds = tuple(d.argument.replace(",", " ").split())
    if not kinds or not {*kinds} <= {*REPORTS}:
        raise ReadError("for which kinds of reports is this?", d.argument_where,
                        f"the kinds are {', '.join(REPORTS)}")  # fmt: skip
    text = "\n".join(line for line, _ in d.body)
    for item in walk(markdown.blocks(text)):
        problem = lint(item.latex) if isinstance(item, Math | Display) else None
        if problem is not None:
            raise ReadError(problem, d.where)
    return OnlyBlock(kinds, text)
