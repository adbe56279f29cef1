"""The numba target: runs of loops compiled, all else as NumPy does it.

The passes are those of the NumPy target that say what is computed where; how a step is computed is
left to the compiled functions. Factors that the passes take out of a recurrence go back into it:
there they cost no memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import factorial
from typing import Any

from . import ir
from .layout import Layout
from .needs import of_classes, products
from .numba_factors import put_back
from .numba_functions import fast_functions, scalar_functions
from .numba_kernels import Kernel, Kernels, in_lines, steps_of
from .numpy_printer import INDENT, NumpyPrinter
from .passes import optimise
from .passes.context import Context
from .passes.rewrite import writes
from .passes.storage import storage

_FIRST = (
    "reuse", "compose", "inline", "cancel", "constants", "classes", "given", "distribute", "narrow",
    "in_place",
)  # fmt: skip
_BETWEEN = ("sums", "buffers")
_LAST = ("storage", "workspace")


@dataclass(frozen=True)
class Compiled(ir.Statement):
    """Statements that a compiled function computes."""

    kernel: Kernel
    body: ir.Body


def compiled_program(
    program: ir.Program, context: Context, names: Iterable[str]
) -> tuple[ir.Program, list[Kernel]]:
    """The optimised program and its functions."""
    names = set(names)
    program = optimise(program, context, [n for n in _FIRST if n in names])
    program = _each(program, lambda body: put_back(body, context))
    made = Kernels(context.layout, context.taken, _free(program, context))
    kernels: list[Kernel] = []
    bodies = []
    for body in (program.forward, program.backward, program.loss):
        body, found = made.of(body)
        bodies.append(body)
        kernels += found
    hidden = _hidden(bodies, kernels)
    program = ir.Program(*(tuple(hidden.get(s, s) for s in b) for b in bodies))
    program = optimise(program, context, [n for n in _BETWEEN if n in names])
    shown = {note: node for node, note in hidden.items()}
    program = _each(program, lambda body: tuple(shown.get(s, s) for s in body))
    program = optimise(program, context, [n for n in _LAST if n in names])
    return _each(program, lambda body: _put_in(body, kernels)), kernels


def _free(program: ir.Program, context: Context) -> frozenset[str]:
    """The arrays that one function uses alone, and that begin with nothing that is read."""
    bodies = (program.forward, program.backward, program.loss)
    emptied = storage(program, context)
    made = {n.array.name for body in (emptied.forward, emptied.backward, emptied.loss)
            for n in body if isinstance(n, ir.Allocate) and n.zeros != "always"
            and not (n.members or n.shared or n.place)}  # fmt: skip
    shared = {n for n in made if sum(n in ir.arrays_of(body) for body in bodies) > 1}
    known = context.kept | context.returned | context.taken
    return frozenset(made - shared - known - {a.name for a in context.outside.values()})


def _each(program: ir.Program, change) -> ir.Program:  # type: ignore[no-untyped-def]
    return ir.Program(*map(change, (program.forward, program.backward, program.loss)))


def _hidden(bodies: list[ir.Body], kernels: list[Kernel]) -> dict[ir.Statement, ir.Note]:
    """What the passes between need not see: the statements of functions, the sums they add to."""
    own = [s for k in kernels for s in k.statements if not isinstance(s, ir.Note)]
    sums = {name for s in own for name in writes(s)}
    own += [
        s for b in bodies for s in b
        if isinstance(s, ir.Allocate) and not s.array.timed and s.array.name in sums
    ]  # fmt: skip
    return {node: ir.Note(f"*{i}") for i, node in enumerate(own)}


def _put_in(body: ir.Body, kernels: list[Kernel]) -> ir.Body:
    """The body with the functions' statements put together."""
    for kernel in kernels:
        size = len(kernel.statements)
        for i in range(len(body) - size + 1):
            if body[i : i + size] == kernel.statements:
                body = (*body[:i], Compiled(kernel, kernel.statements), *body[i + size :])
                break
    return body


def numba_parts(
    program: ir.Program, context: Context, names: Iterable[str]
) -> tuple[ir.Program, NumpyPrinter, dict[str, Any]]:
    """The program, its printer, and what the template needs of the compiled functions."""
    program, kernels = compiled_program(program, context, names)
    compiled = tuple(s for k in kernels for s in k.statements)
    rest = tuple(
        s for body in (program.forward, program.backward, program.loss) for s in body
        if not isinstance(s, Compiled)
    )  # fmt: skip
    softmax = [
        any(
            isinstance(n, ir.Softmax) or (isinstance(n, ir.Into) and n.function == "softmax")
            for n in ir.walk(part)
        )
        for part in (rest, compiled)
    ]
    return (
        program,
        NumbaPrinter(context.layout, kernels),
        {
            "kernels": tuple(k.text for k in kernels),
            "scalars": scalar_functions(compiled), "fast": fast_functions(compiled),
            "factorials": [factorial(k) for k in range(14)],
            "turned": any(k.passes for k in kernels),
            "softmax": softmax[0], "compiled_softmax": softmax[1], "products": products(rest),
            "chosen": of_classes(rest), "compiled_chosen": of_classes(compiled),
        },
    )  # fmt: skip


class NumbaPrinter(NumpyPrinter):
    """Prints calls in place of compiled statements."""

    def __init__(self, layout: Layout, kernels: list[Kernel]) -> None:
        super().__init__(layout)
        self.matrices = {array for k in kernels for array, _ in k.matrices}

    def lines(self, body: Iterable[ir.Statement], depth: int = 1) -> list[str]:
        out: list[str] = []
        for node in body:
            if isinstance(node, ir.Masked):
                out += self.masked(node, depth)
            elif isinstance(node, ir.Slots):
                out += [INDENT * depth + line for line in self.slots(node)]
            elif isinstance(node, Compiled):
                out += self.call(node.kernel, depth)
            elif isinstance(node, ir.Store) and node.array in self.matrices:
                value = f"{self.text(node.value)}, {self.index(ir.BATCH)}"
                out.append(f"{INDENT * depth}{node.array.name} = _in_columns({value})")
            else:
                out += super().lines((node,), depth)
        return out

    def call(self, kernel: Kernel, depth: int) -> list[str]:
        """The call of a function."""
        arguments = list(kernel.arguments)
        if kernel.passes is not None:
            arguments.insert(0, f"*_turns(_passes(truncate, {self.index(kernel.passes.longest)}))")
        return in_lines(f"{kernel.name}(", arguments, ")", INDENT * depth)

    def slots(self, node: ir.Slots) -> list[str]:
        """The steps of a chunk, or all of them."""
        name, every, more = map(self.index, (node.symbol, node.steps, node.more))
        most = f"{more} + {steps_of(node.rows, self)}"
        lines = [f"{name} = min({every}, {most})  # of a chunk, and what it takes over"]
        if node.turned:
            lines += ["if truncate is not None:", f"{INDENT}{name} = {every}"]
        return lines

    def masked(self, node: ir.Masked, depth: int) -> list[str]:
        made = [s.array.name for s in node.body if isinstance(s, ir.Allocate)]
        rest = [f"{INDENT * depth}else:", f"{INDENT * (depth + 1)}{' = '.join(made)} = None"]
        return [*super().masked(node, depth), *(rest if made else [])]
