"""A counterexample that a person can check: the smallest that is found, else a random sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from symbptt import refuting
from symbptt.core.arrays import Array
from symbptt.core.errors import SymbpttError
from symbptt.core.evaluation import evaluate
from symbptt.core.terms import Term
from symbptt.core.world import show_key
from symbptt.models.claim import Link

from .elaborate import Question
from .probing import Sample
from .ranges import Facts
from .setting import Setting
from .verdict import Counterexample

_SECONDS = 0.5  # of processor time
_DIGITS = 6


def refutation(setting: Setting, question: Question, facts: Facts) -> Counterexample | None:
    """The smallest exact counterexample that is found soon; None where there is none."""
    if question.relation not in ("=", "<", "<=", ">", ">="):
        return None
    link = Link(question.left, question.relation, question.right, facts)
    where = (*facts, *setting.problem.theory.facts)
    try:
        found = refuting.refute_links(
            setting.problem.theory, (link,), where, setting.model.onehot, _SECONDS
        )
    except SymbpttError:
        return None
    if found is None:
        return None
    data = found.json()
    return Counterexample(
        data["dims"], data["values"], data["left"], data["right"], tuple(data["entry"]),
        data.get("functions", {}),
    )  # fmt: skip


def of_sample(sample: Sample, *sides: Term) -> Counterexample:
    """A sample as data: sizes and indices, the leaves that were used, both sides."""
    world = sample.world.again()  # others may have used more of it
    for side in sides:
        evaluate(side, world, sample.indices)
    dims = {str(s): int(v) for s, v in {**world.sizes, **sample.indices}.items()}
    values = {show_key(k): _rows(v) for k, v in world.leaves.items()}
    left, right = sample.left, sample.right
    entry = None
    if left.shape == right.shape and left.size > 1:
        i, j = np.unravel_index(np.abs(left - right).argmax(), left.shape)
        entry = (int(i) + 1, int(j) + 1)
    return Counterexample(dims, values, _rows(left), _rows(right), entry)


def _rows(value: Array) -> Any:
    """A number, a list of the entries of a column, or a list of rows."""
    rounded = [[_number(x) for x in row] for row in np.asarray(value, dtype=float).tolist()]
    if len(rounded) == 1 and len(rounded[0]) == 1:
        return rounded[0][0]
    return [row[0] for row in rounded] if len(rounded[0]) == 1 else rounded


def _number(x: float) -> int | float:
    return int(x) if x == int(x) else float(f"{x:.{_DIGITS}g}")
