r"""A stated equation or inequality, proved: read, put under its assumptions, proved and checked.

>>> from symbptt.models import Model
>>> p = prove_statement(Model.named("lstm"), r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde C_t")
>>> p.text()
'C_t = f_t ⊙ C_{t-1} + i_t ⊙ C̃_t'
>>> p.verify()
True
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Symbol

from symbptt.calculus.bounds import bound
from symbptt.calculus.derive import Problem, Result
from symbptt.calculus.existence import existence, meant
from symbptt.calculus.merging import merged
from symbptt.calculus.prove import prove
from symbptt.calculus.reindexing import back, reindexed
from symbptt.calculus.slopes import as_slopes, with_formulas
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.indices import contradictory, entails, irredundant, linear
from symbptt.core.scope import scope_of
from symbptt.core.terms import Term
from symbptt.models.claim import Link, Method, exponent_letters, read_claims, read_method
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.proof.files import dumps
from symbptt.report.compose import Composer, Derived
from symbptt.report.document import Blocks
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.shown import Shown, theorem_data
from symbptt.report.supposed import Supposed

Facts = tuple[Expr, ...]


@dataclass(frozen=True, repr=False)
class ProvedStatement(Shown):
    """A statement with its theorems, one for each link of its chains.

    ``model`` is that under the assumptions ``given``, ``plain`` that without them; ``told`` are
    those that a theorem's ranges do not say.
    """

    model: Model
    statement: str
    given: tuple[str, ...]
    by: str
    outcome: Result
    told: tuple[str, ...] = ()
    plain: Model | None = None

    def _written(self, pen: Pen) -> list[str]:
        return [pen.relation_of(t.relation, t.left, t.right) for t in self.theorems]

    def latex(self) -> str:
        """The statement as it was proved, in LaTeX."""
        return r",\quad ".join(self._written(LATEX_PEN))

    def text(self) -> str:
        """The statement as it was proved, as one line of text."""
        return ",  ".join(self._written(UNICODE_PEN))

    @property
    def derived(self) -> Derived:
        """The statement as reports take it."""
        return Derived(self.outcome)

    def blocks(self, pen: Pen = LATEX_PEN) -> Blocks:
        """Definitions, lemmas and theorems with their proofs."""
        given = self.told if pen.on_page else tuple(map(self._unicode, self.told))
        return Composer(self.model, [self.derived], pen, supposed=self.supposed(given)).blocks(0)

    def supposed(self, given: tuple[str, ...]) -> Supposed:
        """The assumptions, written as ``given``, as reports take them."""
        return Supposed(given, None if self.plain is None else problem_of(self.plain).theory)

    def _unicode(self, given: str) -> str:
        """An assumption as text; one in words stays as it was written."""
        try:
            (claim,) = read_claims(self.model, given)
        except (SymbpttError, ValueError):
            return given
        first, *_ = claim
        return UNICODE_PEN.relation_of(*_upward(first))

    def json(self) -> dict[str, Any]:
        """The statement as data with stable keys."""
        return {
            "statement": self.statement,
            "given": list(self.given),
            "by": self.by,
            "result": {"latex": self.latex(), "text": self.text()},
            "theorems": [theorem_data(t) for t in self.theorems],
            "proof": json.loads(dumps(self.development)),
        }


def prove_statement(
    model: Model, statement: str, given: Sequence[str] = (), by: str = ""
) -> ProvedStatement:
    r"""Proves equations and inequalities given as text, e.g. ``M^k = Q \Lambda^k Q^{-1}``.

    ``given`` are assumptions in the same language; ``by`` is a way of proving, such as
    ``induction on t from 0``; without it the proof is tried directly, then by induction over each
    index. The kernel has accepted what is returned. SymbpttError for what cannot be read,
    NotSupported where no proof is found.
    """
    method = read_method(by)
    assumed, facts = assume(model, given)
    if method is not None and method.variable is not None:
        letter = exponent_letters(assumed).get(method.variable, method.variable)
        method = replace(method, variable=letter)
    problem = problem_of(assumed)
    results = []
    for links in read_claims(assumed, statement, facts):
        results += _claim(problem, links, facts, method)
    told = tuple(g for g in given if _changes(model, given, g))
    proved = ProvedStatement(assumed, statement, tuple(given), by, merged(results), told, model)
    proved.verify()
    return proved


def _changes(model: Model, given: Sequence[str], one: str) -> bool:
    """Whether an assumption says more than where an index runs."""
    try:
        return assume(model, [g for g in given if g != one])[0] != assume(model, given)[0]
    except SymbpttError:
        return True  # the others are about what it introduces


# ---------------------------------------------------------------- ways of proving


def _claim(
    problem: Problem, links: Sequence[Link], facts: Facts, method: Method | None
) -> list[Result]:
    """The links of a claim in the widest range that it may be meant for and is proved in."""
    known = (*links[0].facts, *facts)
    ranges = meant(problem.theory, _sides(links), known, {link.relation for link in links})
    first: SymbpttError | None = None
    for where in ranges:
        try:
            here = (*known, *where)
            return [prove_link(problem, replace(link, facts=here), method) for link in links]
        except NotSupported as error:
            first = first or error
    assert first is not None
    raise first


def _sides(links: Sequence[Link]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(side for link in links for side in (link.left, link.right)))


@dataclass(frozen=True)
class _Way:
    """One attempt: directly, or by induction from a start."""

    induction: tuple[Symbol, Expr] | None = None

    def __str__(self) -> str:
        if self.induction is None:
            return "directly"
        variable, start = self.induction
        return f"by induction on {variable} from {start}"


def prove_link(problem: Problem, link: Link, method: Method | None = None) -> Result:
    """The link with a proof in the first way that works; NotSupported says what was tried.

    The proof is not checked yet: that is for the kernel.
    """
    link = replace(link, facts=_settled(problem, link))
    tried: list[str] = []
    moved = reindexed(problem, link.left, link.right, link.facts) if method is None else None
    if moved is not None:
        try:
            other = prove_link(problem, Link(moved.left, link.relation, moved.right, moved.facts))
            return back(other, link.left, link.relation, link.right, link.facts, moved)
        except SymbpttError as error:
            tried.append(f"with {moved.letter} for {moved.place} ({error.message})")
    if method is None and link.relation != "=":
        sides = tuple(as_slopes(problem.theory, x) for x in (link.left, link.right))
        if sides != (link.left, link.right):
            try:
                other = prove_link(problem, replace(link, left=sides[0], right=sides[1]))
                return with_formulas(
                    problem, other, link.left, link.relation, link.right, link.facts
                )
            except SymbpttError as error:
                tried.append(f"with slopes ({error.message})")
    for way in _ways(problem, link, method):
        try:
            return _attempt(problem, link, way)
        except SymbpttError as error:
            vain = error.message.startswith("no proof of")  # which says nothing more
            tried.append(f"{way}" if vain else f"{way} ({error.message})")
    general = _generalised(problem, link)
    if general is not None:
        try:
            return prove_link(problem, general, method)
        except NotSupported:
            pass
    shown = UNICODE_PEN.relation_of(*_upward(link))
    raise NotSupported(f"no proof of {shown} was found", hint="tried " + "; ".join(tried))


def _generalised(problem: Problem, link: Link) -> Link | None:
    """The link wherever its sides exist, if that is more than was asked: an induction may need it.

    A power of a sum is expanded from the exponent 0 on, also where k >= s is given.
    """
    where = existence(problem.theory, link.left, link.right)
    known = (*problem.theory.facts, *link.facts)
    wider = all(entails(known, f) for f in where) and not all(
        entails((*problem.theory.facts, *where), f) for f in link.facts
    )
    return replace(link, facts=where) if wider else None


def _attempt(problem: Problem, link: Link, way: _Way) -> Result:
    if link.relation == "=":
        return prove(problem, link.left, link.right, link.facts, way.induction)
    return bound(problem, link.left, link.relation, link.right, link.facts, way.induction)


def _upward(link: Link) -> tuple[str, Term, Term]:
    """An inequality as theorems state it, the smaller side on the left."""
    if link.relation.startswith(">"):
        return link.relation.replace(">", "<"), link.right, link.left
    return link.relation, link.left, link.right


def _settled(problem: Problem, link: Link) -> Facts:
    known = problem.theory.facts
    if contradictory((*known, *link.facts)):
        raise SymbpttError("the conditions contradict each other: nothing is left to prove")
    return irredundant(link.facts, known)


def _ways(problem: Problem, link: Link, method: Method | None) -> Iterator[_Way]:
    """The way asked for; else directly and over each index, those at the end of ranges first."""
    if method is None:
        yield _Way()
        for variable in _variables(problem, link):
            for start in _starts(link.facts, variable):
                yield _Way((variable, start))
    elif method.variable is None:
        yield _Way()
    else:
        yield from _asked(problem, link, method.variable, method.start)


def _asked(problem: Problem, link: Link, variable: Symbol, start: Expr | None) -> Iterator[_Way]:
    known = _variables(problem, link)
    if variable not in known:
        fixed = variable in link.left.free_symbols | link.right.free_symbols
        what = "is a size or length of the model" if fixed else "is not an index of the statement"
        hint = f"its indices are {', '.join(map(str, known))}" if known else "it has no index"
        raise SymbpttError(f"there is no induction on {variable}: it {what}", hint=hint)
    starts = _starts(link.facts, variable) if start is None else [start]
    if not starts:
        raise SymbpttError(f"nothing says where {variable} begins",
                           hint=f"say induction on {variable} from 0")  # fmt: skip
    yield from (_Way((variable, s)) for s in starts)


def _variables(problem: Problem, link: Link) -> list[Symbol]:
    """The indices of the statement, t before k: later letters are where ranges end."""
    fixed = scope_of(problem.theory).symbols
    free = (link.left.free_symbols | link.right.free_symbols) - fixed
    bounded = {s for f in link.facts for s in f.free_symbols}
    return sorted(free & bounded, key=lambda s: s.name, reverse=True)


def _starts(facts: Facts, variable: Symbol) -> list[Expr]:
    """The least values of the variable: the lower bounds that no other one exceeds."""
    lows = [
        (variable - f).expand()
        for f in facts
        if dict(linear(f)[1]).get(variable) == 1
    ]  # fmt: skip
    rest = tuple(f for f in facts if variable not in f.free_symbols)
    lows = list(dict.fromkeys(lows))
    greatest = [x for x in lows if all(entails(rest, x - y) for y in lows)]
    return greatest or lows
