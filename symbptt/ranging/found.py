"""The ranges of a model: found, proved, and completed by examples from the search for refutations.

An end that is proved strictly is not attained; of another one, and of a number that nothing keeps
from being negative, an example is looked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from symbptt.calculus.enclosing import number
from symbptt.calculus.entrywise import entry
from symbptt.calculus.intervals import Intervals, Range
from symbptt.calculus.invariants import ranges
from symbptt.calculus.problem import Problem, Result
from symbptt.core.errors import SymbpttError
from symbptt.core.functions import known
from symbptt.core.terms import Const, Map, Term
from symbptt.core.traverse import find
from symbptt.models.claim import Link
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.proof.files import dumps
from symbptt.proof.objects import Theorem
from symbptt.refuting import Counterexample, refute_links
from symbptt.report.compose import Composer, Derived
from symbptt.report.document import Blocks
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.shown import Shown, theorem_data
from symbptt.report.supposed import Supposed

from .tell import end_of, example, interval_text, table

_SECONDS = 2.0  # of processor time for an example
_ZERO = Const(0)


@dataclass(frozen=True)
class RangeRow:
    """One number: its ends with their theorems, and what is attained.

    ``negative``: an example where it is negative. ``at_low``, ``at_high``: examples where it is at
    an end that is not proved strictly; None where there is no such example, or none was found.
    """

    head: Term
    facts: tuple[Expr, ...]
    low: Theorem | None
    high: Theorem | None
    negative: Counterexample | None = None
    at_low: Counterexample | None = None
    at_high: Counterexample | None = None

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """Those of its ends."""
        return tuple(th for th in (self.low, self.high) if th is not None)

    @property
    def is_nonnegative(self) -> bool:
        """Whether its lower end says that it is never negative."""
        value = None if self.low is None else number(self.low.left)
        return value is not None and bool(value >= 0)

    def symbol(self, pen: Pen = UNICODE_PEN) -> str:
        """The number as text."""
        return pen.term(self.head)

    def interval(self, pen: Pen = UNICODE_PEN) -> str:
        """The interval as text."""
        return interval_text(self.low, self.high, pen)

    def json(self) -> dict[str, Any]:
        """As data with stable keys."""
        return {
            "text": self.symbol(),
            "latex": self.symbol(LATEX_PEN),
            "interval": {"text": self.interval(), "latex": self.interval(LATEX_PEN)},
            "low": end_of(self.low, False, self.at_low),
            "high": end_of(self.high, True, self.at_high),
            "nonnegative": self.is_nonnegative,
            "negative_example": example(self.negative),
        }


@dataclass(frozen=True, repr=False)
class ModelRanges(Shown):
    """The ranges of the sequences of a model, under the assumptions ``given``."""

    model: Model
    given: tuple[str, ...]
    rows: tuple[RangeRow, ...]
    outcome: Result
    plain: Model | None = None

    @property
    def derived(self) -> Derived:
        """The theorems as reports take them."""
        return Derived(self.outcome)

    def latex(self) -> str:
        """The memberships, in LaTeX."""
        memberships = (rf"{r.symbol(LATEX_PEN)} \in {r.interval(LATEX_PEN)}" for r in self.rows)
        return r",\quad ".join(memberships)

    def text(self) -> str:
        """The memberships, a line each."""
        return "\n".join(f"{r.symbol()} ∈ {r.interval()}" for r in self.rows)

    @property
    def headline(self) -> str:
        """The memberships, on one line."""
        return self.text().replace("\n", ", ")

    def summary(self, pen: Pen = LATEX_PEN) -> Blocks:
        """The table and the examples, without proofs."""
        return table(self.rows, pen)

    def blocks(self, pen: Pen = LATEX_PEN) -> Blocks:
        """The table, the examples, and the theorems with their proofs."""
        plain = None if self.plain is None else self.plain.theory
        composer = Composer(self.model, [self.derived], pen, supposed=Supposed(self.given, plain))
        return (*self.summary(pen), *composer.blocks(0))

    def json(self) -> dict[str, Any]:
        """The ranges as data with stable keys."""
        return {
            "model": self.model.name,
            "given": list(self.given),
            "ranges": [r.json() for r in self.rows],
            "theorems": [theorem_data(t) for t in self.theorems],
            "proof": json.loads(dumps(self.development)),
        }


def ranges_of(model: Model, given: Sequence[str] = ()) -> ModelRanges:
    """The range of every sequence that the text defines, and of the slopes that it mentions.

    ``given`` are assumptions about boundary values, parameters and inputs. The kernel has accepted
    what is returned. SymbpttError for what cannot be read.
    """
    assumed, _ = assume(model, given)
    problem = problem_of(assumed)
    found = Intervals(problem.theory)
    rows = [_row(problem, assumed, r) for r in _asked(assumed, found)]
    wanted = tuple(dict.fromkeys(th for row in rows for th in row.theorems))
    development = found.development(wanted)
    answers = tuple(t.id for t in development.theorems if t.title == "range")
    result = ModelRanges(assumed, tuple(given), tuple(rows), Result(development, answers), model)
    result.verify()
    return result


def _asked(model: Model, found: Intervals) -> Iterator[Range]:
    """The user's own sequences in order, losses where they have an end; then slopes, once each."""
    slopes: dict[str, Range] = {}
    for d, r in ranges(found).items():
        head, inside = found.place(d.head)
        for _, x in find(d.body, lambda x: isinstance(x, Map) and known(x.fname) is not None):
            assert isinstance(x, Map)
            if x.order == 0 and x.fname not in slopes:
                row, col = head.args[1:] if not head.is_scalar or head != d.head else (1, 1)
                slope = Map(x.fname, 1, _entry_of(x.arg, row, col))
                slopes[x.fname] = found.range_of(slope, (*d.facts, *inside))
        loss = d.name in model.losses or (model.loss is not None and d.name == model.loss.name)
        boundary = any((-f).expand() in d.facts for f in d.facts)
        if d.name not in model.auto and not boundary and (r.theorems or not loss):
            yield r
    yield from (r for r in slopes.values() if r.theorems)


def _entry_of(term: Term, row: Expr, col: Expr) -> Term:
    return term if term.is_scalar else entry(term, row, col)


def _row(problem: Problem, model: Model, r: Range) -> RangeRow:
    row = RangeRow(r.head, r.facts, r.low, r.high)

    def search(left: Term, relation: str, right: Term) -> Counterexample | None:
        link = Link(left, relation, right, r.facts)
        try:
            return refute_links(problem.theory, [link], r.facts, model.onehot, _SECONDS)
        except SymbpttError:
            return None  # what cannot be evaluated has no example

    low, high = (th if th is not None and th.relation == "<=" else None for th in (r.low, r.high))
    return RangeRow(
        r.head, r.facts, r.low, r.high,
        None if row.is_nonnegative else search(_ZERO, "<=", r.head),
        None if low is None else search(low.left, "<", r.head),
        None if high is None else search(r.head, "<", high.right),
    )  # fmt: skip
