"""A derivation as a user holds it: asked in text, answered with a theorem, steps and a proof.

>>> from symbptt.models import Model
>>> d = derive_quantity(Model.named("rnn"), r"\\partial h_t / \\partial h_{t-1}")
>>> d.text()
"∂h_t/∂h_{t-1} = diag(σ'(a_t)) W"
>>> d.verify()
True
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Integer

from symbptt.calculus.derive import Problem, Result, derive
from symbptt.calculus.entries import entrywise
from symbptt.calculus.tidy import tidy
from symbptt.calculus.together import all_gradients
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.core.terms import Elem, Entry, Gradient, Partial, Term
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.models.theta import gradients_in, with_theta
from symbptt.notation.reader import read_quantity
from symbptt.proof.files import dumps
from symbptt.proof.objects import Theorem
from symbptt.report.compose import Composer, Derived
from symbptt.report.document import Block, Blocks, Table, TheoremBlock
from symbptt.report.gradients import Row, form_of, rows_of
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.plain import to_text
from symbptt.report.shown import Shown, term_data, theorem_data

LAYOUTS = ("numerator", "denominator")
_BY_PARTS = ("paths", "direct", "truncated")


@dataclass(frozen=True, repr=False)
class Derivation(Shown):
    """What was asked, and the theorems that answer it, with their proof.

    ``outcome`` is what the calculus gave; ``entries`` asks for a Jacobian as a matrix too.
    """

    model: Model
    quantity: Term
    form: str | None
    length: int | None
    layout: str
    outcome: Result
    entries: bool = False

    @property
    def main(self) -> Theorem:
        """The theorem about the quantity itself, not about its entries."""
        *_, last = self.theorems
        return self.theorems[-2] if self.entries and isinstance(last.left, Entry) else last

    @property
    def result(self) -> Term:
        """What the quantity equals, in the layout asked for."""
        return in_layout(self.main.left, self.main.right, self.layout)

    def latex(self) -> str:
        """The result as an equation in LaTeX."""
        return LATEX_PEN.equation(self.main.left, self.result)

    def text(self) -> str:
        """The result as one line of text."""
        return UNICODE_PEN.equation(self.main.left, self.result)

    def _result_data(self) -> Any:
        return term_data(self.result)

    # ------------------------------------------------------------ telling it

    @property
    def derived(self) -> Derived:
        """The derivation as reports take it."""
        return Derived(self.outcome, self.length, self.entries or self.form == "components")

    def blocks(self, pen: Pen = LATEX_PEN) -> Blocks:
        """Definitions, lemmas and theorems with their proofs."""
        return Composer(self.model, [self.derived], pen).blocks(0)

    def json(self) -> dict[str, Any]:
        """The derivation as data with stable keys."""
        return {
            "quantity": LATEX_PEN.term(self.quantity),
            "form": self.form,
            "T": self.length,
            "layout": self.layout,
            "result": self._result_data(),
            "theorems": [theorem_data(t) for t in self.theorems],
            "proof": json.loads(dumps(self.development)),
        }


@dataclass(frozen=True, repr=False)
class AllGradients(Derivation):
    r"""The gradients with respect to \theta, which names all parameters."""

    @property
    def _rows(self) -> list[Row]:
        return rows_of(self.theorems)

    @property
    def results(self) -> dict[str, Term]:
        """The gradient for each parameter, in the last of the forms that are shown."""
        return {left.args[1].name: found[-1].right for left, found in self._rows}

    @property
    def result(self) -> Term:
        """Refused: there is one for each parameter."""
        raise NotSupported("there is one gradient for each parameter", hint="they are in .results")

    @property
    def headline(self) -> str:
        """Which gradients there are."""
        found = dict.fromkeys(t.left for t in self.theorems if not isinstance(t.left, Elem))
        return ", ".join(map(UNICODE_PEN.term, found))

    @property
    def derived(self) -> Derived:
        """The derivation as reports take it, with a table at the end."""
        return replace(super().derived, table=True)

    def latex(self) -> str:
        """The gradients below each other, each in all its forms."""
        pen = LATEX_PEN
        rows = [(left, pen.equation(*(t.right for t in found))) for left, found in self._rows]
        return pen.aligned([(pen.term(left), right, "") for left, right in rows])

    def text(self) -> str:
        """The definitions of what occurs and the table of the gradients; else all answers."""
        shown = [b for b in self.blocks(UNICODE_PEN) if isinstance(b, Table) or _defines(b)]
        if any(isinstance(b, Table) for b in shown):
            return to_text(shown)
        return "\n".join(UNICODE_PEN.equation(t.left, t.right) for t in self.theorems)

    def _result_data(self) -> Any:
        return [
            {
                "name": left.args[1].name,
                "shape": [str(size) for size in left.shape],
                **{form_of(t): term_data(t.right) for t in found},
                "theorems": [t.id for t in found],
            }
            for left, found in self._rows
        ]


@dataclass(frozen=True, repr=False)
class ByParts(Derivation):
    """A quantity by path, along a direct path, or cut by a window: all answers are shown."""

    @property
    def main(self) -> Theorem:
        """The last theorem about the quantity itself, not about a part of it."""
        whole = (t for t in reversed(self.theorems) if isinstance(t.left, Partial))
        return next(t for t in whole if t.left.mode == "total")

    def latex(self) -> str:
        """The answers below each other, a path with its nodes."""
        pen = LATEX_PEN
        rows = [(pen.term(t.left), pen.term(t.right), nodes_of(t, pen)) for t in self.theorems]
        return pen.aligned(rows)

    def text(self) -> str:
        """One line for each answer, a path after its nodes."""
        pen = UNICODE_PEN
        lines = [(nodes_of(t, pen), pen.equation(t.left, t.right)) for t in self.theorems]
        return "\n".join(f"{nodes}: {line}" if nodes else line for nodes, line in lines)

    def json(self) -> dict[str, Any]:
        """The derivation as data; a path names its nodes."""
        data = super().json()
        for found, theorem in zip(data["theorems"], self.theorems, strict=True):
            if theorem.title == "path":
                found["path"] = [LATEX_PEN.term(node) for node in theorem.subject]
        return data


def nodes_of(theorem: Theorem, pen: Pen) -> str:
    """x -> ... -> y for the theorem about a path; empty for others."""
    if theorem.title != "path":
        return ""
    return pen.relation("to").join(pen.term(node) for node in theorem.subject)


def _defines(block: Block) -> bool:
    return isinstance(block, TheoremBlock) and block.kind == "definition"


def in_layout(left: Term, right: Term, layout: str) -> Term:
    """The right side of a proved equation as another layout writes it.

    In denominator layout a Jacobian is the transpose; a gradient has the variable's shape in both.
    """
    if layout == "denominator" and isinstance(left, Partial):
        return tidy(right.T)
    return right


# ---------------------------------------------------------------- deriving


def derive_quantity(
    model: Model,
    quantity: str,
    form: str | None = None,
    T: int | None = None,
    layout: str | None = None,
    entries: bool = False,
    problem: Problem | None = None,
    window: str | int | None = None,
) -> Derivation:
    """Derives a quantity given as text, e.g. ``\\partial L / \\partial W``; see Derivation.

    ``window`` is the number of steps that the form ``truncated`` looks back, or a letter for it.
    ``problem`` saves work where several quantities of one model are derived. SymbpttError for what
    cannot be read or derived.
    """
    chosen = layout or model.layout
    if chosen not in LAYOUTS:
        raise SymbpttError(
            f"there is no layout {chosen!r}", hint="the layouts are " + ", ".join(LAYOUTS)
        )
    term = read_quantity(quantity, with_theta(model))
    _refuse_loss(term, model)
    if gradients := gradients_in(term, model):
        if window is not None:
            raise NotSupported("a window is for one quantity at a time, not for all parameters")
        outcome = all_gradients(problem or problem_of(model), gradients, form, T)
        return AllGradients(model, term, form, T, chosen, outcome)
    outcome = derive(problem or problem_of(model), term, form, T, window_of(window))
    if form in _BY_PARTS:
        if chosen != "numerator":
            raise NotSupported(
                f"the form {form} is written in numerator layout only", hint="--layout numerator"
            )
        return ByParts(model, term, form, T, chosen, outcome)
    entries = entries and isinstance(outcome.main.left, Partial)
    if entries:
        outcome = with_entries(outcome)
    return Derivation(model, term, form, T, chosen, outcome, entries)


def window_of(window: str | int | None) -> Expr | None:
    """The window of the form ``truncated``: a number of steps or a letter for it."""
    text = str(window).strip()
    if window is None or text.isdigit():
        return None if window is None else Integer(text)
    if not (text.isidentifier() and text.isascii()):
        raise SymbpttError(f"a window is a number of steps or a letter, not {str(window)!r}")
    return index_symbol(text)


def _refuse_loss(quantity: Term, model: Model) -> None:
    """A derivative with respect to a loss is not one of a function of what the model is given."""
    if isinstance(quantity, Gradient | Partial):
        wrt = quantity.args[1]
        name = wrt.name if isinstance(wrt, Elem) else ""
        if name in model.losses or (model.loss is not None and wrt == model.loss):
            raise NotSupported(f"nothing is derived with respect to a loss, as in {quantity}")


def with_entries(outcome: Result) -> Result:
    """The result with the entries of its Jacobian as a further theorem."""
    development = outcome.development
    extra = entrywise(development.theory, outcome.main)
    theorems = (*development.theorems, extra)
    return Result(replace(development, theorems=theorems), (*outcome.answers, extra.id))
