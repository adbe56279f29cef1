"""```{ranges} MODEL: where the entries of the model's sequences lie, with proofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.ranging import ModelRanges, ranges_of
from symbptt.report.document import Block, Phrase, Prose

from ..directive import Directive, check_options
from ..question import Question, question
from ..reading import Reading
from ..report import PROOFS, Telling
from ..run import Run
from ..sheet import Item


@dataclass(frozen=True)
class RangesBlock(Item):
    """The ranges of a model, under assumptions."""

    id: str
    model: str
    given: tuple[tuple[str, Where], ...]
    proof: str | None
    where: Where

    def prepare(self, run: Run) -> None:
        """Finds them."""
        start = perf_counter()
        model = run.model(self.model, self.where)
        try:
            found = ranges_of(model, [g for g, _ in self.given])
        except SymbpttError as error:
            raise error.at(self.where) from None
        run.notes_of(_Found)[self.id] = found
        run.seconds[self.id] = perf_counter() - start

    def complete(self, run: Run) -> None:
        """Has the proofs checked."""
        found = run.notes_of(_Found)[self.id]
        if found.theorems:
            run.accept(self, found, self.model, found.given)

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The table and the theorems."""
        yield from telling.model(self.model)
        found = telling.run.notes_of(_Found)[self.id]
        yield from found.summary()
        if found.theorems:
            yield from telling.statement(self.id, self.proof)

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The intervals are asked for."""
        yield from telling.model(self.model)
        yield question((Prose((Phrase("ask.ranges"),)),))


class _Found(dict[str, ModelRanges]):
    """The ranges of every block."""


def read(d: Directive, reading: Reading) -> RangesBlock:
    """The model stands after the name; :given: may be repeated.

    With ``:proof: file`` the report has the statements, and the proofs are in their file only.
    """
    check_options(d, {"id", "given", "proof"}, several={"given"})
    if not d.argument:
        raise ReadError("the ranges of which model?", d.where, "for example ```{ranges} lstm")
    return RangesBlock(
        reading.id_for(d), d.argument, d.several("given"), d.choice("proof", PROOFS), d.where
    )
