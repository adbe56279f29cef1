"""``make bench``: derivation and replay, all models, cold starts, accuracy of the gradients."""

from __future__ import annotations

import os
import platform
import sys

import numpy
import sympy
from rich.console import Console

from . import accuracy, cold, derivation, models


def main() -> int:
    """Prints every table; the status says whether all bounds hold."""
    console = Console()
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "as the library chooses")
    console.print(
        f"Python {platform.python_version()}, SymPy {sympy.__version__}, "
        f"NumPy {numpy.__version__}, {os.cpu_count()} cores, BLAS threads: {threads}"
    )
    holds = True
    for part in (derivation, models, cold, accuracy):
        table, good = part.table()
        console.print(table)
        holds = holds and good
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
