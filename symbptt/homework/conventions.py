"""What an answer may take for granted, as data: one row each, tried where a claim fails without.

A row gives statements that change the model in force, from what the exercise's formulas do not
mention. None of them changes a gradient's form, so that none excuses a mistake.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symbptt.core.terms import Param, Plus, Term, Times
from symbptt.core.traverse import find
from symbptt.models.model import Model

_LENGTH = re.compile(r"\s*(?P<name>[A-Z])\s*=\s*(?P<value>\d{1,3})\s*")
_LOSS = re.compile(r"(?P<sum>\\sum_\{?\s*\w+\s*=\s*)1(?=\s*\}?\s*\^)")
_FONT = re.compile(r"\\(?:math[a-z]+|text[a-z]*|boldsymbol|bm|bf|pmb)(?![A-Za-z])\s*")
_SPACE = re.compile(r"[\s{}]")


@dataclass(frozen=True)
class Supposed:
    """Statements under which the model is read, and lines of its text that are replaced."""

    given: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """What is supposed, in formulas."""
        return (*self.given, *(new for _, new in self.lines))

    def __add__(self, other: Supposed) -> Supposed:
        return Supposed(self.given + other.given, self.lines + other.lines)


NOTHING = Supposed()


@dataclass(frozen=True)
class Row:
    """``supposes`` gives what is supposed of a model from the formulas of the exercise."""

    id: str
    supposes: Callable[[Model, Sequence[str]], Supposed]


def supposed(model: Model, formulas: Sequence[str]) -> Iterator[Supposed]:
    """Each convention that applies, then all of them together."""
    found = [s for row in ROWS if (s := row.supposes(model, formulas)) != NOTHING]
    yield from found
    if len(found) > 1:
        yield sum(found, NOTHING)


def stated_length(model: Model, text: str) -> str:
    """``T = 3`` where a formula says so of the model's length; empty otherwise."""
    match = _LENGTH.fullmatch(text)
    return text.strip() if match and match["name"] == str(model.length) else ""


def _no_biases(model: Model, formulas: Sequence[str]) -> Supposed:
    """A bias that the exercise's formulas never mention is zero.

    A bias is a vector that the model only adds, to something that is multiplied by a weight.
    """
    bodies = [d.body for d in model.theory.definitions]
    everywhere = Counter(x.name for body in bodies for x in _parameters(body))
    added = Counter(
        x.name for body in bodies for _, plus in find(body, lambda x: isinstance(x, Plus))
        if any(isinstance(y, Times) for y in plus.args)
        for x in plus.args if isinstance(x, Param) and x.is_column and not x.is_scalar
    )  # fmt: skip
    unused = (n for n in sorted(added) if added[n] == everywhere[n]
              and not any(_mentions(f, n) for f in formulas))  # fmt: skip
    return Supposed(tuple(f"{n} = 0" for n in unused))


def _parameters(term: Term) -> Iterator[Param]:
    return (x for _, x in find(term, lambda x: isinstance(x, Param)) if isinstance(x, Param))


def _mentions(formula: str, name: str) -> bool:
    plain = _SPACE.sub("", name)
    pattern = rf"(?<![A-Za-z\\_]){re.escape(plain)}(?![A-Za-z])"
    return re.search(pattern, re.sub(r"[{}]", "", _FONT.sub("", formula))) is not None


def _loss_from_zero(model: Model, formulas: Sequence[str]) -> Supposed:
    """The sum of the losses has a term for the initial state, where a formula goes back to 0."""
    if model.loss is None or not any(re.search(r"_\{?0|=\s*0\s*\}", f) for f in formulas):
        return NOTHING
    for line in model.text.split("\n"):
        head = line.partition("=")[0].strip()
        if head == model.loss.name and _LOSS.search(line):
            new = _LOSS.sub(lambda m: f"{m['sum']}0", line.partition("%")[0]).strip()
            return Supposed(lines=((line, new),))
    return NOTHING


ROWS = (Row("no-biases", _no_biases), Row("loss-from-zero", _loss_from_zero))
