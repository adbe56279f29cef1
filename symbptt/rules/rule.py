"""What a rule is: one row of data, ``left = right`` for all values of its metavariables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr

from symbptt.core.errors import ShapeError
from symbptt.core.terms import Term, show_shape


@dataclass(frozen=True)
class Rule:
    """``left = right`` (or ``left <= right``, by ``relation``) where the conditions hold.

    ``conditions`` are index expressions and ``nonnegative`` terms that must be >= 0; ``positive``
    are terms that must be > 0. ``premises`` are equations that must be assumed or proved.

    Metavariables are ``Meta`` terms, index and dimension symbols, and function names that begin
    with "?". ``source`` is the book or paper it is taken from. ``example`` replaces metavariables
    when the row is sampled against ``meaning`` and a random leaf would make it trivial.
    """

    name: str
    left: Term
    right: Term
    conditions: tuple[Expr, ...] = ()
    source: str = ""
    example: tuple[tuple[Term, Term], ...] = ()
    relation: str = "="
    nonnegative: tuple[Term, ...] = ()
    positive: tuple[Term, ...] = ()
    premises: tuple[tuple[Term, Term], ...] = ()

    def __post_init__(self) -> None:
        if self.left.shape != self.right.shape:
            raise ShapeError(
                f"rule {self.name}: left is {show_shape(self.left.shape)}, "
                f"right is {show_shape(self.right.shape)}"
            )


@dataclass(frozen=True)
class Schema:
    """A family of rules, one for each arity; an instance is called ``name/arity``."""

    name: str
    make: Callable[[int], Rule]
    arities: range
    source: str = ""
