"""```{prove} STATEMENT: an equation or inequality with its proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from symbptt.core.errors import NotSupported, ReadError, SymbpttError, Where
from symbptt.models.model import Model
from symbptt.proving import ProvedStatement, prove_statement
from symbptt.refuting import refute_unproved
from symbptt.report.document import Block

from ..directive import Directive, check_options
from ..question import Question, statement
from ..reading import Reading
from ..report import PROOFS, Telling
from ..run import Run, placed
from ..sheet import Item

Placed = tuple[str, Where]


@dataclass(frozen=True)
class ProveBlock(Item):
    """A statement to prove, with what it assumes and how it is to be proved."""

    id: str
    statement: str
    model: str
    given: tuple[Placed, ...]
    by: Placed
    proof: str | None
    where: Where
    points: int = 1

    def prepare(self, run: Run) -> None:
        """Finds the proof."""
        start = perf_counter()
        model = run.model(self.model, self.where)
        given = [g for g, _ in self.given]
        try:
            proved = prove_statement(model, self.statement, given, self.by[0])
        except NotSupported as failure:
            raise self._unproved(model, given, failure) from None
        except SymbpttError as error:
            raise placed(error, self._place(error)) from None
        run.notes_of(_Found).statements[self.id] = proved
        run.seconds[self.id] = perf_counter() - start

    def _unproved(self, model: Model, given: list[str], failure: NotSupported) -> SymbpttError:
        """What is said of a statement without a proof: that it is false, if it is."""
        try:
            found = refute_unproved(model, self.statement, given, failure)
        except SymbpttError as error:
            return placed(error, self._place(error))
        data = json.dumps(found.json(), ensure_ascii=False)
        return SymbpttError(f"{found.statement()} is false", self.where, f"counterexample {data}")

    def _place(self, error: SymbpttError) -> Where:
        """Where the text begins that an error is about: the statement, a given or the method."""
        if error.where is None:
            return self.where
        about = {"given": self.given, "by": (self.by,)}.get(error.where.file, ())
        return next((where for text, where in about if text == error.where.text), self.where)

    def complete(self, run: Run) -> None:
        """Has the proof checked."""
        proved = run.notes_of(_Found).statements[self.id]
        run.accept(self, proved, self.model, proved.told)

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The theorems and their proofs."""
        yield from telling.model(self.model)
        yield from telling.statement(self.id, self.proof)

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The statement and what it assumes."""
        yield from telling.model(self.model)
        given = [text for text, _ in self.given]
        yield statement("ask.prove", self.statement, given, self.points)


class _Found:
    """The statements of a worksheet before they are checked."""

    def __init__(self) -> None:
        self.statements: dict[str, ProvedStatement] = {}


def read(d: Directive, reading: Reading) -> ProveBlock:
    """The statement stands after the name or in the body; :given: may be repeated.

    With ``:proof: file`` the report has the statement, and the proof is in its file only.
    """
    check_options(d, {"id", "model", "given", "by", "proof", "points"}, several={"given"})
    statement, where = d.text()
    if not statement:
        hint = "for example ```{prove} (A B)^T = B^T A^T"
        raise ReadError("what is to be proved?", d.where, hint)
    by = next(iter(d.several("by")), ("", d.where))
    return ProveBlock(
        reading.id_for(d), statement, reading.model_for(d), d.several("given"), by,
        d.choice("proof", PROOFS), where, d.natural("points") or 1,
    )  # fmt: skip
