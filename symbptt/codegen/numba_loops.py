"""Loops over steps as numba functions: products by BLAS, everything else in fused nests.

A statement of the loop is first freed of its products, which go through ``np.dot`` into arrays of
their own; the rest is one number for every sample and unit. Neighbouring statements over the same
axes share a nest of loops, in which what was just computed stays in a register. Conditions on the
step are decided outside the nests: for each outcome the body is written once. What has no such
code (``Unsupported``) stays with NumPy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sympy import Expr

from . import ir
from .build import add
from .layout import Layout
from .numba_values import Local, Scalars, Unsupported
from .passes.rewrite import reads, rewritten, terms

INDENT = "    "
_MOST_CONDITIONS = 2  # the body is written once for every outcome of them


@dataclass(frozen=True)
class Kernel:
    """A compiled loop: its function's text, how it is called, and the matrices copied before."""

    name: str
    text: str
    arguments: tuple[str, ...]
    matrices: tuple[tuple[ir.Array, ir.Value], ...]


@dataclass
class _Nest:
    """An open nest of loops over ``axes``; ``locals`` are the elements that are in registers.

    ``touched`` are the names of the arrays that it reads or writes.
    """

    axes: ir.Axes
    lines: list[str] = field(default_factory=list)
    locals: dict[tuple[str, Expr | None], Local] = field(default_factory=dict)
    written: dict[tuple[str, Expr | None], tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)


class LoopWriter:
    """Writes the function of one loop; ``name`` is the function's.

    ``matrices`` are copies that products read, ``inner`` the arrays that only this loop mentions.
    """

    def __init__(
        self, loop: ir.Loop, layout: Layout, name: str,
        matrices: dict[ir.Value, ir.Array], inner: frozenset[str],
    ) -> None:  # fmt: skip
        self.loop, self.layout, self.name, self.matrices = loop, layout, name, matrices
        self.local = inner
        self.always = set(ir.arrays_of(tuple(_unconditional(loop.body))))
        self.scalars = Scalars(layout)
        self.depth = 2
        self.lines: list[str] = []
        self.nest: _Nest | None = None
        self.around: tuple[str, ...] = ()
        self.work: dict[str, str] = {}
        self.used: dict[ir.Value, ir.Array] = {}
        self.count = 0
        self.room = layout.names.fresh("room")

    # ------------------------------------------------------------ the function

    def kernel(self) -> Kernel:
        """The function; Unsupported where the loop has none."""
        index = self.scalars.index(self.loop.index)
        conditions = _conditions(self.loop.body)
        if len(conditions) > _MOST_CONDITIONS:
            conditions = []  # each where it stands, between nests
        self.variants(self.loop.body, conditions)
        body = "\n".join(self.lines)
        made = [f"{INDENT}{name} = np.empty({shape}, real)" for name, shape in self.work.items()]
        numbers = [f"{INDENT}{name} = real({text})" for text, name in self.scalars.numbers.items()]
        names = self.arguments(body + "\n".join([*made, *numbers]))
        sample = next(
            a.name for a in ir.arrays_of((self.loop,)).values() if a.timed and a.name in names
        )
        head = [
            "",
            "",
            "@_compiled",
            f"def {self.name}(start, stop, step, {', '.join(names)}):",
            f'{INDENT}"""{self.title(index)}"""',
            f"{INDENT}real = {sample}.dtype.type",
            *numbers,
            *made,
            *([f"{INDENT}{self.room} = _room({sample})"] if self.used else []),
            f"{INDENT}for {index} in range(start, stop, step):",
        ]
        return Kernel(
            self.name, "\n".join([*head, body]), names,
            tuple((array, value) for value, array in self.used.items()),
        )  # fmt: skip

    def title(self, index: str) -> str:
        names = dict.fromkeys(
            n.array.name for n in ir.walk(self.loop.body)
            if isinstance(n, ir.Store | ir.Accumulate)
        )  # fmt: skip
        return f"{', '.join(names)} for all {index} = start, start + step, ..., before stop."

    def arguments(self, text: str) -> tuple[str, ...]:
        """The names that the text takes from outside."""
        words = set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", re.sub(r"#.*", "", text)))
        layout = self.layout
        arrays = [*ir.arrays_of((self.loop,)), *(a.name for a in self.used.values()), "mask"]
        sizes = [self.scalars.index(s) for s in (*layout.lengths, ir.BATCH, *layout.dim_keys)]
        own = [n for names in layout.function_names.values() for n in names]
        names = dict.fromkeys([*sizes, *arrays, *own])
        return tuple(n for n in names if n in words and n not in self.local)

    def variants(self, body: ir.Body, conditions: list[tuple[Expr, ...]]) -> None:
        """The body under all outcomes of the conditions."""
        if not conditions:
            self.block(body)
            self.close()
            return
        first, *rest = conditions
        self.put(f"if {' and '.join(self.scalars.conditions(first))}:")
        for holds in (True, False):
            if not holds:
                self.put("else:")
            self.depth += 1
            self.variants(_decided(body, first, holds), rest)
            self.depth -= 1

    def put(self, line: str) -> None:
        self.lines.append(INDENT * self.depth + line)

    # ------------------------------------------------------------ statements

    def block(self, body: ir.Body) -> None:
        for node in body:
            if isinstance(node, ir.Note):
                continue
            if isinstance(node, ir.Masked):
                with self.under("mask is not None"):
                    self.block(node.body)
            elif isinstance(node, ir.Given):
                with self.under(f"{node.array.name} is not None"):
                    self.block(node.body)
            elif isinstance(node, ir.Guard):
                self.close()
                self.put(f"if {' and '.join(self.scalars.conditions(node.conditions))}:")
                self.depth += 1
                self.block(node.body)
                self.close()
                self.depth -= 1
            elif isinstance(node, ir.Store | ir.Accumulate):
                self.assignment(node)
            else:
                raise Unsupported(type(node).__name__)

    @contextmanager
    def under(self, condition: str) -> Iterator[None]:
        outer, self.around = self.around, (*self.around, condition)
        yield
        self.around = outer

    def assignment(self, node: ir.Store | ir.Accumulate) -> None:
        """array[index] = or += value."""
        array = node.array
        if array.name in self.local:
            self.work[array.name] = self.scalars.sizes(array.axes)
        elif not array.timed:
            raise Unsupported("no sequence")
        if node.part is not None or not array.axes:
            raise Unsupported("a stack, or a number")
        left = node.value
        if isinstance(node, ir.Accumulate):
            rest = [term for term in terms(left) if not self.added(term, node)]
            if not rest:
                return
            left = add(rest)
        self.element(node, self.freed(left))

    def element(self, node: ir.Store | ir.Accumulate, value: ir.Value) -> None:
        """The same, once products stand in arrays."""
        array, key = node.array, (node.array.name, node.index)
        nest = self.open(array.axes, [*reads(value), ir.Read(array, node.index)])
        place = self.scalars.place(array, node.index)
        if self.around and key not in nest.locals and array.name in self.always:
            nest.locals[key] = Local(self.fresh(array.name), ())
            nest.lines.append(f"{nest.locals[key].name} = {place}")
        before, text = self.scalars.text_of(value, array.axes, nest.locals)
        old = nest.locals.get(key)
        local = old or Local(self.fresh(array.name), self.around)
        if isinstance(node, ir.Accumulate):
            text = f"{local.name if old else place} + {text}"
        self.inner(nest, [*before, f"{local.name} = {text}"])
        nest.locals[key] = local
        _, around = nest.written.get(key, ("", self.around))
        nest.written[key] = place, around if len(around) < len(self.around) else self.around

    def inner(self, nest: _Nest, lines: list[str]) -> None:
        """Lines inside the nest, under the conditions around."""
        for i, condition in enumerate(self.around):
            nest.lines.append(INDENT * i + f"if {condition}:")
        nest.lines += [INDENT * len(self.around) + line for line in lines]

    def open(self, axes: ir.Axes, touched: list[ir.Read]) -> _Nest:
        """The open nest if it has these axes and what is touched may be there; or a new one."""
        if self.nest is not None and not (self.nest.axes == axes and self.fits(touched)):
            self.close()
        if self.nest is None:
            self.nest = _Nest(axes)
        self.nest.touched |= {read.array.name for read in touched}
        return self.nest

    def fits(self, touched: list[ir.Read]) -> bool:
        """Whether elements that the nest has in registers are known where they are touched."""
        assert self.nest is not None
        for read in touched:
            for (name, index), local in self.nest.locals.items():
                if name != read.array.name:
                    continue
                if index == read.index:
                    if local.around != self.around[: len(local.around)]:
                        return False
                elif index is None or read.index is None or not (index - read.index).is_Integer:
                    return False
        return True

    def close(self) -> None:
        """Ends the open nest: what it has computed is stored."""
        nest, self.nest = self.nest, None
        if nest is None:
            return
        for name, axis in zip(self.scalars.counters(nest.axes), nest.axes, strict=True):
            self.put(f"for {name} in range({self.scalars.index(axis)}):")
            self.depth += 1
        for line in nest.lines:
            self.put(line)
        for key, (place, around) in nest.written.items():
            for i, condition in enumerate(around):
                self.put(INDENT * i + f"if {condition}:")
            self.put(INDENT * len(around) + f"{place} = {nest.locals[key].name}")
        self.depth -= len(nest.axes)

    def fresh(self, word: str) -> str:
        self.count += 1
        return self.layout.names.fresh(f"{word}_{self.count}")

    # ------------------------------------------------------------ products

    def freed(self, value: ir.Value) -> ir.Value:
        """The value with its products computed before, innermost first."""

        def rule(v: ir.Value) -> ir.Value:
            return self.product(v) if isinstance(v, ir.MatMul) else v

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
        self.plain(f"_multiply({self.room}, {out}, {left}, {right}, 1)")
        return True

    def product(self, node: ir.MatMul) -> ir.Value:
        """x W into an array of its own."""
        left, right = self.operands(node)
        array = self.scratch(node.axes)
        self.plain(f"_multiply({self.room}, {array.name}, {left}, {right}, 0)")
        return ir.Read(array)

    def operands(self, node: ir.MatMul) -> tuple[str, str]:
        """The texts of x and of the blocks of W in x W."""
        if node.left.axes[:1] != (ir.BATCH,) or len(node.left.axes) != 2:
            raise Unsupported("a product of other than columns")
        if len(node.axes) != 2 or any(isinstance(r.index, Expr) for r in reads(node.right)):
            raise Unsupported("a product with other than a matrix")
        left = self.operand(node.left)
        right = self.matrices.setdefault(
            node.right,
            ir.Array(self.layout.names.fresh(_word(node.right)), node.right.axes),
        )
        self.used[node.right] = right
        return left, right.name

    def plain(self, line: str) -> None:
        """A line in front of the open nest, under the conditions around."""
        for i, condition in enumerate(self.around):
            self.put(INDENT * i + f"if {condition}:")
        self.put(INDENT * len(self.around) + line)

    def operand(self, value: ir.Value) -> str:
        """The text of an array that is complete: an element of a sequence, or scratch."""
        if isinstance(value, ir.Read):
            touched = {name for name, _ in self.nest.written} if self.nest else set()
            if value.array.name in touched:
                self.close()
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
        offset: Expr = self.loop.first * 0
        for part in value.parts:
            self.open(part.axes, list(reads(part)))
            assert self.nest is not None
            before, text = self.scalars.text_of(part, part.axes, self.nest.locals)
            place = self.scalars.place(replace(array, axes=part.axes), None, offset)
            self.inner(self.nest, [*before, f"{place} = {text}"])
            offset = offset + part.axes[-1]

    def scratch(self, axes: ir.Axes) -> ir.Array:
        """An array for one step."""
        self.count += 1
        array = ir.Array(f"work_{self.count}", axes)
        self.work[array.name] = self.scalars.sizes(axes)
        return array


def _word(value: ir.Value) -> str:
    """A name for a copy of a matrix."""
    if isinstance(value, ir.Swap) and isinstance(value.arg, ir.Read):
        return f"{value.arg.array.name}_T"
    return f"{value.array.name}_rows" if isinstance(value, ir.Read) else "matrix"


def _unconditional(body: ir.Body) -> Iterator[ir.Statement]:
    """What is computed whatever is given."""
    for node in body:
        if isinstance(node, ir.Guard):
            yield from _unconditional(node.body)
        elif not isinstance(node, ir.Masked | ir.Given):
            yield node


def _conditions(body: ir.Body) -> list[tuple[Expr, ...]]:
    """The conditions in a body."""
    return list(dict.fromkeys(n.conditions for n in ir.walk(body) if isinstance(n, ir.Guard)))


def _decided(body: ir.Body, conditions: tuple[Expr, ...], holds: bool) -> ir.Body:
    """The body where the conditions hold, or do not."""
    out: list[ir.Statement] = []
    for node in body:
        inner = getattr(node, "body", None)
        if inner is None:
            out.append(node)
            continue
        inner = _decided(inner, conditions, holds)
        if not isinstance(node, ir.Guard) or node.conditions != conditions:
            out.append(replace(node, body=inner))  # type: ignore[type-var]
        elif holds:
            out += inner
    return tuple(out)
