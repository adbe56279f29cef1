"""What the passes know of a module besides its program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Expr

from .. import ir
from ..layout import Layout
from ..lower import Lowered
from ..outside import bare
from ..parts import Parts


@dataclass(frozen=True)
class Context:
    """``kept`` are the arrays whose values are needed at the end, ``returned`` those of them that
    the caller gets without a copy, ``outside`` the gradients of outputs. ``taken`` are the arrays
    that come in: parameters, inputs, targets, boundary values, gradients of outputs.
    ``gradient_of`` are the gradients from outside by the names of their outputs, ``onehot`` the
    targets declared one-hot.
    """

    layout: Layout
    kept: frozenset[str]
    outside: dict[str, ir.Array]
    taken: frozenset[str]
    returned: frozenset[str]
    gradient_of: dict[str, ir.Array]
    onehot: frozenset[str]

    @property
    def parameters(self) -> frozenset[str]:
        """The arrays of parameters without time."""
        arrays = (self.layout.arrays[k] for k in self.layout.params)
        return frozenset(a.name for a in arrays if not a.timed)

    @property
    def facts(self) -> tuple[Expr, ...]:
        """What holds of all sizes."""
        return self.layout.facts

    def array(self, word: str, like: ir.Array, first: Expr, last: Expr) -> ir.Array:
        """A new sequence."""
        return ir.Array(self.layout.names.fresh(word), like.axes, first, last)


def context_of(
    parts: Parts, layout: Layout, lowered: Lowered, onehot: Iterable[str] = ()
) -> Context:
    """The context of a lowered program; ``onehot`` are the names of targets declared one-hot."""
    arrays = layout.arrays
    gradient_of = {arrays[z].name: arrays[key] for z, key in parts.outside.items() if key in arrays}
    outside = {a.name: a for a in gradient_of.values()}
    targets = {arrays[k].name for k in layout.targets if bare(k) in set(onehot)}
    groups = [lowered.gradients, lowered.start_gradients, lowered.direct]
    kept = {a.name for group in groups for a in group.values()}
    kept |= {lowered.total.name} if lowered.total else set()
    returned = frozenset(kept)
    kept |= {arrays[k].name for k in layout.outputs}
    given = (*layout.params, *layout.inputs, *layout.targets)
    taken = {arrays[k].name for k in given} | set(outside)
    taken |= {a.name for a in lowered.starts.values()}
    return Context(
        layout, frozenset(kept | set(outside)), outside, frozenset(taken), returned, gradient_of,
        frozenset(targets),
    )  # fmt: skip
