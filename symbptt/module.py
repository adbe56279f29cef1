"""From a model to the text of its NumPy module: the calculus and the code generator together."""

from __future__ import annotations

from collections.abc import Iterable

from symbptt import __version__
from symbptt.calculus.outside import outside_system
from symbptt.codegen import DEFAULT, Generated, generate_source
from symbptt.derivation import problem_of
from symbptt.models.model import Model


def numpy_module(
    model: Model, sheet: str = "", target: str = "numpy", passes: Iterable[str] = DEFAULT
) -> Generated:
    """The module; ``sheet`` is named in its header, ``passes`` are the optimisations.

    Raises NotSupported for another target, or for a model that has no code.
    """
    problem = problem_of(model)
    system = outside_system(model.theory, problem.loss, problem.main)
    return generate_source(model, system, __version__, sheet, passes, target)


def numpy_source(
    model: Model, sheet: str = "", target: str = "numpy", passes: Iterable[str] = DEFAULT
) -> str:
    """The module's source; arguments and errors as in ``numpy_module``."""
    return numpy_module(model, sheet, target, passes).source
