"""From a model to the text of its NumPy module: the calculus and the code generator together."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from symbptt import __version__
from symbptt.calculus.outside import outside_system
from symbptt.codegen import DEFAULT, Generated, generate_source
from symbptt.derivation import problem_of
from symbptt.models.model import Model


def numpy_module(
    model: Model,
    sheet: str = "",
    target: str = "numpy",
    passes: Iterable[str] = DEFAULT,
    wrt: Collection[str] = (),
) -> Generated:
    """The module; ``sheet`` is named in its header, ``passes`` are the optimisations.

    ``wrt`` names the parameters and inputs whose gradients it gives, besides those by states; all
    where empty. Raises NotSupported for another target, or for a model that has no code, and
    SymbpttError for a name in ``wrt`` that is neither a parameter nor an input.
    """
    problem = problem_of(model)
    system = outside_system(model.theory, problem.loss, problem.main)
    return generate_source(model, system, __version__, sheet, passes, target, wrt)


def numpy_source(
    model: Model,
    sheet: str = "",
    target: str = "numpy",
    passes: Iterable[str] = DEFAULT,
    wrt: Collection[str] = (),
) -> str:
    """The module's source; arguments and errors as in ``numpy_module``."""
    return numpy_module(model, sheet, target, passes, wrt).source
