"""A counterexample as data: everything that was chosen, and what comes out on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sympy import Symbol

from symbptt.core.terms import Elem, Param, Term
from symbptt.core.world import Key
from symbptt.notation.symbols import ascii_name
from symbptt.report.document import Block
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.plain import to_text
from symbptt.spectral.written import text

from .intervals import Interval
from .scalars import Scalar
from .shown import Chosen, Values, plain, show, upward, written
from .telling import told

_DIGITS = (4, 8, 16, 30)
_spelled = lru_cache(maxsize=1024)(text)  # few functions are ever chosen


@dataclass(frozen=True)
class Counterexample:
    """Sizes, values and functions for which ``left relation right`` is false.

    ``dims`` are sizes, lengths and indices; ``values`` those of parameters and given elements,
    ``computed`` those of the quantities that are computed from them on the way; exact numbers are
    fractions, all others intervals that contain them. ``entry`` is where the sides differ.
    ``given`` are the assumptions, which hold, as they were written.
    """

    left: Term
    relation: str
    right: Term
    dims: dict[Symbol, int]
    values: tuple[tuple[Param | Elem, Values], ...]
    computed: tuple[tuple[Param | Elem, Values], ...]
    functions: tuple[Chosen, ...]
    left_value: Values
    right_value: Values
    entry: tuple[int, int]
    given: tuple[str, ...] = ()

    @property
    def digits(self) -> int:
        """How many digits after the point show that the sides differ."""
        i, j = self.entry
        sides = self.left_value[i][j], self.right_value[i][j]
        for digits in _DIGITS:
            if len({written(x, digits) for x in sides}) == 2:
                return digits
        return _DIGITS[0]

    def statement(self, pen: Pen = UNICODE_PEN) -> str:
        """The refuted statement."""
        return pen.relation_of(*upward(self.relation, self.left, self.right))

    def blocks(self, pen: Pen = LATEX_PEN) -> Iterator[Block]:
        """The counterexample as a derivation that can be followed by hand."""
        return told(self, pen)

    def text(self, lang: str = "en") -> str:
        """The same for a terminal."""
        return to_text(self.blocks(UNICODE_PEN), lang)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text())

    def _repr_html_(self) -> str:
        from symbptt.report.html_writer import to_fragment  # KaTeX is slow to load
        from symbptt.report.inline import inline

        return inline(to_fragment(self.blocks(LATEX_PEN), "en"))

    def json(self) -> dict[str, Any]:
        """As data: exact numbers as integers or as text like 1/2, others as decimals.

        ``exact`` says whether both sides are exact.
        """
        digits = self.digits
        functions: dict[str, list[str]] = {}
        for chosen in self.functions:
            name = ascii_name(chosen.name)
            name = name if chosen.index is None else f"{name}_{chosen.index}"
            functions.setdefault(name, []).append(_spelled(chosen.value))
        data: dict[str, Any] = {
            "dims": {str(s): v for s, v in self.dims.items()},
            "values": {show(leaf): plain(value, digits) for leaf, value in self.values},
            "left": plain(self.left_value, digits),
            "right": plain(self.right_value, digits),
            "entry": [x + 1 for x in self.entry],
            "exact": not any(
                isinstance(x, Interval)
                for v in (self.left_value, self.right_value)
                for row in v
                for x in row
            ),
        }
        if functions:
            data["functions"] = {n: f[0] if len(f) == 1 else f for n, f in functions.items()}
        return data


def leaf_of(key: Key, shape: tuple[int, int]) -> Param | Elem:
    """The leaf of a key, at concrete sizes."""
    if len(key) == 1:
        return Param(str(key[0]), *shape)
    return Elem(str(key[0]), int(key[1]), *shape)


def frozen(matrix: list[list[Scalar]]) -> Values:
    """A matrix at rest, its exact numbers as fractions."""
    return tuple(
        tuple(Fraction(x) if isinstance(x, int) else x for x in row)  # type: ignore[misc]
        for row in matrix
    )
