"""Matrix products for numba: those of one step, and those of a few steps at once.

BLAS adds a product to an array where it lies if nothing but that array receives it; otherwise the
product goes into an array of its own first.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Symbol

from . import ir
from .build import add
from .layout import Layout
from .numba_nests import Nests
from .numba_values import Unsupported
from .passes.rewrite import reads, rewritten, terms

Matrices = dict[ir.Value, ir.Array]  # what is copied
# The first step of a chunk, the one behind its last, and how many steps most chunks have.
LOW, HIGH, SIZE = Symbol("*low"), Symbol("*high"), Symbol("*size")


class Products(Nests):
    """Writes products.

    ``matrices`` are copies that products read, ``names`` those of the whole function, ``given`` the
    arrays that do not change, ``sides`` the sizes of the matrices to which steps are added.
    """

    def __init__(
        self, layout: Layout, matrices: Matrices, outer: Layout,
        given: frozenset[str],
    ) -> None:  # fmt: skip
        super().__init__(layout)
        self.matrices, self.outer, self.given = matrices, outer, given
        self.used: Matrices = {}
        self.room = layout.names.fresh("room")
        self.rooms = False
        self.sides: dict[Expr, None] = {}

    def multiply(self, function: str, *operands: str) -> str:
        """The call of a product."""
        self.rooms = True
        return f"{function}({self.room}, {', '.join(operands)})"

    def matrix(self, value: ir.Value) -> str:
        """The name of a matrix that is laid out before the function runs."""
        if len(value.axes) != 2 or any(
            r.index is not None or r.array.name not in self.given for r in reads(value)
        ):
            raise Unsupported("a product with other than a matrix")
        if value not in self.matrices:
            name = self.outer.names.fresh(_word(value))
            while not self.layout.names.free(name):
                name = self.outer.names.fresh(_word(value))
            self.matrices[value] = ir.Array(name, value.axes)
        self.used[value] = self.matrices[value]
        return self.matrices[value].name

    # ------------------------------------------------------------ at one step

    def freed(self, value: ir.Value) -> ir.Value:
        """The value with its products and sums over units computed before, innermost first."""

        def rule(v: ir.Value) -> ir.Value:
            if isinstance(v, ir.MatMul):
                left, right = self.operands(v)
                array = self.scratch(v.axes)
                self.plain(self.multiply("_multiply", array.name, left, right, "0"))
                return ir.Read(array)
            if isinstance(v, ir.Chosen | ir.Entries):
                return self.of_class(v)
            return self.totalled(v) if isinstance(v, ir.Total) else v

        return rewritten(value, rule)

    def added(self, term: ir.Value, node: ir.Accumulate) -> bool:
        """Whether the term is a product, which BLAS then adds to the array where it lies."""
        if not isinstance(term, ir.MatMul) or term.axes != node.array.axes:
            return False
        for read in reads(term):
            if read.array.name == node.array.name:
                gap = (read.index or 0) - (node.index or 0)
                if not gap.is_Integer or gap == 0:
                    return False
        left, right = self.operands(term)
        if self.nest and node.array.name in self.nest.touched:
            self.close()
        out = self.scalars.row(ir.Read(node.array, node.index))
        self.plain(self.multiply("_multiply", out, left, right, "1"))
        return True

    def operands(self, node: ir.MatMul) -> tuple[str, str]:
        """The texts of x and of W in x W."""
        if node.left.axes[:1] != (ir.BATCH,) or len(node.left.axes) != 2:
            raise Unsupported("a product of other than columns")
        right = self.matrix(node.right)
        return self.operand(node.left), right

    def operand(self, value: ir.Value) -> str:
        """The text of an array that is complete: an element of a sequence, or scratch."""
        if isinstance(value, ir.Read):
            self.complete(value)
            return self.scalars.row(value)
        array = self.scratch(value.axes)
        if isinstance(value, ir.Join):
            self.joined(array, value)
        else:
            self.element(ir.Store(array, None, value), value)
        self.close()
        return array.name

    def joined(self, array: ir.Array, value: ir.Join) -> None:
        """Arrays side by side, one nest each."""
        offset: Expr = value.width * 0
        for part in value.parts:
            self.open(part.axes, list(reads(part)))
            assert self.nest is not None
            before, text = self.scalars.text_of(part, part.axes, self.nest.locals)
            place = self.scalars.place(replace(array, axes=part.axes), None, offset)
            self.inner(self.nest, [*before, f"{place} = {text}"])
            offset = offset + part.axes[-1]

    # ------------------------------------------------------------ of all steps of a chunk

    def each_step(self, node: ir.Statement, index: Symbol) -> None:
        """Computes a statement at every step of a chunk."""
        raise NotImplementedError

    def rows(self, read: ir.Value, index: Symbol) -> str:
        """The elements of a chunk as the rows of a matrix; a formula is computed before."""
        if len(read.axes) != 2:
            raise Unsupported("a product of other than columns")
        if not isinstance(read, ir.Read):
            array = ir.Array(self.fresh("work"), read.axes, LOW, HIGH)
            low, high, size = map(self.scalars.index, (LOW, HIGH, SIZE))
            self.work[array.name] = f"({size}, {self.scalars.sizes(read.axes)[1:]}"
            self.each_step(ir.Store(array, index, read), index)
            return f"_as_rows({array.name}, 0, {high} - {low})"
        if read.part is not None:
            raise Unsupported("a stack")
        if not read.array.timed or not (read.index - index).is_Integer or read.axes[0] != ir.BATCH:
            raise Unsupported("a product of other than all steps")
        gap = read.index - index - self.scalars.begin(read.array)
        ends = (self.scalars.index(end + gap) for end in (LOW, HIGH))
        return f"_as_rows({read.array.name}, {', '.join(ends)})"

    def bulk(self, node: ir.Store | ir.Accumulate, index: Symbol) -> ir.Statement | None:
        """Writes the products of a sum; what is left of the statement."""
        products = [t for t in terms(node.value) if isinstance(t, ir.MatMul)]
        rest = [t for t in terms(node.value) if t not in products]
        if not products:
            return node
        out = self.rows(ir.Read(node.array, node.index), index)
        old = isinstance(node, ir.Accumulate)
        for term in products:
            if any(r.array.name == node.array.name for r in reads(term)):
                raise Unsupported("a product that overwrites its operand")
            left, right = self.rows(term.left, index), self.matrix(term.right)
            self.plain(self.multiply("_multiply", out, left, right, str(int(old))))
            old = True
        return ir.Accumulate(node.array, node.index, add(rest)) if rest else None

    def gram(self, array: ir.Array, term: ir.MatMul, index: Symbol) -> None:
        """array += the sum of x yᵀ over all samples and steps."""
        if not isinstance(term.left, ir.Swap) or len(array.axes) != 2:
            raise Unsupported("a sum of other products")
        self.sides |= dict.fromkeys(array.axes)
        x, y = self.rows(term.left.arg, index), self.rows(term.right, index)
        self.plain(self.multiply("_multiply_columns", array.name, x, y, "1"))


def _word(value: ir.Value) -> str:
    """A name for a copy of a matrix."""
    arg, end = (value.arg, "_T") if isinstance(value, ir.Swap) else (value, "_copy")
    return f"{arg.array.name if isinstance(arg, ir.Read) else 'matrix'}{end}"
