"""``make bench``: derivation and replay, all models, claims judged, cold starts, the page,
accuracy, growth, memory, speed.

``--write`` puts the figures of speed, with one and with two threads, of memory and of growth into
docs/speed.md instead; what else is given goes to ``benchmarks.speed``, for example ``--rounds 3``.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded; times are of one core

import numpy
import sympy
from rich.console import Console

from . import accuracy, checking, cold, derivation, growth, memory, models, page

PEERS = all(importlib.util.find_spec(name) is not None for name in ("torch", "jax"))


def main() -> int:
    """Prints every table; the status says whether all bounds hold."""
    console, arguments = Console(), sys.argv[1:]
    if "--write" in arguments:
        from .write import write

        console.print(f"wrote {write([a for a in arguments if a != '--write'])}")
        return 0
    threads = os.environ["OPENBLAS_NUM_THREADS"]
    console.print(
        f"Python {platform.python_version()}, SymPy {sympy.__version__}, "
        f"NumPy {numpy.__version__}, {os.cpu_count()} cores, BLAS threads: {threads}"
    )
    holds = True
    compared = [memory] if PEERS else []
    for part in (derivation, models, checking, cold, page, accuracy, growth, *compared):
        table, good = part.table()
        console.print(table)
        holds = holds and good
    if PEERS:
        subprocess.run([sys.executable, "-m", "benchmarks.speed", *arguments], check=True)
    else:
        console.print("no table of speed: it needs the extra symbptt[bench]")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
