"""Formulas of one step as nests of loops over samples and units, for numba.

Neighbouring statements over the same axes share a nest, in which what was just computed stays in a
register. A nest is open until something needs what it has computed as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from textwrap import wrap

from sympy import Expr

from . import ir
from .layout import Layout
from .numba_values import Local, Scalars, Unsupported
from .passes.rewrite import reads, writes

INDENT = "    "
Element = tuple[str, Expr | None]


@dataclass
class _Nest:
    """An open nest of loops over ``axes``; ``locals`` are the elements that are in registers.

    ``written`` has where they go, and under which conditions; ``touched`` are the names of the
    arrays that the nest reads or writes.
    """

    axes: ir.Axes
    lines: list[str] = field(default_factory=list)
    locals: dict[Element, Local] = field(default_factory=dict)
    written: dict[Element, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)


class Nests:
    """Writes lines at ``depth``; ``around`` are the conditions under which statements hold.

    ``work`` are the arrays for one step by name, with their shapes, ``always`` those arrays that
    are there whatever is given.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout, self.scalars = layout, Scalars(layout)
        self.depth = 1
        self.lines: list[str] = []
        self.nest: _Nest | None = None
        self.around: tuple[str, ...] = ()
        self.work: dict[str, str] = {}
        self.always: set[str] = set()
        self.notes: list[str] = []
        self.count = 0

    def put(self, line: str) -> None:
        self.lines.append(INDENT * self.depth + line)

    def plain(self, *lines: str) -> None:
        """Lines in front of the open nest, under the conditions around."""
        if self.nest is None:
            self.told(self.put)
        for i, condition in enumerate(self.around):
            self.put(INDENT * i + f"if {condition}:")
        for line in lines:
            self.put(INDENT * len(self.around) + line)

    def told(self, put) -> None:  # type: ignore[no-untyped-def]
        """The equations of what comes now."""
        for text in self.notes:
            lines = wrap(text, 80, break_long_words=False, break_on_hyphens=False)
            for i, line in enumerate(lines):
                put(f"# {INDENT if i else ''}{line}")
        self.notes.clear()

    @contextmanager
    def under(self, condition: str) -> Iterator[None]:
        outer, self.around = self.around, (*self.around, condition)
        yield
        self.around = outer

    def fresh(self, word: str) -> str:
        self.count += 1
        return self.layout.names.fresh(f"{word}_{self.count}")

    def scratch(self, axes: ir.Axes) -> ir.Array:
        """An array for one step."""
        array = ir.Array(self.fresh("work"), axes)
        self.work[array.name] = self.scalars.sizes(axes)
        return array

    # ------------------------------------------------------------ in a nest

    def element(self, node: ir.Store | ir.Accumulate, value: ir.Value) -> None:
        """array[index] = or += value, which has no products."""
        array, key = node.array, (node.array.name, node.index)
        nest = self.open(array.axes, [*reads(value), ir.Read(array, node.index)])
        place = self.scalars.place(array, node.index)
        self.told(nest.lines.append)
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
        nest.written[key] = place, min(around, self.around, key=len)

    def summed(self, array: ir.Array, value: ir.Value) -> None:
        """array += the sum of the value over all samples."""
        nest = self.open(value.axes, [*reads(value), ir.Read(array)])
        self.told(nest.lines.append)
        before, text = self.scalars.text_of(value, value.axes, nest.locals)
        units = ", ".join(self.scalars.counters(value.axes)[1:]) or "()"
        self.inner(nest, [*before, f"{array.name}[{units}] += {text}"])

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
        """Whether what the nest has computed is read at the entry where it is known."""
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

    def complete(self, value: ir.Value) -> None:
        """Closes the nest if it writes what the value reads."""
        if self.nest and {name for name, _ in self.nest.written} & {
            r.array.name for r in reads(value)
        }:
            self.close()

    # ------------------------------------------------------------ in front of a nest

    def totalled(self, node: ir.Total) -> ir.Value:
        """The sum over the units of every sample, in an array of its own."""
        if len(node.arg.axes) != 2 or node.axis != 1 or node.arg.axes[0] != ir.BATCH:
            raise Unsupported("a sum over other than units")
        self.complete(node.arg)
        array = self.scratch(node.axes)
        row, unit = self.scalars.counters(node.arg.axes)
        before, text = self.scalars.text_of(node.arg, node.arg.axes, {})
        total, zero = self.fresh("total"), self.scalars.constant(node.arg.axes[0] * 0)[0]
        pad = INDENT * 2
        self.plain(
            f"for {row} in range({self.scalars.index(ir.BATCH)}):",
            f"{INDENT}{total} = {zero}",
            f"{INDENT}for {unit} in range({self.scalars.index(node.arg.axes[1])}):",
            *(pad + line for line in before),
            f"{pad}{total} += {text}",
            f"{INDENT}{array.name}[{row}] = {total}",
        )
        return ir.Read(array)

    def of_class(self, node: ir.Chosen | ir.Entries) -> ir.Value:
        """y^T f(v), or the sum of y, for every sample: of vectors, or at the classes."""
        y = node.onehot
        if len(y.axes) != 2 or y.axes[0] != ir.BATCH or y.part is not None:
            raise Unsupported("other than one class for every sample")
        value: ir.Value | None = None
        if isinstance(node, ir.Chosen):
            value = ir.Apply(node.function, 0, node.arg) if node.function else node.arg
            self.complete(value)
        array, total = self.scratch(node.axes), self.fresh("total")
        row, unit = self.scalars.counters(y.axes)
        zero, one = (self.scalars.constant(y.axes[0] * 0 + k)[0] for k in (0, 1))
        before: list[str] = []
        text = one
        if value is not None:
            before, text = self.scalars.text_of(value, y.axes, {})
        at = ", ".join([*self.scalars.slot(y), row])
        entry = f"{y.array.name}[{at}, {unit}]"
        total_of = f"{entry} * ({text})" if value is not None else entry
        self.plain(
            f"for {row} in range({self.scalars.index(ir.BATCH)}):",
            f"{INDENT}if {y.array.name}.ndim == {len(y.axes) + y.array.timed - 1}:",
            f"{INDENT * 2}{unit} = {y.array.name}[{at}]",
            *(INDENT * 2 + line for line in before),
            f"{INDENT * 2}{array.name}[{row}] = {text}",
            f"{INDENT}else:",
            f"{INDENT * 2}{total} = {zero}",
            f"{INDENT * 2}for {unit} in range({self.scalars.index(y.axes[1])}):",
            *(INDENT * 3 + line for line in before),
            f"{INDENT * 3}{total} += {total_of}",
            f"{INDENT * 2}{array.name}[{row}] = {total}",
        )
        return ir.Read(array)


def conflict(first: ir.Statement, second: ir.Statement) -> bool:
    """Whether one of the statements writes what the other one reads or writes."""
    sides = [(writes(s), {r.array.name for r in reads(s)}) for s in (first, second)]
    (a, b), (c, d) = sides
    return bool(a & (c | d) or c & b)
