"""Products of numbers in [0, 1] against sums: 1 - sum (1 - x_i) <= prod x_i.

Source: Weierstrass' inequality; Hardy, Littlewood & Pólya, Inequalities (1952), theorem 58.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr, Symbol

from symbptt.core.canonical import equal
from symbptt.core.errors import ProofError
from symbptt.core.indices import index_symbol
from symbptt.core.scope import Scope
from symbptt.core.terms import Const, OrderedProduct, Plus, Scale, SumOver, Term, Times
from symbptt.core.theory import Theory
from symbptt.core.traverse import find, substitute
from symbptt.proof.objects import Development, Induction, Theorem
from symbptt.proof.order import Signs, increases

from .builder import Builder
from .within import enclosed
from .merging import merged
from .problem import Problem, Result
from .simplify import assumed

Facts = tuple[Expr, ...]
_ONE = Const(1)
_MINUS = Const(-1)


def unit_product(
    problem: Problem, left: Term, relation: str, right: Term, facts: Facts
) -> Result | None:
    """left <= prod x_i where left is at most 1 - sum (1 - x_i) and all x_i lie in [0, 1]."""
    if not isinstance(right, OrderedProduct) or not right.is_scalar or relation != "<=":
        return None
    within = _within_unit(problem, right, facts)
    if within is None:
        return None
    theory = within.development.theory
    taken = {s.name for x in (left, right, *facts) for s in x.free_symbols}
    top = next(s for s in map(index_symbol, "mpqruvwxyz") if s.name not in taken)
    known = within.development.theorems
    lemma = _weierstrass(theory, known, right, top, facts)
    told = tuple(th for th in assumed(theory) if th.relation != "=")
    for build in _raised(theory, known, left, told, facts):
        if equal(build.line, _at(lemma.left, top, right.hi), build.facts):
            build.algebra(_at(lemma.left, top, right.hi))
            build.bound((), _at(lemma.right, top, right.hi), lemma.id, {top: right.hi})
            build.algebra(right)
            claim = Theorem(
                "claim", left, right, build.chain(), facts, title="claim", relation="<="
            )
            used = tuple(th for th in told if any(s.name == th.id for s in build.steps))
            before = {th.id: th for th in (*known, *used, lemma)}
            return Result(Development(theory, (*before.values(), claim)), ("claim",))
    return None


def _at(term: Term, index: Symbol, value: Expr) -> Term:
    return substitute(term, {index: value})  # type: ignore[no-any-return]


def _within_unit(problem: Problem, product: OrderedProduct, facts: Facts) -> Result | None:
    """0 <= x_i and 0 <= 1 - x_i."""
    found = _ends(problem, product, facts)
    return merged(found) if len(found) == 2 else None


def factors(problem: Problem, sides: tuple[Term, ...], facts: Facts) -> tuple[Theorem, ...]:
    """0 <= x_i, and x_i <= 1 where it holds, for the products of numbers that are spoken of."""
    out: dict[str, Theorem] = {}
    for product in dict.fromkeys(x for s in sides for _, x in find(s, _is_product)):
        for result in _ends(problem, product, facts, named=f"{len(out)}"):
            out |= {th.id: th for th in result.development.theorems}
    return tuple(out.values())


def _is_product(term: Term) -> bool:
    return isinstance(term, OrderedProduct) and term.is_scalar


def _ends(problem: Problem, product: OrderedProduct, facts: Facts, named: str = "") -> list[Result]:
    """0 <= x_i and 0 <= 1 - x_i, as far as they follow; with a name also x_i <= 1."""
    inside = (*facts, *product.range_facts)
    below = Plus(_ONE, Scale(_MINUS, product.body))
    pairs = [(Const(0), product.body), (product.body, _ONE) if named else (Const(0), below)]
    out = []
    for number, (low, high) in enumerate(pairs):
        result = enclosed(problem, low, "<=", high, inside)
        if result is not None:
            id = f"unit:{named}{number}"
            *before, last = result.development.theorems
            theorems = (*before, replace(last, id=id, title="factor"))
            out.append(Result(Development(result.development.theory, theorems), (id,)))
    return out


def _weierstrass(
    theory: Theory, known: tuple[Theorem, ...], product: OrderedProduct, top: Symbol, facts: Facts
) -> Theorem:
    """1 - sum_{i=lo}^{m} (1 - x_i) <= prod_{i=lo}^{m} x_i, by induction on m from lo - 1."""
    body, i, lo = product.body, product.bound, product.lo
    start = (lo - 1).expand()
    here = (*facts, (top - start).expand(), (product.hi - top).expand())
    missing = SumOver(Plus(_ONE, Scale(_MINUS, body)), i, lo, top)
    left, right = Plus(_ONE, Scale(_MINUS, missing)), OrderedProduct(body, i, lo, top)
    ahead = {top: top + 1}
    next_facts = tuple(f.xreplace(ahead) for f in here)
    build = Builder(theory, _at(left, top, top + 1), (*here, *next_facts))
    factor = product.instance(top + 1)
    build.rule("series-last", (1, 1))
    build.algebra(Plus(factor, Scale(_MINUS, missing)))
    build.bound((1, 1), Scale(factor, missing), "factor-at-most-one", {}, reverse=True)
    build.algebra(Scale(factor, left))
    build.bound((1,), right, "", {})
    whole = _at(right, top, top + 1)
    build.algebra(Times(factor, right))
    build.back("product-last", (), whole)
    base = Builder(theory, _at(left, top, start), tuple(_at(f, top, start) for f in here))
    base.algebra(_at(right, top, start))
    proof = Induction(top, start, base.chain(), build.chain())
    return Theorem("weierstrass", left, right, proof, here, title="product of gates", relation="<=")


def _raised(
    theory: Theory,
    known: tuple[Theorem, ...],
    left: Term,
    told: tuple[Theorem, ...],
    facts: Facts,
) -> Iterator[Builder]:
    """The left side as it is, and with an assumed bound of a sum replaced by the sum."""
    build = Builder(theory, left, facts)
    yield build
    for theorem in told:
        for path, _ in find(left, lambda x, th=theorem: x == th.right):
            other = Builder(theory, left, facts)
            signs = Signs(Scope(theory), other.facts, known)
            try:
                increases(left, path, None, signs, smaller=True)
            except ProofError:
                continue
            other.bound(path, theorem.left, theorem.id, {}, reverse=True)
            yield other
