"""What the worker does with a question: every task gives data for the page, or says what is wrong.

Models and derivations are remembered as long as the worker lives, a few of them, so that the next
question about the same model is answered sooner. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, reduce
from typing import Any

from symbptt.calculus.derive import Problem
from symbptt.core.errors import NotSupported, SymbpttError, Where
from symbptt.derivation import Derivation, derive_quantity
from symbptt.models.builtin import builtin_text
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.notation.shaped import shaped
from symbptt.report.document import Table, TheoremBlock
from symbptt.report.pen import LATEX_PEN
from symbptt.report.preliminaries import only_names, symbols, unfolded

from . import parts
from .checking import check, proof, read
from .files import MODEL, file
from .quantities import quantities
from .typeset import equation, fragment

_KEPT = 8
Question = dict[str, Any]
Data = dict[str, Any]


def answer(question: Question) -> Data:
    """The answer to a question (see ``questions``): with ``ok``, or with the ``error``."""
    try:
        return {"ok": True, **_TASKS[question["task"]](question)}
    except SymbpttError as error:
        return {"ok": False, "error": told(error)}
    except RecursionError:
        return {"ok": False, "error": told(SymbpttError("it is nested too deeply"))}


def warm() -> None:
    """Does what is slow the first time."""
    model = builtin_text("rnn")
    common = {"model": model, "lang": "en", "T": 0, "window": "", "layout": "", "form": ""}
    answer({**common, "task": "preview"})
    answer({**common, "task": "derive", "quantity": r"\nabla_W L"})
    answer({**common, "task": "check", "quantity": r"\nabla_b L", "answer": r"\nabla_b L"})
    for remembered in (_model, _problem, _derivation):
        remembered.cache_clear()


def told(error: SymbpttError) -> Data:
    """An error as data: what, where with the line of text, what to do."""
    where = error.where or Where(0, 0)
    return {
        "message": error.message, "hint": error.hint, "line": where.line, "column": where.column,
        "text": where.text, "file": where.file,
    }  # fmt: skip


# ---------------------------------------------------------------- the model


@lru_cache(maxsize=_KEPT)
def _model(text: str) -> Model:
    return Model.parse(text, name=MODEL, file="model")


@lru_cache(maxsize=_KEPT)
def _problem(text: str) -> Problem:
    return problem_of(_model(text))


def _preview(q: Question) -> Data:
    """The equations with shapes, the table of symbols, and what may be asked."""
    model = _model(q["model"])
    hidden = [d for d in model.theory.definitions if only_names(d)]
    equations = []
    for d in model.theory.definitions:
        if d not in hidden:
            body = reduce(unfolded, hidden, d.body)
            sides = shaped(d.head), shaped(body)
            equations.append(equation(sides, d.facts, d.name in model.auto))
    return {
        "equations": equations,
        "symbols": fragment((symbols(model, (), LATEX_PEN),), q["lang"]),
        "quantities": [vars(x) for x in quantities(model)],
        "gradients": model.loss is not None,
    }  # fmt: skip


# ---------------------------------------------------------------- derivations


@lru_cache(maxsize=_KEPT)
def _derivation(
    text: str, quantity: str, form: str, length: int, window: str, layout: str
) -> Derivation:
    """The derivation; the kernel has accepted its proof."""
    derivation = derive_quantity(
        _model(text), quantity, form or None, length or None, layout or None,
        problem=_problem(text), window=window or None,
    )  # fmt: skip
    derivation.verify()
    return derivation


def _derived(q: Question) -> Derivation:
    if not q["quantity"].strip():
        raise NotSupported("there is no quantity to derive")
    return _derivation(*(q[k] for k in ("model", "quantity", "form", "T", "window", "layout")))


def _derive(q: Question) -> Data:
    """The result, the statements that answer, and what their proofs are made of."""
    derivation = _derived(q)
    blocks = derivation.blocks()
    proofs = [b for b in blocks if isinstance(b, TheoremBlock)]
    table = any(isinstance(b, Table) for b in blocks)
    return {
        "result": fragment(parts.result(derivation), q["lang"]),
        "latex": derivation.latex(),
        "text": derivation.text() if not table else derivation.headline,
        "steps": sum(parts.steps_of(b) for b in proofs),
        "theorems": len(derivation.development.theorems),
        "parts": parts.outline(blocks, q["lang"]),
    }


def _part(q: Question) -> Data:
    """One lemma or theorem of a derivation with its proof."""
    return parts.one(_derived(q).blocks(), q["number"], q["lang"])


def _file(q: Question) -> Data:
    """A file to keep."""
    return file(q, _model(q["model"]))


def _read(q: Question) -> Data:
    return read(q["model"], q["quantity"], q["answer"])


def _proof(q: Question) -> Data:
    return proof(q["model"], q["quantity"], q["answer"], q["number"], q["lang"])


def _check(q: Question) -> Data:
    return check(q["model"], q["quantity"], q["answer"], q["lang"])


_TASKS: dict[str, Callable[[Question], Data]] = {
    "preview": _preview, "derive": _derive, "part": _part, "file": _file, "read": _read,
    "check": _check, "proof": _proof,
}  # fmt: skip
