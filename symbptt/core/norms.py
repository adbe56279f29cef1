"""Terms that inequalities are about: norms, smaller and larger of two, suprema of functions.

The norm of a 1 x 1 term is its absolute value.
"""

from __future__ import annotations

from typing import Any

from sympy import Basic
from sympy.core.symbol import Str

from .errors import ShapeError, SymbpttError
from .functions import known, supremum
from .terms import ONE, Term, _int, _Nary, _str, show_shape

__all__ = ["Max", "Min", "Norm", "Sup"]


class Norm(Term):
    """The 2-norm: of a matrix its largest singular value; with "inf" the max |v_i| of a column."""

    __slots__ = ()

    def __new__(cls, term: Term, kind: str | Str = "2") -> Any:
        if str(_str(kind).name) not in ("2", "inf"):
            raise SymbpttError(f"the norm {kind} is not known: there are 2 and inf")
        if _str(kind).name == "inf" and not term.is_column:
            raise ShapeError(
                f"the largest entry is the norm of a column, but {term} has shape "
                f"{show_shape(term.shape)}"
            )
        return Basic.__new__(cls, term, _str(kind))._shaped(ONE, ONE)

    @property
    def kind(self) -> str:
        return str(self.args[1].name)


class Sup(Term):
    """sup |f^(k)| over the reals, k = 0 or 1, as a 1 x 1 term; finite.

    Of an unspecified function it is a number that is assumed to exist.
    """

    __slots__ = ()

    def __new__(cls, fname: str | Str, order: Any = 1) -> Any:
        order, name = _int(order), str(_str(fname).name)
        if order not in (0, 1):
            raise SymbpttError(f"the supremum of the derivative of order {order} is not known")
        if known(name) is not None and supremum(name, int(order)) is None:
            raise SymbpttError(f"{name}{chr(39) * int(order)} has no finite supremum")
        return Basic.__new__(cls, _str(fname), order)._shaped(ONE, ONE)

    @property
    def fname(self) -> str:
        return str(self.args[0].name)

    @property
    def order(self) -> int:
        return int(self.args[1])


class Min(_Nary):
    """The smaller of two or more, entry by entry: equal shapes."""

    __slots__ = ()
    verb = "cannot compare"


class Max(_Nary):
    """The larger of two or more, entry by entry: equal shapes."""

    __slots__ = ()
    verb = "cannot compare"
