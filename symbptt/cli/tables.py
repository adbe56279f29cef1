"""Tables and lines for the terminal; plain text where the output is not one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from .terminal import is_shown

Row = Sequence[str]


def print_table(head: Row, rows: Iterable[Row]) -> None:
    """A table: drawn in a terminal, columns with two spaces between them otherwise."""
    listed = [tuple(map(str, row)) for row in rows]
    if is_shown():
        _print_rich(head, listed)
        return
    columns = zip_longest(head, *listed, fillvalue="")
    widths = [max(len(cell) for cell in column) for column in columns]
    for row in (head, *listed):
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def _print_rich(head: Row, rows: list[tuple[str, ...]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in head:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
