"""Running a worksheet: models read, statements proved and checked, files made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Protocol, TypeVar

from symbptt.calculus.derive import Problem
from symbptt.core.errors import SymbpttError, Where
from symbptt.derivation import Derivation, problem_of
from symbptt.models.model import Model
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check
from symbptt.proving import ProvedStatement
from symbptt.ranging import ModelRanges
from symbptt.report.plan import all_steps

from .models import Models, ModelText
from .sheet import Sheet

N = TypeVar("N")
Answer = Derivation | ProvedStatement | ModelRanges


class Asked(Protocol):
    """A block that asks for a statement."""

    @property
    def id(self) -> str: ...
    @property
    def where(self) -> Where: ...


@dataclass(frozen=True)
class Proved:
    """A statement that the kernel has accepted, with the text of its proof file.

    ``model`` names its model, ``given`` is what it assumes of it; ``steps`` counts those that the
    kernel replayed.
    """

    block: Asked
    derivation: Answer
    model: str
    proof: str
    steps: int
    seconds: float
    given: tuple[str, ...] = ()


Progress = Callable[[Proved], None]


@dataclass
class Run:
    """What a worksheet gives.

    ``files`` are the texts of the files made, by their names; ``assets`` pictures that LaTeX
    includes, as bytes; ``models`` those that the report tells of; ``seconds`` what statements took
    so far, by id.
    """

    sheet: Sheet
    progress: Progress = lambda _: None
    models: dict[str, Model] = field(default_factory=dict)
    proved: list[Proved] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    assets: dict[str, bytes] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    _known: Models = field(init=False, repr=False)
    _problems: dict[str, Problem] = field(default_factory=dict, repr=False)
    _notes: dict[type, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._known = Models(self.sheet.path)

    @property
    def modules(self) -> dict[str, str]:
        """The NumPy modules by their names."""
        ends = {n: t for n, t in self.files.items() if n.endswith(".py")}
        return {name.removesuffix(".py"): text for name, text in ends.items()}

    def add_model(self, text: ModelText) -> None:
        """Reads a model of the worksheet."""
        self.models[text.name] = self._known.add(text)

    def model(self, name: str, where: Where, told: bool = True) -> Model:
        """The model of a name, of the sheet or built in; ``told`` if the report shows it."""
        model = self._known.find(name, where)
        return self.models.setdefault(name, model) if told else model

    def problem(self, name: str) -> Problem:
        """The problem of a model, made once."""
        if name not in self._problems:
            self._problems[name] = problem_of(self.models[name])
        return self._problems[name]

    def notes_of(self, kind: type[N]) -> N:
        """What the blocks of one kind keep between them."""
        return self._notes.setdefault(kind, kind())  # type: ignore[no-any-return]

    def statement(self, id: str) -> Proved:
        """The accepted statement of a block."""
        return next(p for p in self.proved if p.block.id == id)

    def accept(
        self, block: Asked, derivation: Answer, model: str, given: tuple[str, ...] = ()
    ) -> None:
        """Adds a statement with its proof file, which the kernel accepts as it is written."""
        start = perf_counter()
        text = dumps(derivation.development)
        try:
            check(loads(text))
        except SymbpttError as error:
            raise error.at(block.where) from None
        steps = sum(1 for t in derivation.development.theorems for _ in all_steps(t))
        seconds = self.seconds.pop(block.id, 0.0) + perf_counter() - start
        self.files[f"proofs/{block.id}.json"] = text
        self.proved.append(Proved(block, derivation, model, text, steps, seconds, given))
        self.progress(self.proved[-1])


def run_sheet(sheet: Sheet, progress: Progress = lambda _: None) -> Run:
    """Reads the models, proves every statement, checks every proof, makes every file.

    ``progress`` is told of each statement as soon as its proof is accepted.
    """
    run = Run(sheet, progress)
    for item in sheet.items:
        item.prepare(run)
    for item in sheet.items:
        item.complete(run)
    return run


def placed(error: SymbpttError, where: Where) -> SymbpttError:
    """An error in a piece of a line, with its place in the file."""
    column = where.column
    if error.where is not None and error.where.line == 1:
        column += error.where.column - 1
    error.where = replace(where, column=column)
    return error
