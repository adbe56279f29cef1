"""What a claim is judged in: the model under what is given, kept for claims that follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from symbptt.calculus.derive import Problem
from symbptt.models.claim import Facts
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.models.problem import problem_of

_KEPT = 64  # models of a batch, and their settings


@dataclass(frozen=True)
class Setting:
    """A model under assumptions, and the facts that these state of indices."""

    model: Model
    problem: Problem
    facts: Facts = ()


@lru_cache(maxsize=_KEPT)
def parsed(text: str) -> Model:
    """The model that the text describes; it may only declare names."""
    return Model.parse(text, file="model", equations=False)


@lru_cache(maxsize=_KEPT)
def setting_of(text: str, given: tuple[str, ...] = ()) -> Setting:
    """The setting of a model's text; SymbpttError where the model or a given is not understood."""
    return setting_in(parsed(text), given)


def setting_in(model: Model, given: tuple[str, ...] = (), facts: Facts = ()) -> Setting:
    """The setting of a model that has been read; ``facts`` hold of indices beside the givens."""
    assumed, more = assume(model, given) if given else (model, ())
    return Setting(assumed, problem_of(assumed), (*facts, *more))
