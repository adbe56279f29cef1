"""The forms in which a gradient is written: recursion, gradient, components, Kronecker."""

from __future__ import annotations

from itertools import product as choices

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported, ProofError
from symbptt.core.indices import contradictory, entails, factor_of
from symbptt.core.terms import (
    Elem, Entry, Gradient, Identity, OrderedProduct, Param, Partial, Plus, SumOver, Term, Times,
    Vec, When, Zero,
)  # fmt: skip
from symbptt.core.theory import Definition
from symbptt.core.traverse import find, nodes_of, substitute
from symbptt.proof.objects import Theorem
from symbptt.rules import FAMILIES

from .adjoint import AdjointSystem
from .builder import Builder
from .simplify import simplify_outputs

Facts = tuple[Expr, ...]
_MAX_STEPS = 500


def inline(build: Builder, system: AdjointSystem, keep: set[str]) -> None:
    """Unfolds adjoints until only those whose names are in ``keep`` remain."""
    names = {d.key for d in system.definitions} - {f"{name}[]" for name in keep}
    for _ in range(_MAX_STEPS):
        place = next(
            (
                p
                for p, x in find(
                    build.line, lambda x: isinstance(x, Elem | Param) and x.key in names
                )
            ),
            None,
        )
        if place is None:
            build.tidy()
            simplify_outputs(build)
            return
        build.unfold(place)
    raise NotSupported("the adjoints refer to each other without end")


def kept(system: AdjointSystem, main: tuple[str, ...]) -> set[str]:
    """The names of the adjoints of the recurrent sequences."""
    return {system.adjoint[z] for z in main if z in system.adjoint}


def recursions(system: AdjointSystem, main: tuple[str, ...]) -> list[Theorem]:
    """For each recurrent sequence its adjoint by cases: at the end of the range, and before it."""
    keep = kept(system, main)
    cases: dict[str, list[Theorem]] = {name: [] for name in sorted(keep)}
    for d in system.definitions:
        if d.name in keep:  # a state with a boundary value of its own has two definitions
            cases[d.name] += _cases(system, d, keep, 10 * len(cases[d.name]))
    return [theorem for d in system.definitions for theorem in cases.pop(d.name, [])]


def _cases(system: AdjointSystem, d: Definition, keep: set[str], first: int) -> list[Theorem]:
    assert isinstance(d.head, Elem) and d.index is not None
    known = (*system.theory.facts, *d.facts)
    conditions = list(dict.fromkeys(c for _, w in nodes_of(d.body, When) for c in w.conditions))
    out = []
    for number, choice in enumerate(choices((False, True), repeat=len(conditions)), first):
        facts = tuple(
            c if holds else (-c - 1).expand() for c, holds in zip(conditions, choice, strict=True)
        )
        if contradictory((*known, *facts)):
            continue
        out.append(_one_case(system, d, (*d.facts, *facts), keep, f"rec:{d.name}:{number}"))
    return out


def _one_case(
    system: AdjointSystem, d: Definition, facts: Facts, keep: set[str], id: str
) -> Theorem:
    assert isinstance(d.head, Elem) and d.index is not None
    facts = _irredundant(facts, system.theory.facts)
    point = _point(facts, d.index, system.theory.facts)
    head = d.head if point is None else d.head.at(point)
    if point is not None:
        facts = tuple(f for f in (substitute(f, {d.index: point}) for f in facts)
                      if not entails(system.theory.facts, f))  # fmt: skip
    build = Builder(system.theory, head, facts)
    build.unfold(())
    build.tidy()
    inline(build, system, keep)
    return Theorem(
        id, head, build.line, build.chain(), facts, title="adjoint recursion", subject=(head,)
    )


def _irredundant(facts: Facts, known: Facts) -> Facts:
    kept_facts = list(dict.fromkeys(facts))
    for f in list(kept_facts):
        others = tuple(x for x in kept_facts if x != f)
        if entails((*known, *others), f):
            kept_facts.remove(f)
    return tuple(kept_facts)


def _point(facts: Facts, index: Symbol, known: Facts) -> Expr | None:
    """The value of the index if the facts leave only one."""
    for f in facts:
        if abs(factor_of(f, index)) == 1:
            value = (index - f * factor_of(f, index)).expand()
            if entails((*known, *facts), index - value) and entails(
                (*known, *facts), value - index
            ):
                return value
    return None


def gradient_form(
    system: AdjointSystem, source: Theorem, main: tuple[str, ...], suffix: str = "gradient"
) -> Theorem:
    """The gradient with only the adjoints of the recurrent sequences left in it."""
    build = Builder(system.theory, source.left, source.facts)
    build.lemma(source, ())
    inline(build, system, kept(system, main))
    return Theorem(
        f"{source.id}:{suffix}", source.left, build.line, build.chain(), source.facts,
        title="gradient", subject=source.subject,
    )  # fmt: skip


def push(build: Builder, family: str, node: type) -> None:
    """Applies the rules of a family to nodes of a kind until none fits."""
    rows = (row for row in FAMILIES[family] if row.relation == "=")
    names = [row.name for row in rows if isinstance(row.left, node)]
    stuck: set[Term] = set()
    for _ in range(_MAX_STEPS):
        place = next(
            ((p, x) for p, x in find(build.line, lambda x: isinstance(x, node)) if x not in stuck),
            None,
        )
        if place is None:
            build.tidy()
            return
        path, target = place
        for name in names:
            try:
                build.rule(name, path)
            except ProofError:
                continue
            break
        else:
            stuck.add(target)
    raise NotSupported(f"the {family} rules do not come to an end")


def components(system: AdjointSystem, source: Theorem, i: Symbol, j: Symbol) -> Theorem:
    """The entry (i, j) of a theorem's two sides."""
    rows, cols = source.left.shape
    facts = (i - 1, rows - i) if rows != 1 else ()
    facts += (j - 1, cols - j) if cols != 1 else ()
    left = Entry(source.left, i if rows != 1 else 1, j if cols != 1 else 1)
    build = Builder(system.theory, left, (*source.facts, *facts))
    build.lemma(source, (0,))
    push(build, "entry", Entry)
    return Theorem(
        f"{source.id}:entry", left, build.line, build.chain(), (*source.facts, *facts),
        title="components", subject=source.subject,
    )  # fmt: skip


def kronecker(system: AdjointSystem, source: Theorem) -> Theorem:
    """vec of a gradient."""
    left = Vec(source.left)
    build = Builder(system.theory, left, source.facts)
    build.lemma(source, (0,))
    push(build, "vec", Vec)
    return Theorem(
        f"{source.id}:vec", left, build.line, build.chain(), source.facts, title="Kronecker form",
        subject=source.subject,
    )  # fmt: skip


def same(system: AdjointSystem, sum_form: Theorem, gradient: Theorem) -> Theorem:
    """The double sum and the adjoint form are the same: the row is vec of the gradient."""
    assert isinstance(sum_form.left, Partial) and isinstance(gradient.left, Gradient)
    build = Builder(system.theory, sum_form.right)
    build.lemma(sum_form, (), reverse=True)
    build.rule("jacobian-gradient", ())
    path = next(p for p, x in find(build.line, lambda x: x == gradient.left))
    build.lemma(gradient, path)
    return Theorem(
        f"{sum_form.id}:same", sum_form.right, build.line, build.chain(),
        title="the forms agree", subject=gradient.subject,
    )  # fmt: skip


def written_out(system: AdjointSystem, source: Theorem) -> Theorem:
    """Sums over numeric ranges written out term by term."""
    build = Builder(system.theory, source.left, source.facts)
    build.lemma(source, ())
    build.algebra(expand_sums(source.right), reason="write out")
    build.tidy()
    return Theorem(
        f"{source.id}:expanded", source.left, build.line, build.chain(), source.facts,
        title="written out", subject=source.subject,
    )  # fmt: skip


def expand_sums(term: Term) -> Term:
    """The term with every sum and product over a numeric range written out."""
    if isinstance(term, SumOver | OrderedProduct):
        gap = (term.hi - term.lo).expand()
        if gap.is_Integer:
            indices = [term.lo + s for s in range(int(gap) + 1)]
            if isinstance(term, SumOver):
                parts = [expand_sums(term.instance(i)) for i in indices]
                return Plus(*parts) if parts else Zero(*term.shape)
            factors = [expand_sums(term.instance(i)) for i in reversed(indices)]
            return Times(*factors) if factors else Identity(term.shape[0])
    args = tuple(expand_sums(a) if isinstance(a, Term) else a for a in term.args)
    return term if args == term.args else term.func(*args)
