"""Commands from a cold start: a new process each time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.table import Table

from .figures import build, median_ms

COMMANDS = (
    ("symbptt --help", ["--help"], 250),
    (
        "symbptt derive dL/dW --model rnn",
        ["derive", r"\partial L/\partial W", "--model", "rnn"],
        900,
    ),
)


def table() -> tuple[Table, bool]:
    """Wall times of whole processes."""
    rows: list[tuple[str, float, float]] = []
    for what, words, most in COMMANDS:
        command = [str(Path(sys.executable).with_name("symbptt")), *words]

        def run(command: list[str] = command) -> None:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        run()
        rows.append((what, median_ms(run, 7), most))
    return build("Cold starts (a new process, files in the system's cache)", "ms", rows)
