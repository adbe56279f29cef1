"""What a worksheet asks, and of which models, exercise by exercise."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.worksheet.blocks.derive import DeriveBlock
from symbptt.worksheet.blocks.evaluate import EvaluateBlock
from symbptt.worksheet.blocks.model import ModelBlock
from symbptt.worksheet.blocks.prove import ProveBlock
from symbptt.worksheet.run import Run
from symbptt.worksheet.sheet import Prose, Sheet

from .places import Place, after_line

_BETWEEN = re.compile(r"(?<!\\);")
_ROWS = re.compile(r"\[\s*\[(?P<rows>.*?)\]\s*\]", re.DOTALL)
_NEXT = re.compile(r"\]\s*,\s*\[")
_FENCE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?^\1", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Asked:
    """A question; ``kind`` is the name of its block, ``model`` that of its model.

    ``text`` is the quantity, the statement or the expression; blocks that ask for the same in
    different forms are one question with the most points of them.
    """

    id: str
    place: Place
    kind: str
    text: str
    model: str
    given: tuple[str, ...]
    points: int
    where: Where


@dataclass(frozen=True)
class Asking:
    """A worksheet's questions, its models by name, and which of them each place is about.

    ``left_out`` are expressions to evaluate whose values are no model: nothing is said of them.
    """

    title: str
    lang: str
    models: dict[str, Model]
    places: dict[Place, tuple[str, ...]]
    questions: tuple[Asked, ...]
    left_out: tuple[str, ...] = ()

    def models_for(self, place: Place) -> tuple[str, ...]:
        """The models in force: of the part, or of the exercise; those of the part come first."""
        exact = self.places.get(place, ())
        wider = (n for p, names in self.places.items() if place.covers(p) for n in names)
        return exact or tuple(dict.fromkeys(wider))


def asked_in(sheet: Sheet) -> Asking:
    """The questions of a worksheet; SymbpttError for a model that is not understood."""
    run, place = Run(sheet), Place()
    models: dict[str, Model] = {}
    places: dict[Place, dict[str, None]] = {}
    questions: dict[tuple[Place, str, str, tuple[str, ...]], Asked] = {}
    left_out: list[str] = []
    for item in sheet.items:
        if isinstance(item, Prose):
            for line in _FENCE.sub("", item.markdown).split("\n"):
                place = after_line(place, line)
            continue
        if isinstance(item, EvaluateBlock):
            try:
                name = _values_of(item, run, models, len(questions))
            except SymbpttError:
                left_out.append(item.expression)
                continue
        else:
            name = _model_of(item, run, models)
        if not name:
            continue
        places.setdefault(place, {})[name] = None
        question = _question(item, place, name)
        if question is None:
            continue
        key = (place, name, question.text, question.given)
        if key not in questions or questions[key].points < question.points:
            questions[key] = question
    if not questions:
        raise ReadError("this worksheet asks nothing", Where(1, 1, "", sheet.path),
                        "it needs a block {derive}, {prove} or {evaluate}")  # fmt: skip
    named = {p: tuple(n) for p, n in places.items()}
    asked = tuple(questions.values())
    return Asking(sheet.title, sheet.lang, models, named, asked, tuple(left_out))


def _model_of(item: object, run: Run, models: dict[str, Model]) -> str:
    """The name of the model of a block; empty for a block without one."""
    match item:
        case ModelBlock():
            run.add_model(item)
            name, where = item.name, item.where
        case DeriveBlock() | ProveBlock():
            name, where = item.model, item.where
        case _:
            return ""
    models[name] = run.model(name, where)
    return name


def _values_of(block: EvaluateBlock, run: Run, models: dict[str, Model], number: int) -> str:
    """The name of the model of the values of an {evaluate} block, with those of its own model."""
    lines = [_ROWS.sub(_matrix, g.strip()) for g in _BETWEEN.split(block.given)]
    name = f"{block.model or 'values'}-{number + 1}"
    if block.model:
        models[name] = assume(run.model(block.model, block.where), [x for x in lines if x])[0]
    else:
        models[name] = Model.parse("\n".join(lines), name, equations=False)
    return name


def _matrix(match: re.Match[str]) -> str:
    rows = (row.replace(",", " & ") for row in _NEXT.split(match["rows"]))
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def _question(item: object, place: Place, name: str) -> Asked | None:
    match item:
        case DeriveBlock():
            return Asked(item.id, place, "derive", item.quantity, name, (), item.points,
                         item.where)  # fmt: skip
        case ProveBlock():
            given = tuple(g for g, _ in item.given)
            return Asked(item.id, place, "prove", item.statement, name, given, item.points,
                         item.where)  # fmt: skip
        case EvaluateBlock():
            id = f"{place}-{item.expression}"
            return Asked(id, place, "evaluate", item.expression, name, (), item.points,
                         item.where)  # fmt: skip
    return None
