"""The numba target: recurrences compiled, all else as NumPy does it.

The passes are those of the NumPy target that say what is computed where; how a step is computed is
left to the compiled functions. Factors that the passes take out of a recurrence go back into it:
there they cost no memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import factorial
from typing import Any

from . import ir
from .layout import Layout
from .numba_functions import fast_functions, scalar_functions
from .numba_loops import Kernel, LoopWriter
from .numba_values import Unsupported
from .numpy_printer import INDENT, NumpyPrinter
from .passes import optimise
from .passes.context import Context
from .passes.rewrite import each_block, in_statement, reads, with_notes, writes

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
        body = _put_back(body, context)
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
            writer = LoopWriter(loop, layout, f"_steps_{count + len(found) + 1}", own)
            found[loop] = writer.kernel()
        except Unsupported:
            continue
        matrices |= own
    return found


def _loops(body: ir.Body) -> list[ir.Loop]:
    """The loops that run step by step, those in passes too."""
    out: list[ir.Loop] = []
    for node in body:
        if isinstance(node, ir.Passes):
            out += _loops(node.body)
        elif isinstance(node, ir.Loop) and not node.together:
            out.append(node)
    return out


# ---------------------------------------------------------------- factors


def _put_back(body: ir.Body, context: Context) -> ir.Body:
    """Sequences of elementwise formulas that one recurrence alone reads, put into it."""
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Passes):
            inner, gone = _merged(node.body, body, context)
            out = [s for s in out if not (isinstance(s, ir.Allocate) and s.array.name in gone)]
            node = replace(node, body=inner)
        out.append(node)
    inner, gone = _merged(tuple(out), tuple(out), context)
    return tuple(s for s in inner if not (isinstance(s, ir.Allocate) and s.array.name in gone))


def _merged(part: ir.Body, whole: ir.Body, context: Context) -> tuple[ir.Body, set[str]]:
    made = {n.array.name for n in ir.walk(whole) if isinstance(n, ir.Allocate)}
    gone: set[str] = set()
    left_out: set[int] = set()
    nodes = list(with_notes(part))
    for i, (_, node) in enumerate(nodes):
        store = _formula(node)
        if store is None or store.array.name in context.kept or store.array.name not in made:
            continue
        users = [
            j for j, (_, other) in enumerate(nodes)
            if j != i and j not in left_out and store.array.name in {r.array.name for r in reads(other)}
        ]  # fmt: skip
        every = sum(
            store.array.name in {r.array.name for r in reads(s)}
            for s in whole if not isinstance(s, ir.Passes) or s.body != part
        ) if whole is not part else 0  # fmt: skip
        writers = [s for _, s in nodes if store.array.name in writes(s)]
        if len(users) != 1 or every or len(writers) != 1 or users[0] < i:
            continue
        loop = nodes[users[0]][1]
        changed = set().union(*(writes(s) for _, s in nodes[i + 1 : users[0] + 1]))
        needed = {r.array.name for r in reads(store.value)}
        at_own = isinstance(loop, ir.Loop) and not loop.together and all(
            r.index == loop.index for r in reads(loop) if r.array.name == store.array.name
        )  # fmt: skip
        if not at_own or needed & changed or (node.first, node.last) != (loop.first, loop.last):
            continue
        value = _at(store.value, node.index, loop.index)

        def rule(v: ir.Value, name: str = store.array.name, new: ir.Value = value) -> ir.Value:
            return new if isinstance(v, ir.Read) and v.array.name == name else v

        nodes[users[0]] = (nodes[users[0]][0], in_statement(loop, rule))
        left_out.add(i)
        gone.add(store.array.name)
    out: list[ir.Statement] = []
    for i, (notes, node) in enumerate(nodes):
        out += [*notes, *([] if i in left_out else [node])]
    return tuple(out), gone


def _formula(node: ir.Statement) -> ir.Store | None:
    """The statement of a loop at once that stores an elementwise formula, and nothing else."""
    if not isinstance(node, ir.Loop) or not node.together or len(node.body) != 1:
        return None
    (store,) = node.body
    kinds = ir.Read | ir.Add | ir.Mul | ir.Apply | ir.Number | ir.Filled | ir.Spread
    if not isinstance(store, ir.Store) or store.index != node.index:
        return None
    plain = all(isinstance(v, kinds) for v in ir.walk((store.value,)))
    return store if plain and not isinstance(store.value, ir.Read) else None


def _at(value: ir.Value, old, new) -> ir.Value:
    """The value at another step."""
    if old == new:
        return value

    def rule(v: ir.Value) -> ir.Value:
        if isinstance(v, ir.Read) and v.index is not None:
            return replace(v, index=v.index.xreplace({old: new}))
        return v

    return in_statement(ir.Store(ir.Array("*", value.axes), None, value), rule).value


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
        },
    )  # fmt: skip


class NumbaPrinter(NumpyPrinter):
    """Prints calls in place of compiled loops."""

    def __init__(self, layout: Layout, kernels: dict[ir.Loop, Kernel]) -> None:
        super().__init__(layout)
        self.kernels = kernels

    def lines(self, body: Iterable[ir.Statement], depth: int = 1) -> list[str]:
        out: list[str] = []
        for node in body:
            if isinstance(node, ir.Masked):
                out += self.masked(node, depth)
            elif node in self.kernels:
                out += self.loop(node, depth)
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
