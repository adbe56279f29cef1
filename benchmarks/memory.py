"""What one training step of the RNN takes, each library in a process of its own.

The largest resident size of a process after one step, less that before it: arguments, libraries and
the compiled program are there already. The gradient by the inputs is among what is taken.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rich.table import Table

from .figures import build

SIZE = {"T": 4000, "B": 32, "d": 64, "n": 128, "q": 64}
KINDS = {"numpy": "numpy", "numpy, checkpoint": "sqrt", "PyTorch": "PyTorch", "JAX": "JAX"}
SHARE = 50  # of PyTorch's memory with checkpointing, besides the gradient that is returned


def megabytes(kind: str) -> float:
    """What a step takes, in a new process."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", kind], check=True, text=True,
        stdout=subprocess.PIPE, env=environment,
    )  # fmt: skip
    return float(run.stdout)


def resident(which: str) -> float:
    """The resident size in megabytes: VmRSS now, VmHWM the largest since it was reset."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").split("\n")
    return next(int(x.split()[1]) for x in lines if x.startswith(which)) * 1.024e-3


def taken(kind: str) -> float:
    """In this process: a short step first, so that everything is loaded and compiled."""
    from . import speed_peers as peers

    def step_of(size: dict[str, int]) -> peers.Step:
        params, x, y = peers.draw("RNN", size, "float32")
        if kind == "sqrt":
            module = peers.module_of("RNN")
            return lambda: module.loss_and_grads(params, x, y, checkpoint="sqrt")
        if kind == "numpy":
            module = peers.module_of("RNN")
            return lambda: module.loss_and_grads(params, x, y)
        return peers.PEERS[kind]("RNN", params, x, y)

    step_of({**SIZE, "T": 8})()
    step = step_of(SIZE)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets VmHWM (Linux)
    step()
    return resident("VmHWM") - before


def measured() -> dict[str, float]:
    """Megabytes by what was run."""
    return {shown: megabytes(kind) for shown, kind in KINDS.items()}


def result() -> float:
    """The gradient by the inputs in megabytes."""
    return 4e-6 * SIZE["T"] * SIZE["B"] * SIZE["d"]


def table(found: dict[str, float] | None = None) -> tuple[Table, bool]:
    """Memory of every library, and that of checkpointing against PyTorch's."""
    found = found or measured()
    most = found["PyTorch"] / SHARE
    rows = [(name, value, float("inf")) for name, value in found.items()]
    rows.append(("checkpoint, besides the gradient", found["numpy, checkpoint"] - result(), most))
    return build(f"Memory of a step of the RNN, float32, {SIZE}", "MB", rows)


if __name__ == "__main__":
    print(taken(sys.argv[1]))
