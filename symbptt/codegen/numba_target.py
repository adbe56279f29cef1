"""The numba target: recurrences compiled, all else as NumPy does it.

The passes are those of the NumPy target that say what is computed where; how a step is computed is
left to the compiled functions. Factors that the passes take out of a recurrence go back into it:
there they cost no memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import factorial
from typing import Any

from . import ir
from .layout import Layout
from .numba_factors import put_back
from .numba_functions import fast_functions, scalar_functions
from .numba_loops import Kernel, LoopWriter
from .numba_values import Unsupported
from .numpy_printer import INDENT, NumpyPrinter
from .passes import optimise
from .passes.context import Context
from .passes.rewrite import each_block, writes

_FIRST = ("reuse", "compose", "inline", "given", "distribute", "narrow", "in_place")
_BETWEEN = ("sums", "buffers")
_LAST = ("storage", "workspace")


def compiled_program(
    program: ir.Program, context: Context, names: Iterable[str]
) -> tuple[ir.Program, dict[ir.Loop, Kernel]]:
    """The optimised program and the functions of its loops."""
    names = set(names)
    program = optimise(program, context, [n for n in _FIRST if n in names])
    layout, kernels, matrices = context.layout, {}, {}
    bodies = []
    for body in (program.forward, program.backward, program.loss):
        body = put_back(body, context)
        used: dict[ir.Value, ir.Array] = {}
        found = _kernels(body, layout, used, len(kernels))
        made = tuple(ir.Store(array, None, value) for value, array in used.items())
        matrices |= used
        bodies.append(_after_allocations(body, made) if made else body)
        kernels |= found
    program = ir.Program(*bodies)
    hidden = {ir.Note(f"*{i}"): loop for i, loop in enumerate(kernels)}
    notes = {loop: note for note, loop in hidden.items()}
    program = _replaced(program, notes)
    program = optimise(program, context, [n for n in _BETWEEN if n in names])
    program = _replaced(program, hidden)
    return optimise(program, context, [n for n in _LAST if n in names]), kernels


def _replaced(program: ir.Program, new: dict) -> ir.Program:
    def block(body: ir.Body) -> ir.Body:
        return tuple(new.get(s, s) if isinstance(s, ir.Loop | ir.Note) else s for s in body)

    return ir.Program(
        *(each_block(b, block) for b in (program.forward, program.backward, program.loss))
    )


def _after_allocations(body: ir.Body, made: tuple[ir.Statement, ...]) -> ir.Body:
    """The body with copies of matrices in front of what computes."""
    at = next((i for i, s in enumerate(body) if not isinstance(s, ir.Allocate)), len(body))
    return (*body[:at], *made, *body[at:])


def _kernels(
    body: ir.Body, layout: Layout, matrices: dict[ir.Value, ir.Array], count: int
) -> dict[ir.Loop, Kernel]:
    """The functions of the loops in a body; those that have none are left out."""
    found: dict[ir.Loop, Kernel] = {}
    for loop in _loops(body):
        own = dict(matrices)
        try:
            name = f"_steps_{count + len(found) + 1}"
            writer = LoopWriter(loop, layout, name, own, _inner(loop, body))
            found[loop] = writer.kernel()
        except Unsupported:
            continue
        matrices |= own
    return found


def _inner(loop: ir.Loop, body: ir.Body) -> frozenset[str]:
    """The arrays without time that a loop makes at every step, and nothing else mentions."""
    made = {a.name for a in ir.arrays_of((loop,)).values() if not a.timed} & writes(loop)
    for node in body:
        for other in node.body if isinstance(node, ir.Passes) else (node,):
            if other is not loop:
                made -= set(ir.arrays_of((other,)))
    return frozenset(made)


def _loops(body: ir.Body) -> list[ir.Loop]:
    """The loops that run step by step, those in passes too."""
    out: list[ir.Loop] = []
    for node in body:
        if isinstance(node, ir.Passes):
            out += _loops(node.body)
        elif isinstance(node, ir.Loop) and not node.together:
            out.append(node)
    return out


def numba_parts(
    program: ir.Program, context: Context, names: Iterable[str]
) -> tuple[ir.Program, NumpyPrinter, dict[str, Any]]:
    """The program, its printer, and what the template needs of the compiled functions."""
    program, kernels = compiled_program(program, context, names)
    return (
        program,
        NumbaPrinter(context.layout, kernels),
        {
            "kernels": tuple(k.text for k in kernels.values()),
            "scalars": scalar_functions(kernels), "fast": fast_functions(kernels),
            "factorials": [factorial(k) for k in range(14)],
            "turned": any(isinstance(n, ir.Passes) for n in ir.walk(program.backward)),
            **({"products": ()} if kernels else {}),
        },
    )  # fmt: skip


class NumbaPrinter(NumpyPrinter):
    """Prints calls in place of compiled loops."""

    def __init__(self, layout: Layout, kernels: dict[ir.Loop, Kernel]) -> None:
        super().__init__(layout)
        self.kernels = kernels
        self.matrices = {array for k in kernels.values() for array, _ in k.matrices}

    def lines(self, body: Iterable[ir.Statement], depth: int = 1) -> list[str]:
        out: list[str] = []
        for node in body:
            if isinstance(node, ir.Masked):
                out += self.masked(node, depth)
            elif node in self.kernels:
                out += self.loop(node, depth)
            elif isinstance(node, ir.Store) and node.array in self.matrices:
                value = self.text(node.value)
                out.append(f"{INDENT * depth}{node.array.name} = _in_columns({value})")
            else:
                out += super().lines((node,), depth)
        return out

    def loop(self, node: ir.Loop, depth: int, suffix: str = "") -> list[str]:
        kernel = self.kernels.get(node)
        if kernel is None:
            return super().loop(node, depth, suffix)
        first, last = self.index(node.first), self.index(node.last)
        if node.ascending:
            ends = f"{first}, {self.index(node.last + 1)}, 1"
        else:
            ends = f"{last}, {self.index(node.first - 1)}, -1"
        if suffix:
            ends = f"*_turned({ends}, order)"
        notes = [s for s in ir.walk(node.body) if isinstance(s, ir.Note)]
        lines = [x for s in notes for x in self.note(s, depth)]
        call = f"{kernel.name}({', '.join((ends, *kernel.arguments))})"
        return [*lines, f"{INDENT * depth}{call}"]

    def masked(self, node: ir.Masked, depth: int) -> list[str]:
        made = [s.array.name for s in node.body if isinstance(s, ir.Allocate)]
        rest = [f"{INDENT * depth}else:", f"{INDENT * (depth + 1)}{' = '.join(made)} = None"]
        return [*super().masked(node, depth), *(rest if made else [])]
