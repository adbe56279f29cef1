"""The loop IR as NumPy text: one function a statement."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from symbptt.core.functions import known

from . import ir
from .layout import Layout
from .numpy_numbers import Level
from .numpy_values import ValuePrinter, helpers, signed
from .passes.blocks import IN_BLOCKS

WIDTH = 100
INDENT = "    "
CHUNK = 512  # samples of all steps of a chunk
_IN_PLACE = {"add": "+", "subtract": "-", "multiply": "*"}


class NumpyPrinter(ValuePrinter):
    """Prints statements; ``in_place``: arrays are written into."""

    in_place = True
    several = False  # whether arrays were allocated by one call

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.views: set[str] = set()  # results of products in blocks, of the same rows

    def lines(self, body: Iterable[ir.Statement], depth: int = 1) -> list[str]:
        """The lines of a block."""
        out: list[str] = []
        for plain, run in groupby(body, _is_plain):
            found = list(run)
            if plain and len(found) > 1:
                out += self.workspace(found, depth)  # type: ignore[arg-type]
                continue
            for statement in found:
                out += _STATEMENTS[type(statement)](self, statement, depth)
        return out

    def workspace(self, nodes: list[ir.Allocate], depth: int) -> list[str]:
        """Arrays that begin with anything in them, by one call."""
        names = ", ".join(n.array.name for n in nodes)
        head = f"{INDENT * depth}{names} = space.several("
        if len(head) > WIDTH:
            half = len(nodes) // 2
            return [*self.workspace(nodes[:half], depth), *self.workspace(nodes[half:], depth)]
        self.several = True
        shapes = [f"{n.array.name}={self.shape(n.array)}" for n in nodes]
        lines = listed(head, ["dtype", *shapes], ")").split("\n")
        for node in nodes:
            lines += self.cleared(node, depth)
        return lines

    def cleared(self, node: ir.Allocate, depth: int) -> list[str]:
        """Zeros in an array where truncated gradients need them."""
        if node.zeros != "truncated":
            return []
        return [f"{INDENT * depth}if truncate is not None:",
                f"{INDENT * (depth + 1)}{node.array.name}.fill(0)"]  # fmt: skip

    def note(self, node: ir.Note, depth: int) -> list[str]:
        pad = INDENT * depth + "# "
        return textwrap.wrap(
            node.text, WIDTH, initial_indent=pad, subsequent_indent=pad + "    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    def allocate(self, node: ir.Allocate, depth: int) -> list[str]:
        name, shape = node.array.name, self.shape(node.array)
        make = "zeros" if node.zeros == "always" else "empty"
        text = (
            f'space.{make}("{name}", {shape}, dtype)'
            if node.again
            else f"np.{make}({shape}, dtype)"
        )
        if node.place is not None:  # without truncation
            text = f"{node.place.name} if truncate is None else {text}"
        lines = [f"{INDENT * depth}{name} = {text}", *self.cleared(node, depth)]
        if node.shared:
            names = " = ".join(a.name for a in (*node.shared, node.array))
            lines.append(f"{INDENT * depth}{names}  # in one place, one after the other")
        if node.members:
            members = ", ".join(m.name for m in node.members)
            turned = ".swapaxes(0, 1)" if node.array.within else ""
            lines.append(f"{INDENT * depth}{members} = {name}{turned}")
        return lines

    def store(self, node: ir.Store, depth: int) -> list[str]:
        value = node.value
        if self.together and not node.array.timed:
            return self.collected(node, depth)
        if self.together and isinstance(value, ir.MatMul) and self.timed(value):
            return [f"{INDENT * depth}{self.target(node)} = {self.text(value)}"]
        if node.array.timed and isinstance(value, ir.Filled):
            value = ir.Number(value.value)
        text = self.text(value)
        if not node.array.timed and _may_share(value):
            text = f"{self.text(value, Level.ATOM)}.copy()"
        return self.assignment(self.target(node), "=", value, text, depth)

    def accumulate(self, node: ir.Accumulate, depth: int) -> list[str]:
        if self.together and not node.array.timed:
            return self.collected(node, depth)
        if isinstance(node.value, ir.Spike):
            return [f"{INDENT * depth}{self.spike(self.target(node), node.value)}"]
        sign, value = signed(node.value)
        return self.assignment(self.target(node), f"{sign}=", value, self.text(value), depth)

    def assignment(
        self, target: str, sign: str, value: ir.Value, text: str, depth: int
    ) -> list[str]:
        """One line, or a sum with a line for every term."""
        pad = INDENT * depth
        line = f"{pad}{target} {sign} {text}"
        if len(line) <= WIDTH or not isinstance(value, ir.Add):
            return [line]
        terms = self.terms(value)
        first = f"{pad}{INDENT}{'-' if terms[0][0] == '-' else ''}{terms[0][1]}"
        rest = (f"{pad}{INDENT}{sign_} {text_}" for sign_, text_ in terms[1:])
        return [f"{pad}{target} {sign} (", first, *rest, f"{pad})"]

    def collected(self, node: ir.Store | ir.Accumulate, depth: int) -> list[str]:
        """array += (or =) the sum over all steps, term by term."""
        lines: list[str] = []
        for term in node.value.terms if isinstance(node.value, ir.Add) else (node.value,):
            sign, value = signed(term)
            number, core = "", value
            if isinstance(value, ir.Mul):
                numbers = tuple(f for f in value.factors if isinstance(f, ir.Number))
                (core,) = (f for f in value.factors if f not in numbers)
                number = " * ".join(self.text(f, Level.POWER) for f in numbers) + " * "
            if isinstance(core, ir.MatMul):
                assert isinstance(core.left, ir.Swap)
                text = f"_gram({self.text(core.left.arg)}, {self.text(core.right)})"
            else:
                assert isinstance(core, ir.Total)
                inner = self.text(core.arg)
                text = f"_sum({inner})" if core.axes else f"np.sum({inner})"
            first = isinstance(node, ir.Store) and not lines
            equals = "= " + sign.strip("+") if first else f"{sign}= "
            lines.append(f"{INDENT * depth}{self.target(node)} {equals}{number}{text}")
        return lines

    def target(self, node: ir.Store | ir.Accumulate | ir.Into) -> str:
        text = self.text(ir.Read(node.array, node.index, node.part))
        whole = self.together and node.array.timed and isinstance(node, ir.Store)
        return f"{text}[:]" if whole and text == node.array.name else text

    def into(self, node: ir.Into, depth: int) -> list[str]:
        pad, target = INDENT * depth, self.target(node)
        if isinstance(node.operands[0], ir.Spike):
            return [f"{pad}{self.spike(target, node.operands[0])}"]
        operands = [self.text(v) for v in node.operands]
        sign = _IN_PLACE.get(node.function)
        if sign and operands[0] == target:
            return [f"{pad}{target} {sign}= {operands[1]}"]
        if node.function == IN_BLOCKS:
            return [f"{pad}_product({', '.join(operands)}, out={target})"]
        if node.function in ("product", "softmax"):
            return [f"{pad}_{node.function}({', '.join(operands)}, out={target})"]
        if node.function == "sum over entries":
            return [f"{pad}np.sum({operands[0]}, axis=-1, out={target})"]
        if node.function == "copy":
            return [f"{pad}{target}[...] = {operands[0]}"]
        if target in self.views:
            return [f"{pad}multiply({', '.join(operands)}, {target})"]
        more = ", axis=0" if node.function == "add.reduce" else ""
        return [f"{pad}np.{node.function}({', '.join(operands)}{more}, out={target})"]

    def unpack(self, node: ir.Unpack, depth: int) -> list[str]:
        names = ", ".join(a.name for a in node.arrays)
        left, *right = map(self.text, node.values)
        text = f"_gram({left}, {right[0]})" if right else f"_sum({left})"
        return [f"{INDENT * depth}{names} = {text}"]

    def spike(self, target: str, value: ir.Spike) -> str:
        """target += c y for a one-hot y."""
        return f"_add_at({target}, {self.text(value.onehot)}, {self.text(value.factor)})"

    def guard(self, node: ir.Guard, depth: int) -> list[str]:
        conditions = " and ".join(self.conditions(node.conditions))
        return [f"{INDENT * depth}if {conditions}:", *self.lines(node.body, depth + 1)]

    def loop(self, node: ir.Loop, depth: int, suffix: str = "") -> list[str]:
        if node.together:
            self.together = node
            lines = self.lines(node.body, depth)
            self.together = None
            return lines
        index = self.layout.index_name(node.index)
        if node.ascending:
            steps = f"range({self.index(node.first)}, {self.index(node.last + 1)})"
        else:
            steps = f"range({self.index(node.last)}, {self.index(node.first - 1)}, -1)"
        head = f"{INDENT * depth}for {index} in {steps}{suffix}:"
        return [head, *self.lines(node.body, depth + 1)]

    def passes(self, node: ir.Passes, depth: int) -> list[str]:
        orders = f"_passes(truncate, {self.index(node.longest)})"
        if not node.body:
            return [f"{INDENT * depth}{orders}  # checks truncate: nothing flows from step to step"]
        out = [f"{INDENT * depth}for order in {orders}:"]
        for statement in node.body:
            if isinstance(statement, ir.Loop) and not statement.together:
                out += self.loop(statement, depth + 1, "[::order]")
            elif isinstance(statement, ir.Chunks):
                out += self.chunks(statement, depth + 1, "[::order]")
            else:
                out += self.lines((statement,), depth + 1)
        return out

    def given(self, node: ir.Given, depth: int) -> list[str]:
        condition = " or ".join(f"{a.name} is not None" for a in node.arrays)
        head = f"{INDENT * depth}if {condition}:"
        return [head, *self.lines(node.body, depth + 1)]

    def size(self, node: ir.Size, depth: int) -> list[str]:
        name, batch = self.index(node.symbol), self.layout.batch
        return [f"{INDENT * depth}{name} = max(1, {CHUNK} // {batch})  # steps that fit a cache"]

    def chunks(self, node: ir.Chunks, depth: int, suffix: str = "") -> list[str]:
        lo, hi, size = map(self.index, (node.lo, node.hi, node.size))
        turn = "" if node.ascending else "[::-1]"
        spans = f"_chunks({self.index(node.first)}, {self.index(node.last)}, {size}){turn}"
        out = [f"{INDENT * depth}for {lo}, {hi} in {spans}{suffix}:"]
        out.append(f"{INDENT * (depth + 1)}{self.index(node.count)} = {hi} - {lo} + 1")
        self.chunk = node
        for statement in node.body:
            if isinstance(statement, ir.Loop) and not statement.together:
                out += self.loop(statement, depth + 1, suffix)
            else:
                out += self.lines((statement,), depth + 1)
        self.chunk = None
        return out

    def blocks(self, node: ir.Blocks, depth: int) -> list[str]:
        names = f"{node.matrix.name}, {node.view.name}"
        if not node.each:
            self.views.add(node.view.name)
        return [f"{INDENT * depth}{names} = _blocked({self.text(node.value)}, "
                f"{node.result.array.name}{', each=True' * node.each})"]  # fmt: skip

    def bind(self, node: ir.Bind, depth: int) -> list[str]:
        return [f"{INDENT * depth}{node.array.name} = {self.text(node.value)}"]

    def enough(self, node: ir.Enough, depth: int) -> list[str]:
        return []  # the frame has the condition

    def masked(self, node: ir.Masked, depth: int) -> list[str]:
        return [f"{INDENT * depth}if mask is not None:", *self.lines(node.body, depth + 1)]


def _is_plain(node: ir.Statement) -> bool:
    """Whether the statement allocates one array of the workspace that need not be zero."""
    if not isinstance(node, ir.Allocate):
        return False
    return node.again and node.zeros != "always" and not (node.members or node.shared or node.place)


def listed(head: str, items: list[str], tail: str) -> str:
    """Items between head and tail: one line, or as many as they need."""
    line = f"{head}{', '.join(items)}{tail}"
    if len(line) <= WIDTH:
        return line
    pad = " " * (len(head) - len(head.lstrip()))
    rows = [""]
    for item in items:
        fits = len(pad) + 4 + len(rows[-1]) + len(item) + 1 <= WIDTH
        rows = [*rows[:-1], f"{rows[-1]}{item}, "] if fits else [*rows, f"{item}, "]
    return "\n".join([head, *(f"{pad}    {row.rstrip()}" for row in rows), f"{pad}{tail}"])


def _may_share(value: ir.Value) -> bool:
    """Whether the value may be a view of another array, or that array itself."""
    if isinstance(value, ir.Apply):
        return known(value.function) is None or value.function == "identity"
    return isinstance(value, ir.Read | ir.Part | ir.Swap | ir.Spread)


_STATEMENTS: dict[type[Any], Callable[..., list[str]]] = {
    ir.Note: NumpyPrinter.note, ir.Allocate: NumpyPrinter.allocate, ir.Store: NumpyPrinter.store,
    ir.Accumulate: NumpyPrinter.accumulate, ir.Guard: NumpyPrinter.guard,
    ir.Loop: NumpyPrinter.loop, ir.Passes: NumpyPrinter.passes, ir.Masked: NumpyPrinter.masked,
    ir.Given: NumpyPrinter.given, ir.Into: NumpyPrinter.into,
    ir.Bind: NumpyPrinter.bind, ir.Size: NumpyPrinter.size, ir.Chunks: NumpyPrinter.chunks,
    ir.Blocks: NumpyPrinter.blocks, ir.Unpack: NumpyPrinter.unpack,
    ir.Enough: NumpyPrinter.enough,
}  # fmt: skip

__all__ = ["WIDTH", "NumpyPrinter", "helpers", "listed"]
