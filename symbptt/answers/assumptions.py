"""Assumptions that usually rescue a false claim, as data: one row each.

A row says when it is worth a try, what it changes (the setting, or how derivatives are read), and
what the verdict then lists. The conditions keep real mistakes from being excused: no row excuses a
transpose, a dropped path of a gradient or a forgotten factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations
from itertools import product as product_of

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import SymbpttError
from symbptt.core.indices import index_symbol, linear
from symbptt.core.norms import Norm
from symbptt.core.terms import (
    Const, Elem, Gradient, Inverse, Ones, OrderedProduct, Param, Partial, Power, Softmax, Term,
    Times, Transposed,
)  # fmt: skip
from symbptt.core.theory import Assumption
from symbptt.core.traverse import contains, find, rebuild, substitute
from symbptt.models.abbreviating import opened
from symbptt.models.given import assume
from symbptt.models.problem import problem_of, recurrent
from symbptt.models.properties import told
from symbptt.models.replacing import freed

from .deciding import Decision, decide
from .elaborate import Item, Question, Reading
from .gates import gates_held
from .notes import all_of, sentence
from .setting import Setting

Way = tuple[str, Reading]


@dataclass(frozen=True)
class Row:
    """``ways`` gives what is assumed, in words, with the claim as it is then judged.

    ``proofs``: whether it may take a proof to judge it, as an inequality does.
    """

    id: str
    ways: Callable[[Reading], Iterator[Way]]
    proofs: bool = False


def rescued(usual: Reading) -> tuple[str, Reading, Decision] | None:
    """The first assumption under which the claim holds, how it is read then, and the decision."""
    for row in ROWS:
        for assumed, reading in row.ways(usual):
            try:
                decision = decide(reading, proofs=row.proofs)
            except SymbpttError:
                continue
            if decision.holds:
                return assumed, reading, decision
    return None


def _sides(reading: Reading) -> list[Term]:
    return [side for q in reading.questions for side in (q.left, q.right)]


def _changed(reading: Reading, change: Callable[[Term], Term]) -> Reading:
    def item(x: Item) -> Item:
        if not isinstance(x, Question):
            return x
        return replace(x, left=change(x.left), right=change(x.right))

    parts = tuple(replace(p, items=tuple(map(item, p.items))) for p in reading.parts)
    return replace(reading, parts=parts)


# ---------------------------------------------------------------- rows


def _immediate(reading: Reading) -> Iterator[Way]:
    """dh_k/dW, where it is multiplied by what W does later, is meant with the earlier held."""
    shown: dict[str, None] = {}

    def change(term: Term, factor: bool = False) -> Term:
        if isinstance(term, Partial) and factor and term.mode == "total":
            y, x = term.args[:2]
            if isinstance(y, Elem) and isinstance(x, Param):
                shown[sentence("assuming.immediate", of=y.name, by=x.name)] = None
                return Partial(y, x, "immediate")
        inner = isinstance(term, Times)
        return rebuild(
            term, tuple(change(a, inner) if isinstance(a, Term) else a for a in term.args)
        )

    other = _changed(reading, change)
    if shown:
        yield all_of(list(shown)), other


def _other_states_constant(reading: Reading) -> Iterator[Way]:
    """dc_t/dc_k along c alone: what reaches it through the other states (the gates) is held."""
    names = set()
    for side in _sides(reading):
        if contains(side, Gradient):
            return
        for _, node in find(side, lambda x: isinstance(x, Partial)):
            y, x = node.args[:2]
            if not (isinstance(y, Elem) and isinstance(x, Elem) and y.name == x.name):
                return
            names.add(y.name)
    model = reading.setting.model
    others = [n for n in recurrent(model.theory, model.losses) if n not in names]
    if len(names) != 1 or not others:
        return
    for name in others:
        head = next(d.head for d in model.theory.definitions if d.key == f"{name}[]")
        model = freed(model, head)
    setting = replace(reading.setting, model=model, problem=problem_of(model))
    (state,) = names
    held = sentence("assuming.held", others=", ".join(others), state=state)
    yield held, replace(reading, setting=setting)


def _target_sums_to_one(reading: Reading) -> Iterator[Way]:
    """For a softmax with cross entropy: the entries of the target sum to one."""
    model = reading.setting.model
    if not any(contains(d.body, Softmax) for d in model.theory.definitions):
        return
    for name in model.targets:
        given = next((g for g in model.theory.givens if g.head.name == name), None)
        if given is None or name in model.onehot or not given.head.is_column:
            continue
        one = Assumption(name, Ones(given.head.shape[0]).T @ given.head, Const(1), given.facts)
        model = told(model, one)
        setting = replace(reading.setting, model=model, problem=problem_of(model))
        yield sentence("assuming.sum-to-one", name=name), replace(reading, setting=setting)


def _property_of_a_matrix(word: str) -> Callable[[Reading], Iterator[Way]]:
    """For claims on norms and powers of one matrix alone."""

    def ways(reading: Reading) -> Iterator[Way]:
        sides = _sides(reading)
        if any(contains(s, cls) for s in sides for cls in (Elem, Partial, Gradient)):
            return
        if not any(contains(s, cls) for s in sides for cls in (Norm, Power)):
            return
        square = {
            x.name for s in sides for _, x in find(s, lambda x: isinstance(x, Param))
            if x.shape[0] == x.shape[1] and not x.is_scalar
        }  # fmt: skip
        others = {x.name for s in sides for _, x in find(s, lambda x: isinstance(x, Param))}
        for name in sorted(square) if len(others) == 1 else ():
            try:
                model, _ = assume(reading.setting.model, [rf"{name} \text{{ {word}}}"])
            except SymbpttError:
                continue
            setting = Setting(model, problem_of(model), reading.setting.facts)
            yield sentence(f"assuming.{word}", name=name), replace(reading, setting=setting)

    return ways


def _diagonalizable(reading: Reading) -> Iterator[Way]:
    """W = Q D Q^{-1}, for claims about W, Q^{-1} and D alone."""
    sides = _sides(reading)
    if any(contains(s, cls) for s in sides for cls in (Elem, Partial, Gradient)):
        return
    names = {x.name: x for s in sides for _, x in find(s, lambda x: isinstance(x, Param))}
    square = [n for n, x in names.items() if x.shape[0] == x.shape[1] and not x.is_scalar]
    theory = reading.setting.model.theory
    told = (s for a in theory.assumptions for s in (a.left, a.right))
    known = {x.name for s in told for _, x in find(s, lambda x: isinstance(x, Param))}
    if any(theory.defined(n) or n in known for n in names):
        return  # something is known of them already
    bases = {x.args[0] for s in sides for _, x in find(s, lambda x: isinstance(x, Inverse))}
    for basis in sorted(x.name for x in bases if isinstance(x, Param)):
        for name, values in permutations(sorted({*square} - {basis}), 2):
            equation = rf"{name} = {basis} {values} {basis}^{{-1}}"
            try:
                model, _ = assume(reading.setting.model, [equation])
            except SymbpttError:
                continue
            setting = Setting(model, problem_of(model), reading.setting.facts)
            why = sentence("assuming.diagonalizable", name=name, equation=equation)
            yield why, replace(reading, setting=setting)


def _same_at_every_step(reading: Reading) -> Iterator[Way]:
    """J^{t-k} for J_t ... J_{k+1}, where J is named without an index.

    A power of what is the same at every step is any product of as many of its elements, one after
    another; with the product in its place the claim has to hold for every model.
    """
    model = reading.setting.model
    heads = [d.head for d in (*model.theory.definitions, *model.abbreviations)]
    for head in heads:
        if not isinstance(head, Elem) or head.name not in model.scope.unindexed:
            continue
        step = index_symbol(model.scope.step)
        body = opened(head.at(step), model.abbreviations)
        for last, turned in product_of((step, *_numbers(reading)), (False, True)):
            other = _changed(reading, partial(_written_out, body, step, last, turned))
            if _sides(other) != _sides(reading):
                yield sentence("assuming.same-step", name=head.name), other


def _numbers(reading: Reading) -> list[Expr]:
    """The steps that the claim names by number, the last first."""
    elements = (x for s in _sides(reading) for _, x in find(s, lambda x: isinstance(x, Elem)))
    steps = {x.index for x in elements if isinstance(x, Elem) and x.index.is_Integer}
    return sorted(steps, key=int, reverse=True)


def _written_out(body: Term, step: Symbol, last: Expr, turned: bool, term: Term) -> Term:
    """The term with products in place of powers of what depends on the body."""
    args = (
        _written_out(body, step, last, turned, a) if isinstance(a, Term) else a for a in term.args
    )
    term = rebuild(term, tuple(args))
    powered = isinstance(term, Power) and any(find(term.args[0], lambda x: x == body))
    span = _span(term.exponent, last) if powered else None
    return term if span is None else _product(term.args[0], step, *span, turned)


def _span(exponent: Expr, end: Expr) -> tuple[Expr, Expr] | None:
    """The first and the last step of so many one after another: k + 1 to t for t - k.

    So many as a number says end at ``end``.
    """
    if exponent.is_Integer:
        return (end - exponent + 1).expand(), end
    _, parts = linear(exponent)
    late = [s for s, a in parts if a == 1]
    early = [s for s, a in parts if a == -1]
    if len(late) != 1 or len(early) > 1 or len(late) + len(early) != len(parts):
        return None
    first = early[0] + 1 if early else Integer(1)
    return first, (first + exponent - 1).expand()


def _product(base: Term, step: Symbol, first: Expr, last: Expr, turned: bool) -> Term:
    """The product of the bases at these steps, the latest leftmost, or rightmost if ``turned``."""
    bound = index_symbol("_s")
    factor = substitute(base, {step: bound})
    if turned:
        return Transposed(OrderedProduct(Transposed(factor), bound, first, last))
    return OrderedProduct(factor, bound, first, last)


ROWS = (
    Row("immediate", _immediate),
    Row("other states constant", _other_states_constant),
    Row("gates held", gates_held),
    Row("target sums to one", _target_sums_to_one),
    Row("same at every step", _same_at_every_step, proofs=True),
    Row("diagonalizable", _diagonalizable),
    Row("normal", _property_of_a_matrix("normal")),
    Row("symmetric", _property_of_a_matrix("symmetric")),
    Row("orthogonal", _property_of_a_matrix("orthogonal")),
)
