"""Raising the smaller side of an inequality until it meets the larger.

Rows about norms are applied from the outside in, equations before inequalities, in a small
depth-first search; norms that the larger side mentions are left alone. Untrusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace

from sympy import Expr, Symbol

from symbptt.core.canonical import equal
from symbptt.core.errors import ProofError, SymbpttError
from symbptt.core.indices import entails
from symbptt.core.norms import Max, Min, Norm
from symbptt.core.powers import Radius
from symbptt.core.scope import Scope, solve
from symbptt.core.terms import Const, Elem, Map, Meta, OrderedProduct, Param, Power, Term, Vec
from symbptt.core.theory import Theory
from symbptt.core.traverse import Path, contains, find, nodes_of, substitute
from symbptt.proof.conditions import check_conditions
from symbptt.proof.match import instantiate, match
from symbptt.proof.objects import Chain, Step, Theorem
from symbptt.proof.order import Signs, increases
from symbptt.rules import FAMILIES, RULES, Rule

from .builder import Builder
from .joining import joined

Facts = tuple[Expr, ...]
_BUDGET = 150  # lines looked at
_SPREADING = ("power-product", "power-scale")
_NOT_UPWARD = ("norm-square", "power-scaled", *_SPREADING)  # they lead back, or help to compare
_SERIES, _CONSTANT = ("product", "series"), ("product-empty", "product-constant", "series-right")
_SIMPLER = tuple(
    row
    for family in ("supremum", "norm", "radius", "similar", "product", "series")
    for row in FAMILIES[family]
    if row.relation == "=" and row.name not in _NOT_UPWARD
    and (family not in _SERIES or row.name in _CONSTANT)
)  # fmt: skip
_INSIDE = (OrderedProduct, Power)  # of matrices
_SPREAD = (*_SIMPLER, *(row for row in FAMILIES["norm"] if row.name in _SPREADING))
_LARGER = tuple(
    r for family in ("bound", "radius") for r in FAMILIES[family]
    if r.relation != "=" and not isinstance(r.left, Meta | Const)
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """left <= right, or left < right, where the facts hold."""

    left: Term
    relation: str
    right: Term
    facts: Facts

    def at(self, mapping: dict[Symbol, Expr], *more: Expr) -> Claim:
        left, right, *facts = (substitute(x, mapping) for x in (self.left, self.right, *self.facts))
        return replace(self, left=left, right=right, facts=(*more, *facts))


@dataclass
class Search:
    """One proof search: its claim, what may be used, and how much has been looked at."""

    theory: Theory
    scope: Scope
    lemmas: tuple[Theorem, ...]
    hypothesis: Claim | None = None
    equations: tuple[Rule, ...] = ()
    seen: set[Term] = field(default_factory=set)
    known: tuple[Theorem, ...] = ()  # what conditions of rows may rest on
    entries: bool = False  # whether norms of all entries of a matrix are spoken of
    roots: bool = False  # whether square roots are spoken of

    def builders(self, claim: Claim) -> tuple[Builder, Builder]:
        """A chain to begin on either side."""
        low, high = (Builder(self.theory, x, claim.facts) for x in (claim.left, claim.right))
        return low, high

    def wants(self, row: Rule, node: Term) -> bool:
        """Whether a row may lead somewhere; norm-largest and largest-norm lead to each other."""
        if row.name == "norm-largest":
            return self.roots and not node.args[0].is_scalar
        return (row.name != "norm-entries" or self.entries) and (
            row.name != "largest-norm" or not self.roots
        )

    def signs(self, build: Builder, path: Path = ()) -> Signs:
        return Signs(self.scope, build.facts_at(path), self.known)


def holds(lemma: Theorem, facts: Facts) -> bool:
    return all(entails(facts, f) for f in lemma.facts)


def met(search: Search, claim: Claim, low: Builder, high: Builder) -> Chain | None:
    """low raised to high; None if the search finds nothing."""
    spoken = contains(high.line, Radius)  # else a norm is better taken apart
    search.entries = contains(high.line, Vec)
    search.roots = any(find(high.line, lambda x: isinstance(x, Map) and x.fname == "sqrt"))
    simpler, spread = (
        tuple(r for r in rows if spoken or r.name != "normal-norm") for rows in (_SIMPLER, _SPREAD)
    )
    for rows, search.equations in (((), simpler), (simpler, simpler), (spread, spread)):
        _simplify(search, high, rows)
        certain = search.signs(high).nonnegative(high.line)
        if low.line == Const(0) and certain and claim.relation == "<=":
            low.bound((), high.line, "nonnegative", {})
            return joined(low, high)
        search.seen.clear()
        kept = {x for _, x in nodes_of(high.line, Norm, Min, Max)}
        found = _climb(search, claim, low, high, kept)
        if found is not None:
            return joined(found, high)
    return None


def _climb(
    search: Search, claim: Claim, low: Builder, high: Builder, kept: set[Term]
) -> Builder | None:
    if _meets(search, claim, low, high):
        return low
    search.seen.add(low.line)
    for raised in _raised(search, low, kept):
        if raised.line in search.seen or len(search.seen) > _BUDGET:
            continue
        found = _climb(search, claim, raised, high, kept)
        if found is not None:
            return found
    return None


def _meets(search: Search, claim: Claim, low: Builder, high: Builder) -> bool:
    if not equal(low.line, high.line, low.facts):
        return False
    return claim.relation == "<=" or any(_is_strict(search, s, low) for s in low.steps)


def _is_strict(search: Search, step: Step, build: Builder) -> bool:
    lines = [build.first, *(s.result for s in build.steps)]
    before = lines[build.steps.index(step)]
    if step.by != "bound":
        return False
    source = next((x for x in search.lemmas if x.id == step.name), search.hypothesis)
    strict = source is not None and source.relation == "<"
    signs = Signs(search.scope, build.facts, search.known)
    return strict and increases(before, step.path, step.span, signs)


def _copy(build: Builder) -> Builder:
    other = copy(build)
    other.steps = [*build.steps]
    return other


def _raised(search: Search, low: Builder, kept: set[Term]) -> Iterator[Builder]:
    """The lines one step above: by an equation wherever one applies, else by inequalities."""
    simpler = _copy(low)
    if not _one_simpler(search, simpler, search.equations, kept):
        simpler.tidy()
    if simpler.line != low.line:
        yield simpler
        for path, node in nodes_of(low.line, Norm):
            for name, larger, bind in _told(search, low, path, node):
                other = _copy(low)  # what is assumed of a norm that equations take apart
                other.bound(path, larger, name, bind)
                yield other
        return
    for path, node in find(low.line, lambda x: x.is_scalar):
        commutes = False
        for name, larger, bind in _larger(search, low, path, node, kept):
            other = _copy(low)
            other.bound(path, larger, name, bind)
            yield other
            commutes |= name in RULES and isinstance(node, Norm)
        if commutes:  # with what rows do at other places
            return


def _simplify(search: Search, build: Builder, rows: tuple[Rule, ...]) -> None:
    for _ in range(_BUDGET):
        if not _one_simpler(search, build, rows, set()):
            return


def _one_simpler(search: Search, build: Builder, rows: tuple[Rule, ...], kept: set[Term]) -> bool:
    for path, node in find(build.line, lambda x: x.is_scalar or isinstance(x, _INSIDE)):
        if rows and isinstance(node, Param) and _is_constant(build, node):
            build.unfold(path)
            return True
        for row in rows:
            if type(row.left) is not type(node) or node in kept:
                continue
            try:
                bindings = match(row.left, node, {})
                check_conditions(row, bindings, search.signs(build, path))
                new = instantiate(row.right, bindings)
            except SymbpttError:
                continue
            if new != node:
                build.equation(path, new, row.name)
                return True
    return False


def _is_constant(build: Builder, leaf: Param) -> bool:
    """Whether a definition makes the name short for a number, such as gamma = sup |f'|."""
    bodies = [d.body for d in build.theory.defined(leaf.key)]
    return bool(bodies) and not any(contains(body, Elem) for body in bodies)


def _larger(
    search: Search, build: Builder, path: Path, node: Term, kept: set[Term]
) -> Iterator[tuple[str, Term, dict[Symbol, Expr]]]:
    """What the node may be replaced by, where the line increases with it."""
    if not _rises(search, build, path):
        return
    hypothesis = search.hypothesis
    if hypothesis is not None and node == hypothesis.left:
        yield "", hypothesis.right, {}
        return
    yield from _told(search, build, path, node)
    if node in kept:
        return
    for row in _LARGER:
        if type(row.left) is type(node) and search.wants(row, node):
            try:
                bindings = match(row.left, node, {})
                check_conditions(row, bindings, search.signs(build, path))
                yield row.name, instantiate(row.right, bindings), {}
            except SymbpttError:
                continue


def _rises(search: Search, build: Builder, path: Path) -> bool:
    """Whether the line increases with what stands there."""
    try:
        increases(build.line, path, None, Signs(search.scope, build.facts, search.known))
    except ProofError:
        return False
    return True


def _told(
    search: Search, build: Builder, path: Path, node: Term
) -> Iterator[tuple[str, Term, dict[Symbol, Expr]]]:
    """What inequalities that hold already put in its place."""
    if not _rises(search, build, path):
        return
    for lemma in search.lemmas:
        if lemma.relation == "=":
            continue
        found: dict[Symbol, Expr] = {}
        if not solve(lemma.left, node, search.scope.symbols, found):
            found = {}
        at, facts = lemma.instance(found), build.facts_at(path)
        if equal(at.left, node, facts) and holds(at, facts):
            yield lemma.id, at.right, found
