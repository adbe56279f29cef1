"""```{evaluate} EXPRESSION: an expression at given values, exact and as decimals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.report.document import Block, Math, Prose, phrase
from symbptt.report.evaluation import evaluation_blocks, given_blocks
from symbptt.report.pen import LATEX_PEN
from symbptt.spectral.evaluation import MAX_DIGITS, evaluate
from symbptt.spectral.stages import Evaluation

from ..directive import Directive, check_options
from ..question import Question, question
from ..reading import Reading
from ..report import Telling
from ..run import Run, placed
from ..sheet import Item

_DIGITS = 4


@dataclass(frozen=True)
class EvaluateBlock(Item):
    """An expression to evaluate; ``model`` is empty for one of matrices alone."""

    expression: str
    given: str
    model: str
    digits: int
    where: Where
    given_where: Where
    points: int = 1

    def prepare(self, run: Run) -> None:
        """Evaluates it."""
        model = run.model(self.model, self.where) if self.model else None
        try:
            found = evaluate(self.expression, self.given, model, self.digits, self.given_where)
        except SymbpttError as error:
            inside = error.where is not None and error.where.text == self.expression
            raise placed(error, self.where) if inside else error.at(self.where) from None
        run.notes_of(_Evaluations)[self] = found

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The derivation."""
        if self.model:
            yield from telling.model(self.model)
        yield from evaluation_blocks(telling.run.notes_of(_Evaluations)[self], LATEX_PEN)

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The expression and what is given."""
        if self.model:
            yield from telling.model(self.model)
        found = telling.run.notes_of(_Evaluations)[self]
        said: list[Block] = [Prose((phrase("ask.evaluate", expression=Math(self.expression)),))]
        yield question((*said, *given_blocks(found, LATEX_PEN)), self.points)


class _Evaluations(dict[EvaluateBlock, Evaluation]):
    """The evaluation of every block."""


def read(d: Directive, reading: Reading) -> EvaluateBlock:
    """:with: gives values, separated by semicolons; :model: says whose names the others are."""
    check_options(d, {"with", "model", "digits", "points"})
    expression, where = d.text()
    if not expression:
        hint = "for example ```{evaluate} W^{30}, :with: W = [[0, 1], [1, 0]]"
        raise ReadError("what is to be evaluated?", d.where, hint)
    digits = d.natural("digits") or _DIGITS
    if digits > MAX_DIGITS:
        raise ReadError(f":digits: is at most {MAX_DIGITS}", d.places["digits"])
    given = d.options.get("with", "")
    place = d.places.get("with", d.where)
    if given:
        place = replace(place, column=place.text.index(given) + 1)
    model = reading.model_for(d) if "model" in d.options else ""
    points = d.natural("points") or 1
    return EvaluateBlock(expression, given, model, digits, where, place, points)
