r"""Claims as data: what was stated, between what, under which conditions, and how it was read.

``symbptt.models.claims.read_claim`` makes them from text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from sympy import Expr, Symbol

from ..core.errors import SymbpttError
from ..core.terms import Term
from .choices import Choices, Note

RELATIONS: dict[str, str] = {
    "=": "=", ":=": "=", r"\le": "<=", "<": "<", r"\ge": ">=", ">": ">", r"\ne": "!=",
    r"\in": "in", r"\notin": "notin", r"\approx": "approx", r"\propto": "propto", r"\to": "to",
}  # fmt: skip
"""Relations of the language, and what a link calls them."""


@dataclass(frozen=True)
class Interval:
    """A real interval; a missing end is infinite. Of a vector it holds every entry."""

    low: Term | None
    high: Term | None
    open_low: bool = False
    open_high: bool = False


@dataclass(frozen=True)
class Values:
    """A finite set of values. Of a vector it holds every entry."""

    items: tuple[Term, ...]


@dataclass(frozen=True)
class Space:
    """The real matrices of a shape; ``onehot``: the unit vectors among the columns."""

    rows: Expr
    cols: Expr
    onehot: bool = False


@dataclass(frozen=True)
class Limit:
    """The limit of a term as an index goes to a value, or to infinity (None)."""

    body: Term
    index: Symbol
    towards: Expr | None


@dataclass(frozen=True)
class Infinity:
    """What is larger than every number, as a limit."""


INFINITY = Infinity()
Side = Term | Interval | Values | Space | Limit | Infinity


@dataclass(frozen=True)
class Link:
    """``left relation right``; ``error`` (with no sides) where no reading fits, most often shapes.

    ``tolerance``: decimals agree to the digits printed, half a unit of the last place, entry by
    entry, or the same for all (one row of one).
    ``moved``: the sides with one number that is rounded, inside a formula, moved by that much; one
    pair for each such number. ``at`` and ``end`` are the place in the text.
    """

    left: Side | None
    relation: str
    right: Side | None
    at: int
    end: int
    error: SymbpttError | None = None
    tolerance: tuple[tuple[Fraction, ...], ...] | None = None
    moved: tuple[tuple[Term, Term], ...] = ()


@dataclass(frozen=True)
class Statement:
    """A chain of links, or a bare value (``links`` empty).

    ``facts`` are expressions >= 0 that hold for the indices: trailing ranges and conditions.
    ``introduces``: names that this statement defines, fresh ones or free inputs that get their
    first equation; ``open``: the chain goes on with dots.
    """

    links: tuple[Link, ...]
    value: Term | None = None
    facts: tuple[Expr, ...] = ()
    introduces: tuple[str, ...] = ()
    exists: tuple[str, ...] = ()
    open: bool = False
    at: int = 0
    end: int = 0


@dataclass(frozen=True)
class Claim:
    """What a text claims of a model, in one consistent way of reading it.

    ``model``: the model with the definitions that the claim introduces and what it supposes
    (``supposed``, as texts of givens). ``notes``: how ambiguous notation was read.
    """

    text: str
    statements: tuple[Statement, ...]
    notes: tuple[Note, ...]
    choices: Choices
    model: object = field(repr=False, compare=False)
    supposed: tuple[str, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        """All links, in order."""
        return tuple(link for s in self.statements for link in s.links)

    @property
    def definitions(self) -> tuple[str, ...]:
        """The names that the claim introduces."""
        return tuple(name for s in self.statements for name in s.introduces)

    @property
    def error(self) -> SymbpttError | None:
        """The first link that cannot be read, if there is one."""
        return next((link.error for link in self.links if link.error is not None), None)

    def other_choices(self) -> tuple[Choices, ...]:
        """Other consistent ways of reading the same text, the likeliest first."""
        kinds = {n.id for n in self.notes}
        here, out = self.choices, []
        moods = ["rule", "always", "never"] if kinds & {"immediate", "total"} else [here.immediate]
        orders = ["latest", "earliest"] if "order" in kinds else [here.order]
        layouts = ["numerator", "denominator"]
        turned = kinds & {"layout", "order"} or self.error is not None
        for layout in sorted(layouts, key=lambda x: x != here.layout):
            if layout != here.layout and not turned:
                continue
            usual = here.order if layout == here.layout else _other(orders, here.order)
            for order in sorted(orders, key=lambda x: x != usual):
                for mood in sorted(moods, key=lambda x: x != here.immediate):
                    out.append(replace(here, layout=layout, order=order, immediate=mood))
        if "inner" in kinds:
            out.insert(0, replace(here, rows=not here.rows))
        return tuple(c for c in dict.fromkeys(out) if c != here)


def _other(orders: list[str], order: str) -> str:
    return next((o for o in orders if o != order), order)
