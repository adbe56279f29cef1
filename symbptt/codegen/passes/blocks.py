"""Products in blocks of columns, which BLAS multiplies without packing its operands.

x W is [x W_1, ..., x W_k] for blocks W_j of a few columns. OpenBLAS multiplies small matrices (up
to about 10^6 multiplications) without putting them into an order of its own first, which takes
longer than the product itself where few rows meet a large matrix. A matrix that the steps of a loop
share is put into blocks once, in front of the loop, and the results are written through a view that
has its columns in the same blocks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from .. import ir
from .context import Context
from .rewrite import reads

IN_BLOCKS = "product in blocks"  # the product of all steps, as a function of an ``Into``


def blocks(body: ir.Body, context: Context) -> ir.Body:
    """The body with its products in blocks."""
    out: list[ir.Statement] = []
    for node in body:
        found = _Blocks(context)
        new = found.statement(node, None)
        out += [*found.made, new]
    return tuple(_direct(out))


def _direct(body: list[ir.Statement]) -> list[ir.Statement]:
    """The body in which blocks are made from what a matrix is, if they are all that reads it."""
    counts = Counter(r.array for n in body for r in reads(n))
    made = {
        n.array: n.value
        for n in body
        if isinstance(n, ir.Store) and isinstance(n.value, ir.Stacked | ir.Swap)
        and counts[n.array] == 1
    }  # fmt: skip
    once = {n.value.array for n in body if isinstance(n, ir.Blocks) and n.value.array in made}
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Store) and node.array in once:
            continue
        if isinstance(node, ir.Blocks) and node.value.array in once:
            node = replace(node, value=made[node.value.array])
        out.append(node)
    return out


@dataclass
class _Blocks:
    """The matrices of a statement that are put into blocks in front of it, by matrix and result."""

    context: Context
    arrays: dict[tuple[ir.Array, ir.Array], ir.Blocks] = field(default_factory=dict)

    @property
    def made(self) -> list[ir.Blocks]:
        return list(self.arrays.values())

    def statement(self, node: ir.Statement, loop: ir.Loop | None) -> ir.Statement:
        if isinstance(node, ir.Into) and loop is not None:
            if node.function == "product" and loop.together:
                return replace(node, function=IN_BLOCKS)
            if node.function == "matmul" and not loop.together:
                return self.product(node)
        inner = getattr(node, "body", None)
        if inner is None:
            return node
        loop = node if isinstance(node, ir.Loop) else loop
        return replace(node, body=tuple(self.statement(n, loop) for n in inner))  # type: ignore

    def product(self, node: ir.Into) -> ir.Into:
        """The product of one step."""
        left, right = node.operands
        if not isinstance(right, ir.Read) or right.index is not None or len(right.axes) < 2:
            return node
        key = (right.array, node.array)
        if key not in self.arrays:
            fresh = self.context.layout.names.fresh
            matrix = replace(right.array, name=fresh(f"{right.array.name}_blocks"))
            view = replace(node.array, name=fresh(f"{node.array.name}_blocks"))
            self.arrays[key] = ir.Blocks(matrix, view, right, ir.Read(node.array))
        across = ir.Across(left) if isinstance(left, ir.Read) and left.part else left
        if len(across.axes) > 2 or node.array.timed:
            self.arrays[key] = replace(self.arrays[key], each=True)
        made = self.arrays[key]
        return replace(node, array=made.view, operands=(across, ir.Read(made.matrix)))
