"""A row of a table: what was measured, the figure, the bound."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from rich.table import Table


def median_ms(action: Callable[[], object], runs: int) -> float:
    """Median wall time of an action in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def build(title: str, unit: str, rows: list[tuple[str, float, float]]) -> tuple[Table, bool]:
    """A table of (what, figure, most allowed), and whether every figure is within its bound."""
    table = Table(title=title)
    for name in ("what", unit, "at most", ""):
        table.add_column(name, justify="left" if name == "what" else "right")
    for what, figure, most in rows:
        table.add_row(what, f"{figure:.3g}", f"{most:g}", "ok" if figure <= most else "MISSED")
    return table, all(figure <= most for _, figure, most in rows)
