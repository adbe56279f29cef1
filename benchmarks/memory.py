"""What one training step of the RNN takes, each library in a process of its own.

The largest resident size of a process after one step, less that before it: arguments, libraries and
the compiled program are there already. Gradients that are returned are among what is taken.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from .figures import build

SIZE = {"T": 4000, "B": 32, "d": 64, "n": 128, "q": 64}
SHARE = 50  # of PyTorch's memory with checkpointing, where both give the gradients by parameters


@dataclass(frozen=True)
class Kind:
    """What is run: a library, and whether it keeps all values, and gives the inputs' gradient."""

    library: str
    checkpoint: str | None = None
    by_inputs: bool = True


KINDS = {
    "numpy": Kind("numpy"),
    "numpy, checkpoint": Kind("numpy", "sqrt"),
    "numpy, by parameters": Kind("numpy", by_inputs=False),
    "numpy, by parameters, checkpoint": Kind("numpy", "sqrt", False),
    "PyTorch": Kind("PyTorch"),
    "PyTorch, by parameters": Kind("PyTorch", by_inputs=False),
    "JAX": Kind("JAX"),
}


def megabytes(kind: str) -> float:
    """What a step of one of ``KINDS`` takes, in a new process."""
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


def taken(kind: Kind) -> float:
    """In this process: a short step first, so that everything is loaded and compiled."""
    from symbptt import Model
    from symbptt.codegen import load_module
    from symbptt.module import numpy_source

    from . import speed_peers as peers
    from .speed_models import text

    def step_of(size: dict[str, int]) -> peers.Step:
        params, x, y = peers.draw("RNN", size, "float32")
        if kind.library != "numpy":
            more = {} if kind.by_inputs else {"by_inputs": False}
            return peers.PEERS[kind.library]("RNN", params, x, y, **more)
        wrt = () if kind.by_inputs else tuple(params)
        module = load_module(numpy_source(Model.parse(text("RNN")), wrt=wrt))
        return lambda: module.loss_and_grads(params, x, y, checkpoint=kind.checkpoint)

    step_of({**SIZE, "T": 8})()
    step = step_of(SIZE)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets VmHWM (Linux)
    step()
    return resident("VmHWM") - before


def measured() -> dict[str, float]:
    """Megabytes by what was run."""
    return {kind: megabytes(kind) for kind in KINDS}


def result() -> float:
    """The gradient by the inputs in megabytes."""
    return 4e-6 * SIZE["T"] * SIZE["B"] * SIZE["d"]


def table(found: dict[str, float] | None = None) -> tuple[Table, bool]:
    """Memory of every library, and that of checkpointing against PyTorch's."""
    found = found or measured()
    bounds = {"numpy, by parameters, checkpoint": found["PyTorch, by parameters"] / SHARE}
    rows = [(name, value, bounds.get(name, float("inf"))) for name, value in found.items()]
    return build(f"Memory of a step of the RNN, float32, {SIZE}", "MB", rows)


if __name__ == "__main__":
    print(taken(KINDS[sys.argv[1]]))
