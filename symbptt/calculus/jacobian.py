"""Jacobians between elements of sequences: one step, immediate, and products through time.

With s[t] the stacked state (the elements that later steps refer to) and J[t] the matrix of one
step, d s[t] = J[t] d s[t-1] for t > k, hence d s[t] = J[t] ... J[k+1] d s[k] by induction.
Source: Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks (2013).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.terms import (
    Block, D, Elem, Identity, OrderedProduct, Param, Partial, Plus, Term, Times, Vec, Zero,
    index_symbol, size,
)  # fmt: skip
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import find, substitute
from symbptt.proof.objects import Identification, Induction, Theorem

from .adjoint import Loss
from .builder import Builder
from .constants import put_constants
from .differential import differentiate
from .linear import coefficient, summands, wrap
from .state import State, lower, reached, selection, stack, state_of
from .tidy import tidy

Facts = tuple[Expr, ...]


def linear_form(
    theory: Theory,
    left: Term,
    frame: Frame,
    facts: Facts,
    id: str,
    expand: Callable[[Elem | Param], bool],
    title: str,
) -> Theorem:
    """d y = sum_j J_j d(leaf_j), one summand for each change that remains."""
    build = Builder(theory, D(left), facts, frame)
    differentiate(build, expand)
    put_constants(build)
    changes = list(dict.fromkeys(s.change for s in summands(build.line)))
    parts = [times(jacobian_of(build.line, c, build.facts), c) for c in changes]
    build.algebra(Plus(*parts) if parts else Zero(*left.shape), reason="collect")
    return Theorem(id, D(left), build.line, build.chain(), facts, frame, title, (left,))


def times(matrix: Term, change: Term) -> Term:
    """matrix vec(change), without an identity in front."""
    vector = change if change.is_column else Vec(change)
    return vector if isinstance(matrix, Identity) else matrix @ vector


def jacobian_of(line: Term, change: Term, facts: Facts = ()) -> Term:
    """The matrix in front of vec(change) in a linear term; zero if it does not occur."""
    parts = [wrap(coefficient(s.core), s.wraps) for s in summands(line) if s.change == change]
    return tidy(Plus(*parts), facts) if parts else Zero(size(line), size(change))


def same_step(y: Elem) -> Callable[[Elem | Param], bool]:
    """Unfold the elements at the index of y."""
    return lambda x: isinstance(x, Elem) and x.index == y.index


def local(theory: Theory, y: Elem, x: Elem | Param, mode: str, facts: Facts) -> list[Theorem]:
    """dy/dx where finitely many definitions lie between y and x.

    ``mode`` "immediate" holds all other steps fixed. Raises NotSupported where y depends on x
    through a recurrence that does not end.
    """
    frame = Frame((x,), (), y.index if mode == "immediate" else None)
    label = f"jac:{mode}:{y}:{x}"
    source = linear_form(theory, y, frame, facts, f"{label}:d", lambda _: True, "differential")
    left_over = [s.change for s in summands(source.right) if s.change != D(x)]
    if left_over:
        raise NotSupported(f"{y} depends on {x} through {left_over[0]}")
    value = jacobian_of(source.right, D(x), (*theory.facts, *facts))
    title = "immediate derivative" if mode == "immediate" else "one-step Jacobian"
    identified = Theorem(
        label, Partial(y, x, mode), value, Identification(source.id, x), facts, title=title,
        subject=(y, x),
    )  # fmt: skip
    return [source, identified]


@dataclass(frozen=True)
class Transition:
    """d s[t] = J[t] d s[t-1] + B[t] vec(seed): the theorem, its lemmas, J and B (None if zero)."""

    lemmas: tuple[Theorem, ...]
    theorem: Theorem
    matrix: Term
    input: Term | None


def transition(
    theory: Theory,
    state: State,
    frame: Frame,
    facts: Facts,
    t: Symbol,
    id: str,
    seed: Term | None = None,
) -> Transition:
    """The one-step differential of the state, row by row, then stacked."""
    now, before = state.at(t), state.at(t - 1)
    rows: list[Theorem | None] = []
    blocks: list[Term] = []
    inputs: list[Term] = []
    width = Integer(1) if seed is None else size(seed)
    for number, element in enumerate(now):
        if element in before:  # an older element moves down one place
            blocks += [Identity(e.shape[0]) if e == element else Zero(element.shape[0], e.shape[0])
                       for e in before]  # fmt: skip
            inputs.append(Zero(element.shape[0], width))
            rows.append(None)
            continue
        row = linear_form(
            theory, element, frame, facts, f"{id}:row{number}", same_step(element),
            "one-step differential",
        )  # fmt: skip
        rows.append(row)
        known = (*theory.facts, *facts)
        blocks += [jacobian_of(row.right, D(e), known) for e in before]
        inputs.append(
            Zero(element.shape[0], width) if seed is None else jacobian_of(row.right, seed, known)
        )
    m = len(now)
    matrix = blocks[0] if m == 1 else Block(m, m, *blocks)
    left = stack([D(e) for e in now])
    build = Builder(theory, left, facts, frame)
    for number, row in enumerate(rows):
        if row is not None:
            build.lemma(row, () if m == 1 else (2 + number,))
    line = times(matrix, stack([D(e) for e in before]))
    entering = None
    if seed is not None and not all(isinstance(b, Zero) for b in inputs):
        entering = stack(inputs)
        line = line + times(entering, seed)
    build.algebra(line, reason="collect")
    title = "one step of the state"
    stacked = Theorem(id, left, build.line, build.chain(), facts, frame, title, tuple(now))
    return Transition(tuple(r for r in rows if r is not None), stacked, matrix, entering)


def product(matrix: Term, t: Symbol, later: Expr, earlier: Expr) -> OrderedProduct | Identity:
    """J[later] J[later-1] ... J[earlier+1]."""
    if isinstance(matrix, Identity):
        return matrix
    taken = {s.name for s in matrix.free_symbols | later.free_symbols | earlier.free_symbols
             if isinstance(s, Symbol)}  # fmt: skip
    name = next(c for c in ("i", "j", "l", "r", "i1", "i2", "i3") if c not in taken)
    i = index_symbol(name)
    return OrderedProduct(substitute(matrix, {t: i}), i, earlier + 1, later)


def through_time(theory: Theory, loss: Loss, y: Elem, x: Elem, t: Symbol, k: Expr) -> list[Theorem]:
    """dy[t]/dx[k] for k <= t as an ordered product, by induction on t.

    y and x are sequence elements at t and k; the theorem holds for lo <= k <= t <= hi. k may
    also be the index of the boundary, lo - 1.
    """
    state = state_of(theory, loss)
    frame = Frame((x,))
    low = lower(state, k)
    facts = (*low, t - k, state.hi - t)
    label = f"jac:total:{y}:{x}"
    step_facts = (*low, t - k - 1, state.hi - t)
    step = transition(theory, state, frame, step_facts, t, f"{label}:step")
    if (part := state.closed(reached(theory, state, y), step.matrix)) != state:
        state, step = part, transition(theory, part, frame, step_facts, t, f"{label}:step")
    one, matrix = step.theorem, step.matrix
    start, seed = _start(theory, state, x, k, label)
    left = stack([D(e) for e in state.at(t)])
    entering, through = _seeded(seed, x), product(matrix, t, t, k)
    statement = entering if isinstance(through, Identity) else through @ entering
    theorem = Theorem(
        f"{label}:state", left, statement,
        _induction(theory, state, frame, one, start, statement, t, k), facts, frame,
        "the state through time", tuple(state.at(t)),
    )  # fmt: skip
    theorems = [*step.lemmas, one, start, theorem]
    return [*theorems, *_read_off(theory, state, theorem, y, x, t, label)]


def _seeded(seed: Term, x: Elem) -> Term:
    return D(x) if isinstance(seed, Identity) else seed @ D(x)


def _start(theory: Theory, state: State, x: Elem, k: Expr, label: str) -> tuple[Theorem, Term]:
    """d s[k] = E d x[k]: what x reaches within its own step."""
    known = (*lower(state, k), state.hi - k)
    left = stack([D(e) for e in state.at(k)])
    build = Builder(theory, left, known, Frame((x,)))
    differentiate(build, lambda e: isinstance(e, Elem) and e.index == k)
    parts = build.line.blocks if isinstance(build.line, Block) else (build.line,)
    blocks = [jacobian_of(p, D(x), build.facts) for p in parts]
    seed = stack(blocks)
    build.algebra(_seeded(seed, x), reason="collect")
    title = "the state at the step itself"
    return (
        Theorem(f"{label}:start", left, build.line, build.chain(), known, Frame((x,)), title, (x,)),
        seed,
    )


def _induction(
    theory: Theory,
    state: State,
    frame: Frame,
    one: Theorem,
    start: Theorem,
    statement: Term,
    t: Symbol,
    k: Expr,
) -> Induction:
    low = lower(state, k)
    base = Builder(theory, start.left, (*low, state.hi - k), frame)
    base.lemma(start, ())
    base.algebra(substitute(statement, {t: k}), reason="empty product")
    nxt = {t: t + 1}
    facts = (*low, t - k, state.hi - t - 1)
    step = Builder(theory, substitute(one.left, nxt), facts, frame)
    step.lemma(one, (), bind=nxt)
    target = stack([D(e) for e in state.at(t)])
    path = next(p for p, x in find(step.line, lambda x: x == target))
    step.hypothesis(path, statement)
    wanted = substitute(statement, nxt)
    if isinstance(one.right, D):  # nothing changes from step to step: no product
        return Induction(t, k, base.chain(), step.chain())
    factors = wanted.args if isinstance(wanted, Times) else (wanted,)
    step.back("product-last", (), factors[0], span=(0, len(step.line.args) - len(factors) + 1))
    return Induction(t, k, base.chain(), step.chain())


def _read_off(
    theory: Theory, state: State, whole: Theorem, y: Elem, x: Elem, t: Symbol, label: str
) -> list[Theorem]:
    """From d s[t] to d y[t], and to the Jacobian."""
    out: list[Theorem] = []
    rows = {head.key: _row(theory, state, whole, head, t, label)
            for head, lag in state.entries if lag == 0}  # fmt: skip
    if y.key in rows:
        source = rows[y.key]
    else:
        source = _beyond(theory, state, whole, rows, y, x, t, label)
        out += [r for r in rows.values() if r is not whole]
    if source is not whole:
        out.append(source)
    facts = (*theory.facts, *source.facts)
    value = jacobian_of(source.right, D(x), facts)
    out.append(
        Theorem(
            label, Partial(y, x), value, Identification(source.id, x), source.facts,
            title="Jacobian through time", subject=(y, x),
        )
    )  # fmt: skip
    return out


def _row(
    theory: Theory, state: State, whole: Theorem, head: Elem, t: Symbol, label: str
) -> Theorem:
    """d of one element of the state: a block of rows of d s[t]."""
    if len(state.entries) == 1:
        return whole
    element = head.at(t)
    build = Builder(theory, D(element), whole.facts, whole.frame)
    build.algebra(selection(state, element) @ whole.left, reason="take the rows")
    build.lemma(whole, (1,))
    id = f"{label}:row:{head.name}"
    return Theorem(id, D(element), build.line, build.chain(), whole.facts, whole.frame,
                   "differential", (element,))  # fmt: skip


def _beyond(
    theory: Theory,
    state: State,
    whole: Theorem,
    rows: dict[str, Theorem],
    y: Elem,
    x: Elem,
    t: Symbol,
    label: str,
) -> Theorem:
    """d y[t] for a sequence outside the state, through the state elements it uses."""
    k = x.index
    gap = 1 if y.key == x.key else 0
    while True:
        facts = (*lower(state, k), t - k - gap, state.hi - t)
        build = Builder(theory, D(y), facts, whole.frame)
        differentiate(build, lambda e: e.key not in state.names and same_step(y)(e))
        used = {s.change for s in summands(build.line)} - {D(x)}
        if not gap and any(c.args[0].key not in rows for c in used):
            gap = 1  # x itself may be what y uses at its own step
            continue
        if any(c.args[0].key not in rows for c in used):
            raise NotSupported(f"the derivative of {y} by {x} does not go through the states")
        need = max((int(t - c.args[0].index) for c in used), default=gap)
        if need <= gap:
            break
        gap = need
    for change in used:
        leaf = change.args[0]
        for path, _ in list(find(build.line, lambda z, c=change: z == c)):
            build.lemma(rows[leaf.key], path, bind={t: leaf.index})
    value = jacobian_of(build.line, D(x), build.facts)
    build.algebra(times(value, D(x)), reason="collect")
    return Theorem(
        f"{label}:d", D(y), build.line, build.chain(), facts, whole.frame, "differential", (y,)
    )
