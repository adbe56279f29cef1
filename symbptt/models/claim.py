"""Statements to prove, as text: their claims with the ranges they state, and how to prove them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sympy import Expr, Symbol

from ..core.errors import ReadError, SymbpttError
from ..core.powers import EntrywisePower
from ..core.terms import Const, Power, Term
from ..core.traverse import rebuild
from ..notation.parser import parse_source
from ..notation.reader import Statement, read_statements
from ..notation.scripts import index_expr
from ..notation.source import Source, checked_source
from .entries import entrywise
from .model import Model

Facts = tuple[Expr, ...]
RELATIONS = {
    "=": "=", ":": "=", r"\le": "<=", "<": "<", r"\ge": ">=", ">": ">",
}  # fmt: skip
"""Relations of the language that can be proved, and how theorems call them."""

_INDUCTION = re.compile(
    r"\s*(?:by\s+)?induction\s+(?:on|over|in)\s+(?P<variable>.+?)"
    r"(?:\s*,?\s+(?:starting\s+)?(?:from|at)\s+(?P<start>.+?))?\s*\.?\s*"
)
_DIRECT = re.compile(r"\s*(?:by\s+)?(?:direct(?:ly)?|computation|calculation)\s*")


@dataclass(frozen=True)
class Link:
    """``left relation right`` where the facts hold."""

    left: Term
    relation: str
    right: Term
    facts: Facts = ()


@dataclass(frozen=True)
class Method:
    """How to prove: by induction on a variable (from a start, or where it begins), or directly."""

    variable: Symbol | None = None
    start: Expr | None = None


def read_claims(model: Model, statement: str, given: Facts = ()) -> tuple[tuple[Link, ...], ...]:
    """The claims, each as its links; what is said of indices alone holds for every claim.

    In M^n with an n x n matrix the exponent is another letter: the statement is read for every
    exponent, see ``exponent_letters``. A letter that the facts ``given`` are about may also stand
    for the number, as in k \\lambda^{k-1}. Raises ReadError where there is nothing to prove, or a
    relation has no proof.
    """
    source = checked_source(statement)
    read = _read(model, statement, {s.name for f in given for s in f.free_symbols})
    claims = [s for s in read if not _about_indices(s)]
    if not claims or not all(s.relations for s in claims):
        raise source.fail(
            "this is not a statement", 0, "write an equation or an inequality, such as a = b"
        )
    facts = tuple(f for s in read if _about_indices(s) for f in _facts(s, source))
    out = []
    for claim in claims:
        ranged = tuple(
            f for r in claim.ranges for f in _between(r.index, r.lo, r.hi or model.length)
        )
        sides = [_exponents(side, exponent_letters(model)) for side in claim.sides]
        pairs = zip(claim.relations, sides, sides[1:], strict=False)
        held = (*facts, *ranged)
        out.append(tuple(_link(model, a, _relation(op, source), b, held) for op, a, b in pairs))
    return tuple(out)


def _link(model: Model, left: Term, relation: str, right: Term, facts: Facts) -> Link:
    """An inequality of vectors holds for all entries."""
    if relation != "=":
        left, right, inside = entrywise(model, left, right)
        facts = (*facts, *inside)
    return Link(left, relation, right, facts)


def _read(model: Model, statement: str, numbers: set[str]) -> list[Statement]:
    scope = model.scope.extended(unit=model.unit_size)
    try:
        return list(read_statements(statement, scope))
    except ReadError:
        counted = scope.extended(times=scope.times.union(numbers - {*scope.params}))
        if counted.times == scope.times:
            raise
        try:
            return list(read_statements(statement, counted))
        except SymbpttError:
            pass
        raise


def exponent_letters(model: Model) -> dict[Symbol, Symbol]:
    """The letters that stand for sizes where they are exponents: each size has one of its own."""
    used = {*model.scope.sizes, *model.scope.times, model.length.name, *model.scope.params}
    free = [x for x in "mkpqrjlsnuvw" if x not in used]
    sizes = sorted(model.scope.sizes)
    return {
        Symbol(a, integer=True): Symbol(b, integer=True) for a, b in zip(sizes, free, strict=False)
    }


def _exponents(term: Term, letters: dict[Symbol, Symbol]) -> Term:
    """The term with other letters in its exponents."""
    args = tuple(_exponents(a, letters) if isinstance(a, Term) else a for a in term.args)
    if isinstance(term, Power | EntrywisePower):
        return term.func(args[0], term.exponent.xreplace(letters))
    return rebuild(term, args)


def _about_indices(statement: Statement) -> bool:
    return bool(statement.relations) and all(isinstance(x, Const) for x in statement.sides)


def _between(index: str, low: Expr, high: Expr) -> Facts:
    symbol = Symbol(index, integer=True)
    return symbol - low, high - symbol


def _facts(statement: Statement, source: Source) -> Facts:
    """1 <= k < t as expressions that are not negative."""
    out: list[Expr] = []
    values = [x.args[0] for x in statement.sides]
    for op, a, b in zip(statement.relations, values, values[1:], strict=False):
        relation = _relation(op, source)
        if relation == "=":
            out += [a - b, b - a]
        else:
            low, high = (a, b) if relation[0] == "<" else (b, a)
            out.append(high - low - (0 if "=" in relation else 1))
    if not any(f.free_symbols for f in out):
        raise source.fail("this is a statement about numbers alone", 0)
    return tuple(f.expand() for f in out)


def _relation(op: str, source: Source) -> str:
    if op not in RELATIONS:
        place = max(source.text.find(op), 0)
        known = ", ".join(dict.fromkeys(RELATIONS.values()))
        raise source.fail(f"{op} is not a relation that is proved", place, f"those are {known}")
    return RELATIONS[op]


def read_method(by: str) -> Method | None:
    r"""``induction on n``, ``induction on t from 0``, ``directly``; None where nothing is said."""
    source = checked_source(by, "by")
    if not by.strip():
        return None
    if _DIRECT.fullmatch(by):
        return Method()
    match = _INDUCTION.fullmatch(by)
    if match is None:
        raise source.fail(
            "this way of proving is not known", len(by) - len(by.lstrip()),
            "say induction on n, induction on t from 0, or directly",
        )  # fmt: skip
    variable = _index(match["variable"], source, match.start("variable"))
    if not isinstance(variable, Symbol):
        raise source.fail("induction is on one index", match.start("variable"))
    start = match["start"]
    return Method(variable, None if start is None else _index(start, source, match.start("start")))


def _index(text: str, source: Source, offset: int) -> Expr:
    try:
        nodes = parse_source(checked_source(text.replace("$", " ")))
    except ReadError as error:
        raise source.fail(error.message, offset) from None
    value = index_expr(nodes[0]) if len(nodes) == 1 else None
    if value is None:
        raise source.fail("an index is expected here", offset)
    return value
