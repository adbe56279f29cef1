r"""The lines of a figure in text: a model, then what is set in it.

    rnn-tanh, \|W\| = 0.9; lstm, f_t = 0.95; lstm, b_f = 2

``\|W\| = c`` scales a parameter to the 2-norm c, ``b = c`` fills it with c, and any other equation
is an assumption that changes the model's equations (``symbptt.models.given``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from symbptt.codegen import load_module
from symbptt.core.errors import ReadError
from symbptt.models.given import assume
from symbptt.models.model import Model
from symbptt.module import numpy_source
from symbptt.notation.symbols import ascii_name, normal_name

_NORM = re.compile(r"^(?:\\\||\\lVert\s|\|\|)\s*(?P<name>.+?)\s*(?:\\\||\\rVert|\|\|)$")
_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$")


@dataclass(frozen=True)
class Series:
    """A model with its generated module, and parameters to be set: (name, norm or fill, value)."""

    label: str
    model: Model
    module: ModuleType
    settings: tuple[tuple[str, str, float], ...]

    def params(self, sizes: dict[str, int], rng: Any) -> dict[str, Any]:
        """Fresh parameters with the settings made."""
        import numpy as np

        params = self.module.init_params(sizes, rng)
        for name, how, value in self.settings:
            old = params[name]
            if how == "norm":
                params[name] = old * (value / np.linalg.norm(old, 2))
            else:
                params[name] = np.full_like(old, value)
        return params


def read_series(text: str, find: Callable[[str], Model]) -> tuple[Series, ...]:
    """All series of a text; ``find`` gives a model by its name.

    Raises ReadError where a setting is not an equation.
    """
    parts = [p.strip() for p in text.split(";") if p.strip()]
    if not parts:
        raise ReadError("no series is given", hint=r"for example rnn-tanh, \|W\| = 0.9")
    return tuple(_series(part, find) for part in parts)


def _series(text: str, find: Callable[[str], Model]) -> Series:
    name, *rest = (p.strip() for p in text.split(","))
    model = find(name)
    given, settings = [], []
    params = {p.name for p in model.theory.params}
    for item in rest:
        left, equals, right = (p.strip() for p in item.partition("="))
        if not equals or not right:
            raise ReadError(f"{item!r} is not an equation", hint=r"for example \|W\| = 0.9")
        norm = _NORM.match(left)
        target = normal_name(norm["name"] if norm else left)
        if target in params and _NUMBER.match(right):
            settings.append((ascii_name(target), "norm" if norm else "fill", float(right)))
        elif norm:
            raise ReadError(f"{target} is not a parameter of the model {name}")
        else:
            given.append(item)
    if given:
        model, _ = assume(model, given)
    label = ", ".join([name, *(f"${item}$" for item in rest)])
    return Series(label, model, load(model), tuple(settings))


def load(model: Model) -> ModuleType:
    """The generated module of a model."""
    return load_module(numpy_source(model))
