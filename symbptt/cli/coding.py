"""symbptt code."""

from __future__ import annotations

from pathlib import Path

from symbptt.api import generate
from symbptt.module import numpy_source

from .deriving import find_model


def print_code(model: str, target: str, out: Path | None) -> None:
    """Prints the module of a model, or writes it to a file."""
    about = find_model(model)
    if out is None:
        print(numpy_source(about, target=target), end="")
    else:
        generate(about, out, target)
