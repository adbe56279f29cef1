r"""Terms as LaTeX with the shape under every factor, as one writes it to see that a product fits.

>>> from ..core.terms import Param, index_symbol
>>> n, d = index_symbol("n"), index_symbol("d")
>>> print(shaped(Param("W", n, d) @ Param("x", d), colour="gray"))
\underset{\textcolor{gray}{n \times d}}{W} \; \underset{\textcolor{gray}{d \times 1}}{x}
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..core import terms as tm
from ..core.terms import Term
from .latex import LATEX
from .printer import Printer
from .symbols import Level
from .target import Style

_SPACE = ((re.compile(""), r" \; "),)  # between factors: the shapes need more room than they
COLOUR = "#6a7f92"
"""The colour of the shapes; a page may find them by it and colour them anew."""
_INSIDE = (
    tm.Plus, tm.Times, tm.Scale, tm.Hadamard, tm.Kron, tm.SumOver, tm.OrderedProduct, tm.When,
)  # fmt: skip  # their factors have the shapes, not they themselves


class ShapedPrinter(Printer):
    """Prints LaTeX with shapes under the factors of products and the summands of sums.

    Scalars go without. What has shapes inside, as a diagonal matrix of a product, gets a brace.
    """

    def __init__(self, colour: str = COLOUR) -> None:
        super().__init__(replace(LATEX, joints=_SPACE), Style())
        self._colour = colour

    def signed(self, term: Term) -> tuple[bool, str]:
        minus, text = super().signed(term)
        return minus, text if minus else self.labelled(term, text)

    def operands(self, term: Term) -> list[str]:
        return [self.labelled(a, t) for a, t in zip(term.args, super().operands(term), strict=True)]

    def labelled(self, term: Term, text: str) -> str:
        """The text of a term with its shape below."""
        if term.is_scalar or isinstance(term, _INSIDE):
            return text
        sizes = (f"({self.index(s)})" if s.is_Add else self.index(s) for s in term.shape)
        shape = self.target.templates["size_times"].join(sizes)
        label = rf"\textcolor{{{self._colour}}}{{{shape}}}"
        if self._colour in text:
            return rf"\underbrace{{{text}}}_{{{label}}}"
        return rf"\underset{{{label}}}{{{text}}}"

    def whole(self, term: Term) -> str:
        """A side of an equation; where shapes stand inside it needs none of its own."""
        text = self.text(term, Level.SUM)
        return text if self._colour in text else self.labelled(term, text)


def shaped(term: Term, colour: str = COLOUR) -> str:
    """The LaTeX of a term with its shapes."""
    return ShapedPrinter(colour).whole(term)
