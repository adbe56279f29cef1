"""```{derive} QUANTITY: a derivative with its proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter

from symbptt.calculus.derive import FORMS
from symbptt.calculus.together import together
from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.core.terms import Partial
from symbptt.derivation import LAYOUTS, Derivation, derive_quantity
from symbptt.report.document import (
    Block, Blocks, Content, Display, Math, Phrase, Prose, Text, phrase,
)  # fmt: skip
from symbptt.report.pen import LATEX_PEN

from ..directive import Directive, check_options
from ..question import Question, question
from ..reading import Reading
from ..report import PROOFS, Telling
from ..run import Run, placed
from ..sheet import Item

ASKED_FORMS = ("sum", "expanded", "components", "kronecker", "paths", "direct", "truncated")
"""Forms that a question names; which of the others is chosen is left to the answer."""


@dataclass(frozen=True)
class DeriveBlock(Item):
    """A quantity to derive."""

    id: str
    quantity: str
    model: str
    form: str | None
    length: int | None
    layout: str | None
    entries: bool
    proof: str | None
    window: str | None
    where: Where
    points: int = 1

    def prepare(self, run: Run) -> None:
        """Derives it; what it shares with others is found when all are there."""
        start = perf_counter()
        model = run.model(self.model, self.where)
        try:
            derivation = derive_quantity(
                model, self.quantity, self.form, self.length, self.layout, self.entries,
                run.problem(self.model), self.window,
            )  # fmt: skip
        except SymbpttError as error:
            raise placed(error, self.where) from None
        run.notes_of(_Waiting).derivations[self] = derivation
        run.seconds[self.id] = perf_counter() - start

    def complete(self, run: Run) -> None:
        """Has the proof checked."""
        derivations = run.notes_of(_Waiting).shared(run)
        run.accept(self, derivations[self], self.model)

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The theorem, and its result in another layout where that makes a difference."""
        yield from telling.model(self.model)
        yield from telling.statement(self.id, self.proof)
        derivation = telling.run.statement(self.id).derivation
        assert isinstance(derivation, Derivation)
        yield from _layout(derivation)

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The quantity, and the form in which it is wanted."""
        yield from telling.model(self.model)
        said: Content = (phrase("ask.derive", quantity=Math(self.quantity)),)
        if self.form in ASKED_FORMS:
            said = (*said, Text(" "), Phrase(f"ask.form_{self.form}"))
        if self.length is not None:
            said = (*said, Text(" "), phrase("ask.length", length=Math(f"T = {self.length}")))
        yield question((Prose(said),), self.points)


class _Waiting:
    """The derivations of a worksheet before they are checked."""

    def __init__(self) -> None:
        self.derivations: dict[DeriveBlock, Derivation] = {}
        self._shared: dict[DeriveBlock, Derivation] = {}

    def shared(self, run: Run) -> dict[DeriveBlock, Derivation]:
        """Gradients of one model are read off one differential of the loss."""
        if self._shared:
            return self._shared
        for name in dict.fromkeys(b.model for b in self.derivations):
            mine = {b: d for b, d in self.derivations.items() if b.model == name}
            results = [d.outcome for d in mine.values()]
            problem = run.problem(name)
            if problem.loss is not None:
                results = together(problem.system, results)
            for (block, derivation), outcome in zip(mine.items(), results, strict=True):
                self._shared[block] = replace(derivation, outcome=outcome)
        return self._shared


def read(d: Directive, reading: Reading) -> DeriveBlock:
    """The quantity stands after the name or in the body.

    With ``:proof: file`` the report has the statement, and the proof is in its file only.
    """
    check_options(d, {"id", "model", "form", "T", "layout", "entries", "proof", "window", "points"})
    quantity, where = d.text()
    if not quantity:
        hint = r"for example ```{derive} \nabla_W L"
        raise ReadError("what is to be derived?", d.where, hint)
    id = reading.id_for(d)
    return DeriveBlock(
        id, quantity, reading.model_for(d), d.choice("form", FORMS), d.natural("T"),
        d.choice("layout", LAYOUTS), d.flag("entries"), d.choice("proof", PROOFS),
        d.options.get("window"), where, d.natural("points") or 1,
    )  # fmt: skip


def _layout(derivation: Derivation) -> Blocks:
    if not isinstance(derivation.main.left, Partial) or derivation.result == derivation.main.right:
        return ()
    said = Prose((Phrase(f"layout.{derivation.layout}"),))
    summands = LATEX_PEN.summands(derivation.result)
    return said, Display(derivation.latex(), summands=summands)
