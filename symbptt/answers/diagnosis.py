"""Which mistake explains a false claim: the correct answers to compare it with.

The left side says what is asked for: a derivative is derived, in the forms that people write; a
quantity of the model is its equation.
"""

from __future__ import annotations

from dataclasses import replace
from collections.abc import Iterator
from functools import lru_cache

from symbptt.calculus.known import derived
from symbptt.calculus.problem import Problem
from symbptt.calculus.tidy import tidy
from symbptt.core.errors import SymbpttError
from symbptt.core.norms import Norm
from symbptt.core.powers import Radius
from symbptt.core.terms import (
    Elem, Entry, Gradient, Param, Partial, Power, Term, Times, Transposed,
)  # fmt: skip
from symbptt.core.traverse import find, substitute
from symbptt.models.vectorizing import column_of

from .deciding import refuted
from .elaborate import Question
from .mistakes import Mistake as Row
from .mistakes import diagnose, diagnose_relation
from .mutations import Background
from .ranges import Facts
from .setting import Setting
from .verdict import Mistake

_FORMS = ("gradient", "sum", "adjoint")
_KEPT = 256


def mistake_in(setting: Setting, question: Question, facts: Facts) -> Mistake | None:
    """The mistake that turns a correct answer into the right side; None where none is known."""
    if question.relation == "approx":
        return None  # rounded numbers: what was computed is not to be seen in them
    if question.relation != "=":
        return _in_relation(setting, question, facts)
    asked, wrong = _whole(question.left, question.right)
    correct = answers(setting.problem, asked)
    if not correct:
        return None
    try:
        found = diagnose(wrong, correct, setting.problem, facts)
    except SymbpttError:
        return None
    return None if found is None else Mistake(found.id, found.message())


def _whole(left: Term, right: Term) -> tuple[Term, Term]:
    """An equation between entries i of columns as one between the columns."""
    if isinstance(left, Entry) and left.row.is_Symbol and left.args[0].is_column:
        column = column_of(right, left.row, left.args[0].shape[0])
        if column is not None:
            return left.args[0], column
    return left, right


def _in_relation(setting: Setting, question: Question, facts: Facts) -> Mistake | None:
    """The relation that would be right in place of the stated one."""
    sign = question.relation.rstrip("=")
    turned = ">" if sign == "<" else "<"
    for relation in (sign + "=", turned, turned + "="):
        if relation == question.relation:
            continue
        other = replace(question, relation=relation)
        if not refuted(setting, other, facts):
            if question.member and relation == sign + "=":
                return Mistake("open-vs-closed-range", Row("open-vs-closed-range").message())
            found = diagnose_relation(question.relation, relation)
            return None if found is None else Mistake(found.id, found.message())
    return _in_bound(setting, question, facts)


def _in_bound(setting: Setting, question: Question, facts: Facts) -> Mistake | None:
    """The mistake in a bound that holds where a norm stands for a radius, or one exponent is
    another."""
    for side in ("left", "right"):
        term = getattr(question, side)
        for id, other in _bounds_near(term):
            if not refuted(setting, replace(question, **{side: other}), facts):
                return Mistake(id, Row(id).message())
    return None


def _bounds_near(term: Term) -> Iterator[tuple[str, Term]]:
    """What may be meant in the place of a bound, with the mistake that it would be."""
    radii = {x: Norm(x.args[0]) for _, x in find(term, lambda x: isinstance(x, Radius))}
    if radii:
        yield "spectral-radius-for-norm", substitute(term, radii)
    for _, power in find(term, lambda x: isinstance(x, Power)):
        base, exponent = power.args[:2]
        for step in (1, -1):
            yield "stale-exponent", substitute(term, {power: Power(base, exponent + step)})


def answers(problem: Problem, quantity: Term) -> tuple[Term, ...]:
    """The correct answers for a quantity: itself where it is no derivative or defined name."""
    if isinstance(quantity, Elem | Param):
        return _equation(problem, quantity)
    if isinstance(quantity, Transposed):
        return tuple(Transposed(a) for a in answers(problem, quantity.args[0]))
    if isinstance(quantity, Gradient | Partial | Entry):
        return _derived(problem.theory, problem, quantity)
    return (quantity,)


def _equation(problem: Problem, quantity: Elem | Param) -> tuple[Term, ...]:
    found = problem.theory.defined(quantity.key)
    if len(found) != 1:
        return ()
    (definition,) = found
    if definition.index is None or not isinstance(quantity, Elem):
        return (definition.body,)
    return (substitute(definition.body, {definition.index: quantity.index}),)


@lru_cache(maxsize=_KEPT)
def _derived(theory: object, problem: Problem, quantity: Term) -> tuple[Term, ...]:
    """The answers of the calculus in several forms; ``theory`` is the key of the problem."""
    out: dict[Term, None] = {}
    for form in _FORMS if isinstance(quantity, Gradient) else (None,):
        try:
            found = derived(problem, quantity, form).theorems
        except SymbpttError:
            continue
        for theorem in found:  # of the sum form, also those about the row dL/dW
            if theorem.left.args[:2] == quantity.args[:2]:
                out[theorem.right] = None
    out.update(dict.fromkeys(_in_values(problem, quantity, tuple(out))))
    out.update(dict.fromkeys(_recursion(problem, quantity)))
    return tuple(out)


def _in_values(problem: Problem, quantity: Term, found: tuple[Term, ...]) -> Iterator[Term]:
    """Adjoints by their recursion, in which those that have a form without adjoints have this one:
    V^T (y^_t - y_t) for V^T delta^o_t."""
    if problem.loss is None:
        return
    background = Background.of(problem)
    sources = {adjoint: source for source, adjoint in problem.system.adjoint.items()}
    heads = {head.name: head for head in background.heads}
    for answer in found:
        body = background.unfolded(answer) if _is_adjoint(answer, background) else None
        if body is None:
            continue
        values: dict[Term, Term] = {}
        for x in {x for _, x in find(body, lambda x: _is_adjoint(x, background))}:
            source = heads.get(sources.get(x.name, ""))
            if isinstance(source, Elem):
                try:
                    value = derived(
                        problem, Gradient(quantity.args[0], source.at(x.index)), "gradient"
                    ).main.right
                except SymbpttError:  # behind the last step
                    continue
                if next(find(value, lambda y: _is_adjoint(y, background)), None) is None:
                    values[x] = value
        if values:
            yield substitute(body, values)


def _is_adjoint(term: Term, background: Background) -> bool:
    return isinstance(term, Elem) and term.key in background.adjoints


def _recursion(problem: Problem, quantity: Term) -> Iterator[Term]:
    """J^T times the gradient at the next step: right where every path leads through that step."""
    of, x = quantity.args[:2]
    if not isinstance(quantity, Gradient) or not isinstance(of, Elem) or not isinstance(x, Elem):
        return
    later = x.at(x.index + 1)
    try:
        step = derived(problem, Partial(later, x)).main.right
    except SymbpttError:
        return
    yield tidy(Times(tidy(step.T), Gradient(of, later)))
