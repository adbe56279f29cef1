"""What an answer may take for granted, as data: one row each, tried where a claim fails without.

A row gives statements that change the model in force, from what the exercise's formulas do not
mention. None of them changes a gradient's form, so that none excuses a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symbptt.core.terms import Param
from symbptt.core.traverse import find
from symbptt.models.model import Model

_LENGTH = re.compile(r"\s*(?P<name>[A-Z])\s*=\s*(?P<value>\d{1,3})\s*")
_LOSS = re.compile(r"(?P<sum>\\sum_\{?\s*\w+\s*=\s*)1(?=\s*\}?\s*\^)")
_SPACE = re.compile(r"[\s{}]")


@dataclass(frozen=True)
class Row:
    """``statements`` gives what is supposed, from the model and the formulas of the exercise."""

    id: str
    statements: Callable[[Model, Sequence[str]], tuple[str, ...]]


def supposed(model: Model, formulas: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Each convention that applies, then all of them together."""
    found = [s for row in ROWS if (s := row.statements(model, formulas))]
    yield from found
    if len(found) > 1:
        yield tuple(statement for group in found for statement in group)


def stated_length(model: Model, text: str) -> str:
    """``T = 3`` where a formula says so of the model's length; empty otherwise."""
    match = _LENGTH.fullmatch(text)
    return text.strip() if match and match["name"] == str(model.length) else ""


def _no_biases(model: Model, formulas: Sequence[str]) -> tuple[str, ...]:
    """A vector parameter that the exercise's formulas never mention is zero."""
    bodies = [d.body for d in model.theory.definitions]
    vectors = {
        p.name for body in bodies for _, p in find(body, lambda x: isinstance(x, Param))
        if p.is_column and not p.is_scalar
    }  # fmt: skip
    defined = {d.key for d in model.theory.definitions}
    names = sorted(n for n in vectors if n not in {str(k) for k in defined})
    return tuple(f"{n} = 0" for n in names if not any(_mentions(f, n) for f in formulas))


def _mentions(formula: str, name: str) -> bool:
    plain = _SPACE.sub("", name)
    pattern = rf"(?<![A-Za-z\\_]){re.escape(plain)}(?![A-Za-z])"
    return re.search(pattern, re.sub(r"[{}]", "", formula)) is not None


def _loss_from_zero(model: Model, formulas: Sequence[str]) -> tuple[str, ...]:
    """The sum of the losses has a term for the initial state, where a formula goes back to 0."""
    if model.loss is None or not any(re.search(r"_\{?0|=\s*0\s*\}", f) for f in formulas):
        return ()
    for line in model.text.split("\n"):
        head = line.partition("=")[0].strip()
        if head == model.loss.name and _LOSS.search(line):
            return (_LOSS.sub(lambda m: f"{m['sum']}0", line.partition("%")[0]).strip(),)
    return ()


ROWS = (Row("no-biases", _no_biases), Row("loss-from-zero", _loss_from_zero))
