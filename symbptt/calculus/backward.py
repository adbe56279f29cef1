"""Gradients from the adjoint system, with proof.

The sum S = sum_z sum_t <lambda_z[t], d z[t]> is written in two ways: with the definitions of the
adjoints, and with the one-step differentials. What does not cancel is dL = sum <gradient, d leaf>.
"""

from __future__ import annotations

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.indices import contradictory, entails, index_symbol
from symbptt.core.terms import D, Elem, Gradient, Param, Plus, Shock, SumOver, Term, Zero
from symbptt.core.theory import ALL, Definition, Frame, Theory
from symbptt.core.traverse import Path, find, nodes_of, rebuild, substitute
from symbptt.proof.objects import Identification, Theorem

from .adjoint import AdjointSystem, bounds, loss_differential, one_steps
from .builder import Builder
from .linear import has_change, pairing, summands, wrap
from .tidy import tidy

Facts = tuple[Expr, ...]


def over(body: Term, d: Definition) -> Term:
    """The sum of the body over the range of the definition, if it has one."""
    if d.index is None:
        return body
    return SumOver(body, d.index, *bounds(d.facts, d.index))


def identity(
    system: AdjointSystem, frame: Frame, prefix: str, avoid: frozenset[Symbol] = frozenset()
) -> list[Theorem]:
    """One-step differentials, the differential of the loss, and dL = sum <gradient, change>.

    The sums of the last line do not run over an index in ``avoid``: those are indices of the
    elements with respect to which derivatives will be read off.
    """
    steps = one_steps(system.model, system.loss, frame, prefix)
    total = loss_differential(system.model, system.loss, frame, prefix)
    theorems = [*(t for _, t in steps), total]
    changing = {(d.name, d.facts): t for d, t in steps if has_change(t.right)}
    pairs = _pairs(system, set(changing))
    build = Builder(system.theory, D(system.loss.total), (), frame)
    build.lemma(total, ())
    if pairs:
        used = [changing[d.sequence] for d in pairs]
        still = [t for _, t in steps if not has_change(t.right)]
        theorems += [unfolded := _unfolded(system, pairs, frame, prefix)]
        theorems += [stepped := _stepped(system, pairs, used, still, frame, prefix)]
        onward = [over(pairing(system.through[p.adjoint], p.change), p.adjoint) for p in pairs]
        minus = -tidy(Plus(*onward))
        direct = _direct(total.right, pairs)
        build.algebra(Plus(unfolded.right, minus, *direct), reason="add and subtract")
        size = _operands(unfolded.right)
        build.lemma(unfolded, (), reverse=True, span=(0, size))
        build.lemma(stepped, (), span=(0, _operands(unfolded.left)))
    build.algebra(_renamed(_goal(system, frame), avoid), reason="cancel")
    build.tidy()
    theorems.append(
        Theorem(
            f"{prefix}:identity", D(system.loss.total), build.line, build.chain(), (), frame,
            "differential of the loss through the adjoints", frame.vary,
        )
    )  # fmt: skip
    return theorems


def _direct(differential: Term, pairs: list[_Pair]) -> list[Term]:
    """The parts of dL that come from leaves which the loss itself mentions."""
    keys = {p.change.args[0].key for p in pairs}
    return [
        wrap(s.core, s.wraps) for s in summands(differential) if s.change.args[0].key not in keys
    ]


def _operands(term: Term) -> int:
    return len(term.args) if isinstance(term, Plus) else 1


class _Pair:
    """An adjoint's definition with the change of its sequence."""

    def __init__(self, adjoint: Definition, name: str) -> None:
        self.adjoint, self.sequence = adjoint, (name, adjoint.facts)
        self.change = D(
            Elem(name, adjoint.index, *adjoint.head.shape)
            if isinstance(adjoint.head, Elem)
            else Param(name, *adjoint.head.shape)
        )
        self.product = over(pairing(adjoint.head, self.change), adjoint)


def _pairs(system: AdjointSystem, changing: set[tuple[str, Facts]]) -> list[_Pair]:
    names = {v: k for k, v in system.adjoint.items()}
    pairs = [_Pair(d, names[d.name]) for d in reversed(system.definitions)]
    return [p for p in pairs if p.sequence in changing]


def _unfolded(system: AdjointSystem, pairs: list[_Pair], frame: Frame, prefix: str) -> Theorem:
    """S with every adjoint replaced by its definition."""
    start = Plus(*(p.product for p in pairs))
    build = Builder(system.theory, start, (), frame)
    for number, p in enumerate(pairs):
        base = (number,) if len(pairs) > 1 else ()
        path = next(q for q, x in find(build.line, lambda x, h=p.adjoint.head: x == h)
                    if q[: len(base)] == base)  # fmt: skip
        build.unfold(path)
    build.tidy()
    return Theorem(
        f"{prefix}:adjoints", start, build.line, build.chain(), (), frame,
        "the adjoints by their recursion",
    )  # fmt: skip


def _stepped(
    system: AdjointSystem,
    pairs: list[_Pair],
    used: list[Theorem],
    still: list[Theorem],
    frame: Frame,
    prefix: str,
) -> Theorem:
    """S with every change replaced by its one-step differential, boundaries split off."""
    start = Plus(*(p.product for p in pairs))
    build = Builder(system.theory, start, (), frame)
    for number, (p, theorem) in enumerate(zip(pairs, used, strict=True)):
        base = (number,) if len(pairs) > 1 else ()
        path = next(q for q, x in find(build.line, lambda x, c=p.change: x == c)
                    if q[: len(base)] == base)  # fmt: skip
        build.lemma(theorem, path)
    _cover(build, still)
    build.tidy()
    return Theorem(
        f"{prefix}:tangents", start, build.line, build.chain(), (), frame,
        "the changes by their one-step differentials",
    )  # fmt: skip


def _cover(build: Builder, still: list[Theorem]) -> None:
    """Splits changes of elements at the ends of the ranges of their definitions.

    d h[t-1] for 1 <= t <= T is d h[0], a boundary value, or lies in the range of the recurrence.
    ``still`` are the one-step differentials that are zero: of defined boundary values.
    """
    for _ in range(200):
        for path, node in nodes_of(build.line, D):
            leaf = node.args[0]
            if isinstance(leaf, Elem) and _settle(build, path, leaf, still):
                break
        else:
            return
    raise NotSupported("the ranges of the definitions split into too many cases")


def _settle(build: Builder, path: Path, leaf: Elem, still: list[Theorem]) -> bool:
    """One step towards certainty about which piece covers the element; False when settled."""
    facts = build.facts_at(path)
    pieces = [
        tuple(substitute(f, {index: leaf.index}) for f in piece)
        for index, piece in _pieces(build.theory, leaf)
    ]
    for piece in pieces:
        if all(entails(facts, f) for f in piece):
            return _drop(build, path, leaf, still)
    for piece in pieces:
        if contradictory((*facts, *piece)):
            continue
        condition = next(f for f in piece if not entails(facts, f))
        build.rule("case-split", path, bind={"?k": condition})
        return True
    return False


def _drop(build: Builder, path: Path, leaf: Elem, still: list[Theorem]) -> bool:
    for theorem in still:
        head = theorem.left.args[0]
        bind = {head.args[1]: leaf.index}
        here = (substitute(f, bind) for f in theorem.facts)
        if head.key == leaf.key and all(entails(build.facts_at(path), f) for f in here):
            build.lemma(theorem, path, bind=bind)
            return True
    if any(isinstance(x, Elem) and x.key == leaf.key and x.index == ALL for x in build.frame.vary):
        return False
    return build.vanish(path)


def _pieces(theory: Theory, leaf: Elem) -> list[tuple[Expr, Facts]]:
    defined = [(d.index, d.facts) for d in theory.defined(leaf.key) if d.index is not None]
    given = [(g.head.index, g.facts) for g in theory.givens if g.head.key == leaf.key]
    return [*defined, *given]


def _goal(system: AdjointSystem, frame: Frame) -> Term:
    """sum over what varies of <gradient, change>."""
    parts: list[Term] = []
    for leaf, gradient in system.gradients.items():
        if isinstance(leaf, Param) and leaf in frame.vary:
            parts.append(pairing(gradient, D(leaf)))
        elif isinstance(leaf, Elem) and Elem(leaf.args[0], ALL, *leaf.shape) in frame.vary:
            body = pairing(gradient, D(leaf))
            given = next((g for g in system.theory.givens if g.head == leaf), None)
            ends = None if given is None else bounds(given.facts, leaf.index)
            parts.append(body if ends is None else SumOver(body, leaf.index, *ends))
    names = {v: k for k, v in system.adjoint.items()}
    for d in system.definitions:
        if names[d.name] in frame.shocks and isinstance(d.head, Elem):
            change = Shock(Elem(names[d.name], d.index, *d.head.shape))
            parts.append(over(pairing(d.head, change), d))
    return tidy(Plus(*parts), system.theory.facts) if parts else Zero(1, 1)


def _renamed(term: Term, avoid: frozenset[Symbol]) -> Term:
    """The term with sums over indices in ``avoid`` running over other letters."""
    args = tuple(_renamed(a, avoid) if isinstance(a, Term) else a for a in term.args)
    term = rebuild(term, args)
    if not isinstance(term, SumOver) or term.bound not in avoid:
        return term
    taken = {s.name for s in term.body.free_symbols | term.free_symbols | avoid}
    letter = next(c for c in ("s", "r", "u", "v", "s1", "s2", "s3") if c not in taken)
    other = index_symbol(letter)
    return SumOver(term.instance(other), other, term.lo, term.hi)


def gradient(
    system: AdjointSystem, wrt: Param | Elem, facts: Facts = (), shared: tuple[Theorem, ...] = ()
) -> list[Theorem]:
    """The gradient of the loss with respect to a leaf or to a state, with all its lemmas.

    ``facts`` hold for the index of an element, e.g. 1 <= k <= T. ``shared`` is an identity in which
    more varies: the gradient is read off it where that is possible.
    """
    defined = isinstance(wrt, Elem) and any(
        d.index is not None
        and not contradictory((*facts, *(f.xreplace({d.index: wrt.index}) for f in d.facts)))
        for d in system.model.defined(wrt.key)
    )
    label = f"grad:{wrt}"
    if isinstance(wrt, Param):
        frame, value = Frame((wrt,)), system.gradients[wrt]
    elif defined:
        frame = Frame((), (wrt.name,))
        value = Elem(system.adjoint[wrt.name], wrt.index, *wrt.shape)
    else:
        frame, value = Frame((Elem(wrt.args[0], ALL, *wrt.shape),)), _given_value(system, wrt)
    avoid = wrt.index.free_symbols if isinstance(wrt, Elem) else ()
    if shared and not frame.shocks and set(frame.vary) <= set(shared[-1].frame.vary):
        theorems = list(shared)
    else:
        theorems = identity(system, frame, label, frozenset(avoid))
    source = theorems[-1].id
    theorems.append(
        Theorem(
            label, Gradient(system.loss.total, wrt), value, Identification(source, wrt), facts,
            title="gradient by the adjoints", subject=(wrt,),
        )
    )  # fmt: skip
    return theorems


def _given_value(system: AdjointSystem, wrt: Elem) -> Term:
    for leaf, value in system.gradients.items():
        if isinstance(leaf, Elem) and leaf.key == wrt.key:
            if leaf.index == wrt.index:
                return value
            if leaf.index.is_Symbol:
                return tidy(substitute(value, {leaf.index: wrt.index}), system.theory.facts)
    raise NotSupported(f"{wrt} is not a given element of the model")
