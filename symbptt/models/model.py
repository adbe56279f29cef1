"""A model: its theory and what its names are for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from sympy import Symbol

from ..core.terms import Param
from ..core.theory import Definition, Theory
from ..core.traverse import find
from ..core.units import is_unit
from ..notation.dims import Dim
from ..notation.scope import Scope, dim_of
from .builtin import builtin_text
from .parse import read_file, read_model


@dataclass(frozen=True)
class Model:
    """A recurrence as data.

    ``sequences`` are the vectors that the user's text defines, in order; ``auto`` the
    pre-activations that reading introduced; ``losses`` the scalar sequences; ``inputs`` the given
    sequences, without the ``targets``, which only the loss uses; ``states`` the sequences with
    given boundary elements; ``families`` parameters indexed by a lag (W_j in sum_j W_j x_{t-j});
    ``onehot`` the names declared one-hot; ``groups`` what \\theta and the
    like stand for; ``abbreviations`` names of derivatives (\\delta_t = \\partial L/\\partial h_t);
    ``scope`` the names for reading quantities and claims.
    """

    name: str
    text: str
    theory: Theory
    loss: Param | None
    length: Symbol
    sequences: tuple[str, ...]
    auto: tuple[str, ...]
    losses: tuple[str, ...]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    states: tuple[str, ...]
    dims: tuple[Symbol, ...]
    equations: tuple[str, ...]
    scope: Scope = field(repr=False, compare=False, default_factory=Scope)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    onehot: tuple[str, ...] = ()
    layout: str = "numerator"
    file: str = ""
    abbreviations: tuple[Definition, ...] = ()
    families: tuple[str, ...] = ()

    @cached_property
    def unit_size(self) -> Dim | None:
        """The size of the unit vectors e_i in the definitions, where they have one."""
        sizes = {u.shape[0] for d in self.theory.definitions for _, u in find(d.body, is_unit)}
        return dim_of(sizes.pop()) if len(sizes) == 1 else None

    @cached_property
    def closed(self) -> Model:
        """The model as claims about it are read: with no other names, and what it knows of them."""
        closed = self.scope.extended(closed=True, settled=True, unit=self.unit_size)
        return replace(self, scope=closed)

    @classmethod
    def parse(cls, text: str, name: str = "", file: str = "", equations: bool = True) -> Model:
        """The model that a text in the model language describes.

        ``equations``: a text without any, which only declares names, is refused.
        """
        return cls(**read_model(text, name, file, equations))

    @classmethod
    def load(cls, path: str | Path, equations: bool = True) -> Model:
        """The model in a file; see ``parse``."""
        place = Path(path)
        return cls(**read_model(read_file(place), place.stem, str(path), equations))

    @classmethod
    def named(cls, name: str) -> Model:
        """A built-in model."""
        return cls(**read_model(builtin_text(name), name))

    @cached_property
    def time(self) -> Symbol:
        """The index symbol of the definitions."""
        heads = (d.index for d in self.theory.definitions)
        return next((i for i in heads if i is not None), Symbol("t", integer=True))
