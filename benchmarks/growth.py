"""Time against the number of steps, and what computing values twice costs."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
from rich.table import Table

from symbptt import Model
from symbptt.codegen import load_module
from symbptt.module import numpy_source

from .figures import build
from .speed_models import CELLS, text

LENGTHS = (100, 300, 1000, 3000, 10000)
SIZES = {"d": 32, "n": 64, "q": 32}
BATCH, RUNS = 8, 5


def seconds(cell: str) -> tuple[dict[int, float], float]:
    """Median processor time by length, and the ratio with checkpointing at the last one."""
    module = load_module(numpy_source(Model.parse(text(cell))))
    rng = np.random.default_rng(0)
    params = module.init_params(SIZES, rng, np.float32)

    def arguments(steps: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        x = rng.standard_normal((steps, BATCH, SIZES["d"])).astype(np.float32)
        return params, x, rng.integers(0, SIZES["q"], (steps, BATCH))

    def took(steps: int, checkpoint: str | None = None) -> float:
        step = arguments(steps)
        module.loss_and_grads(*step, checkpoint=checkpoint)
        times = []
        for _ in range(RUNS):
            start = time.process_time()
            module.loss_and_grads(*step, checkpoint=checkpoint)
            times.append(time.process_time() - start)
        return median(times)

    found = {steps: took(steps) for steps in LENGTHS}
    return found, took(LENGTHS[-1], "sqrt") / found[LENGTHS[-1]]


def slope(found: dict[int, float]) -> float:
    """The exponent of the length: 1 is linear."""
    return float(np.polyfit(np.log(list(found)), np.log(list(found.values())), 1)[0])


def measured() -> dict[str, tuple[dict[int, float], float]]:
    """Times and the ratio of every cell."""
    return {cell: seconds(cell) for cell in CELLS}


def table(found: dict[str, tuple[dict[int, float], float]] | None = None) -> tuple[Table, bool]:
    """The exponent of time against length, and the cost of checkpointing."""
    rows = []
    for cell, (times, ratio) in (found or measured()).items():
        rows.append((f"{cell}: |exponent of T - 1|, T = 100 ... 10000", abs(slope(times) - 1), 0.1))
        rows.append((f"{cell}: time with checkpoint ÷ without, T = 10000", ratio, 1.4))
    return build(f"Growth (B = {BATCH}, {SIZES}, float32)", "", rows)
