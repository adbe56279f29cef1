"""The adjoint system: one backward recursion from which every gradient is read off.

For d z[t] = sum A d y[t+s] + ... the adjoint of y is defined by

    lambda_y[t] = dL/dy[t] (immediate) + sum_{z, s} [t - s in the range of z] A^T lambda_z[t-s],

so that sum_z sum_t <lambda_z[t], d z[t]> can be evaluated in two ways; their difference is
dL = sum <lambda_z[t], change that enters z at t>. Source: Bryson & Ho, Applied Optimal Control
(1975), §2.2 (discrete adjoint equations); Werbos, Backpropagation through time (1990).
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.indices import factor_of, index_symbol
from symbptt.core.terms import Const, D, Elem, Param, Plus, SumOver, Term, When, Zero
from symbptt.core.theory import ALL, Definition, Frame, Theory
from symbptt.core.traverse import substitute
from symbptt.proof.objects import Theorem

from .builder import Builder
from .differential import differentiate, one_step
from .linear import Summand, pull, summands, wrap
from .tidy import tidy


@dataclass(frozen=True)
class Loss:
    """The scalar that is differentiated, and the names of scalar sequences it sums over."""

    total: Param
    parts: tuple[str, ...] = ()

    @property
    def keys(self) -> set[str]:
        """The keys of the total and its parts."""
        return {self.total.key, *(f"{part}[]" for part in self.parts)}


@dataclass(frozen=True)
class AdjointSystem:
    """The adjoint definitions of a model and the gradient of every leaf.

    ``model`` is the model's theory, ``theory`` the same with the adjoints; ``adjoint`` maps a
    sequence to the name of its adjoint; ``through`` gives the part of an adjoint that comes from
    later uses, not from the loss at once; ``definitions`` stand in an order in which they can be
    computed at one t, t descending (ascending for sequences that run backward); ``gradients``
    maps a leaf (Param, or the head of a given) to its gradient.
    """

    model: Theory
    theory: Theory
    loss: Loss
    adjoint: dict[str, str]
    definitions: tuple[Definition, ...]
    through: dict[Definition, Term]
    gradients: dict[Term, Term]


def everything(theory: Theory) -> Frame:
    """The frame in which every leaf varies."""
    heads = {Elem(g.head.args[0], ALL, *g.head.shape): None for g in theory.givens}
    return Frame((*theory.params, *heads))


def quantities(theory: Theory, loss: Loss) -> list[Definition]:
    """All definitions in order, the loss and its parts excluded."""
    return [d for d in theory.definitions if d.key not in loss.keys]


def sequences(theory: Theory, loss: Loss) -> list[Definition]:
    """The definitions of sequences among them."""
    return [d for d in quantities(theory, loss) if d.index is not None]


def one_steps(
    theory: Theory, loss: Loss, frame: Frame, prefix: str
) -> list[tuple[Definition, Theorem]]:
    """For each sequence its one-step differential in the frame."""
    out = []
    for number, d in enumerate(quantities(theory, loss)):
        if d.head in frame.vary:
            continue
        theorem = one_step(theory, d.head, frame, d.facts, f"{prefix}:step:{d.name}:{number}")
        out.append((d, theorem))
    return out


def loss_differential(theory: Theory, loss: Loss, frame: Frame, prefix: str) -> Theorem:
    """dL in terms of d of the sequences that the loss mentions."""
    build = Builder(theory, D(loss.total), (), frame)
    differentiate(build, lambda x: x.key in loss.keys)
    return Theorem(
        f"{prefix}:loss", D(loss.total), build.line, build.chain(), (), frame,
        "differential of the loss", (loss.total,),
    )  # fmt: skip


@dataclass(frozen=True)
class _Use:
    """One place where the change of ``element`` enters: through an adjoint, or the loss."""

    element: Elem
    summand: Summand
    consumer: Definition | None


def uses(theory: Theory, loss: Loss) -> list[_Use]:
    """Every reference of a definition, or of the loss, to a sequence element or leaf."""
    frame = everything(theory)
    out = []
    for d, theorem in one_steps(theory, loss, frame, "all"):
        out += [_Use(s.change.args[0], s, d) for s in summands(theorem.right)]
    total = loss_differential(theory, loss, frame, "all")
    out += [_Use(s.change.args[0], s, None) for s in summands(total.right)]
    return out


def adjoint_name(name: str, taken: set[str], alone: bool) -> str:
    """delta for a single state, delta^{name} otherwise."""
    plain = r"\delta"
    if alone and plain not in taken:
        return plain
    core = name[1:-1] if name.startswith("{") else name
    return rf"\delta^{{{core}}}"


def adjoint_system(theory: Theory, loss: Loss, main: tuple[str, ...] = ()) -> AdjointSystem:
    """Defines the adjoints of all sequences and collects the gradient of every leaf.

    ``main`` are the recursive sequences; a single one gets the plain name delta.
    Raises NotSupported where a differential has no transposed map.
    """
    found = uses(theory, loss)
    defs = quantities(theory, loss)
    taken = {d.name for d in theory.definitions} | {p.name for p in theory.params}
    names = {d.name: adjoint_name(d.name, taken, main == (d.name,)) for d in defs}
    definitions: list[Definition] = []
    through: dict[Definition, Term] = {}
    for d in reversed(defs):
        head: Elem | Param
        if isinstance(d.head, Elem):
            assert d.index is not None
            facts = (*theory.facts, *d.facts)
            local, onward = _collect(d.head, d.index, found, names, facts)
            head = Elem(names[d.name], d.index, *d.head.shape)
        else:
            local, onward = _collect_param(d.head, found, names, theory)
            head = Param(names[d.name], *d.head.shape)
        definitions.append(Definition(head, _total(local, onward), d.facts))
        through[definitions[-1]] = onward
    extended = theory.extended(*definitions)
    gradients: dict[Term, Term] = {}
    defined = [d.head for d in defs if isinstance(d.head, Param)]
    for leaf in (*theory.params, *defined):
        gradients[leaf] = _total(*_collect_param(leaf, found, names, theory))
    for given in theory.givens:
        assert isinstance(given.head.index, Symbol)
        facts = (*theory.facts, *given.facts)
        body = _total(*_collect(given.head, given.head.index, found, names, facts))
        single = _single_index(given.facts, given.head.index)
        if single is not None:
            body = tidy(substitute(body, {given.head.index: single}), theory.facts)
        gradients[given.head if single is None else given.head.at(single)] = body
    return AdjointSystem(theory, extended, loss, names, tuple(definitions), through, gradients)


def _single_index(facts: tuple[Expr, ...], index: Symbol) -> Expr | None:
    """The only value an index range admits, if it is one point."""
    for f in facts:
        if -f in facts and factor_of(f, index) in (1, -1):
            return index - f * factor_of(f, index)
    return None


def _collect(
    head: Elem, t: Symbol, found: list[_Use], names: dict[str, str], facts: tuple[Expr, ...]
) -> tuple[Term, Term]:
    """The immediate loss gradient of head at t, and the transposed maps of its consumers."""
    sides: tuple[list[Term], list[Term]] = ([], [])
    for use in found:
        if use.element.key == head.key:
            part = tidy(_contribution(use, t, names), facts)
            sides[use.consumer is not None].append(part)
    zero = Zero(*head.shape)
    local, onward = (tidy(Plus(*(side or [zero]))) for side in sides)
    return local, onward


def _total(local: Term, onward: Term) -> Term:
    return tidy(local + onward)


def _contribution(use: _Use, t: Symbol, names: dict[str, str]) -> Term:
    """The part of the adjoint at t that comes through one use.

    The use is of element[e(s)] for s in a range; solving e(s) = t for s turns the range into
    conditions on t.
    """
    opened, index, conditions, pool = _opened(use, names)
    solved = next((s for s in pool if factor_of(index, s) in (1, -1)), None)
    if solved is None:
        return _resum(opened, (*conditions, t - index, index - t), pool)
    sign = factor_of(index, solved)
    value = (sign * (t - index) + solved).expand()
    opened = substitute(opened, {solved: value})
    conditions = tuple(c.xreplace({solved: value}).expand() for c in conditions)
    return _resum(opened, conditions, [s for s in pool if s != solved])


def _opened(use: _Use, names: dict[str, str]) -> tuple[Term, Expr, tuple[Expr, ...], list[Symbol]]:
    """The transposed map with its running indices renamed apart, freed of their sums."""
    core, wraps = use.summand.core, use.summand.wraps
    adjoint: Term = Const(1)
    conditions: tuple[Expr, ...] = ()
    pool = [w.bound for w in wraps if isinstance(w, SumOver)]
    if use.consumer is not None:
        running = use.consumer.index
        adjoint = adjoint_of(use.consumer, names)
        if running is not None:
            conditions, pool = use.consumer.facts, [*pool, running]
    for w in wraps:
        conditions += w.range_facts if isinstance(w, SumOver) else w.args[1:]
    apart = {s: index_symbol(f"{s.name}'") for s in pool}
    return (
        substitute(pull(adjoint, core), apart),
        use.element.index.xreplace(apart),
        tuple(c.xreplace(apart) for c in conditions),
        [apart[s] for s in pool],
    )


def _resum(term: Term, conditions: tuple[Expr, ...], left: list[Symbol]) -> Term:
    for s in left:
        lows = [c for c in conditions if factor_of(c, s) == 1]
        highs = [c for c in conditions if factor_of(c, s) == -1]
        if not lows or not highs:
            raise NotSupported(f"the index {s} has no range")
        lo, hi = s - lows[0], highs[0] + s
        rest = tuple(c for c in conditions if c not in (lows[0], highs[0]))
        inner = tuple(c for c in rest if s in c.free_symbols)
        conditions = tuple(c for c in rest if s not in c.free_symbols)
        term = SumOver(When(term, *inner), s, lo, hi)
    return When(term, *conditions)


def adjoint_of(consumer: Definition, names: dict[str, str]) -> Term:
    """The adjoint of what the definition defines, at its own index."""
    head = consumer.head
    if isinstance(head, Elem):
        return Elem(names[head.name], head.index, *head.shape)
    return Param(names[head.name], *head.shape)


def _collect_param(
    leaf: Param, found: list[_Use], names: dict[str, str], theory: Theory
) -> tuple[Term, Term]:
    """The same two parts for a quantity without index: sums over all its uses."""
    sides: tuple[list[Term], list[Term]] = ([], [])
    for use in found:
        if use.element != leaf:
            continue
        core, wraps, consumer = use.summand.core, use.summand.wraps, use.consumer
        adjoint: Term = Const(1) if consumer is None else adjoint_of(consumer, names)
        body = wrap(pull(adjoint, core), wraps)
        if consumer is not None and consumer.index is not None:
            body = SumOver(body, consumer.index, *bounds(consumer.facts, consumer.index))
        sides[consumer is not None].append(tidy(body, theory.facts))
    zero = Zero(*leaf.shape)
    local, onward = (tidy(Plus(*(side or [zero])), theory.facts) for side in sides)
    return local, onward


def bounds(facts: tuple[Expr, ...], index: Expr) -> tuple[Expr, Expr]:
    """lo and hi of a range given as facts."""
    return (
        next(index - f for f in facts if factor_of(f, index) == 1),
        next(f + index for f in facts if factor_of(f, index) == -1),
    )
