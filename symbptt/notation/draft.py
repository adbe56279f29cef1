"""Drafts: typed formulas whose sizes may still be unknown, and their construction as core terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from ..core import norms as nm
from ..core import powers as pw
from ..core import terms as tm
from ..core.terms import Term
from ..core.units import Unit
from .dims import Dim, Shape, Solution


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """An operation on drafts and data; ``at``..``end`` is the piece of source that it reads."""

    op: str
    args: tuple[Any, ...]
    shape: Shape
    at: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.op == "const"

    @property
    def is_zero(self) -> bool:
        return self.op == "const" and self.args[0] == 0


def build(draft: Draft, solution: Solution) -> Term:
    """The core term of a draft once its sizes are known."""
    args = [_value(a, solution) for a in draft.args]
    rows, cols = solution.expr(draft.shape[0]), solution.expr(draft.shape[1])
    return _BUILDERS[draft.op](args, rows, cols)


def _value(arg: Any, solution: Solution) -> Any:
    if isinstance(arg, Draft):
        return build(arg, solution)
    return solution.expr(arg) if isinstance(arg, Dim) else arg


Builder = Callable[[list[Any], Expr, Expr], Term]


def _plain(cls: Callable[..., Term]) -> Builder:
    return lambda args, rows, cols: cls(*args)


def _scale(args: list[Any], rows: Expr, cols: Expr) -> Term:
    """A scalar times the matrix of ones is the scalar itself where the matrix is 1 x 1."""
    factor, term = args
    if isinstance(term, tm.Ones) and term.is_scalar:
        return factor  # type: ignore[no-any-return]
    return tm.Scale(factor, term)  # type: ignore[no-any-return]


_BUILDERS: dict[str, Builder] = {
    "param": lambda a, r, c: tm.Param(a[0], r, c),
    "elem": lambda a, r, c: tm.Elem(a[0], a[1], r, c),
    "const": _plain(tm.Const),
    "zero": lambda a, r, c: tm.Zero(r, c),
    "ones": lambda a, r, c: tm.Ones(r, c),
    "identity": lambda a, r, c: tm.Identity(r),
    "unit": lambda a, r, c: Unit(r, a[0]),
    "plus": _plain(tm.Plus), "hadamard": _plain(tm.Hadamard), "times": _plain(tm.Times),
    "scale": _scale, "transposed": _plain(tm.Transposed), "diag": _plain(tm.Diag),
    "map": _plain(tm.Map), "softmax": _plain(tm.Softmax), "power": _plain(tm.Power),
    "func": lambda a, r, c: tm.Func(a[0], a[1], a[2], a[3], *a[4:]),
    "inverse": _plain(tm.Inverse), "kron": _plain(tm.Kron), "vec": _plain(tm.Vec),
    "copy": lambda a, r, c: tm.Param(a[0], r, c), "unvec": _plain(tm.Unvec),
    "trace": _plain(tm.Trace), "block": _plain(tm.Block), "entry": _plain(tm.Entry),
    "term": lambda a, r, c: a[0],
    "sum": _plain(tm.SumOver), "prod": _plain(tm.OrderedProduct), "when": _plain(tm.When),
    "norm": _plain(nm.Norm), "sup": _plain(nm.Sup), "min": _plain(nm.Min), "max": _plain(nm.Max),
    "entrywise_power": _plain(pw.EntrywisePower), "binomial": _plain(pw.Binomial),
    "radius": _plain(pw.Radius), "det": _plain(pw.Det),
    "partial": _plain(tm.Partial), "gradient": _plain(tm.Gradient), "change": _plain(tm.D),
}  # fmt: skip
