"""Every built-in model: all gradients derived, the module generated, times after import."""

from __future__ import annotations

from rich.table import Table

from symbptt import Model
from symbptt.calculus.together import derive_all
from symbptt.core.terms import Elem, Gradient, Term, index_symbol
from symbptt.derivation import problem_of
from symbptt.models import builtins
from symbptt.module import numpy_source

from .derivation import forget
from .figures import build, median_ms

RUNS = 3
MOST = 3000.0  # milliseconds
SHORTER = {"lstm": 1000.0}


def derive_and_generate(text: str) -> None:
    """The gradients by every parameter, input and initial state, and the NumPy module."""
    forget()
    model = Model.parse(text)
    problem = problem_of(model)
    if model.loss is not None:
        left_out = {*model.targets, *model.onehot}
        leaves = [x for x in problem.system.gradients if x.name not in left_out]
        derive_all(problem, [Gradient(model.loss, at_a_step(x, model)) for x in leaves])
    numpy_source(model)


def at_a_step(leaf: Term, model: Model) -> Term:
    """An input at a step k; all else as it is."""
    running = isinstance(leaf, Elem) and leaf.index.is_Symbol and leaf.index != model.length
    return leaf.at(index_symbol("k")) if running else leaf


def table() -> tuple[Table, bool]:
    """Reading, deriving (proofs included) and generating; caches emptied before each run."""
    rows = []
    for name in builtins():
        text = Model.named(name).text
        took = median_ms(lambda text=text: derive_and_generate(text), RUNS)
        rows.append((name, took, SHORTER.get(name, MOST)))
    return build("all gradients of a built-in model, and its module", "ms", rows)
