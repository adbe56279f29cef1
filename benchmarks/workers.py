"""``python -m benchmarks.workers``: from which size threads are worth it.

A call with ``workers=2`` runs NumPy's calls in two threads on half of the samples each. Between the
calls the interpreter is locked, so it is faster only where the calls take long enough: where the
states of all samples have many entries, B n. The two run in turn on two cores; the best times are
compared, since other work on the cores makes both of them slower.
"""

from __future__ import annotations


import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import time
from itertools import product

import numpy as np

from symbptt import Model
from symbptt.codegen import load_module
from symbptt.module import numpy_source

from .speed_models import text

STEPS, SECONDS = 50, 2.0
BATCHES_AND_STATES = ((16, 64), (16, 128), (32, 128), (64, 128), (32, 256), (64, 256), (16, 512))


def ratio(cell: str, target: str, batch: int, n: int, dtype: str = "float32") -> float:
    """The best time with two workers ÷ the best one with one."""
    module = load_module(numpy_source(Model.parse(text(cell)), target=target))
    rng, d = np.random.default_rng(0), n // 2
    params = module.init_params({"n": n, "d": d, "q": d}, rng, dtype)
    x = rng.standard_normal((STEPS, batch, d)).astype(dtype)
    classes = rng.integers(0, d, (STEPS, batch))
    best = {1: float("inf"), 2: float("inf")}
    module.loss_and_grads(params, x, classes)  # compiled, where it is
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        for workers, least in best.items():
            start = time.perf_counter()
            module.loss_and_grads(params, x, classes, workers=workers)
            best[workers] = min(least, time.perf_counter() - start)
    return best[2] / best[1]


def main() -> None:
    """Prints the ratio by cell, target and size."""
    for cell, target in product(("RNN", "LSTM"), ("numpy", "numba")):
        for batch, n in sorted(BATCHES_AND_STATES, key=lambda size: size[0] * size[1]):
            found = ratio(cell, target, batch, n)
            print(f"{cell} {target}  B n = {batch:3} x {n:3} = {batch * n:6}  {found:.2f}")


if __name__ == "__main__":
    main()
