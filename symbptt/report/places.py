"""The places of a document to which references lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .document import (
    Block, Display, Equations, Heading, Inline, Items, Phrase, Quote, Ref, RuleEntry, Text,
    TheoremBlock, phrase,
)  # fmt: skip
from .numbers import equation_target
from .walking import walk


class Places(dict[str, str]):
    """Every place, with the number that stands there for the reader of paper; empty for none.

    ``aliases`` are the places of the statements that authors gave a name.
    """

    def __init__(self, blocks: Iterable[Block]) -> None:
        shown = tuple(blocks)
        super().__init__(_places(shown))
        named = (x for x in walk(shown) if isinstance(x, TheoremBlock) and x.alias)
        self.aliases = {block.alias: block.target for block in named}

    def resolved(self, ref: Ref) -> Ref:
        """The reference with the name of its place, and with words where it had none."""
        target = self.aliases.get(ref.target, ref.target)
        if ref.content or target not in self:
            return Ref(ref.content, target)
        kind, _, number = target.rpartition("-")
        name: Inline = Text(f"({number})")
        if kind != "equation":
            name = phrase("theorem.numbered", kind=Phrase(f"theorem.{kind}"), number=Text(number))
        return Ref((name,), target)


def _places(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        match block:
            case Display(_, tag, _, target) if target:
                yield target, tag
            case Heading(_, _, target) if target:
                yield target, ""
            case Equations(rows):
                yield from ((equation_target(row.number), row.number) for row in rows)
            case RuleEntry(_, number):
                yield block.target, number
            case TheoremBlock():
                yield block.target, block.number
                yield from _places(block.statement)
                yield from _places(x for x in block.proof if isinstance(x, Block))
            case Items(items):
                for item in items:
                    yield from _places(item)
            case Quote(inner):
                yield from _places(inner)
            case _:
                pass
