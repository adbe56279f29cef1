"""Unit vectors: columns of the identity matrix."""

from __future__ import annotations

from typing import Any

from sympy import Basic, Expr

from .terms import ONE, Term, _int

__all__ = ["Unit"]


class Unit(Term):
    """e_i as a column: entry i is one, the others zero; the zero vector where i is not in 1..n."""

    __slots__ = ()

    def __new__(cls, size: Any, index: Any) -> Any:
        return Basic.__new__(cls, _int(size), _int(index))._shaped(_int(size), ONE)

    @property
    def index(self) -> Expr:
        return self.args[1]


def is_unit(term: Term) -> bool:
    """Whether the term is a unit vector."""
    return isinstance(term, Unit)
