"""Output layers made simple: reciprocals of softmax and sigmoid cancel against their slopes.

Definitions of output functions are unfolded where a logarithm is taken of them, the rules of the
family "output" are applied, and the functions are folded back to the model's names.
"""

from __future__ import annotations

from typing import Any

from sympy import Integer

from symbptt.core.canonical import equal
from symbptt.core.errors import ProofError
from symbptt.core.terms import (
    Const, Elem, Hadamard, Map, Ones, Param, Plus, Scale, Softmax, Term, Times,
)  # fmt: skip
from symbptt.core.theory import Theory
from symbptt.core.traverse import contains, find, nodes_of, substitute
from symbptt.proof.objects import Assumed, Theorem
from symbptt.rules import FAMILIES

from .builder import Builder
from .tidy import tidy

_RULES = tuple(row.name for row in FAMILIES["output"])
_MAX_STEPS = 100


def simplify_outputs(build: Builder) -> None:
    """Applies the output rules wherever a logarithm's slope meets a softmax or a sigmoid."""
    if not _unfold_logarithms(build):
        return
    build.algebra(_spread(build.line), reason="distribute")
    applied = False
    for _ in range(_MAX_STEPS):
        if not _apply_one(build):
            break
        applied = True
        build.tidy()
    if applied:
        _tidy_scalars(build)
        _use_assumptions(build)
    _fold_outputs(build)
    if applied:
        build.algebra(_collected(build.line), reason="collect")


def assumed(theory: Theory) -> tuple[Theorem, ...]:
    """The theory's assumptions as theorems, for a development that uses them."""
    found: dict[str, Theorem] = {}
    for a in theory.assumptions:
        id = f"assume:{a.name}"
        while id in found:  # the links of one chain have one name
            id += "'"
        found[id] = Theorem(
            id, a.left, a.right, Assumed(a.name), a.facts, title="assumption", relation=a.relation
        )
    return tuple(found.values())


def is_log_slope(term: Term) -> bool:
    """Whether it is the slope of a logarithm."""
    return isinstance(term, Map) and term.fname == "log" and term.order == 1


def _unfold_logarithms(build: Builder) -> bool:
    """log'(p[t]) with p[t] = softmax(...) or sigmoid(...): the definition is written in."""
    found = False
    for path, node in list(find(build.line, is_log_slope)):
        found = True
        for inner, leaf in list(nodes_of(node, Elem, Param)):
            bodies = [d.body for d in build.theory.defined(leaf.key)]
            if any(_is_output(body) for body in bodies):
                build.unfold((*path, *inner))
    return found


def _is_output(body: Term) -> bool:
    return isinstance(body, Softmax) or (
        isinstance(body, Map) and body.order == 0 and body.fname == "sigmoid"
    )


def _apply_one(build: Builder) -> bool:
    for path, node in nodes_of(build.line, Times, Hadamard):
        if not contains(node, Map):
            continue
        for name in _RULES:
            for span in _spans(node):
                try:
                    build.rule(name, path, span=span)
                except ProofError:
                    continue
                return True
    return False


def _spans(node: Term) -> list[tuple[int, int] | None]:
    n = len(node.args)
    whole: list[tuple[int, int] | None] = [None]
    return whole + [(i, j) for i in range(n) for j in range(i + 2, n + 1) if (i, j) != (0, n)]


def _tidy_scalars(build: Builder) -> None:
    """1^T (c v) becomes c 1^T v, and signs are collected."""
    build.algebra(_pull_numbers(build.line), reason="collect")
    build.tidy()


def _pull_numbers(term: Term) -> Term:
    args = tuple(_pull_numbers(a) if isinstance(a, Term) else a for a in term.args)
    term = term if args == term.args else term.func(*args)
    if isinstance(term, Times) and any(isinstance(a, Scale) and isinstance(a.args[0], Const)
                                       for a in term.args):  # fmt: skip
        factor, parts = 1, []
        for a in term.args:
            if isinstance(a, Scale) and isinstance(a.args[0], Const):
                factor, a = factor * a.args[0].value, a.args[1]
            parts.append(a)
        return Scale(Const(factor), Times(*parts))
    if isinstance(term, Scale) and isinstance(term.args[0], Const):
        inner = term.args[1]
        if isinstance(inner, Scale) and isinstance(inner.args[0], Scale):
            number, scalar = inner.args[0].args
            if isinstance(number, Const):
                both = Const(term.args[0].value * number.value)
                return _unit(both, Scale(scalar, inner.args[1]))
    return term


def _unit(number: Const, term: Term) -> Term:
    return term if number == Const(1) else Scale(number, term)


def _use_assumptions(build: Builder) -> None:
    """Puts in what is assumed, e.g. that a target sums to one."""
    for theorem in assumed(build.theory):
        leaves = {x for _, x in nodes_of(theorem.left, Elem, Param)}
        for leaf in leaves:
            for path, node in list(nodes_of(build.line, Times)):
                for other in {x for _, x in find(node, lambda x, k=leaf.key: _is(x, k))}:
                    bind = {leaf.index: other.index} if isinstance(leaf, Elem) else {}
                    if equal(node, substitute(theorem.left, bind)):
                        build.lemma(theorem, path, bind=bind)
    build.tidy()


def _is(term: Term, key: str) -> bool:
    return isinstance(term, Elem | Param) and term.key == key


def _fold_outputs(build: Builder) -> None:
    """softmax(o[t]) and sigmoid(o[t]) get back the names that the model gives them."""
    for d in build.theory.definitions:
        if not _is_output(d.body):
            continue
        argument = d.body.args[-1]
        if d.index is None:
            for path, _ in list(find(build.line, lambda x, b=d.body: x == b)):
                build.fold(d, path, d.head, None)
            continue
        if not isinstance(argument, Elem):
            continue
        for path, node in list(find(build.line, lambda x, b=d.body: _like(x, b))):
            index = node.args[-1].index - argument.index + d.index
            head = substitute(d.head, {d.index: index})
            if substitute(d.body, {d.index: index}) == node:
                build.fold(d, path, head, index)


def _like(term: Term, body: Term) -> bool:
    if type(term) is not type(body) or term.args[:-1] != body.args[:-1]:
        return False
    mine, theirs = term.args[-1], body.args[-1]
    return isinstance(mine, Elem) and mine.key == theirs.key


def _spread(term: Term) -> Term:
    """(a + b) * c becomes a * c + b * c where a logarithm's slope stands in the sum."""
    args = tuple(_spread(a) if isinstance(a, Term) else a for a in term.args)
    term = term if args == term.args else term.func(*args)
    if isinstance(term, Hadamard):
        for i, a in enumerate(term.args):
            if isinstance(a, Plus) and next(find(a, is_log_slope), None):
                rest = (term.args[:i], term.args[i + 1 :])
                return Plus(*(_times(rest[0], part, rest[1]) for part in a.args))
    return term


def _times(before: tuple[Term, ...], part: Term, after: tuple[Term, ...]) -> Term:
    """before * part * after with a number in front of the part moved outside."""
    if isinstance(part, Scale) and isinstance(part.args[0], Const):
        return Scale(part.args[0], Hadamard(*before, part.args[1], *after))
    return Hadamard(*before, part, *after)


def _collected(term: Term) -> Term:
    """Sums of elementwise products multiplied out and collected, where that makes them shorter."""
    if isinstance(term, Plus | Hadamard):
        short = _rebuilt(_monomials(term), term)
        if short is not None and len(str(short)) < len(str(term)):
            return short
    args = tuple(_collected(a) if isinstance(a, Term) else a for a in term.args)
    return term if args == term.args else term.func(*args)


Monomials = dict[tuple[Term, ...], Any]


def _monomials(term: Term) -> Monomials:
    """An elementwise polynomial: sorted factors -> coefficient."""
    if isinstance(term, Plus):
        out: Monomials = {}
        for part in term.args:
            for key, c in _monomials(part).items():
                out[key] = out.get(key, 0) + c
        return out
    if isinstance(term, Scale) and isinstance(term.args[0], Const):
        return {k: c * term.args[0].value for k, c in _monomials(term.args[1]).items()}
    if isinstance(term, Hadamard):
        out = {(): Integer(1)}
        for factor in term.args:
            out = _product(out, _monomials(factor))
        return out
    return {(): Integer(1)} if isinstance(term, Ones) else {(term,): Integer(1)}


def _product(left: Monomials, right: Monomials) -> Monomials:
    out: Monomials = {}
    for a, c in left.items():
        for b, e in right.items():
            key = tuple(sorted((*a, *b), key=str))
            out[key] = out.get(key, 0) + c * e
    return out


def _rebuilt(monomials: Monomials, like: Term) -> Term | None:
    parts = []
    for key, c in monomials.items():
        if c != 0:
            body = Hadamard(*key) if key else Ones(*like.shape)
            parts.append(body if c == 1 else Scale(Const(c), body))
    return tidy(Plus(*parts)) if parts else None
