"""The targets by name: which passes run for each, how loops are printed, in which template.

numpy      NumPy alone
numba      the same, with the recurrences compiled (numba_target)
array-api  any arrays of the Python array API standard, without writing in place (array_api_target)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from symbptt.core.errors import NotSupported

from . import ir
from .array_api_target import array_api_parts
from .numba_target import numba_parts
from .numpy_printer import NumpyPrinter
from .passes import optimise
from .passes.context import Context

Prepared = tuple[ir.Program, NumpyPrinter, dict[str, Any]]


@dataclass(frozen=True)
class Target:
    """``prepare`` gives the optimised program, what prints it, and more for the template.

    ``worth_workers`` are the entries of a state of all samples, B n, from which threads are faster;
    0 where there are none.
    """

    prepare: Callable[[ir.Program, Context, Iterable[str]], Prepared]
    template: str
    worth_workers: int = 0


def _numpy(program: ir.Program, context: Context, names: Iterable[str]) -> Prepared:
    return optimise(program, context, names), NumpyPrinter(context.layout), {}


TARGETS = {
    "numpy": Target(_numpy, "module.py.j2", 8000),
    "numba": Target(numba_parts, "module.py.j2", 4000),
    "array-api": Target(array_api_parts, "array_api.py.j2"),
}


def target_of(name: str) -> Target:
    """The target of a name; NotSupported for any other."""
    if name not in TARGETS:
        hint = "the targets are " + ", ".join(TARGETS)
        raise NotSupported(f"there is no target {name!r}", hint=hint)
    return TARGETS[name]
