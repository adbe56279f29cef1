"""The entry (i, j) of a Jacobian: dy_i/dx_j as a product and sum of entries of its factors.

(diag(u) A)_ij = u_i A_ij,  (A diag(v))_ij = A_ij v_j,  (A B)_ij = sum_l A_il B_lj.
"""

from __future__ import annotations

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.indices import index_symbol
from symbptt.core.terms import (
    Block, Const, Diag, Elem, Entry, Func, Hadamard, Identity, Map, Ones, OrderedProduct, Param,
    Partial, Plus, Scale, SumOver, Term, Times, Transposed, When,
)  # fmt: skip
from symbptt.core.units import Unit
from symbptt.core.theory import Theory
from symbptt.proof.objects import Theorem

from .builder import Builder

_LETTERS = ("l", "m", "p", "q", "r", "s")
_LEAVES = (Elem, Func, OrderedProduct, Param, Partial)


def entrywise(theory: Theory, source: Theorem) -> Theorem:
    """The entry of both sides of a theorem whose left side is a Jacobian; NotSupported if there is
    no readable form."""
    left = source.left
    if not isinstance(left, Partial) or not all(x.is_column for x in left.args[:2]):
        raise NotSupported(f"{left} is not the Jacobian of a vector with respect to a vector")
    taken = {s.name for s in (*left.atoms(Symbol), *source.right.atoms(Symbol))}
    i, j = (index_symbol(next(c for c in cs if c not in taken)) for cs in ("iruv", "jswz"))
    facts = (*source.facts, i - 1, left.shape[0] - i, j - 1, left.shape[1] - j)
    build = Builder(theory, Entry(left, i, j), facts)
    build.lemma(source, (0,))
    build.algebra(entry(source.right, i, j, taken | {i.name, j.name}), reason="entries")
    return Theorem(
        f"{source.id}:entry", Entry(left, i, j), build.line, build.chain(), facts,
        title="components", subject=source.subject,
    )  # fmt: skip


def entry(term: Term, i: Expr, j: Expr, used: set[str]) -> Term:
    """The entry as a scalar term; ``used`` are letters that a summation index must not take."""
    if term.is_scalar:
        return term
    if isinstance(term, Plus | Hadamard):
        parts = [entry(a, i, j, used) for a in term.args]
        return Plus(*parts) if isinstance(term, Plus) else Times(*parts)
    if isinstance(term, Times):
        return _product(term.args, i, j, used)
    if isinstance(term, Transposed):
        return entry(term.args[0], j, i, used)
    if isinstance(term, Scale):
        return Scale(term.args[0], entry(term.args[1], i, j, used))
    if isinstance(term, SumOver | When):
        return term.func(entry(term.args[0], i, j, used), *term.args[1:])
    if isinstance(term, Map):
        return Map(term.args[0], term.order, entry(term.arg, i, j, used))
    if isinstance(term, Ones):
        return Const(1)
    if isinstance(term, Identity):
        return When(Const(1), i - j, j - i)
    if isinstance(term, Unit):
        return When(Const(1), i - term.index, term.index - i)
    if isinstance(term, Diag):
        return When(entry(term.args[0], i, 1, used), i - j, j - i)  # type: ignore[arg-type]
    if isinstance(term, Block) or not isinstance(term, _LEAVES):
        raise NotSupported(f"the entries of {term} have no readable form")
    return Entry(term, i, j)


def _product(factors: tuple[Term, ...], i: Expr, j: Expr, used: set[str]) -> Term:
    first, *rest = factors
    if not rest:
        return entry(first, i, j, used)
    if isinstance(first, Diag):
        return Times(entry(first.args[0], i, 1, used), _product(tuple(rest), i, j, used))  # type: ignore[arg-type]
    last = rest[-1]
    if isinstance(last, Diag):
        return Times(_product(factors[:-1], i, j, used), entry(last.args[0], j, 1, used))  # type: ignore[arg-type]
    letter = next(c for c in _LETTERS if c not in used)
    inner = index_symbol(letter)
    body = Times(
        entry(first, i, inner, used | {letter}), _product(tuple(rest), inner, j, used | {letter})
    )
    return SumOver(body, inner, 1, first.shape[1])
