"""The stacked state: the elements of sequences that later steps refer to."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from symbptt.core.dependence import reachable, references
from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails
from symbptt.core.terms import Block, Elem, Identity, Term, Zero
from symbptt.core.theory import Definition, Theory

from .adjoint import Loss, bounds, sequences

Facts = tuple[Expr, ...]


@dataclass(frozen=True)
class State:
    """The elements that later steps refer to: (head, lag), newest first for each sequence."""

    entries: tuple[tuple[Elem, int], ...]
    lo: Expr
    hi: Expr

    def at(self, index: Expr) -> list[Elem]:
        """The elements of the state at an index."""
        return [head.at(index - lag) for head, lag in self.entries]

    @property
    def names(self) -> set[str]:
        return {head.key for head, _ in self.entries}

    def closed(self, keys: set[str], matrix: Term) -> State:
        """The least part that holds these sequences and all that the matrix says they depend on."""
        if not isinstance(matrix, Block):
            return self
        size, kept = len(self.entries), set[int]()
        todo = [i for i, (head, _) in enumerate(self.entries) if head.key in keys]
        while todo:
            i = todo.pop()
            if i not in kept:
                kept.add(i)
                todo += [j for j in range(size) if not isinstance(matrix.block(i, j), Zero)]
                todo += [j for j, (head, _) in enumerate(self.entries)
                         if head.key == self.entries[i][0].key]  # fmt: skip
        entries = tuple(e for i, e in enumerate(self.entries) if i in kept)
        return State(entries, self.lo, self.hi)


def stack(parts: list[Term]) -> Term:
    """One column of blocks; a single part stays itself."""
    return parts[0] if len(parts) == 1 else Block(len(parts), 1, *parts)


def state_of(theory: Theory, loss: Loss) -> State:
    """The state of a model whose recurrences all run forward over one range."""
    lags: dict[str, int] = {}
    heads: dict[str, Elem] = {}
    ranges = set()
    for d in sequences(theory, loss):
        assert isinstance(d.head, Elem) and d.index is not None
        for _, leaf in references(d.body):
            if not isinstance(leaf, Elem) or not theory.defined(leaf.key):
                continue
            gap = d.index - leaf.index
            if not gap.is_Integer or gap < 0:
                raise NotSupported(
                    f"{d.name} refers to {leaf}: only fixed steps back in time have an ordered "
                    "product of Jacobians"
                )
            heads[leaf.key] = leaf
            if gap > 0:
                lags[leaf.key] = max(lags.get(leaf.key, 0), int(gap))
        if not _is_boundary(d):
            ranges.add((d.key, bounds(d.facts, d.index)))
    entries = [
        (heads[d.key], lag)
        for d in sequences(theory, loss)
        if d.key in lags and not _is_boundary(d)
        for lag in range(lags[d.key])
    ]
    if not all(head.is_column for head, _ in entries):
        raise NotSupported("products of Jacobians are written for states that are columns")
    used = {b for key, b in ranges if key in lags}
    if len(used) != 1:
        raise NotSupported("the recurrent sequences run over different ranges")
    lo, hi = used.pop()
    return State(tuple(entries), lo, hi)


def _is_boundary(d: Definition) -> bool:
    """A boundary value such as h_0 = 0: its definition refers to no sequence."""
    return not any(isinstance(leaf, Elem) for _, leaf in references(d.body))


def reached(theory: Theory, state: State, y: Elem) -> set[str]:
    """The sequences of the state through which y depends on the past: itself, or those it uses."""
    return {y.key} if y.key in state.names else reachable(theory, {y.key}) & state.names


def lower(state: State, k: Expr) -> Facts:
    """k >= lo, unless k is the boundary itself. Raises NotSupported further back."""
    if k == state.lo - 1:
        return ()
    if entails((), state.lo - 2 - k):
        raise NotSupported(
            f"the value at {k} lies before the boundary: it enters over several steps",
            hint="the forms gradient, adjoint and components are derived for it",
        )
    return (k - state.lo,)


def selection(state: State, element: Elem) -> Term:
    """[0, ..., I, ..., 0]: the rows of the newest element of one sequence in the state."""
    blocks = [
        Identity(e.shape[0]) if e == element else Zero(element.shape[0], e.shape[0])
        for e in state.at(element.index)
    ]
    return Block(1, len(blocks), *blocks)
