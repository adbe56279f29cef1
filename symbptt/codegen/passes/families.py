"""Which sequences belong in one stack: those that products with one operand are added to, or whose
products are added up; and in which order."""

from __future__ import annotations

from .. import ir
from .rewrite import reads, rewritten, terms


def is_matrix(value: ir.Value) -> bool:
    inner = value.arg if isinstance(value, ir.Swap) else value
    return isinstance(inner, ir.Read) and inner.index is None and len(inner.axes) == 2


def added(body: ir.Body, made: dict[str, ir.Allocate]) -> list[list[ir.Array]]:
    """Arrays to which products with one operand are added."""
    groups: dict[tuple, list[ir.Array]] = {}
    for node in body:
        if isinstance(node, ir.Accumulate) and isinstance(node.value, ir.MatMul):
            key = (node.value.left, node.value.right.axes, node.array.axes, node.array.first,
                   node.array.last)  # fmt: skip
            if is_matrix(node.value.right) and node.array.name in made:
                groups.setdefault(key, []).append(node.array)
    return [g for g in groups.values() if len(g) > 1 and len(set(g)) == len(g)]


def products(value: ir.Value) -> dict[tuple, list[ir.MatMul]]:
    """The products in a sum whose left sides are elements at one step, by shapes."""
    groups: dict[tuple, list[ir.MatMul]] = {}
    for term in terms(value):
        if isinstance(term, ir.MatMul) and isinstance(term.left, ir.Read) and is_matrix(term.right):
            array = term.left.array
            if array.timed:
                key = (term.left.index, array.axes, array.first, array.last, term.right.axes)
                groups.setdefault(key, []).append(term)
    return {k: g for k, g in groups.items() if len(g) > 1}


def read_together(body: ir.Body, made: dict[str, ir.Allocate]) -> list[list[ir.Array]]:
    """Arrays whose products are added up."""
    out = []
    for node in ir.walk(body):
        if isinstance(node, ir.Store | ir.Accumulate):
            for group in products(node.value).values():
                arrays = [term.left.array for term in group]
                if len(set(arrays)) == len(arrays) and all(a.name in made for a in arrays):
                    out.append(arrays)
    return out


def ordered(family: list[ir.Array], body: ir.Body) -> list[ir.Array]:
    """The members, those with like formulas side by side."""
    signs = {a.name: _sign(a, body, family) for a in family}
    first = {sign: i for i, sign in reversed(list(enumerate(signs.values())))}
    return sorted(family, key=lambda a: first[signs[a.name]])


def _sign(array: ir.Array, body: ir.Body, family: list[ir.Array]) -> str:
    """What the formulas that store the array look like, without what is its own."""
    mine = [s for s in body if isinstance(s, ir.Store) and s.array == array]
    others = [s for s in body if isinstance(s, ir.Store) and s.array in family and s not in mine]
    shared = {r.array.name for s in others for r in reads(s)}
    if not mine:
        return ""
    return " ".join(shape_of(s.value, shared - {a.name for a in family}) for s in mine)


def shape_of(value: ir.Value, shared: set[str]) -> str:
    """A formula with a mark for every array that is not shared."""

    def rule(node: ir.Value) -> ir.Value:
        if isinstance(node, ir.Read) and node.array.name not in shared:
            return ir.Read(ir.Array("*", node.array.axes), None)
        return node

    return repr(rewritten(value, rule))
