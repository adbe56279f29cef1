"""From a worksheet to derivations, checked proofs and modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

from symbptt.calculus.derive import Problem
from symbptt.calculus.together import together
from symbptt.core.errors import NotSupported, SymbpttError, Where
from symbptt.derivation import Derivation, derive_quantity, problem_of
from symbptt.models.model import Model
from symbptt.module import numpy_source
from symbptt.notation.symbols import normal_name
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check
from symbptt.report.plan import all_steps

from .models import Models
from .sheet import CodeBlock, DeriveBlock, ModelBlock, Sheet


@dataclass(frozen=True)
class Proved:
    """A statement that the kernel has accepted, with the text of its proof file.

    ``steps`` counts those that the kernel replayed.
    """

    block: DeriveBlock
    derivation: Derivation
    proof: str
    steps: int
    seconds: float


@dataclass
class Run:
    """What a worksheet gave."""

    sheet: Sheet
    models: dict[str, Model] = field(default_factory=dict)
    proved: list[Proved] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)


Progress = Callable[[Proved], None]


def run_sheet(sheet: Sheet, progress: Progress = lambda _: None) -> Run:
    """Reads the models, derives every statement, checks every proof, writes every module.

    ``progress`` is told of each statement as soon as its proof is accepted.
    """
    run, models = Run(sheet), Models(sheet.path)
    waiting: list[tuple[DeriveBlock, Derivation, float]] = []
    problems: dict[str, Problem] = {}
    for item in sheet.items:
        if isinstance(item, ModelBlock):
            run.models[item.name] = models.add(item)
        elif isinstance(item, DeriveBlock):
            model = run.models.setdefault(item.model, models.find(item.model, item.where))
            problem = problems.setdefault(item.model, problem_of(model))
            waiting.append(_derived(item, model, problem))
        elif isinstance(item, CodeBlock):
            model = models.find(item.model, item.where)
            run.modules[item.module] = _module(item, model, sheet)
    for block, derivation, seconds in _with_shared_lemmas(waiting, problems):
        run.proved.append(_checked(block, derivation, seconds))
        progress(run.proved[-1])
    return run


def _derived(
    block: DeriveBlock, model: Model, problem: Problem
) -> tuple[DeriveBlock, Derivation, float]:
    start = perf_counter()
    try:
        derivation = derive_quantity(
            model, block.quantity, block.form, block.length, block.layout, block.entries, problem
        )
    except SymbpttError as error:
        raise placed(error, block.where) from None
    return block, derivation, perf_counter() - start


def placed(error: SymbpttError, where: Where) -> SymbpttError:
    """An error in a piece of a line, with its place in the file."""
    column = where.column
    if error.where is not None and error.where.line == 1:
        column += error.where.column - 1
    error.where = replace(where, column=column)
    return error


def _with_shared_lemmas(
    waiting: list[tuple[DeriveBlock, Derivation, float]], problems: dict[str, Problem]
) -> list[tuple[DeriveBlock, Derivation, float]]:
    """Gradients of one model are read off one differential of the loss."""
    done: dict[str, Derivation] = {}
    for name, problem in problems.items():
        mine = [(b, d) for b, d, _ in waiting if b.model == name]
        results = [d.outcome for _, d in mine]
        if problem.loss is not None:
            results = together(problem.system, results)
        for (block, derivation), outcome in zip(mine, results, strict=True):
            done[block.id] = replace(derivation, outcome=outcome)
    return [(b, done[b.id], seconds) for b, _, seconds in waiting]


def _checked(block: DeriveBlock, derivation: Derivation, seconds: float) -> Proved:
    """The statement with its proof file, which the kernel accepts as it is written."""
    start = perf_counter()
    text = dumps(derivation.development)
    try:
        check(loads(text))
    except SymbpttError as error:
        raise error.at(block.where) from None
    steps = sum(1 for t in derivation.development.theorems for _ in all_steps(t))
    return Proved(block, derivation, text, steps, seconds + perf_counter() - start)


def _module(block: CodeBlock, model: Model, sheet: Sheet) -> str:
    try:
        _check_parameters(block, model)
        return numpy_source(model, sheet.source)
    except SymbpttError as error:
        raise error.at(block.where) from None


def _check_parameters(block: CodeBlock, model: Model) -> None:
    """A module gives the gradients of all parameters; ``:wrt:`` may say so."""
    if not block.wrt:
        return
    names = [p.name for p in model.theory.params]
    asked = {normal_name(name) for name in block.wrt}
    for name in sorted(asked - {*names}):
        raise SymbpttError(f"{name} is not a parameter of the model {block.model}",
                           hint="the parameters are " + ", ".join(names))  # fmt: skip
    if asked != {*names}:
        raise NotSupported(
            "a module gives the gradients of all parameters; a part of them is not supported yet",
            hint="leave out :wrt:",
        )
