"""Where a long formula may be broken: before the sign of a top-level summand.

>>> from ..core.terms import Param, index_symbol
>>> n = index_symbol("n")
>>> A, b, x = Param("A", n, n), Param("b", n), Param("x", n)
>>> summands(A @ x - b)
['A x', '- b']
"""

from __future__ import annotations

from ..core.terms import Term
from .latex import LATEX
from .printer import Printer
from .target import Style


def summands(term: Term, style: Style | None = None) -> list[str]:
    """The LaTeX of the top-level summands with their signs; joined by spaces they are the term."""
    (minus, first), *rest = Printer(LATEX, style or Style()).summands(term)
    return [f"-{first}" if minus else first, *(f"{'-' if m else '+'} {text}" for m, text in rest)]
