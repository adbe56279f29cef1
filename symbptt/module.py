"""From a model to the text of its NumPy module: the calculus and the code generator together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from symbptt import __version__
from symbptt.calculus.outside import outside_system
from symbptt.codegen import DEFAULT, Generated, generate_source
from symbptt.codegen.starts import open_starts
from symbptt.core.theory import Definition
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

    ``wrt`` names the parameters, inputs and states whose gradients it gives (with those by states
    that follow from the same adjoints), all where empty. Raises NotSupported for another target,
    or for a model that has no code, and SymbpttError for another name in ``wrt``.
    """

    def generated(about: Model, fixed: tuple[Definition, ...]) -> Generated:
        problem = problem_of(about)
        system = outside_system(about.theory, problem.loss, problem.main)
        return generate_source(about, system, __version__, sheet, passes, target, wrt, fixed)

    theory, fixed = open_starts(model.theory)
    if fixed:
        opened = generated(replace(model, theory=theory), fixed)
        if opened.checkpoints:
            return opened
    return generated(model, ())


def numpy_source(
    model: Model,
    sheet: str = "",
    target: str = "numpy",
    passes: Iterable[str] = DEFAULT,
    wrt: Collection[str] = (),
) -> str:
    """The module's source; arguments and errors as in ``numpy_module``."""
    return numpy_module(model, sheet, target, passes, wrt).source
