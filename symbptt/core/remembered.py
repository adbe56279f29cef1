"""Values of subterms at their indices, kept while terms are evaluated at one choice of values.

A product of Jacobians under two sums needs each of them again and again, and the claims about one
model share most of their subterms.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Any

from sympy import Symbol

from .terms import Term

_MOST = 8192  # values; then all are forgotten, as no claim has so many


class Remembered:
    """For each motion the values by subterm and index.

    Equal terms are one object as a rule, so a term is known by its id; it is kept here, so that no
    other takes its id. What depends on a frame, which is not part of the term, has no place here.
    ``places``: what is known of a term by its id. ``fixed`` are symbols with one value throughout.
    """

    def __init__(self, fixed: Collection[Symbol] = ()) -> None:
        self.fixed = frozenset(fixed)
        self.places: dict[int, tuple[Term, tuple[Symbol, ...]]] = {}
        self._values: dict[Hashable, dict[Hashable, Any]] = {}

    def place(self, term: Term) -> tuple[Term, tuple[Symbol, ...]]:
        """The term, and the indices that its value depends on."""
        place = self.places[id(term)] = term, tuple(term.free_symbols - self.fixed)
        return place

    def under(self, motion: Hashable) -> dict[Hashable, Any]:
        """The values under a motion, by the term's id, with indices if it has any; filled by the
        evaluation."""
        return self._values.setdefault(motion, {})

    def trim(self) -> None:
        """Forgets all where it is much; only between two evaluations."""
        if sum(map(len, self._values.values())) > _MOST:
            self.places.clear()
            for values in self._values.values():
                values.clear()
