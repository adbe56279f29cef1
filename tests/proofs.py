"""Developments for the tests of the kernel: derived ones, hand-made ones, and broken ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import theories as th
from sympy import Expr

from symbptt.calculus.derive import derive
from symbptt.core.terms import Term
from symbptt.core.theory import Definition, Frame, Given, Theory
from symbptt.core.traverse import rebuild
from symbptt.proof.files import dumps, loads
from symbptt.proof.objects import (
    Chain, Development, Identification, Induction, Proof, Step, Theorem,
)  # fmt: skip

PLAIN = th.plain().problem.theory
NOTHING = Frame()
Facts = tuple[Expr, ...]


@lru_cache
def derived(quantity: Term, form: str | None = None) -> Development:
    """The development that the calculus gives for the plain network."""
    return derive(th.plain().problem, quantity, form).development


# ---------------------------------------------------------------- made by hand


def step(by: str, path: tuple[int, ...], result: Term, name: str = "", **more: Any) -> Step:
    """One step; ``index=e`` or ``bind=((name, e), ...)`` as it needs."""
    if "index" in more:
        more["bind"] = (("index", more.pop("index")),)
    return Step(by, path, result, name, **more)


def chain(
    left: Term,
    right: Term,
    *steps: Step,
    facts: Facts = (),
    frame: Frame = NOTHING,
    id: str = "claim",
) -> Theorem:
    """left = right by these steps."""
    return Theorem(id, left, right, Chain(steps), facts, frame)


def proving(
    proof: Proof, left: Term, right: Term, facts: Facts = (), frame: Frame = NOTHING
) -> Theorem:
    """left = right by a proof of another kind."""
    return Theorem("claim", left, right, proof, facts, frame)


def development(*theorems: Theorem, theory: Theory = PLAIN) -> Development:
    """Theorems in a theory, by default that of the plain network."""
    return Development(theory, theorems)


def defining(
    *definitions: Definition, givens: tuple[Given, ...] = (), facts: Facts = (), **more: Any
) -> Development:
    """A development without theorems: only the theory is checked."""
    params = more.pop("params", PLAIN.params)
    return Development(Theory(params, givens, definitions, facts, **more))


# ---------------------------------------------------------------- broken


def changed(dev: Development, id: str, **more: Any) -> Development:
    """The development with fields of one theorem replaced."""
    theorems = (replace(t, **more) if t.id == id else t for t in dev.theorems)
    return replace(dev, theorems=tuple(theorems))


def without(dev: Development, *ids: str) -> Development:
    """The development without some theorems."""
    return replace(dev, theorems=tuple(t for t in dev.theorems if t.id not in ids))


def everywhere(dev: Development, change: Callable[[Term], Term], *ids: str) -> Development:
    """The change at every node of every line of these theorems (of all, if none is named)."""

    def term(x: Term) -> Term:
        args = tuple(term(a) if isinstance(a, Term) else a for a in x.args)
        return change(rebuild(x, args))

    def lines(steps: Chain) -> Chain:
        return Chain(tuple(replace(s, result=term(s.result)) for s in steps.steps))

    def proof(p: Proof) -> Proof:
        if isinstance(p, Chain):
            return lines(p)
        if isinstance(p, Induction):
            return replace(p, base=lines(p.base), step=lines(p.step))
        return p

    def theorem(t: Theorem) -> Theorem:
        if ids and t.id not in ids:
            return t
        return replace(t, left=term(t.left), right=term(t.right), proof=proof(t.proof))

    return replace(dev, theorems=tuple(map(theorem, dev.theorems)))


def tampered(dev: Development, change: Callable[[dict[str, Any]], Any]) -> str:
    """The development's file after a change to its data."""
    data = json.loads(dumps(dev))
    change(data)
    return json.dumps(data)


def find_theorem(data: dict[str, Any], id: str) -> dict[str, Any]:
    """The theorem of that id in a file's data."""
    found: dict[str, Any] = next(t for t in data["theorems"] if t["id"] == id)
    return found


__all__ = [
    "PLAIN", "Chain", "Development", "Identification", "Induction", "chain", "changed", "defining",
    "derived", "development", "everywhere", "find_theorem", "loads", "proving", "step", "tampered",
    "without",
]  # fmt: skip
