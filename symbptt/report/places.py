"""The places of a document to which references lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .document import (
    Block, Display, Equations, Heading, Items, Quote, RuleEntry, TheoremBlock,
)  # fmt: skip
from .numbers import equation_target


def places(blocks: Iterable[Block]) -> dict[str, str]:
    """Every place, with the number that stands there for the reader of paper; empty for none."""
    return dict(_places(blocks))


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
