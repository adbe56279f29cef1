"""Terms that powers of matrices are about: entrywise powers, binomials, spectral radii,
determinants."""

from __future__ import annotations

from typing import Any

from sympy import Basic, Expr

from .terms import ONE, Term, _int, _square

__all__ = ["Binomial", "Det", "EntrywisePower", "Radius"]


class EntrywisePower(Term):
    """Every entry to the power k >= 0, such as lambda^k of a column; k is symbolic."""

    __slots__ = ()

    def __new__(cls, term: Term, exponent: Any) -> Any:
        return Basic.__new__(cls, term, _int(exponent))._shaped(*term.shape)

    @property
    def exponent(self) -> Expr:
        return self.args[1]


class Binomial(Term):
    """n over j as a 1 x 1 term, for all integers: n (n-1) ... (n-j+1) / j!, and 0 for j < 0.

    Source: Graham, Knuth & Patashnik, Concrete Mathematics (1994), (5.1).
    """

    __slots__ = ()

    def __new__(cls, above: Any, below: Any) -> Any:
        return Basic.__new__(cls, _int(above), _int(below))._shaped(ONE, ONE)

    @property
    def above(self) -> Expr:
        return self.args[0]

    @property
    def below(self) -> Expr:
        return self.args[1]


class Radius(Term):
    """The spectral radius of a square matrix, max |lambda_i|, as a 1 x 1 term."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        _square("a spectral radius needs a square matrix", term)
        return Basic.__new__(cls, term)._shaped(ONE, ONE)


class Det(Term):
    """The determinant of a square matrix, as a 1 x 1 term."""

    __slots__ = ()

    def __new__(cls, term: Term) -> Any:
        _square("a determinant needs a square matrix", term)
        return Basic.__new__(cls, term)._shaped(ONE, ONE)
