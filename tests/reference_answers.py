"""Correct answers to check answers with: what is derived from every model, in several forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

from sympy import Expr

from symbptt.answers.mistakes import ROWS, Background, presentations
from symbptt.answers.mutations import Variant, variants
from symbptt.calculus.derive import Problem, derive
from symbptt.core.errors import SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.core.terms import Elem, Gradient, Param, Partial, Term, Zero
from symbptt.core.theory import Definition
from symbptt.models.model import Model
from symbptt.models.problem import problem_of

k, t = index_symbol("k"), index_symbol("t")


@dataclass(frozen=True)
class Reference:
    """A derived equation of a model."""

    model: Model
    problem: Problem
    left: Term
    right: Term
    facts: tuple[Expr, ...]

    @property
    def background(self) -> Background:
        return Background.of(self.problem, self.facts)

    def variants(self, each: int = 2) -> Iterator[Variant]:
        """The first ``each`` mutants of every row."""
        for row in ROWS:
            for form in presentations(self.right, self.background):
                for number, variant in enumerate(variants(row, form, self.background)):
                    if number == each:
                        break
                    yield variant


@cache
def references(name: str, about: int = 8) -> tuple[Reference, ...]:
    """The answers to about that many questions on a model, evenly from all that can be asked."""
    model = Model.named(name)
    problem = problem_of(model)
    asked = [partial(_derived, model, problem, *q) for q in _questions(model, problem)]
    asked += [partial(_equation, model, problem, d) for d in problem.theory.definitions]
    stride = max(-(-len(asked) // about), 1)
    return tuple(dict.fromkeys(r for answer in asked[::stride] for r in answer()))


def _equation(model: Model, problem: Problem, d: Definition) -> Iterator[Reference]:
    if d.head != model.loss and d.name not in model.losses:
        yield Reference(model, problem, d.head, d.body, d.facts)


def _derived(
    model: Model, problem: Problem, quantity: Term, form: str | None, length: int | None
) -> Iterator[Reference]:
    try:
        result = derive(problem, quantity, form, length)
    except (SymbpttError, KeyError):  # not every question has an answer in every form
        return
    asked = problem if length is None else problem.at_length(length)
    for theorem in result.theorems:
        if not isinstance(theorem.right, Zero):
            yield Reference(model, asked, theorem.left, theorem.right, theorem.facts)


def _questions(model: Model, problem: Problem) -> Iterator[tuple[Term, str | None, int | None]]:
    forms = (("gradient", None), ("sum", None), ("adjoint", None), ("expanded", 3))
    if model.loss is not None:
        for leaf in problem.system.gradients:
            if leaf.name not in (*model.targets, *model.onehot):
                running = isinstance(leaf, Elem) and leaf.index.is_Symbol
                wrt = leaf.at(k) if running and leaf.index != model.length else leaf
                for form, length in forms:
                    yield Gradient(model.loss, wrt), form, length
    heads = {d.name: d.head for d in problem.theory.definitions if isinstance(d.head, Elem)}
    for d in problem.theory.definitions:
        for leaf in problem.theory.params if isinstance(d.head, Param) else ():
            yield Partial(d.head, leaf), None, None
    for y in (heads[s] for s in model.sequences if s in heads):
        for x in (heads[s] for s in problem.main):
            for step in (t - 1, k):
                yield Partial(y.at(t), x.at(step)), None, None
