"""Developments as JSON: everything the kernel needs, and nothing it has to trust.

``{"format": "symbptt-proof", "version": 1, "nodes": [...], "theory": {...}, "theorems": [...]}``.
Terms are numbers of nodes; every distinct subterm stands once in ``nodes``.
"""

from __future__ import annotations

import json
from typing import Any

from sympy import Expr, Symbol

from symbptt.core.errors import ProofError, SymbpttError
from symbptt.core.serialize import Writer, read_index, read_nodes, write_index
from symbptt.core.terms import Elem, Param, Term
from symbptt.core.theory import Assumption, Definition, Frame, Given, Theory

from .objects import (
    Assumed,
    Chain,
    Development,
    Identification,
    Induction,
    Proof,
    Step,
    Theorem,
)  # fmt: skip

FORMAT, VERSION = "symbptt-proof", 1


def dumps(development: Development) -> str:
    """The development as deterministic JSON text."""
    w = Writer()
    theory = _write_theory(development.theory, w)
    theorems = [_write_theorem(t, w) for t in development.theorems]
    head = json.dumps({"format": FORMAT, "version": VERSION})[1:-1]
    parts = [
        f'"nodes": [\n{_lines(w.nodes)}\n]',
        f'"theory": {json.dumps(theory, ensure_ascii=False)}',
        f'"theorems": [\n{_lines(theorems)}\n]',
    ]
    return "{" + ",\n".join([head, *parts]) + "}\n"


def _lines(items: list[Any]) -> str:
    return ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)


def _facts(facts: tuple[Expr, ...]) -> list[Any]:
    return [write_index(f) for f in facts]


def _write_theory(theory: Theory, w: Writer) -> dict[str, Any]:
    return {
        "params": [w.add(p) for p in theory.params],
        "givens": [[w.add(g.head), _facts(g.facts)] for g in theory.givens],
        "definitions": [
            [w.add(d.head), w.add(d.body), _facts(d.facts)] for d in theory.definitions
        ],
        "facts": _facts(theory.facts),
        "assumptions": [
            [
                a.name,
                w.add(a.left),
                w.add(a.right),
                _facts(a.facts),
                *([] if a.relation == "=" else [a.relation]),
            ]
            for a in theory.assumptions
        ],
    }


def _write_frame(frame: Frame, w: Writer) -> dict[str, Any]:
    return {
        "vary": [w.add(x) for x in frame.vary],
        "shocks": list(frame.shocks),
        "step": None if frame.step is None else write_index(frame.step),
    }


def _write_step(step: Step, w: Writer) -> dict[str, Any]:
    out: dict[str, Any] = {"by": step.by, "path": list(step.path), "result": w.add(step.result)}
    if step.name:
        out["name"] = step.name
    if step.reverse:
        out["reverse"] = True
    if step.bind:
        out["bind"] = {k: write_index(e) for k, e in step.bind}
    if step.span is not None:
        out["span"] = list(step.span)
    if step.reason:
        out["reason"] = step.reason
    return out


def _write_proof(proof: Proof, w: Writer) -> dict[str, Any]:
    if isinstance(proof, Chain):
        return {"steps": [_write_step(s, w) for s in proof.steps]}
    if isinstance(proof, Induction):
        return {
            "induction": proof.variable.name,
            "start": write_index(proof.start),
            "direction": proof.direction,
            "base": [_write_step(s, w) for s in proof.base.steps],
            "step": [_write_step(s, w) for s in proof.step.steps],
        }
    if isinstance(proof, Identification):
        return {"identify": proof.source, "wrt": w.add(proof.wrt)}
    return {"assumed": proof.name}


def _write_theorem(t: Theorem, w: Writer) -> dict[str, Any]:
    return {
        "id": t.id,
        "left": w.add(t.left),
        "right": w.add(t.right),
        "facts": _facts(t.facts),
        "frame": _write_frame(t.frame, w),
        "title": t.title,
        "subject": [w.add(x) for x in t.subject],
        "proof": _write_proof(t.proof, w),
        **({} if t.relation == "=" else {"relation": t.relation}),
    }


class _Reader:
    """Reads the parts of a file; every surprise is a ProofError."""

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = read_nodes(nodes)

    def term(self, number: Any) -> Term:
        if isinstance(number, bool) or not isinstance(number, int):
            raise ProofError(f"{number!r} is not the number of a node")
        if not 0 <= number < len(self.nodes):
            raise ProofError(f"there is no node {number}")
        return self.nodes[number]

    def leaf(self, number: Any) -> Any:
        term = self.term(number)
        if not isinstance(term, Elem | Param):
            raise ProofError(f"{term} is not a name")
        return term

    def element(self, number: Any) -> Elem:
        term = self.leaf(number)
        if not isinstance(term, Elem) or not isinstance(term.index, Symbol):
            raise ProofError(f"{term} is not an element with an index symbol")
        return term

    def param(self, number: Any) -> Param:
        term = self.leaf(number)
        if not isinstance(term, Param):
            raise ProofError(f"{term} is not a parameter")
        return term

    def facts(self, data: Any) -> tuple[Expr, ...]:
        return tuple(read_index(f) for f in _of(list, data))

    def theory(self, data: dict[str, Any]) -> Theory:
        definitions = []
        for head, body, facts in _of(list, data["definitions"]):
            leaf = self.leaf(head)
            leaf = self.element(head) if isinstance(leaf, Elem) else leaf
            definitions.append(Definition(leaf, self.term(body), self.facts(facts)))
        givens = (Given(self.element(h), self.facts(f)) for h, f in _of(list, data["givens"]))
        params = (self.param(p) for p in _of(list, data["params"]))
        assumptions = (
            Assumption(
                _of(str, name),
                self.term(left),
                self.term(right),
                self.facts(facts),
                *map(_order, relation),
            )
            for name, left, right, facts, *relation in _of(list, data["assumptions"])
        )
        facts = self.facts(data["facts"])
        return Theory(tuple(params), tuple(givens), tuple(definitions), facts, tuple(assumptions))

    def frame(self, data: dict[str, Any]) -> Frame:
        step = data["step"]
        vary = tuple(self.leaf(x) for x in _of(list, data["vary"]))
        shocks = tuple(_of(str, z) for z in _of(list, data["shocks"]))
        return Frame(vary, shocks, None if step is None else read_index(step))

    def step(self, data: dict[str, Any]) -> Step:
        span = data.get("span")
        if span is not None:
            first, last = map(_natural, span)
            span = (first, last)
        bind = tuple((k, read_index(e)) for k, e in data.get("bind", {}).items())
        return Step(
            _of(str, data["by"]), tuple(map(_natural, _of(list, data["path"]))),
            self.term(data["result"]), _of(str, data.get("name", "")),
            _of(bool, data.get("reverse", False)), bind, span, _of(str, data.get("reason", "")),
        )  # fmt: skip

    def chain(self, data: Any) -> Chain:
        return Chain(tuple(self.step(s) for s in _of(list, data)))

    def proof(self, data: dict[str, Any]) -> Proof:
        if "steps" in data:
            return self.chain(data["steps"])
        if "induction" in data:
            variable = read_index(data["induction"])
            if not isinstance(variable, Symbol):
                raise ProofError("an induction needs a variable")
            return Induction(variable, read_index(data["start"]), self.chain(data["base"]),
                             self.chain(data["step"]), _of(int, data["direction"]))  # fmt: skip
        if "assumed" in data:
            return Assumed(_of(str, data["assumed"]))
        return Identification(_of(str, data["identify"]), self.term(data["wrt"]))

    def theorem(self, data: dict[str, Any]) -> Theorem:
        return Theorem(
            _of(str, data["id"]), self.term(data["left"]), self.term(data["right"]),
            self.proof(data["proof"]), self.facts(data["facts"]), self.frame(data["frame"]),
            _of(str, data.get("title", "")), tuple(map(self.term, data.get("subject", []))),
            _order(data.get("relation", "=")),
        )  # fmt: skip


def _of(kind: type, value: Any) -> Any:
    """The value, which must be of this very type (a truth value is not a number)."""
    if type(value) is not kind:
        raise ProofError(f"{value!r} is not of type {kind.__name__}")
    return value


def _order(value: Any) -> str:
    if value not in ("=", "<=", "<"):
        raise ProofError(f"{value!r} is not a relation")
    return str(value)


def _natural(value: Any) -> int:
    if _of(int, value) < 0:
        raise ProofError(f"{value!r} is not a position")
    return int(value)


def loads(text: str) -> Development:
    """The development of a JSON text; ProofError for anything that is not one."""
    try:
        data = json.loads(text)
        if data.get("format") != FORMAT or data.get("version") != VERSION:
            raise ProofError("not a proof file of this version")
        reader = _Reader(data["nodes"])
        theory = reader.theory(data["theory"])
        return Development(theory, tuple(reader.theorem(t) for t in data["theorems"]))
    except ProofError:
        raise
    except SymbpttError as error:
        raise ProofError(f"the file is damaged: {error.message}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ProofError(f"the file is damaged: {error!r}") from error
