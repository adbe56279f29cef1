"""What a proof is: steps, chains, inductions, identifications, theorems.

Everything is immutable data. ``Step.result`` is the whole term after the step, so that a reader
sees every line and the kernel compares every line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sympy import Expr, Symbol

from symbptt.core.terms import Term
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import Path, substitute


@dataclass(frozen=True)
class Step:
    """One rewriting of the subterm at ``path`` (of operands ``span`` of it, if given).

    ``by`` is one of
    - "rule": the row ``name``; ``reverse`` reads it from right to left;
    - "unfold" / "fold": the definition of ``name`` at the index in ``bind["index"]``;
    - "shock": d z[t] = d(body of z at t) + Shock z[t], in a frame with shocks on z;
    - "lemma": the theorem ``name``, its free indices replaced as ``bind`` says;
    - "hypothesis": the induction hypothesis;
    - "vanish": d of a term that nothing varying reaches is zero;
    - "algebra": both sides have one canonical form;
    - "bound": a scalar is replaced by a larger one where the line rises with it (``reverse``: by a
      smaller one where it falls), as the row or the theorem ``name`` says, or the induction
      hypothesis if there is no name.
    ``reason`` names a word of the report for the reader; the kernel does not look at it.
    """

    by: str
    path: Path
    result: Term
    name: str = ""
    reverse: bool = False
    bind: tuple[tuple[str, Expr], ...] = ()
    span: tuple[int, int] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Chain:
    """A proof by rewriting: the left side becomes the right side step by step."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Induction:
    """A proof by induction on ``variable`` from ``start``, upward (+1) or downward (-1).

    ``base`` proves the statement at ``start``; ``step`` proves it at variable + direction from
    the hypothesis at variable.
    """

    variable: Symbol
    start: Expr
    base: Chain
    step: Chain
    direction: int = 1


@dataclass(frozen=True)
class Identification:
    """d y = R, and R is linear in the change of ``wrt``: its coefficient is the derivative.

    ``source`` is the theorem d y = R; ``left`` of the proved statement is Gradient(y, wrt) or
    Partial(y, wrt, mode). Source: Magnus & Neudecker (1988), ch. 5 §18 and ch. 9 §3-5.
    """

    source: str
    wrt: Term


@dataclass(frozen=True)
class Assumed:
    """No proof: the statement is one of the theory's assumptions, by name."""

    name: str


Proof = Chain | Induction | Identification | Assumed


NOTHING_VARIES = Frame()


@dataclass(frozen=True)
class Theorem:
    """``left = right`` for all indices that satisfy ``facts``, with d(.) meant in ``frame``.

    ``relation`` is "=", "<=" or "<"; the sides of an inequality are 1 x 1.

    ``title`` is a key of the report's word lists, ``subject`` the terms it is about.
    """

    id: str
    left: Term
    right: Term
    proof: Proof
    facts: tuple[Expr, ...] = ()
    frame: Frame = NOTHING_VARIES
    title: str = ""
    subject: tuple[Term, ...] = ()
    relation: str = "="

    def __hash__(self) -> int:
        return hash((self.id, self.left, self.right))  # its proof may be long

    def instance(self, mapping: Mapping[Symbol, Expr]) -> Theorem:
        """The statement with index symbols replaced, except in its frame."""
        left, right, *facts = (substitute(x, mapping) for x in (self.left, self.right, *self.facts))
        return replace(self, left=left, right=right, facts=tuple(facts))


@dataclass(frozen=True)
class Development:
    """A theory and theorems in the order in which they may use each other."""

    theory: Theory
    theorems: tuple[Theorem, ...] = field(default=())

    def theorem(self, id: str) -> Theorem:
        """The theorem of that id; KeyError if there is none."""
        return next(t for t in self.theorems if t.id == id)
