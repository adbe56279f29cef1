"""``python -m benchmarks.speed``: the generated module, PyTorch, JAX, programs by hand, in turns.

Gradients are compared first. In a round every library has a turn: several steps one after the
other, as in training, the first of which does not count (it finds the caches, and the waiting
threads, of the library before). The ratios are of the medians over all steps that count. Matrix
products are counted and compared with the roof: the largest rate that NumPy's BLAS reaches on
square matrices, with one product in every thread.

    --threads N   of PyTorch and JAX (default 1), on as many cores; NumPy's BLAS has one, and the
                  generated modules take ``workers=N`` where they recommend it
    --rounds N    --sizes S1,S2    --cells RNN    --dtypes float32
    --out FILE    the tables as Markdown
"""

from __future__ import annotations

# ruff: noqa: E402  (the numbers of threads are set before NumPy is loaded)
import argparse
import os
import sys

_PARSER = argparse.ArgumentParser(prog="python -m benchmarks.speed")
_PARSER.add_argument("--threads", type=int, default=1)
_PARSER.add_argument("--rounds", type=int, default=0)
_PARSER.add_argument("--sizes", default="S1,S2,S3,S4,S5")
_PARSER.add_argument("--cells", default="RNN,LSTM,GRU")
_PARSER.add_argument("--dtypes", default="float32,float64")
_PARSER.add_argument("--out", default="")
ARGS = _PARSER.parse_args() if __name__ == "__main__" else _PARSER.parse_args([])
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # before the libraries are loaded
    os.environ[name] = str(ARGS.threads)
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the modules divide the samples among threads
os.environ["XLA_FLAGS"] = (
    f"--xla_cpu_multi_thread_eigen={'true' if ARGS.threads > 1 else 'false'} "
    f"intra_op_parallelism_threads={ARGS.threads}"
)
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: max(1, ARGS.threads)])

import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import Barrier

import jax
import numpy as np
import torch

try:
    import numba
except ImportError:
    numba = None

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(ARGS.threads)

from symbptt.codegen.targets import TARGETS

from .speed_models import SIZES, flops
from .speed_peers import Step, draw, gradients_of, peers

TOLERANCE = {"float32": 2e-3, "float64": 1e-9}
SECONDS, LEAST = 2.5, 3  # of all libraries together for one row; its rounds
TURN, FEWEST = 0.02, 2  # seconds of a turn, and the steps in it, if that is more
PEAK_SIZE, PRODUCTS, TRIES = 1024, 3, 7
ROOF = {1: 75, 2: 65}  # the percentage of the roof that is wanted, by threads
LARGE = ("S3", "S4")  # where it is


def workers_for(name: str, size: dict[str, int]) -> int:
    """As many as the modules for a target recommend, at most one for every thread of the others."""
    worth = TARGETS[name].worth_workers if name in TARGETS else 0
    return ARGS.threads if worth and size["B"] * size["n"] >= worth else 1


def peak(dtype: str, n: int = PEAK_SIZE) -> float:
    """The largest rate in GFLOP/s of matrix products, as many at once as there are threads."""
    threads = ARGS.threads
    barrier = Barrier(threads)
    matrices = [(np.ones((n, n), dtype), np.empty((n, n), dtype)) for _ in range(threads)]

    def ends(pair: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
        barrier.wait()
        start = time.perf_counter()
        for _ in range(PRODUCTS):
            np.dot(pair[0], pair[0], pair[1])
        return start, time.perf_counter()

    with ThreadPoolExecutor(threads) as pool:
        spans = [list(zip(*pool.map(ends, matrices), strict=True)) for _ in range(TRIES)]
    best = min(max(stops) - min(starts) for starts, stops in spans)
    return 2e-9 * n**3 * PRODUCTS * threads / best


def turn(step: Step) -> list[float]:
    """Seconds of the steps of a turn, but for the first."""
    step()
    found: list[float] = []
    while len(found) < FEWEST or sum(found) < TURN:
        start = time.perf_counter()
        step()
        found.append(time.perf_counter() - start)
    return found


def check(cell: str, steps: dict[str, Step], dtype: str) -> None:
    """All libraries must give the same gradients."""
    found = {name: gradients_of(cell, step()[1]) for name, step in steps.items()}
    wanted = found["numpy"]
    for name, gradients in found.items():
        for key, value in gradients.items():
            error = np.abs(value - wanted[key]).max() / np.abs(wanted[key]).max()
            assert error <= TOLERANCE[dtype], f"{name}: the gradient by {key} is off by {error}"


def row(cell: str, size: dict[str, int], dtype: str) -> dict[str, float]:
    """Median seconds of every library."""
    data = draw(cell, size, dtype)
    made = {
        name: make(cell, *data, workers=workers_for(name, size))
        for name, make in peers(cell).items()
    }
    check(cell, made, dtype)
    times: dict[str, list[float]] = {name: [] for name in made}
    rounds, end = ARGS.rounds or LEAST, time.perf_counter() + (0 if ARGS.rounds else SECONDS)
    while rounds > 0 or time.perf_counter() < end:
        for name, step in made.items():
            times[name] += turn(step)
        rounds -= 1
    return {name: median(values) for name, values in times.items()}


def heading(rates: dict[str, float]) -> list[str]:
    """What was compared, on what."""
    versions = {"NumPy": np, "numba": numba, "PyTorch": torch, "JAX": jax}
    shown = ", ".join(f"{k} {m.__version__}" for k, m in versions.items() if m is not None)
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    roofs = ", ".join(f"{k} {v:.0f} GFLOP/s" for k, v in rates.items())
    return [
        f"Python {platform.python_version()}, {shown}; NumPy's BLAS: {blas['name']} "
        f"{blas['version']}. {cpu()}. {threads_said()} The roof is {roofs}: square matrices of "
        f"{PEAK_SIZE} rows, {'one product' if ARGS.threads == 1 else f'{ARGS.threads} products'} "
        f"at a time. Load average before: {os.getloadavg()[0]:.1f}.",
    ]


def threads_said() -> str:
    """Who had how many threads."""
    if ARGS.threads == 1:
        return "One core: one thread for every library."
    where = []
    for target in (name for name in peers(ARGS.cells.split(",")[0]) if name in TARGETS):
        several = [name for name, size in SIZES.items() if workers_for(target, size) > 1]
        shown = f"workers={ARGS.threads} at {', '.join(several)}" if several else "workers=1"
        where.append(f"`{target}` {shown} (B n of {TARGETS[target].worth_workers:,} or more)")
    return (
        f"{ARGS.threads} cores: PyTorch and JAX have {ARGS.threads} threads, NumPy's BLAS has one; "
        f"the generated modules for {', those for '.join(where)}."
    )


def roof_reached(shares: dict[str, dict[str, float]]) -> list[str]:
    """Whether the wanted part of the roof is reached, from percentages by row and size."""
    wanted = ROOF.get(ARGS.threads)
    sizes = [size for size in LARGE if all(size in row for row in shares.values())]
    if wanted is None or not sizes:
        return []
    lines = [
        f"| of the roof | {' | '.join(sizes)} | at least {wanted} % |",
        "|---|" + "---|" * (len(sizes) + 1),
    ]
    for name, row in shares.items():
        shown = " | ".join(f"{row[size]:.0f} %" for size in sizes)
        missed = [size for size in sizes if row[size] < wanted]
        lines.append(f"| {name} | {shown} | {'not at ' + ', '.join(missed) if missed else 'yes'} |")
    return ["", *lines]


def main() -> int:
    """Prints the table of ratios as it grows, and times with rates; writes them where asked."""
    sizes = ARGS.sizes.split(",")
    rates = {dtype: peak(dtype) for dtype in ARGS.dtypes.split(",")}
    lines: list[str] = []

    def say(*new: str) -> None:
        lines.extend(new)
        print("\n".join(new), flush=True)

    say(*heading(rates), "")
    say(f"| time ÷ PyTorch / time ÷ JAX | {' | '.join(sizes)} |", "|---|" + "---|" * len(sizes))
    details = ["", "| | size | ms | PyTorch | JAX | GFLOP/s | of the roof |",
               "|---|---|---|---|---|---|---|"]  # fmt: skip
    shares: dict[str, dict[str, float]] = {}
    for cell in ARGS.cells.split(","):
        for dtype in rates:
            took = {size: row(cell, SIZES[size], dtype) for size in sizes}
            for own in (name for name in peers(cell) if name not in ("PyTorch", "JAX")):
                cells = []
                for size, times in took.items():
                    mine, torch_, jax_ = times[own], times["PyTorch"], times["JAX"]
                    cells.append(f"{mine / torch_:.2f} / {mine / jax_:.2f}")
                    rate = 1e-9 * flops(cell, SIZES[size]) / mine
                    share = shares.setdefault(f"{cell} {dtype}, `{own}`", {})
                    share[size] = 100 * rate / rates[dtype]
                    details.append(
                        f"| {cell} {dtype}, {own} | {size} | {1e3 * mine:.2f} | {1e3 * torch_:.2f} "
                        f"| {1e3 * jax_:.2f} | {rate:.0f} | {share[size]:.0f} % |"
                    )
                say(f"| {cell} {dtype}, `{own}` | {' | '.join(cells)} |")
    say(*details, *roof_reached(shares))
    if ARGS.out:
        Path(ARGS.out).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def cpu() -> str:
    """The name of the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            line = next(x for x in file if x.startswith("model name"))
        return f"{line.split(':')[1].strip()}, {os.cpu_count()} cores"
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    sys.exit(main())
