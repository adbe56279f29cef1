"""The double sum: dL/d vec(theta) = sum_t sum_{k<=t} dL_t/ds_t ds_t/ds_k (ds_k/d vec theta)+.

The last factor is the immediate derivative. The state's differential is unrolled to
d s[t] = sum_{k<=t} J[t]...J[k+1] B[k] vec(d theta) by induction on t; the boundary state does not
depend on theta, so that k starts at the first step.

Source: Pascanu, Mikolov & Bengio (2013), eqs. (3)-(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.terms import (
    D, Elem, Identity, Param, Partial, SumOver, Term, Times, Vec,
)  # fmt: skip
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import Path, find, nodes_of, substitute
from symbptt.proof.objects import Identification, Induction, Theorem

from .adjoint import Loss, loss_differential
from .builder import Builder
from .differential import differentiate
from .linear import summands
from .jacobian import (
    Transition, jacobian_of, local, product, through_time, times, transition,
)  # fmt: skip
from .state import State, selection, stack, state_of


@dataclass(frozen=True)
class Unrolled:
    """Everything about one parameter's double sum: lemmas, and the theorem that states it."""

    theorems: tuple[Theorem, ...]
    state: State
    step: Transition | None

    @property
    def theorem(self) -> Theorem:
        """Partial(L, theta) = the sum, with the Jacobians written as they are computed."""
        return self.theorems[-1]


def double_sum(theory: Theory, loss: Loss, theta: Param, t: Symbol, k: Symbol) -> Unrolled:
    """dL/d vec(theta) with ordered products. Raises NotSupported without a forward recurrence."""
    frame, label = Frame((theta,)), f"sum:{theta}"
    theorems, rows, state, step = unrolled_state(theory, loss, theta, t, k, label)
    total = loss_differential(theory, loss, frame, label)
    build = Builder(theory, total.left, (), frame)
    build.lemma(total, ())
    value = collected(build, rows, state, theta, t)
    spelled = Theorem(
        f"{label}:d", total.left, build.line, build.chain(), (), frame, "differential of the loss"
    )
    final = Theorem(
        label, Partial(loss.total, theta), value, Identification(spelled.id, theta),
        title="double sum", subject=(theta,),
    )  # fmt: skip
    return Unrolled((*theorems, total, spelled, final), state, step)


def unrolled_state(
    theory: Theory, loss: Loss, theta: Param, t: Symbol, k: Symbol, label: str
) -> tuple[list[Theorem], dict[str, Theorem], State, Transition]:
    """The state's differential as a sum over k: all theorems, and the row of each sequence."""
    state = state_of(theory, loss)
    facts = (t - state.lo, state.hi - t)
    step = transition(theory, state, Frame((theta,)), facts, t, f"{label}:step", D(theta))
    theorems = [*step.lemmas, step.theorem]
    rows: dict[str, Theorem] = {}
    if step.input is not None:
        whole = _unroll(theory, state, step, theta, t, k, label)
        theorems.append(whole)
        rows = {h.key: _row(theory, state, whole, h.at(t), label) for h, lag in state.entries
                if lag == 0}  # fmt: skip
        theorems += [r for r in rows.values() if r is not whole]
    return theorems, rows, state, step


def collected(
    build: Builder, rows: dict[str, Theorem], state: State, theta: Param, t: Symbol
) -> Term:
    """Brings the line to J vec(d theta), with the state's rows put in, and returns J."""
    differentiate(build, lambda e: e.key not in state.names)
    _insert(build, rows, state, t)
    for s in summands(build.line):
        if s.change != D(theta):
            raise NotSupported(
                f"{build.first} depends on {theta} through {s.change}: there is no sum form",
                hint="the forms gradient, adjoint and components are derived for it",
            )
    value = jacobian_of(build.line, D(theta), build.facts)
    build.algebra(times(value, D(theta)), reason="collect")
    return value


def _insert(build: Builder, rows: dict[str, Theorem], state: State, t: Symbol) -> None:
    """Replaces d of state elements by their unrolled sums (zero where theta does not enter)."""
    changes = [(p, x) for p, x in nodes_of(build.line, D)
               if x.args[0].key in state.names]  # fmt: skip
    for path, change in changes:
        leaf = change.args[0]
        if leaf.key in rows:
            build.lemma(rows[leaf.key], path, bind={t: leaf.index})


def _unroll(
    theory: Theory, state: State, step: Transition, theta: Param, t: Symbol, k: Symbol, label: str
) -> Theorem:
    """d s[t] = sum_{k=lo}^{t} J[t]...J[k+1] B[k] vec(d theta), by induction on t."""
    assert step.input is not None
    frame, vec = Frame((theta,)), D(theta) if theta.is_column else Vec(D(theta))
    entering = substitute(step.input, {t: k})
    matrix = product(step.matrix, t, t, k)
    left = stack([D(e) for e in state.at(t)])
    statement = SumOver(Times(matrix, entering, vec), k, state.lo, t)
    if isinstance(entering, Identity):
        statement = SumOver(Times(matrix, vec), k, state.lo, t)
    start = state.lo - 1
    base = Builder(theory, substitute(left, {t: start}), (), frame)
    differentiate(base, lambda _: True)
    base.algebra(substitute(statement, {t: start}), reason="empty sum")
    facts = (t - start, state.hi - t)
    nxt = {t: t + 1}
    up = Builder(theory, substitute(left, nxt), (t - start, state.hi - t - 1), frame)
    up.lemma(step.theorem, (), bind=nxt)
    path = next(p for p, x in find(up.line, lambda x: x == left))
    up.hypothesis(path, statement)
    _absorb(
        up, statement, substitute(step.matrix, nxt), substitute(step.input, nxt), vec, t, k, state
    )
    return Theorem(
        f"{label}:state", left, statement, Induction(t, start, base.chain(), up.chain()), facts,
        frame, "the state through time", (theta,),
    )  # fmt: skip


def _absorb(
    up: Builder,
    statement: SumOver,
    matrix: Term,
    entering: Term,
    vec: Term,
    t: Symbol,
    k: Symbol,
    state: State,
) -> None:
    """J[t+1] sum_{k<=t} ... + B[t+1] vec becomes sum_{k<=t+1} ...: the last factor joins."""
    inside = SumOver(Times(matrix, statement.body), k, state.lo, t)
    last = times(entering, vec)
    up.algebra(inside + last, reason="distribute")
    wanted = substitute(statement, {t: t + 1})
    grown = wanted.body.args[0]
    width = len(matrix.args) if isinstance(matrix, Times) else 1
    up.back("product-last", (0, 0), grown, span=(0, width + 1))
    at_end = substitute(wanted.body, {k: t + 1})
    up.algebra(at_end, (1,), reason="empty product")
    up.back("series-last", (), wanted)


def _row(theory: Theory, state: State, whole: Theorem, element: Elem, label: str) -> Theorem:
    if len(state.entries) == 1:
        return whole
    build = Builder(theory, D(element), whole.facts, whole.frame)
    build.algebra(selection(state, element) @ whole.left, reason="take the rows")
    build.lemma(whole, (1,))
    return Theorem(
        f"{label}:row:{element.name}", D(element), build.line, build.chain(), whole.facts,
        whole.frame, "differential", (element,),
    )  # fmt: skip


def factored(theory: Theory, loss: Loss, theta: Param, t: Symbol, k: Symbol) -> tuple[Theorem, ...]:
    """The double sum with its factors named: dL_t/dh_t, dh_t/dh_k and the immediate dh_k/dtheta.

    For a model with several recurrent sequences the factors stay as they are computed.
    """
    unrolled = double_sum(theory, loss, theta, t, k)
    state, source = unrolled.state, unrolled.theorem
    if len(state.entries) > 1 or unrolled.step is None or unrolled.step.input is None:
        return unrolled.theorems
    head = state.entries[0][0]
    inside = (k - state.lo, state.hi - k)
    known = [
        *through_time(theory, loss, head.at(t), head.at(k), t, k),
        *local(theory, head.at(k), theta, "immediate", inside),
    ]
    names = [x.id for x in known if isinstance(x.left, Partial)]
    for part in loss.parts:
        piece = next(d.head for d in theory.definitions if d.key == f"{part}[]")
        known += local(theory, piece.at(t), head.at(t), "total", (t - state.lo, state.hi - t))
        names.append(known[-1].id)
    build = Builder(theory, source.left)
    build.lemma(source, ())
    for theorem in known:
        if theorem.id in names:
            fold(build, theorem)
    named = Theorem(
        f"{source.id}:named", source.left, build.line, build.chain(), title="double sum",
        subject=(theta,),
    )  # fmt: skip
    return (*unrolled.theorems, *known, named)


def fold(build: Builder, theorem: Theorem) -> None:
    """Replaces the right side of a theorem by its left, wherever it stands in the line."""
    right = theorem.right
    parts = right.args if isinstance(right, Times) else (right,)
    while True:
        place = next(_spans(build.line, parts), None)
        if place is None:
            return
        path, span = place
        build.lemma(theorem, path, reverse=True, span=span)


def _spans(line: Term, parts: tuple[Term, ...]) -> Iterator[tuple[Path, tuple[int, int]]]:
    for path, node in nodes_of(line, Times):
        for i in range(len(node.args) - len(parts) + 1):
            if node.args[i : i + len(parts)] == parts:
                yield path, (i, i + len(parts))
