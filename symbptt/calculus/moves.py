"""Moves of a proof search: unfold, split, normalize. Each acts on a builder as far as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from operator import attrgetter

from sympy import Expr, Symbol

from symbptt.core.indices import contradictory, entails, factor_of
from symbptt.core.powers import Binomial, EntrywisePower
from symbptt.core.scope import solve
from symbptt.core.terms import (
    Block, Diag, Elem, Entry, OrderedProduct, Param, Power, SumOver, Term, Times,
    When,
)  # fmt: skip
from symbptt.core.traverse import Path, contains, subterm, substitute
from symbptt.proof.objects import Theorem

from .builder import Builder
from .tries import nodes, tries, until_done, visible

_WRITTEN_OUT = 4
_SMALL: dict[type[Term], tuple[str, ...]] = {
    SumOver: ("series-empty", "series-single"),
    OrderedProduct: ("product-empty", "product-single", "product-constant"),
    Power: ("power-zero", "power-one"),
    EntrywisePower: ("entrywise-zero", "entrywise-one"),
    Binomial: ("binomial-none", "binomial-all", "binomial-below", "binomial-above"),
}


# ---------------------------------------------------------------- normal forms


def normalize(
    build: Builder, assumptions: Iterable[Theorem] = (), fixed: frozenset[Symbol] = frozenset()
) -> None:
    """Empty and single ranges, trivial powers, products of blocks, and what is assumed."""
    told = [th for th in assumptions if th.relation == "="]
    if told or contains(build.line, When):
        build.tidy()

    def one() -> bool:
        if _small(build) or multiply_blocks(build, lambda x: True) or _told(build, told, fixed):
            build.tidy()
            return True
        return False

    until_done(one, "steps go on")


def _small(build: Builder) -> bool:
    return any(
        tries(build.rule, name, path)
        for path, node in nodes(build.line, *_SMALL)
        for name in _SMALL[type(node)]
        if _FITS.get(name, _always)(node)
    )


def _always(node: Term) -> bool:
    return True


_FITS: dict[str, Callable[..., bool]] = {
    "series-empty": lambda x: not x.gap.is_Integer or x.gap < 0,
    "series-single": lambda x: x.gap == 0,
    "product-empty": lambda x: not x.gap.is_Integer or x.gap < 0,
    "product-single": lambda x: x.gap == 0,
    "product-constant": lambda x: x.bound not in x.body.free_symbols,
    "power-zero": lambda x: x.exponent == 0,
    "power-one": lambda x: x.exponent == 1,
    "entrywise-zero": lambda x: x.exponent == 0,
    "entrywise-one": lambda x: x.exponent == 1,
}
"""What a node must look like for the rule; it saves most trials in vain."""


def multiply_blocks(build: Builder, wanted: Callable[[Term], bool]) -> bool:
    """[A, B] [x; y] = A x + B y, once, where the row of blocks is wanted."""
    for path, node in nodes(build.line, Times) if contains(build.line, Block) else ():
        for i, (left, right) in enumerate(zip(node.args, node.args[1:], strict=False)):
            if isinstance(left, Block) and isinstance(right, Block) and wanted(left):
                k = left.grid[1]
                if left.grid == (1, k) and right.grid == (k, 1) and k > 1:
                    span = None if len(node.args) == 2 else (i, i + 2)
                    if tries(build.rule, f"block-product/{k}", path, span=span):
                        return True
    return False


def _told(build: Builder, assumptions: list[Theorem], fixed: frozenset[Symbol]) -> bool:
    """Uses an assumption from left to right where its left side stands."""
    for theorem in assumptions:
        left = theorem.left
        for path, node in list(_like(build.line, left)):
            for span, part in _parts(node, left):
                found: dict[Symbol, Expr] = {}
                if not solve(left, part, fixed, found) or substitute(left, found) != part:
                    continue
                if all(entails(build.facts_at(path), substitute(f, found)) for f in theorem.facts):
                    build.lemma(theorem, path, bind=found, span=span)
                    return True
    return False


def _parts(node: Term, like: Term) -> Iterator[tuple[tuple[int, int] | None, Term]]:
    """The node, or the runs of factors that are as long as the pattern."""
    if not isinstance(like, Times) or len(node.args) == len(like.args):
        yield None, node
        return
    length = len(like.args)
    for i in range(len(node.args) - length + 1):
        yield (i, i + length), Times(*node.args[i : i + length])


def _like(line: Term, pattern: Term) -> Iterator[tuple[Path, Term]]:
    return nodes(line, type(pattern))


def diagonal_entries(build: Builder) -> None:
    """(diag(v) A)_{ij} = v_i A_{ij}, where a product stands in an entry."""
    for path, node in list(nodes(build.line, Entry)):
        inner = node.args[0]
        if isinstance(inner, Times) and isinstance(inner.args[0], Diag):
            first, rest = inner.args[0].args[0], Times(*inner.args[1:])
            new = Entry(first, node.args[1]) @ Entry(rest, *node.args[1:])
            build.algebra(new, path, reason="take the entry")


# ---------------------------------------------------------------- definitions


def unfold(build: Builder, wanted: Callable[[Elem | Param], bool]) -> None:
    """Puts in the definitions of what is wanted; a sum is split where a definition ends."""

    def one() -> bool:
        for path, leaf in nodes(build.line, Elem, Param):
            if not build.theory.defined(leaf.key) or not wanted(leaf):
                continue
            if tries(build.unfold, path) or _split_at_end(build, path, leaf):
                return True
        return False

    until_done(one, "definitions unfold")


def _split_at_end(build: Builder, path: Path, leaf: Elem | Param) -> bool:
    """Splits the sum around an element where one of its definitions ends."""
    pieces = build.theory.defined(leaf.key)
    if len(pieces) < 2 or not isinstance(leaf, Elem):
        return False
    facts = build.facts_at(path)
    for end in range(len(path), 0, -1):
        node = subterm(build.line, path[: end - 1])
        if not isinstance(node, SumOver) or path[end - 1] != 0:
            continue
        for d in pieces:
            for f in d.facts:
                assert d.index is not None
                here = f.xreplace({d.index: leaf.index}).expand()
                sign = factor_of(here, node.bound)
                if abs(sign) != 1 or entails(facts, here) or contradictory((*facts, here)):
                    continue
                last = here + node.bound if sign < 0 else node.bound - here - 1
                if tries(build.rule, "series-split", path[: end - 1], bind={"?k": last.expand()}):
                    return True
    return False


def put(build: Builder, theorem: Theorem, fixed: frozenset[Symbol]) -> None:
    """Uses a theorem from left to right wherever an instance of its left side stands."""
    for path, node in list(_like(build.line, theorem.left)):
        found: dict[Symbol, Expr] = {}
        if not solve(theorem.left, node, fixed, found) or substitute(theorem.left, found) != node:
            continue
        if all(entails(build.facts_at(path), substitute(f, found)) for f in theorem.facts):
            build.lemma(theorem, path, bind=found)


def put_hypothesis(build: Builder, left: Term, right: Term) -> None:
    """Uses the induction hypothesis where its left side stands, also as a run of factors."""

    def one() -> bool:
        for path, node in _like(build.line, left):
            for span, part in _parts(node, left):
                if part == left:
                    build.hypothesis(path, right, span)
                    build.tidy()
                    return True
        return False

    until_done(one, "uses of the hypothesis")


def frontier(builders: tuple[Builder, ...], states: set[str], later: bool) -> list[Elem]:
    """The states of the latest step in all the lines (of the earliest, if not ``later``).

    In the order in which they occur, so that the same proof is found every time.
    """
    leaves = dict.fromkeys(
        x
        for build in builders
        for _, x in nodes(build.line, Elem)
        if isinstance(x, Elem) and x.key in states
    )
    sign = 1 if later else -1
    facts = builders[0].facts
    return [
        x for x in leaves if all(not entails(facts, sign * (y.index - x.index) - 1) for y in leaves)
    ]


def unfold_once(build: Builder, leaves: list[Elem]) -> None:
    """Unfolds these elements where they stand, once."""
    for leaf in leaves:
        for path, _ in list(visible(build.line, lambda x, z=leaf: x == z)):
            tries(build.unfold, path)


# ---------------------------------------------------------------- ranges


def split_nonempty(build: Builder) -> None:
    """Splits the last factor off every ordered product that certainly has one."""

    def one() -> bool:
        return any(
            tries(build.rule, "product-last", path)
            for path, node in nodes(build.line, OrderedProduct)
            if entails(build.facts_at(path), node.gap)
        )

    until_done(one, "products split")


def write_out(build: Builder) -> None:
    """Sums over the few entries of a matrix of known size, summand by summand."""

    def one() -> bool:
        for path, node in nodes(build.line, SumOver):
            length = node.gap
            if length.is_Integer and length < _WRITTEN_OUT and contains(node.args[0], Entry):
                return tries(build.rule, "series-last" if length else "series-single", path)
        return False

    until_done(one, "sums go on")


def split_end(build: Builder, moved: Expr, step: int) -> None:
    """Splits off the summand, factor or power that an induction step has added.

    ``moved`` is the induction variable after the step, ``step`` is 1 upward and -1 downward.
    """
    rows = (
        (SumOver, "series-last", "series-first"),
        (OrderedProduct, "product-last", "product-first"),
    )
    done: set[Term] = set()

    def one() -> bool:
        for path, node in nodes(build.line, SumOver, OrderedProduct):
            if contains(node, Binomial):  # Pascal's rule has split it
                continue
            for kind, last, first in rows:
                end, name = (node.hi, last) if step > 0 else (node.lo, first)
                if isinstance(node, kind) and end == moved and tries(build.rule, name, path):
                    return True
        for path, node in nodes(build.line, Power):
            fresh = node not in done and moved.free_symbols & node.exponent.free_symbols
            if fresh and tries(build.rule, "power-left", path):
                done.add(Power(node.args[0], node.exponent - 1))
                return True
        return False

    until_done(one, "ranges split")


def starts(indices: Set[Symbol], facts: tuple[Expr, ...]) -> Iterator[tuple[Symbol, Expr]]:
    """The indices with the values where their ranges begin, then those where they end."""
    for sign in (1, -1):
        for f in facts:
            for v in sorted(indices, key=attrgetter("name")):
                if factor_of(f, v) == sign:
                    yield v, (v - f * sign).expand()
