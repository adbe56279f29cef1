"""A report cut into slides: a title, and what stands below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .document import (
    Block, Blocks, Content, Equations, Heading, Phrase, Prose, SymbolsTable, Table, Text,
    TheoremBlock, phrase,
)  # fmt: skip

_ROWS = 9  # of a table on one slide


@dataclass(frozen=True)
class Slide:
    """A slide; one without blocks announces a part."""

    title: Content
    blocks: Blocks


def slides(blocks: Iterable[Block]) -> list[Slide]:
    """Theorems and tables have slides of their own; prose stands with what it introduces."""
    return list(_slides(blocks))


def _slides(blocks: Iterable[Block]) -> Iterator[Slide]:
    title: Content = ()
    waiting: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            if waiting:
                yield Slide(title, tuple(waiting))
            waiting, title = [], block.content
            if block.level == 1:
                yield Slide(title, ())
        elif isinstance(block, TheoremBlock):
            if waiting:
                yield Slide(title, tuple(waiting))
            waiting = []
            yield Slide(block.name or _number(block), (replace(block, name=(), replays=()),))
        elif isinstance(block, SymbolsTable | Table):
            if waiting:
                yield Slide(title, tuple(waiting))
            waiting = []
            yield from (Slide(title or _SYMBOLS, (part,)) for part in _parts(block))
        elif isinstance(block, Equations | Prose) and _is_long(waiting):
            yield Slide(title, tuple(waiting))
            waiting = [block]
        else:
            waiting.append(block)
    if waiting:
        yield Slide(title, tuple(waiting))


_SYMBOLS: Content = (Phrase("heading.symbols"),)


def _is_long(blocks: list[Block]) -> bool:
    return len(blocks) > 5


def _number(block: TheoremBlock) -> Content:
    kind = phrase("theorem.numbered", kind=Phrase(f"theorem.{block.kind}"),
                  number=Text(block.number))  # fmt: skip
    return (kind,)


def _parts(table: SymbolsTable | Table) -> Iterator[Block]:
    """A table in pieces that fit on a slide."""
    for start in range(0, len(table.rows), _ROWS):
        rows = slice(start, start + _ROWS)
        if isinstance(table, SymbolsTable):
            yield SymbolsTable(table.rows[rows])
        else:
            yield replace(table, rows=table.rows[rows])
