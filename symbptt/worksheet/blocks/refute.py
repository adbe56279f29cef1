"""```{refute} STATEMENT: a false statement with its counterexample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.refuting import Counterexample, refute
from symbptt.report.document import Block

from ..directive import Directive, check_options
from ..question import Question, statement
from ..reading import Reading
from ..report import Telling
from ..run import Run, placed
from ..sheet import Item


@dataclass(frozen=True)
class RefuteBlock(Item):
    """A statement to refute, with what it assumes."""

    id: str
    statement: str
    model: str
    given: tuple[tuple[str, Where], ...]
    where: Where

    def prepare(self, run: Run) -> None:
        """Finds the counterexample; a worksheet without one is not built."""
        model = run.model(self.model, self.where)
        try:
            found = refute(model, self.statement, [g for g, _ in self.given])
        except SymbpttError as error:
            raise placed(error, self._place(error)) from None
        if found is None:
            raise SymbpttError("no counterexample was found", self.where,
                               "prove it, or say what it assumes")  # fmt: skip
        run.notes_of(_Found)[self.id] = found
        text = json.dumps(found.json(), ensure_ascii=False)
        run.files[f"counterexamples/{self.id}.json"] = text + "\n"

    def _place(self, error: SymbpttError) -> Where:
        """Where the text begins that an error is about: the statement or a given."""
        if error.where is None or error.where.file != "given":
            return self.where
        text = error.where.text
        return next((where for given, where in self.given if given == text), self.where)

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The counterexample."""
        yield from telling.model(self.model)
        yield from telling.run.notes_of(_Found)[self.id].blocks()

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The statement, for which a counterexample is to be found."""
        yield from telling.model(self.model)
        yield statement("ask.refute", self.statement, [text for text, _ in self.given])


class _Found(dict[str, Counterexample]):
    """The counterexample of every block."""


def read(d: Directive, reading: Reading) -> RefuteBlock:
    """The statement stands after the name or in the body; :given: may be repeated."""
    check_options(d, {"id", "model", "given"}, several={"given"})
    statement, where = d.text()
    if not statement:
        raise ReadError("what is to be refuted?", d.where, "for example ```{refute} A B = B A")
    return RefuteBlock(
        reading.id_for(d), statement, reading.model_for(d), d.several("given"), where
    )
