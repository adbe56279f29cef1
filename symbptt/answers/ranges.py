"""For which indices a claim is meant.

It is judged where all its symbols exist. A derivative dy_t/dx_k of a recurrence is moreover meant
for k <= t where nothing else is said, and one by a quantity that is computed for those times at
which it is computed: a claim that fails only outside is read so, and the reading says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sympy import Expr

from symbptt.calculus.existence import all_defined, existence
from symbptt.core.dependence import edges, reachable
from symbptt.core.errors import SymbpttError
from symbptt.core.indices import contradictory, entails, irredundant
from symbptt.core.terms import Elem, Entry, Gradient, Partial, SumOver, Term
from symbptt.core.theory import Theory
from symbptt.core.traverse import context, nodes_of
from symbptt.report.pen import UNICODE_PEN
from symbptt.report.ranges import ranges as written

Facts = tuple[Expr, ...]


@dataclass(frozen=True)
class Extent:
    """Where a claim is judged: all facts, and in words those that it does not state.

    ``narrower`` than what is stated: the claim says more than there is. ``spare``: for what is
    open elsewhere, not for what is false.
    """

    facts: Facts
    unsaid: tuple[str, ...] = ()
    narrower: bool = False
    spare: bool = False


def extents(
    theory: Theory, sides: Sequence[Term], said: Facts, bound: bool = False
) -> Iterator[Extent]:
    """The extents to judge at, the widest first; SymbpttError where nothing exists.

    ``said`` are the facts that are stated. A ``bound`` is moreover meant where all elements are
    computed, as a boundary value may be any number.
    """
    entries = tuple(f for side in sides for f in _entries(theory, side))
    whole = (*existence(theory, *sides), *entries)
    if contradictory((*theory.facts, *said)):
        raise SymbpttError("the conditions contradict each other: there is nothing to judge")
    if contradictory((*theory.facts, *said, *whole)):
        raise SymbpttError("no index satisfies the conditions and exists in the model")
    missed = [f for f in whole if not entails((*theory.facts, *said), f)]
    if _equalities(theory, (*said, *whole), said):
        raise SymbpttError(f"all of it exists only for {', '.join(_words(missed))}")
    if any(_pins(theory, side, f, said) for side in sides for f in missed):
        raise SymbpttError(f"a product or sum in it exists only for {', '.join(_words(missed))}")
    narrower = any(_fails_at_an_end(f, said, theory) for f in missed)
    first = Extent((*said, *whole), _words(missed) if narrower else (), narrower)
    yield first
    seen = [first.facts]
    causal = tuple(f for side in sides for f in _causal(theory, side))
    computed = existence(theory, *sides, boundary=False) if causal or _derived(sides) else ()
    pointwise = _computed(theory, sides)
    inner = all_defined(theory, *sides) if bound else ()
    later = tuple(f - 1 for f in causal) if bound else ()  # k < t, where a product has factors
    strictly = (*later, *inner)
    for more in (causal, computed, (*causal, *computed), pointwise, inner, strictly):
        known = (*theory.facts, *first.facts)
        new = [f for f in dict.fromkeys(more) if not entails(known, f)]
        facts = (*first.facts, *new)
        if not new or facts in seen or contradictory((*theory.facts, *facts)):
            continue
        if not _equalities(theory, facts, first.facts):
            seen.append(facts)
            words = _words([*missed, *new] if narrower else new)
            yield Extent(facts, words, narrower, bool(later) and more is strictly)


def _equalities(theory: Theory, facts: Facts, said: Facts) -> bool:
    """Whether facts leave no room between two indices, such as t and k, for which room is said.

    It is so for t >= k and k >= t together: a claim about one index only is not what was meant.
    """
    known = (*theory.facts, *facts)
    tight = (f for f in known if f.free_symbols and entails(known, -f))
    return any(not entails((*theory.facts, *said), -f) for f in tight)


def _pins(theory: Theory, side: Term, fact: Expr, said: Facts) -> bool:
    """Whether it says how short a sequence is, or that a free index is at its end.

    So it is where an inner product runs backwards, as from k + 1 to t in a sum over k <= T.
    """
    lengths = {s for f in theory.facts for s in f.free_symbols}
    if fact.free_symbols <= lengths:
        return any(fact.coeff(s) < 0 for s in fact.free_symbols)
    ends = (x for _, x in nodes_of(side, SumOver) if x.hi in lengths)
    known = (*theory.facts, *said, *existence(theory, side))
    inner = fact.free_symbols - lengths
    return any(
        entails(known, i - x.hi) or entails(known, x.lo - i)
        for x in ends for i in inner if x.lo.is_Integer
    )  # fmt: skip


def _fails_at_an_end(fact: Expr, said: Facts, theory: Theory) -> bool:
    """Whether what is stated begins or ends at an index at which the fact fails."""
    for f in said:
        for symbol in f.free_symbols & fact.free_symbols:
            if abs(f.coeff(symbol)) == 1:
                end = (symbol - f * f.coeff(symbol)).expand()
                there = fact.xreplace({symbol: end}).expand()
                if contradictory((*theory.facts, there)):
                    return True
    return False


def _words(facts: Sequence[Expr]) -> tuple[str, ...]:
    return written(irredundant(tuple(facts)), UNICODE_PEN)


def _derived(sides: Sequence[Term]) -> bool:
    return any(next(nodes_of(side, Partial, Gradient), None) for side in sides)


def _computed(theory: Theory, sides: Sequence[Term]) -> Facts:
    """Where all elements are computed, for a claim about quantities at one step alone."""
    found = [(s, path, x) for s in sides for path, x in nodes_of(s, Elem)]
    if len({x.index for _, _, x in found}) != 1 or any(context(s, p)[1] for s, p, _ in found):
        return ()
    facts: list[Expr] = []
    for _, _, x in found:
        for d in theory.defined(x.key)[:1]:
            facts += [f.xreplace({d.index: x.index}).expand() for f in d.facts]
    return tuple(facts)


def _entries(theory: Theory, term: Term) -> Iterator[Expr]:
    """1 <= i <= n for an entry with a free index."""
    for path, node in nodes_of(term, Entry):
        bound = set(context(term, path)[1])
        for value, top in ((node.row, node.args[0].shape[0]), (node.col, node.args[0].shape[1])):
            if not value.free_symbols & bound:
                facts = ((value - 1).expand(), (top - value).expand())
                yield from (f for f in facts if f.free_symbols and not entails(theory.facts, f))


def _causal(theory: Theory, term: Term) -> Iterator[Expr]:
    """k <= t for a derivative of an element at t by one at k that runs forward; or t <= k."""
    for path, node in nodes_of(term, Partial, Gradient):
        y, x = node.args[:2]
        if not (isinstance(y, Elem) and isinstance(x, Elem)) or context(term, path)[1]:
            continue
        names = reachable(theory, {y.key})
        used = [e for e in edges(theory) if e.source in names]
        gap = (y.index - x.index).expand()
        if all(e.before for e in used):
            yield gap
        elif all(e.after for e in used):
            yield -gap
