"""Products that share an operand as one: W_f h, W_i h, ... with the matrices stacked.

The sequences that these products are added to become members of one array (count, T, B, n), each
of them contiguous, under their own names as views. In the adjoints sum_k W_k^T delta_k is the sum
over a stacked product. Members whose formulas are alike lie side by side, so that one call
computes all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, takewhile

from .. import ir
from ..build import add
from .context import Context
from .families import added, is_matrix, ordered, products, read_together, shape_of
from .rewrite import each_block, in_statement, reads, terms, writes


@dataclass
class _Stacks:
    """The stacks by the name of a member: the stack's array and the place in it."""

    context: Context
    of: dict[str, tuple[ir.Array, int]] = field(default_factory=dict)
    members: dict[str, tuple[ir.Array, ...]] = field(default_factory=dict)

    def build(self, arrays: list[ir.Array]) -> bool:
        """A new stack of these arrays, or an old one that has them side by side."""
        names = [a.name for a in arrays]
        if any(n in self.of for n in names):
            return self.place(names) is not None
        alike = zip(*names, strict=False)  # the letters that all begin with
        prefix = "".join(a[0] for a in takewhile(lambda a: len(set(a)) == 1, alike))
        prefix = prefix.rstrip("_0123456789")
        word = prefix if len(prefix) > 1 else "_".join(names)
        first = arrays[0]
        name = self.context.layout.names.fresh(word)
        array = ir.Array(name, first.axes, first.first, first.last, len(arrays))
        self.members[name] = tuple(arrays)
        for i, member in enumerate(arrays):
            self.of[member.name] = (array, i)
        return True

    def place(self, names: list[str]) -> tuple[ir.Array, ir.Members] | None:
        """The part of a stack that these are, in this order."""
        found = [self.of.get(n) for n in names]
        if found[0] is None:
            return None
        array, lo = found[0]
        if found != [(array, lo + i) for i in range(len(names))]:
            return None
        return array, (lo, lo + len(names))


def stack(body: ir.Body, context: Context) -> ir.Body:
    """The body with stacked products."""
    made = {n.array.name: n for n in body if isinstance(n, ir.Allocate)}
    stacks = _Stacks(context)
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Passes):
            before: list[ir.Statement] = []
            inner: list[ir.Statement] = []
            for part in node.body:
                more, part = _loop(part, stacks, made, context)
                before += more
                inner.append(part)
            out += [*before, replace(node, body=tuple(inner))]
        else:
            more, node = _loop(node, stacks, made, context)
            out += [*more, node]
    return tuple(_allocated(out, stacks))


def _allocated(body: list[ir.Statement], stacks: _Stacks) -> list[ir.Statement]:
    """The body with stacks allocated where the first of their members was."""
    out: list[ir.Statement] = []
    done: set[str] = set()
    for node in body:
        if isinstance(node, ir.Allocate) and node.array.name in stacks.of:
            array, _ = stacks.of[node.array.name]
            if array.name not in done:
                done.add(array.name)
                out.append(ir.Allocate(array, members=stacks.members[array.name]))
        else:
            out.append(node)
    return out


def _loop(
    node: ir.Statement, stacks: _Stacks, made: dict[str, ir.Allocate], context: Context
) -> tuple[list[ir.Statement], ir.Statement]:
    """A loop with its products stacked, and the matrices in front of it."""
    if not isinstance(node, ir.Loop) or node.together:
        return [], node
    before: list[ir.Statement] = []
    families = [*added(node.body, made), *read_together(node.body, made)]
    for family in sorted(families, key=len, reverse=True):
        stacks.build(ordered(family, node.body))
    matrices: dict[ir.Value, ir.Array] = {}

    def matrix(value: ir.Value, word: str) -> ir.Read:
        if value not in matrices:
            array = ir.Array(context.layout.names.fresh(word), value.axes)
            matrices[value] = array
            before.append(ir.Store(array, None, value))
        return ir.Read(matrices[value])

    def rule(value: ir.Value) -> ir.Value:
        return _summed(value, stacks, matrix)

    def block(body: ir.Body) -> ir.Body:
        return _alike(_together(body, stacks, matrix), stacks, made, node)

    body = tuple(in_statement(s, rule) for s in node.body)
    return before, replace(node, body=each_block(body, block))


# ---------------------------------------------------------------- stacked statements


def _summed(value: ir.Value, stacks: _Stacks, matrix) -> ir.Value:
    """sum_k d_k @ W_k as the sum over a stacked product."""
    for group in products(value).values():
        by_name = {term.left.array.name: term for term in group}
        names = sorted(by_name, key=lambda n: stacks.of.get(n, (None, 0))[1])
        found = stacks.place(names)
        if found is None:
            continue
        array, part = found
        left = ir.Read(array, group[0].left.index, part)
        right = matrix(ir.Stacked(tuple(by_name[n].right for n in names)), "W")
        rest = [t for t in terms(value) if t not in group]
        value = add([*rest, ir.Total(ir.MatMul(left, right), 0)])
    return value


def _together(body: ir.Body, stacks: _Stacks, matrix) -> ir.Body:
    """W_k h added to the members of a stack by one product."""
    out: list[ir.Statement] = []
    left = list(body)
    while left:
        node = left.pop(0)
        if not isinstance(node, ir.Accumulate) or not isinstance(node.value, ir.MatMul):
            out.append(node)
            continue
        group, between, passed = [node], set(), set()
        for other in left:
            same = (
                isinstance(other, ir.Accumulate) and isinstance(other.value, ir.MatMul)
                and other.value.left == node.value.left and other.index == node.index
                and other.array.name in stacks.of and is_matrix(other.value.right)
                and other.value.right.axes == node.value.right.axes
            )  # fmt: skip
            if same and other.array.name not in passed:
                group.append(other)
                between = set(passed)
            else:
                passed |= _touched(other)
        needed = {r.array.name for r in reads(node.value)}
        group.sort(key=lambda s: stacks.of.get(s.array.name, (None, 0))[1])
        found = stacks.place([s.array.name for s in group]) if len(group) > 1 else None
        if found is None or between & needed & _written(out + left):
            if isinstance(node.value.right, ir.Swap) and is_matrix(node.value.right):
                right = matrix(node.value.right, f"{node.value.right.arg.array.name}_T")
                node = replace(node, value=replace(node.value, right=right))
            out.append(node)
            continue
        array, part = found
        right = matrix(ir.Stacked(tuple(s.value.right for s in group)), "W_T")
        product = ir.MatMul(node.value.left, right)
        places = [i for i, s in enumerate(left) if s in group]
        notes = [j for i in places for j in _notes_before(left, i)]
        out += [left[j] for j in notes]
        out.append(ir.Accumulate(array, node.index, product, part))
        left = [s for i, s in enumerate(left) if i not in (*places, *notes)]
    return tuple(out)


def _touched(node: ir.Statement) -> set[str]:
    return writes(node) | {r.array.name for r in reads(node)}


def _written(body: list[ir.Statement]) -> set[str]:
    return {w for s in body for w in writes(s)}


def _alike(body: ir.Body, stacks: _Stacks, made: dict[str, ir.Allocate], loop: ir.Loop) -> ir.Body:
    """Like formulas of members side by side as one formula of the stack."""
    changed = True
    while changed:
        changed = False
        for group in _groups(body, stacks, loop):
            new = _merged(body, group, stacks, made)
            if new is not body:
                body, changed = new, True
                break
    return body


def _groups(body: ir.Body, stacks: _Stacks, loop: ir.Loop) -> Iterator[list[ir.Store]]:
    """Stores of members side by side whose formulas are alike."""
    stores = [
        s for s in body
        if isinstance(s, ir.Store) and s.array.name in stacks.of and s.index == loop.index
    ]  # fmt: skip
    place = {s: stacks.of[s.array.name] for s in stores}
    keys = {s: (place[s][0].name, _key(s, stores)) for s in stores}
    stores.sort(key=lambda s: (keys[s], place[s][1]))
    for _, group in groupby(enumerate(stores), lambda x: (keys[x[1]], place[x[1]][1] - x[0])):
        found = [s for _, s in group]
        if len(found) > 1:
            yield found


def _key(node: ir.Store, stores: list[ir.Store]) -> str:
    others = [s for s in stores if s is not node]
    shared = {r.array.name for s in others for r in reads(s)}
    return shape_of(node.value, shared - {s.array.name for s in stores})


def _merged(
    body: ir.Body, group: list[ir.Store], stacks: _Stacks, made: dict[str, ir.Allocate]
) -> ir.Body:
    """The formulas of a group as one, where nothing stands between that needs their order."""
    found = stacks.place([s.array.name for s in group])
    places = [body.index(s) for s in group]
    if found is None:
        return body
    for store, place in zip(group, places, strict=True):
        needs = {r.array.name for r in reads(store)}
        for i in set(range(min(places), place)) - set(places):
            if writes(body[i]) & needs or store.array.name in _touched(body[i]):
                return body
    value = _joint([s.value for s in group], stacks, made)
    if value is None:
        return body
    array, part = found
    joint = ir.Store(array, group[0].index, value, part)
    notes = {i: _notes_before(body, i) for i in sorted(places)}
    moved = {j for i in places for j in notes[i]}
    out: list[ir.Statement] = []
    for i, node in enumerate(body):
        if i == min(places):
            out += [body[j] for i in notes for j in notes[i]]
            out.append(joint)
        elif i not in places and i not in moved:
            out.append(node)
    return tuple(out)


def _notes_before(body: Sequence[ir.Statement], place: int) -> list[int]:
    """The places of the notes that stand directly in front."""
    first = place
    while first and isinstance(body[first - 1], ir.Note):
        first -= 1
    return list(range(first, place))


def _joint(
    values: list[ir.Value], stacks: _Stacks, made: dict[str, ir.Allocate]
) -> ir.Value | None:
    """The values as one value of stacks, None if they cannot be."""
    first = values[0]
    if all(v == first for v in values):
        return first
    if any(type(v) is not type(first) for v in values):
        return None
    if isinstance(first, ir.Read):
        arrays = [v.array for v in values]
        alike = all(
            (a.axes, a.first, a.last) == (first.array.axes, first.array.first, first.array.last)
            and a.name in made and v.index == first.index
            for a, v in zip(arrays, values, strict=True)
        )  # fmt: skip
        if not alike or not first.array.timed or len(set(arrays)) < len(arrays):
            return None
        if not stacks.build(arrays):
            return None
        array, part = stacks.place([a.name for a in arrays])  # type: ignore[misc]
        return ir.Read(array, first.index, part)
    if isinstance(first, ir.Apply) and all(
        (v.function, v.order) == (first.function, first.order) for v in values
    ):
        inner = _joint([v.arg for v in values], stacks, made)
        return None if inner is None else replace(first, arg=inner)
    if isinstance(first, ir.Add | ir.Mul):
        operands = [tuple(ir.children(v)) for v in values]
        if len({len(o) for o in operands}) > 1:
            return None
        joint = [_joint(list(c), stacks, made) for c in zip(*operands, strict=True)]
        return None if None in joint else type(first)(tuple(joint))
    return None
