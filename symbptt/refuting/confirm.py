"""A second, independent evaluation of a counterexample: floats, derivatives by complex steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symbptt.core.arrays import Array
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.meaning import evaluate
from symbptt.core.world import World
from symbptt.core.terms import Term

from .candidate import Candidate
from .functions import Known
from .intervals import Interval
from .matrices import Matrix
from .scalars import value_of
from .sizes import Sizes

_CLOSE = 1e-6  # relative; a slip in either evaluation is larger


@dataclass(eq=False)
class _Chosen(World):
    """A world with the values and functions of a candidate."""

    candidate: Candidate | None = field(default=None)

    def elementwise(self, name: str, order: int, x: Array) -> Array:
        assert self.candidate is not None
        chosen = self.candidate.elementwise(name)
        if isinstance(chosen, Known):
            return super().elementwise(chosen.name, order, x)
        coefficients = [float(c) for c in chosen.derived(order)]
        return np.asarray(sum((c * x**k for k, c in enumerate(coefficients)), 0 * x))

    def supremum(self, name: str, order: int) -> float:
        assert self.candidate is not None
        return _float(self.candidate.elementwise(name).supremum(order))

    def smooth(self, name: str, index: int | None, rows: int, sizes: tuple[int, ...]) -> Any:
        assert self.candidate is not None
        chosen = self.candidate.function(name, index, rows, sum(sizes))
        linear, square, cross = (
            np.array(c, dtype=float).reshape(rows, -1)
            for c in (chosen.linear, chosen.square, chosen.cross)
        )
        return lambda u: linear @ u + square @ (u * u) + cross @ (u[..., :-1, :] * u[..., 1:, :])


def agrees(
    sized: World, sides: tuple[Term, Term], env: Sizes, candidate: Candidate,
    values: tuple[Matrix, Matrix],
) -> bool:  # fmt: skip
    """Whether the reference evaluation has the same values of both sides, as far as it can tell.

    ``sized`` is any world of the theory at these sizes.
    """
    try:
        preset = {key: _floats(value) for key, value in candidate.values.items()}
        world = _Chosen(sized.theory, sized.sizes, 0, preset, candidate=candidate)
        found = [evaluate(side, world, env) for side in sides]
        mine = [_floats(value) for value in values]
    except NotSupported:
        return True  # such as the slope of a spectral norm
    except (SymbpttError, OverflowError):
        return False
    return all(map(_near, found, mine))


def _near(a: Array, b: Array) -> bool:
    scale = 1 + max(np.abs(a).max(), np.abs(b).max())
    return bool(np.abs(a - b).max() <= _CLOSE * scale)


def _floats(value: Matrix) -> Array:
    return np.array([[_float(value_of(x)) for x in row] for row in value])


def _float(x: Any) -> float:
    return float(x.middle if isinstance(x, Interval) else x)
