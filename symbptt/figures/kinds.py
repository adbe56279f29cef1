"""The table of figures: what a worksheet may plot, with the options of each kind.

An option is text; ``Request`` reads it, and refuses with a hint what is missing or unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symbptt.core.errors import ReadError
from symbptt.models.model import Model

from .activations import activations
from .clipping import clipping
from .data import Figure
from .jacobians import adjoints, gates, jacobians
from .powers import powers
from .series import read_series


@dataclass(frozen=True)
class Request:
    """The options of a plot block, and how models and matrices are found by their text."""

    options: Mapping[str, str]
    find: Callable[[str], Model]
    matrices: Callable[[str], Mapping[str, Any]]

    def text(self, name: str, default: str | None = None) -> str:
        """An option's text; without a default it must be there."""
        value = self.options.get(name, default)
        if value is None:
            raise ReadError(f"this figure needs the option :{name}:")
        return value

    def integer(self, name: str, default: int, most: int = 1000) -> int:
        """A positive integer."""
        value = self.text(name, str(default))
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise ReadError(f":{name}: is a number from 1 to {most}, not {value!r}")
        return int(value)

    def numbers(self, name: str, default: str, count: int) -> tuple[float, ...]:
        """So many numbers with commas between them."""
        try:
            values = tuple(float(p) for p in self.text(name, default).split(","))
        except ValueError:
            values = ()
        if len(values) != count:
            raise ReadError(f":{name}: needs {count} numbers with commas")
        return values

    def pairs(self, name: str) -> dict[str, str]:
        """``model: sequence`` pairs with semicolons between them."""
        items = [p.partition(":") for p in self.text(name, "").split(";") if p.strip()]
        return {left.strip(): right.strip() for left, _, right in items}


@dataclass(frozen=True)
class Kind:
    """A kind of figure: the options that it knows, and how it is computed."""

    name: str
    options: tuple[str, ...]
    make: Callable[[Request], Figure]


def _powers(r: Request) -> Figure:
    return powers(r.matrices(r.text("with")), r.integer("steps", 40))


def _jacobians(r: Request) -> Figure:
    series = read_series(r.text("series"), r.find)
    return jacobians(series, r.pairs("state"), r.integer("steps", 40, 200))


def _gates(r: Request) -> Figure:
    series = read_series(r.text("series"), r.find)
    return gates(series, r.text("gate", "f"), r.integer("steps", 100))


def _adjoints(r: Request) -> Figure:
    series = read_series(r.text("series"), r.find)
    return adjoints(series, r.pairs("state"), r.integer("steps", 20, 100))


def _activations(r: Request) -> Figure:
    return activations([n.strip() for n in r.text("functions").split(",")])


def _clipping(r: Request) -> Figure:
    (threshold, rate) = r.numbers("step", "1, 0.1", 2)
    w, b = r.numbers("w", "3.5, 7", 2), r.numbers("b", "-3.5, -1.5", 2)
    start = r.numbers("start", "5.5, -2.2", 2)
    return clipping(w, b, start, rate, threshold, r.integer("steps", 25))  # type: ignore[arg-type]


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("powers", ("with", "steps"), _powers),
        Kind("jacobians", ("series", "state", "steps"), _jacobians),
        Kind("gates", ("series", "gate", "steps"), _gates),
        Kind("adjoints", ("series", "state", "steps"), _adjoints),
        Kind("activations", ("functions",), _activations),
        Kind("clipping", ("w", "b", "start", "step", "steps"), _clipping),
    )
}


def make(kind: str, request: Request) -> Figure:
    """The figure of a plot block. ReadError for an unknown kind or option."""
    row = KINDS.get(kind)
    if row is None:
        raise ReadError(f"there is no figure {kind!r}", hint="the kinds are " + ", ".join(KINDS))
    for name in request.options:
        if name not in row.options:
            hint = "the options are " + ", ".join(f":{o}:" for o in row.options)
            raise ReadError(f"the figure {kind} has no option :{name}:", hint=hint)
    return row.make(request)
