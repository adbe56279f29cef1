"""What is computed for all steps from every member of a stack, alike, is computed for all members.

d_W_f, d_W_i = the sums over t of delta^f_t h_{t-1}^T and of delta^i_t h_{t-1}^T
a_t = U x_t + b for the U and b of all members, where these lie side by side
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .. import ir
from .blocks import IN_BLOCKS
from .context import Context
from .rewrite import each_block, reads, with_notes, writes

Place = tuple[ir.Array, int]  # a stack and the place of a member in it
Noted = tuple[tuple[ir.Note, ...], ir.Statement]


def gather(body: ir.Body, _: Context) -> ir.Body:
    """The body with one statement for all members of a stack, or some side by side."""
    places = {
        m.name: (n.array, i)
        for n in ir.walk(body) if isinstance(n, ir.Allocate)
        for i, m in enumerate(n.members)
    }  # fmt: skip
    return each_block(body, lambda block: _block(block, places))


@dataclass(frozen=True)
class _One:
    """A statement about one member: what it has in common with others, its member, its own part."""

    common: tuple
    place: Place
    own: ir.Array | ir.Value


def _block(body: ir.Body, places: dict[str, Place]) -> ir.Body:
    nodes = [one for notes, node in with_notes(body) for one in _apart(notes, node)]
    for at in range(len(nodes)):
        one = _one(nodes[at][1], places) if at < len(nodes) else None
        if one is None:
            continue
        found = {at: one}
        for i in range(at + 1, len(nodes)):
            other = _one(nodes[i][1], places)
            if other is None or other.common != one.common:
                continue
            between = [n for j, (_, n) in enumerate(nodes[at:i], at) if j not in found]
            if _independent(nodes[i][1], between, places):
                found[i] = other
        order = sorted(found, key=lambda i: found[i].place[1])
        first = found[order[0]].place[1]
        if len(order) > 1 and [found[i].place[1] - first for i in order] == list(range(len(order))):
            notes = tuple(x for i in sorted(found) for x in nodes[i][0])
            joint = _joint(nodes[at][1], [found[i] for i in order])
            nodes[at] = (notes, joint)
            nodes = [n for i, n in enumerate(nodes) if i == at or i not in found]
    return tuple(s for notes, node in nodes for s in (*notes, node))


def _apart(notes: tuple[ir.Note, ...], node: ir.Statement) -> Iterator[Noted]:
    """The calls of a loop over all steps, each by itself: one runs after the other anyway."""
    calls = isinstance(node, ir.Loop) and all(isinstance(n, ir.Into) for n in node.body)
    if calls and node.together:
        for i, call in enumerate(node.body):
            yield notes if i == 0 else (), replace(node, body=(call,))
    else:
        yield notes, node


def _independent(node: ir.Statement, others: list[ir.Statement], places: dict[str, Place]) -> bool:
    """Whether a statement may run in front of the others."""

    def named(names: Iterator[str] | set[str]) -> set[str]:
        return {places[n][0].name if n in places else n for n in names}

    def used(n: ir.Statement) -> set[str]:
        return writes(n) | {r.array.name for r in reads(n)}

    mine = {r.array.name for r in reads(node)} - writes(node)
    return not any(
        writes(n) & (mine | writes(node)) or named(writes(n)) & mine or writes(node) & used(n)
        for n in others
    )


def _one(node: ir.Statement, places: dict[str, Place]) -> _One | None:
    """A loop over all steps whose only statement is about one member."""
    if not isinstance(node, ir.Loop) or not node.together or len(node.body) != 1:
        return None
    (inner,) = node.body
    found = None
    if isinstance(inner, ir.Store) and inner.index is None:
        found = _sum(inner, places)
    elif isinstance(inner, ir.Into) and inner.array.name in places:
        found = _call(inner, places)
    span = (node.first, node.last, node.index)
    return None if found is None else replace(found, common=(*span, *found.common))


def _sum(node: ir.Store, places: dict[str, Place]) -> _One | None:
    """A sum of x_t or of x_t y_t^T over all steps, x being the member: each is one matrix."""
    value, right = node.value, None
    if isinstance(value, ir.MatMul) and isinstance(value.left, ir.Swap):
        left, right = value.left.arg, value.right
    elif isinstance(value, ir.Total) and value.axis == 0:
        left = value.arg
    else:
        return None
    if not isinstance(left, ir.Read) or left.part is not None or left.array.name not in places:
        return None
    place = places[left.array.name]
    if place[0].within or not isinstance(right, ir.Read | None):
        return None
    return _One((place[0], left.index, right, node.array.axes), place, node.array)


def _call(node: ir.Into, places: dict[str, Place]) -> _One | None:
    """x_t = U v_t, or x_t += b with a parameter b, x being a member inside the steps."""
    place = places[node.array.name]
    if not place[0].within or len(node.operands) != 2:
        return None
    first, own = node.operands
    changed = first == ir.Read(node.array, node.index)
    known = node.function == IN_BLOCKS or (node.function == "add" and changed)
    if not known or not isinstance(own, ir.Read | ir.Swap) or any(
        r.index is not None for r in reads(own)
    ):  # fmt: skip
        return None
    common = (place[0], node.index, node.function, None if changed else first, own.axes)
    return _One(common, place, own)


def _joint(loop: ir.Statement, members: list[_One]) -> ir.Loop:
    """The statement for all members."""
    assert isinstance(loop, ir.Loop)
    (inner,) = loop.body
    (array, first), own = members[0].place, tuple(m.own for m in members)
    part = (first, first + len(members))
    new: ir.Statement
    if isinstance(inner, ir.Store):
        left = next(r for r in reads(inner.value) if r.array.axes[0] == ir.BATCH)
        values: tuple[ir.Value, ...] = (ir.Read(array, left.index, part),)
        if isinstance(inner.value, ir.MatMul):
            values += (inner.value.right,)
        new = ir.Unpack(own, values)  # type: ignore[arg-type]
    else:
        assert isinstance(inner, ir.Into)
        stacked = ir.Stacked(own)  # type: ignore[arg-type]
        target = ir.Read(array, inner.index, part)
        operands = (
            (inner.operands[0], stacked) if inner.function == IN_BLOCKS
            else (target, ir.Across(stacked))
        )  # fmt: skip
        new = replace(inner, array=array, part=part, operands=operands)
    return replace(loop, body=(new,))
