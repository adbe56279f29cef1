"""What a mask does: a step whose mask is 0 keeps the state of the step before, and has no loss.

What belongs to no step may read the state at the last step of its direction: the mask has kept
there what a sequence without its padding ends with.

With m_t the mask, a sequence z that other steps read becomes z_t = m_t F + (1 - m_t) z_{t-1}
(z_{t+1} if it runs backward). So of its adjoint, m_t lambda_t goes on through F, and (1 - m_t)
lambda_t is held for the step before. A sequence that only its own step reads needs nothing: no
gradient arrives there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Expr, Integer

from symbptt.core.dependence import references
from symbptt.core.indices import equal_index
from symbptt.core.terms import Elem
from symbptt.core.theory import Definition

from . import ir
from .build import zero
from .layout import Layout
from .outside import bare
from .parts import Parts
from .spans import bounds


SEVERAL_LENGTHS = "the model has sequences of several lengths"


@dataclass(frozen=True)
class Masking:
    """``steps`` says where the kept value of a sequence is, -1 or 1; or why there is no mask."""

    steps: dict[str, Expr] = field(default_factory=dict)
    refused: str = ""


def plan_masking(parts: Parts, layout: Layout) -> Masking:
    """The sequences that a mask freezes."""
    if layout.span is None:
        return Masking(refused="the model has no time steps")
    if len(layout.lengths) > 1:
        return Masking(refused=SEVERAL_LENGTHS)
    gaps: dict[str, set[Expr | None]] = {}
    ends: list[tuple[str, Expr]] = []
    names = {d.key for d in parts.forward}
    for d in parts.forward:
        if refused := _misplaced(d, layout):
            return Masking(refused=refused)
    values = [d for d in parts.loss if d.key not in parts.adjoint.values()]
    for d in (*parts.forward, *values):
        for _, leaf in references(d.body):
            if isinstance(leaf, Elem) and leaf.key in names:
                if d.index is None:
                    ends.append((leaf.key, leaf.index))
                    continue
                known = (leaf.index - d.index).is_Integer
                gaps.setdefault(leaf.key, set()).add(leaf.index - d.index if known else None)
    steps: dict[str, Expr] = {}
    for name, found in gaps.items():
        others = found - {Integer(0)}
        if not others:
            continue
        gap = others.pop()
        if others or gap not in (-1, 1) or not _has_start(name, gap, layout):
            return Masking(refused=f"{bare(name)} is read at other steps than the one before")
        steps[name] = gap
    for name, at in ends:
        last = {-1: layout.span[1], 1: layout.span[0]}.get(steps.get(name, 0))
        if last is None or not equal_index(layout.facts, at, last):
            return Masking(refused=f"{bare(name)} is read at step {at} by what belongs to no step")
    return Masking(steps)


def _misplaced(d: Definition, layout: Layout) -> str:
    """Why a definition stands against a mask: it must hold at every step, or be a boundary."""
    if d.index is None:
        return ""
    assert layout.span is not None
    first, last = bounds(d.facts, d.index, layout.facts)
    outside = (layout.span[0] - 1, layout.span[1] + 1)
    if (first, last) == layout.span or (first == last and first in outside):
        return ""
    return f"{d.name} does not stand at every step"


def _has_start(name: str, gap: Expr, layout: Layout) -> bool:
    """Whether the step before the first one has a value to keep."""
    assert layout.span is not None
    first, last = layout.covered[name]
    before, there = (layout.span[0] - 1, first) if gap == -1 else (layout.span[1] + 1, last)
    return equal_index(layout.facts, before, there)


def keep(array: ir.Array, index: Expr, gap: Expr, mask: ir.Array) -> ir.Masked:
    """z_t = z_{t-1} where the mask is 0."""
    here, before = ir.Read(array, index), ir.Read(array, index + gap)
    return ir.Masked((ir.Store(array, index, ir.Select(ir.Read(mask, index), here, before)),))


def drop(array: ir.Array, index: Expr, mask: ir.Array) -> ir.Masked:
    """z_t = 0 where the mask is 0."""
    value = ir.Select(ir.Read(mask, index), ir.Read(array, index), zero(array.axes))
    return ir.Masked((ir.Store(array, index, value),))


def hold(adjoint: ir.Array, held: ir.Array, index: Expr, gap: Expr, layout: Layout) -> ir.Masked:
    """Takes what the next step holds, and holds what the mask keeps from going on."""
    assert layout.mask is not None and layout.span is not None
    mask, here = ir.Read(layout.mask, index), ir.Read(adjoint, index)
    after = index - gap
    inside = layout.span[1] - after if gap == -1 else after - layout.span[0]
    return ir.Masked((
        ir.Guard((inside,), (ir.Accumulate(adjoint, index, ir.Read(held, after)),)),
        ir.Store(held, index, ir.Select(mask, zero(adjoint.axes), here)),
        ir.Store(adjoint, index, ir.Select(mask, here, zero(adjoint.axes))),
    ))  # fmt: skip
