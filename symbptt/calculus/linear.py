"""Linear maps in one differential: coefficients (Jacobians) and transposed maps (adjoints).

A *summand* is a term that contains exactly one change, d(leaf) or a Shock, possibly under sums
and conditions. ``coefficient`` writes vec(summand) = J vec(change); ``pull`` writes
<adjoint, summand> = <result, change>. The results are proposals: the kernel checks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.core.errors import NotSupported
from symbptt.core.terms import (
    Block, D, Diag, Hadamard, Identity, Kron, Ones, Plus, Scale, Shock, SumOver, Term, Times,
    Trace, Transposed, Unvec, Vec, When, Zero, size,
)  # fmt: skip
from symbptt.core.traverse import contains


def is_change(term: Term) -> bool:
    """Whether the term is d(leaf) or a Shock."""
    return isinstance(term, D | Shock)


def has_change(term: Term) -> bool:
    """Whether a change occurs in the term."""
    return contains(term, D) or contains(term, Shock)


@dataclass(frozen=True)
class Summand:
    """One summand: the term inside its sums and conditions, outermost first."""

    core: Term
    change: Term
    wraps: tuple[Term, ...]  # SumOver or When nodes whose bodies are on the way


def summands(term: Term, wraps: tuple[Term, ...] = ()) -> Iterator[Summand]:
    """Splits a linear term at its sums, distributing products over them."""
    if isinstance(term, SumOver | When):
        yield from summands(term.args[0], (*wraps, term))
    elif isinstance(term, Plus):
        for part in term.args:
            yield from summands(part, wraps)
    elif is_change(term):
        yield Summand(term, term, wraps)
    elif isinstance(term, Block):
        for at, block in enumerate(term.blocks):
            if has_change(block):
                for inner in summands(block):
                    yield Summand(_only(term, at, inner.core), inner.change, (*wraps, *inner.wraps))
    elif has_change(term):
        at = next(i for i, a in enumerate(term.args) if isinstance(a, Term) and has_change(a))
        for inner in summands(term.args[at]):
            args = (*term.args[:at], inner.core, *term.args[at + 1 :])
            yield Summand(term.func(*args), inner.change, (*wraps, *inner.wraps))
    elif not isinstance(term, Zero):
        raise NotSupported(f"{term} is not linear in what varies")


def _only(block: Block, at: int, core: Term) -> Block:
    """The block matrix with one block, zeros elsewhere."""
    parts = [core if i == at else Zero(*b.shape) for i, b in enumerate(block.blocks)]
    return Block(*block.grid, *parts)


def wrap(term: Term, wraps: tuple[Term, ...]) -> Term:
    """The term inside the sums and conditions."""
    for outer in reversed(wraps):
        term = outer.func(term, *outer.args[1:])
    return term


def pull(adjoint: Term, summand: Term) -> Term:
    """The transposed map: <adjoint, summand> = <pull(adjoint, summand), change>."""
    if is_change(summand):
        return adjoint
    if isinstance(summand, Times):
        at = _position(summand)
        left, inner, right = _around(summand, at)
        if left is not None:
            adjoint = _t(left) @ adjoint
        if right is not None:
            adjoint = adjoint @ _t(right)
        return pull(adjoint, inner)
    if isinstance(summand, Hadamard):
        at = _position(summand)
        others = [a for i, a in enumerate(summand.args) if i != at]
        return pull(Hadamard(adjoint, *others), summand.args[at])
    if isinstance(summand, Transposed):
        return pull(_t(adjoint), summand.args[0])
    if isinstance(summand, Scale):
        factor, body = summand.args
        if has_change(body):
            return pull(Scale(factor, adjoint), body)
        return pull(_inner(body, adjoint), factor)
    if isinstance(summand, Diag):
        n = summand.shape[0]
        return pull(Hadamard(adjoint, Identity(n)) @ Ones(n), summand.args[0])
    if isinstance(summand, Vec):
        inner = summand.args[0]
        back = adjoint if inner.is_column else Unvec(adjoint, *inner.shape)
        return pull(back, inner)
    if isinstance(summand, Block) and summand.grid[1] == 1:
        at = next(i for i, a in enumerate(summand.blocks) if has_change(a))
        return pull(_selector(summand, at) @ adjoint, summand.blocks[at])
    if isinstance(summand, Block) and summand.grid[0] == 1:
        at = next(i for i, a in enumerate(summand.blocks) if has_change(a))
        return pull(adjoint @ _columns(summand, at), summand.blocks[at])
    if isinstance(summand, Trace):
        n = summand.args[0].shape[0]
        return pull(Scale(adjoint, Identity(n)), summand.args[0])
    raise NotSupported(f"the transposed map of {summand} is not known")


def _selector(block: Block, at: int) -> Term:
    """[0, ..., I, ..., 0]: takes the part of a stacked column."""
    height = block.blocks[at].shape[0]
    parts = [
        Identity(height) if i == at else Zero(height, b.shape[0])
        for i, b in enumerate(block.blocks)
    ]
    return Block(1, len(parts), *parts)


def _columns(block: Block, at: int) -> Term:
    """[0; ...; I; ...; 0]: takes the part of a row of matrices."""
    width = block.blocks[at].shape[1]
    parts = [
        Identity(width) if i == at else Zero(b.shape[1], width) for i, b in enumerate(block.blocks)
    ]
    return Block(len(parts), 1, *parts)


def coefficient(summand: Term) -> Term:
    """The Jacobian: vec(summand) = J vec(change)."""
    if is_change(summand):
        return Identity(size(summand))
    if isinstance(summand, Times):
        left, inner, right = _around(summand, _position(summand))
        if isinstance(inner, Transposed) and inner.args[0].is_column:
            # vec(A x^T B) = (B^T kron A) x
            turned = Identity(inner.shape[1]) if right is None else _t(right)
            outer = turned if left is None else Kron(turned, left)
            return _compose(outer, coefficient(inner.args[0]))
        if right is None and inner.is_column:
            return _compose(left, coefficient(inner))
        right_t = Identity(inner.shape[1]) if right is None else _t(right)
        left = Identity(inner.shape[0]) if left is None else left
        return _compose(Kron(right_t, left), coefficient(inner))
    if isinstance(summand, Hadamard):
        at = _position(summand)
        others = [a for i, a in enumerate(summand.args) if i != at]
        weight = others[0] if len(others) == 1 else Hadamard(*others)
        weight = weight if weight.is_column else Vec(weight)
        return _compose(Diag(weight), coefficient(summand.args[at]))
    if isinstance(summand, Scale):
        factor, body = summand.args
        if has_change(body):
            return Scale(factor, coefficient(body))
        return (body if body.is_column else Vec(body)) @ coefficient(factor)
    if isinstance(summand, Vec):
        return coefficient(summand.args[0])
    if isinstance(summand, Transposed) and summand.args[0].is_column:
        return coefficient(summand.args[0])
    if isinstance(summand, Block) and summand.grid[1] == 1 and summand.is_column:
        at = next(i for i, a in enumerate(summand.blocks) if has_change(a))
        inner = coefficient(summand.blocks[at])
        parts = [
            inner if i == at else Zero(b.shape[0], inner.shape[1])
            for i, b in enumerate(summand.blocks)
        ]
        return Block(len(parts), 1, *parts)
    if isinstance(summand, Diag | Transposed | Trace | Block):
        raise NotSupported(f"the Jacobian of {summand} has no readable form")
    raise NotSupported(f"{summand} is not linear in what varies")


def _compose(left: Term | None, right: Term) -> Term:
    if left is None or isinstance(left, Identity):
        return right
    return left if isinstance(right, Identity) else left @ right


def _position(term: Term) -> int:
    return next(i for i, a in enumerate(term.args) if has_change(a))


def _around(term: Times, at: int) -> tuple[Term | None, Term, Term | None]:
    left, right = term.args[:at], term.args[at + 1 :]
    return (
        Times(*left) if left else None,
        term.args[at],
        Times(*right) if right else None,
    )


def _t(term: Term) -> Term:
    if isinstance(term, Transposed):
        return term.args[0]
    if isinstance(term, Times):
        return Times(*(_t(a) for a in reversed(term.args)))
    if isinstance(term, Diag | Identity) or term.is_scalar:
        return term
    return Transposed(term)


def _inner(a: Term, b: Term) -> Term:
    """<a, b> = tr(a^T b) as a scalar term."""
    return _t(a) @ b if a.is_column else Trace(_t(a) @ b)


def pairing(adjoint: Term, change: Term) -> Term:
    """<adjoint, change> as it is written: lambda^T change for columns, a trace for matrices."""
    return adjoint @ change if change.is_scalar else _inner(adjoint, change)
