"""Which sequences need not be kept for all steps: a chunk of steps, and what it takes over.

An adjoint that the gradients of a chunk have read is read no more, but by the step that follows
with the next chunk. Then a chunk's steps have the places of the one before, which are still in the
cache. Truncation, which runs the adjoint loops several times, keeps all steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from . import ir
from .numba_sweeps import Sweep
from .passes.rewrite import reads, writes


@dataclass(frozen=True)
class Rolled:
    """A sequence of which one chunk at a time is kept; ``carried``: and the step before it."""

    array: ir.Array
    carried: bool


def rolled(sweep: Sweep, others: ir.Body, free: Iterable[ir.Array]) -> list[Rolled]:
    """The sequences of a sweep that are rolled, of those that are free; ``others`` are all other
    statements of their function."""
    out = []
    for array in free:
        if not array.timed or array.count or not (sweep.first - array.first).is_Integer:
            continue
        gaps = _gaps(array.name, sweep)
        if gaps and gaps <= {0, 1} and all(_ends(array.name, s, sweep) for s in others):
            out.append(Rolled(array, 1 in gaps))
    return out


def _gaps(name: str, sweep: Sweep) -> set[object]:
    """How many steps before the present one the loops read the sequence; None: otherwise."""
    out: set[object] = set()
    for loop in sweep.all:
        for node in ir.walk((loop,)):
            if isinstance(node, ir.Store | ir.Accumulate) and node.array.name == name:
                out.add(0 if node.index == loop.index and node.part is None else None)
        for read in reads(loop):
            if read.array.name == name:
                gap = None if read.index is None else read.index - loop.index
                plain = gap is not None and gap.is_Integer and read.part is None
                out.add((-gap if sweep.ascending else gap) if plain else None)  # type: ignore
    return out


def _ends(name: str, node: ir.Statement, sweep: Sweep) -> bool:
    """Whether a statement beside the loops does without the sequence, or reads its first step.

    Where the steps run backwards the chunk of the first step is the last one, at its own place.
    """
    if name not in ir.arrays_of((node,)):
        return True
    own = [r for r in reads(node) if r.array.name == name]
    first = all(r.index == sweep.first and r.part is None for r in own)
    return bool(own) and first and not sweep.ascending and name not in writes(node)
