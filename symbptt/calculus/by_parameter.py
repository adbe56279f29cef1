r"""Derivatives of a quantity at one step with respect to a parameter, through all steps before it.

dy[t]/d vec(theta) = sum_{k<=t} dy[t]/ds[t] ds[t]/ds[k] (ds[k]/d vec theta)+, the last factor being
the immediate derivative; and the gradient of a scalar, such as one term of the loss, as a matrix.
Source: Pascanu, Mikolov & Bengio (2013), eq. (5).
"""

from __future__ import annotations

from sympy import Symbol

from symbptt.core.terms import (
    Const, D, Elem, Gradient, Kron, Param, Partial, Plus, Scale, SumOver, Term, Times, Unvec, Vec,
    When,
)  # fmt: skip
from symbptt.core.theory import Frame, Theory
from symbptt.proof.objects import Identification, Theorem

from .adjoint import Loss
from .builder import Builder
from .double_sum import collected, fold, unrolled_state
from .jacobian import Facts, local, through_time
from .tidy import tidy


def state_sum(
    theory: Theory, loss: Loss, y: Elem | Param, theta: Param, facts: Facts, t: Symbol, k: Symbol
) -> list[Theorem]:
    """dy/d vec(theta) as a sum over the steps k, with the Jacobians through time.

    For a single recurrent sequence the factors are named in a last theorem. NotSupported without a
    forward recurrence.
    """
    frame, label = Frame((theta,)), f"jac:sum:{y}:{theta}"
    theorems, rows, state, step = unrolled_state(theory, loss, theta, t, k, label)
    build = Builder(theory, D(y), facts, frame)
    value = collected(build, rows, state, theta, t)
    spelled = Theorem(f"{label}:d", D(y), build.line, build.chain(), facts, frame, "differential",
                      (y,))  # fmt: skip
    final = Theorem(
        label, Partial(y, theta), value, Identification(spelled.id, theta), facts,
        title="sum over steps", subject=(y, theta),
    )  # fmt: skip
    theorems += [spelled, final]
    if len(state.entries) > 1 or step.input is None:
        return theorems
    head = state.entries[0][0]
    inside = (k - state.lo, state.hi - k)
    named = [
        *through_time(theory, loss, head.at(t), head.at(k), t, k),
        *local(theory, head.at(k), theta, "immediate", inside),
    ]
    build = Builder(theory, final.left, facts)
    build.lemma(final, ())
    for theorem in named:
        if isinstance(theorem.left, Partial):
            fold(build, theorem)
    last = Theorem(
        f"{label}:named", final.left, build.line, build.chain(), facts, title="sum over steps",
        subject=(y, theta),
    )  # fmt: skip
    return [*theorems, *named, last]


def as_gradient(theory: Theory, row: Theorem) -> Theorem:
    """The gradient of a scalar from its row of derivatives, in the shape of the variable."""
    assert isinstance(row.left, Partial)
    y, x = row.left.args[:2]
    left = Gradient(y, x)
    build = Builder(theory, left, row.facts)
    build.algebra(Unvec(Vec(left).T.T, *x.shape), reason="write out")
    build.back("jacobian-gradient", (0, 0), row.left)
    build.lemma(row, (0, 0))
    build.algebra(tidy(_shaped(row.right, x), build.facts), reason="collect")
    return Theorem(
        f"grad:{y}:{x}", left, build.line, build.chain(), row.facts, title="gradient",
        subject=(x,),
    )  # fmt: skip


def _shaped(row: Term, x: Term) -> Term:
    """The matrix whose entries, column by column, are those of the row.

    v^T (a kron B) becomes B^T v a where a is a row.
    """
    if isinstance(row, Plus):
        return Plus(*(_shaped(a, x) for a in row.args))
    if isinstance(row, SumOver | When):
        return row.func(_shaped(row.args[0], x), *row.args[1:])
    if isinstance(row, Scale) and isinstance(row.args[0], Const):
        return Scale(row.args[0], _shaped(row.args[1], x))
    if isinstance(row, Times) and isinstance(row.args[-1], Kron):
        a, b = row.args[-1].args
        if a.shape[0] == 1:
            return b.T @ Times(*row.args[:-1]).T @ a
    return row.T if x.is_column else Unvec(row.T, *x.shape)
