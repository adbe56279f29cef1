"""How far long work has come and how long it will take, below what is printed, on a terminal only.

It is written to stderr and wiped away at the end, so that a file or a pipe gets the results alone.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from .terminal import is_shown

_LABEL = 36  # columns


class Progress:
    """``with Progress(total, "building") as progress``; without a total nothing is foretold."""

    def __init__(self, total: int | None, label: str = "") -> None:
        self._total, self._label = total, label
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        if is_shown(sys.stderr):
            from rich.console import Console
            from rich.progress import (
                BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn, TimeRemainingColumn,
            )  # fmt: skip

            self._bar = Bar(
                TextColumn("{task.description}", markup=False), BarColumn(20),
                MofNCompleteColumn(), TimeRemainingColumn(elapsed_when_finished=True),
                console=Console(stderr=True), transient=True, speed_estimate_period=120,
                redirect_stdout=False, redirect_stderr=False,
                auto_refresh=False,  # without a thread: processes are forked meanwhile
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task(self._label, total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._bar is not None:
            self._bar.stop()

    def advance(self, steps: int = 1, label: str = "") -> None:
        """So many more are done; ``label`` says what is done now."""
        if self._bar is not None:
            changes = {"description": _shortened(label)} if label else {}
            self._bar.update(self._task, advance=steps, refresh=True, **changes)

    def print(self, text: str) -> None:
        """Prints a line of the results, at once, above the bar where both are on one screen."""
        if self._bar is not None and sys.stdout.isatty():
            self._bar.console.out(text, highlight=False)
        else:
            print(text, flush=True)

    def complain(self, text: str) -> None:
        """Prints to stderr."""
        if self._bar is not None:
            self._bar.console.out(text, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)


def _shortened(text: str) -> str:
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…"
