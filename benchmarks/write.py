"""The page of the documentation with the measured figures: ``python -m benchmarks --write``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from . import growth, memory
from .speed_models import SIZES

PAGE = Path(__file__).parent.parent / "docs" / "speed.md"


def speed(arguments: list[str]) -> str:
    """The tables of ``benchmarks.speed``, from a process with its own number of threads."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "speed.md"
        command = [sys.executable, "-m", "benchmarks.speed", "--out", str(out), *arguments]
        subprocess.run(command, check=True)
        return out.read_text(encoding="utf-8")


def page(arguments: list[str]) -> str:
    """All figures as Markdown."""
    sizes = "; ".join(
        f"{name} ({', '.join(str(v) for v in size.values())})" for name, size in SIZES.items()
    )
    at = ", ".join(f"{name} = {value}" for name, value in memory.SIZE.items())
    lines = [
        "# Speed and memory",
        "",
        "Forward and all gradients of a network with a linear output layer, softmax and "
        "cross-entropy: the generated modules against PyTorch's `nn.RNN`, `nn.LSTM`, `nn.GRU` with "
        "autograd and JAX's `jit` of the gradient of a scan. The gradients are compared first; "
        "then all libraries have turns of several steps, the first of each not counted, and the "
        "medians are taken. Numbers below one: the generated module is faster. "
        f"Sizes (T, B, d, n, q): {sizes}.",
        "",
        "Written by `python -m benchmarks --write`; figures differ from machine to machine.",
        "",
        "## Time on one core",
        "",
        speed([*arguments, "--threads", "1"]),
        "## Time on two cores",
        "",
        speed([*arguments, "--threads", "2"]),
        "## Memory",
        "",
        f"One step of the RNN in float32 at {at}, "
        f"besides its arguments; {memory.result():.0f} MB are the gradient by the inputs, where it "
        "is returned.",
        "",
        "| | MB |",
        "|---|---|",
        *(f"| {name} | {value:.0f} |" for name, value in memory.measured().items()),
        "",
        "## Growth with the number of steps",
        "",
        "| | " + " | ".join(f"T = {t}" for t in growth.LENGTHS) + " | exponent of T "
        "| with checkpoint |",
        "|---|" + "---|" * (len(growth.LENGTHS) + 2),
    ]
    for cell, (times, ratio) in growth.measured().items():
        shown = " | ".join(f"{1e3 * t:.1f} ms" for t in times.values())
        lines.append(f"| {cell} | {shown} | {growth.slope(times):.2f} | {ratio:.2f} times |")
    return "\n".join(lines) + "\n"


def write(arguments: list[str]) -> Path:
    """Writes the page."""
    PAGE.write_text(page(arguments), encoding="utf-8")
    return PAGE
