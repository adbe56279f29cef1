"""The edges of a module's functions: what their local names stand for in the interface."""

from __future__ import annotations

from . import ir
from .interface import Interface
from .layout import Layout
from .lower import Lowered
from .numpy_printer import WIDTH, NumpyPrinter
from .parts import Parts
from .passes.given import optional
from .spans import Span
from .words import py


def allocated(body: ir.Body) -> set[str]:
    """The arrays that a function makes."""
    nodes = (n for n in ir.walk(body) if isinstance(n, ir.Allocate))
    return {a.name for n in nodes for a in (n.array, *n.members, *n.shared)}


class Edges:
    """What the functions of a module make, keep for each other, and call in the interface."""

    def __init__(
        self,
        parts: Parts,
        layout: Layout,
        lowered: Lowered,
        interface: Interface,
        printer: NumpyPrinter,
    ) -> None:
        self.parts, self.layout, self.lowered = parts, layout, lowered
        self.printer = printer
        program = lowered.program
        self.everything = (*program.forward, *program.backward, *program.loss)
        self.optional = optional(program)
        self.space = any(
            isinstance(n, ir.Allocate) and n.again for n in ir.walk(self.everything)
        )  # fmt: skip
        own = allocated(program.loss)
        later = [*ir.arrays_of(program.backward)]
        later += (name for name in ir.arrays_of(program.loss) if name not in own)
        computed = dict.fromkeys(d.key for d in parts.forward)
        keys = (*layout.params, *layout.inputs, *computed)
        names = dict.fromkeys(layout.arrays[k].name for k in keys)
        made = {
            a.name: None for n in ir.walk(program.forward) if isinstance(n, ir.Allocate)
            for a in (n.array, *n.members)
        }  # fmt: skip
        self.kept = [name for name in {**names, **made} if name in later]
        self.orders = {k: list(v) for k, v in interface.shapes.items()}
        at = next((i for i, n in enumerate(program.forward) if isinstance(n, ir.Enough)), None)
        self.needed, self.late = (
            program.forward[:at],
            program.forward[at:] if at is not None else (),
        )
        self.late_names = {
            a.name for n in ir.walk(self.late) if isinstance(n, ir.Allocate)
            for a in (n.array, *n.members)
        }  # fmt: skip

    def several(self, names: dict[str, str], source: str) -> list[str]:
        """Locals from a dictionary, as many in a line as fit."""
        if len(names) <= 1:
            return [f"{local} = {source}[{py(key)}]" for local, key in names.items()]
        every = f"{', '.join(names)} = {source}.values()"
        if [*names.values()] == self.orders.get(source) and len(every) <= WIDTH - 4:
            return [every]
        for count in range(len(names), 1, -1):
            first = dict(list(names.items())[:count])
            line = f"{', '.join(first)} = map({source}.get, {py(' '.join(first.values()))}.split())"
            if len(line) <= WIDTH - 4 or count == 2:
                rest = dict(list(names.items())[count:])
                return [line, *self.several(rest, source)]
        return []

    def padded(self, key: str, source: str, name: str) -> str:
        """A sequence with its slots, or a copy of an array without time."""
        array = self.layout.arrays[key]
        text = f"{source}[{py(name)}]"
        if not array.timed:
            return f"{array.name} = {text}{'.copy()' if self.printer.in_place else ''}"
        padding = self.padding(array, self.layout.passed(key) or self.layout.axes.get(key))
        return f"{array.name} = {text if padding == '0' else f'_padded({text}, {padding})'}"

    def early(self, array: ir.Array, span: Span) -> str:
        """The boundary values in the array of an input: one step, or several."""
        if span[0] != span[1]:
            return self.slots(array, span)
        return f"{array.name}[{self.printer.index(span[0] - array.first)}]"

    def padding(self, array: ir.Array, span: Span | None) -> str:
        """The empty slots in front and behind."""
        assert span is not None and array.first is not None and array.last is not None
        before, after = span[0] - array.first, array.last - span[1]
        return ", ".join(
            self.printer.index(e) for e in ((before, after) if after != 0 else (before,))
        )

    def slots(self, array: ir.Array, span: Span | None) -> str:
        """The steps of a span in an array; all of an array without time."""
        if array.first is None or span is None:
            return array.name
        if span == (array.first, array.last):
            return array.name
        start, stop = span[0] - array.first, span[1] - array.first + 1
        return f"{array.name}[{self.printer.index(start)}:{self.printer.index(stop)}]"

    def entries(self, items: dict[str, str]) -> list[str]:
        """The entries of a dictionary with public names."""
        return [f"{py(self.layout.public[k])}: {text}" for k, text in items.items()]
