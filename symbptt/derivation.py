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
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from symbptt.calculus.adjoint import Loss
from symbptt.calculus.derive import Problem, Result, derive
from symbptt.calculus.entries import entrywise
from symbptt.calculus.tidy import tidy
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.terms import Const, Elem, Entry, Gradient, Ones, Partial, Term
from symbptt.core.theory import Assumption, Theory
from symbptt.core.traverse import find
from symbptt.models.model import Model
from symbptt.notation.reader import read_quantity
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check
from symbptt.proof.objects import Development, Theorem
from symbptt.report.compose import Composer, Derived
from symbptt.report.document import Blocks, ProofLine, Text, TheoremBlock, phrase
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.plain import said, to_text
from symbptt.report.ranges import ranges
from symbptt.report.sayings import reason_of
from symbptt.report.words import load

LAYOUTS = ("numerator", "denominator")


@dataclass(frozen=True)
class ShownStep:
    """A line of a proof: ``relation`` is empty for what a chain starts from."""

    theorem: str
    relation: str
    text: str
    latex: str
    reason: str

    def __str__(self) -> str:
        reason = f"    [{self.reason}]" if self.reason else ""
        return f"{self.relation or ' '} {self.text}{reason}"


@dataclass(frozen=True)
class Derivation:
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
    def theorems(self) -> tuple[Theorem, ...]:
        """The answering theorems, in order; the last one is what was asked for."""
        return self.outcome.theorems

    @property
    def development(self) -> Development:
        """The theorems with all their lemmas."""
        return self.outcome.development

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

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    def verify(self) -> bool:
        """The kernel's verdict on the proof as it would be written to a file.

        True if it accepts; raises ProofError if it does not.
        """
        check(loads(dumps(self.development)))
        return True

    # ------------------------------------------------------------ telling it

    @property
    def derived(self) -> Derived:
        """The derivation as reports take it."""
        return Derived(self.outcome, self.length, self.entries or self.form == "components")

    def blocks(self, pen: Pen = LATEX_PEN) -> Blocks:
        """Definitions, lemmas and theorems with their proofs."""
        return Composer(self.model, [self.derived], pen).blocks(0)

    def explain(self, lang: str = "en", width: int = 100) -> str:
        """The whole derivation as text, one line a step."""
        return to_text(self.blocks(UNICODE_PEN), lang, width)

    @cached_property
    def steps(self) -> tuple[ShownStep, ...]:
        """The lines of all proofs in order, each with its reason."""
        words = load("en")
        pairs = zip(_lines(self.blocks(UNICODE_PEN)), _lines(self.blocks()), strict=True)
        out = []
        for (block, plain), (_, typeset) in pairs:
            kind = phrase(f"theorem.{block.kind}")
            name = phrase("theorem.numbered", kind=kind, number=Text(block.number))
            out.append(ShownStep(said(name, words), plain.relation, plain.latex, typeset.latex,
                                 said(reason_of(plain), words)))  # fmt: skip
        return tuple(out)

    def json(self) -> dict[str, Any]:
        """The derivation as data with stable keys."""
        return {
            "quantity": LATEX_PEN.term(self.quantity),
            "form": self.form,
            "T": self.length,
            "layout": self.layout,
            "result": {"latex": LATEX_PEN.term(self.result), "text": UNICODE_PEN.term(self.result)},
            "theorems": [_theorem_data(t) for t in self.theorems],
            "proof": json.loads(dumps(self.development)),
        }


def _theorem_data(theorem: Theorem) -> dict[str, Any]:
    return {
        "id": theorem.id,
        "title": theorem.title,
        "latex": LATEX_PEN.equation(theorem.left, theorem.right),
        "text": UNICODE_PEN.equation(theorem.left, theorem.right),
        "conditions": list(ranges(theorem.facts, LATEX_PEN)),
    }


def _lines(blocks: Blocks) -> Iterator[tuple[TheoremBlock, ProofLine]]:
    for block in blocks:
        if isinstance(block, TheoremBlock):
            yield from ((block, item) for item in block.proof if isinstance(item, ProofLine))


def in_layout(left: Term, right: Term, layout: str) -> Term:
    """The right side of a proved equation as another layout writes it.

    In denominator layout a Jacobian is the transpose; a gradient has the variable's shape in both.
    """
    if layout == "denominator" and isinstance(left, Partial):
        return tidy(right.T)
    return right


# ---------------------------------------------------------------- deriving


def recurrent(theory: Theory, losses: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The defined sequences that some definition refers to at another time."""
    used: set[str] = set()
    for d in theory.definitions:
        for _, x in find(d.body, lambda x: isinstance(x, Elem)):
            if d.index is not None and x.args[1] != d.index:
                used.add(x.args[0].name)
    names = dict.fromkeys(d.name for d in theory.definitions if d.index is not None)
    return tuple(n for n in names if n in used and n not in losses)


def problem_of(model: Model) -> Problem:
    """What the calculus must know of a model."""
    loss = None if model.loss is None else Loss(model.loss, model.losses)
    main = recurrent(model.theory, model.losses)
    has_length = any(model.length in f.free_symbols for f in model.theory.facts)
    theory = replace(model.theory, assumptions=tuple(_sums_to_one(model)))
    return Problem(theory, loss, main, model.length if has_length else None)


def _sums_to_one(model: Model) -> Iterator[Assumption]:
    """A one-hot target sums to one: 1^T y = 1."""
    for leaf in model.theory.leaves():
        if leaf.name in model.onehot:
            given = next((g for g in model.theory.givens if g.head == leaf), None)
            facts = () if given is None else given.facts
            yield Assumption(leaf.name, Ones(leaf.shape[0]).T @ leaf, Const(1), facts)


def derive_quantity(
    model: Model,
    quantity: str,
    form: str | None = None,
    T: int | None = None,
    layout: str | None = None,
    entries: bool = False,
    problem: Problem | None = None,
) -> Derivation:
    """Derives a quantity given as text, e.g. ``\\partial L / \\partial W``; see Derivation.

    ``problem`` saves work where several quantities of one model are derived. SymbpttError for what
    cannot be read or derived.
    """
    chosen = layout or model.layout
    if chosen not in LAYOUTS:
        raise SymbpttError(
            f"there is no layout {chosen!r}", hint="the layouts are " + ", ".join(LAYOUTS)
        )
    term = read_quantity(quantity, model.scope)
    _refuse_loss(term, model)
    outcome = derive(problem or problem_of(model), term, form, T)
    entries = entries and isinstance(outcome.main.left, Partial)
    if entries:
        outcome = with_entries(outcome)
    return Derivation(model, term, form, T, chosen, outcome, entries)


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
