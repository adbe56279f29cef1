"""Runs of loops as numba functions: which statements of a body, and the text of each function."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, replace
from textwrap import wrap

from sympy import Expr, Max, Symbol

from . import ir
from .layout import Layout
from .numba_loops import INDENT, SAMPLES, LoopWriter
from .numba_products import Matrices
from .numba_rolling import rolled
from .numba_sweeps import sweeps
from .numba_values import Unsupported
from .numpy_numbers import Numbers
from .passes.rewrite import outer_loops, with_notes, writes


@dataclass(frozen=True)
class Kernel:
    """A compiled function and how it is called, the ``statements`` in whose place it is called,
    and the contiguous ``matrices`` that it reads.

    ``longest`` are the passes among the statements, if there are any, ``rolled`` the sequences of
    which one chunk is kept, ``rows`` the samples of all steps of a chunk.
    """

    name: str
    text: str
    arguments: tuple[str, ...]
    statements: ir.Body
    matrices: tuple[tuple[ir.Array, ir.Value], ...]
    passes: ir.Passes | None
    rolled: tuple[ir.Array, ...]
    rows: Expr


@dataclass
class Kernels:
    """Makes the functions of a module; ``given`` are the arrays that none of them changes, ``free``
    those that one function of the module uses alone, and that begin with nothing that is read."""

    layout: Layout
    given: frozenset[str]
    free: frozenset[str] = frozenset()
    count: int = 0

    def of(self, body: ir.Body) -> tuple[ir.Body, list[Kernel]]:
        """The body with allocations in front of the runs, and a function for every run."""
        matrices: Matrices = {}
        out: list[ir.Statement] = []
        found: list[Kernel] = []
        run: list[ir.Statement] = []

        def end() -> None:
            out.extend(s for s in run if isinstance(s, ir.Allocate))
            rest = tuple(s for s in run if not isinstance(s, ir.Allocate))
            if any(isinstance(s, ir.Loop | ir.Passes) for s in rest):
                found.append(self.kernel(rest, body, matrices))
            out.extend(rest)
            run.clear()

        for notes, node in with_notes(body):
            passes = isinstance(node, ir.Passes)
            fits = isinstance(node, ir.Loop | ir.Passes) and self.supported(node, body)
            if not fits and not (run and isinstance(node, ir.Allocate)):
                end()
            if passes and any(isinstance(s, ir.Passes) for s in run):
                end()
            (run if fits or run else out).extend((*notes, node))
        end()
        used = {array: value for k in found for array, value in k.matrices}
        made = tuple(ir.Store(array, None, value) for array, value in used.items())
        return _after_allocations(self.shortened(tuple(out), found), made), found

    def shortened(self, body: ir.Body, kernels: list[Kernel]) -> ir.Body:
        """The body with room for one chunk of the sequences that are rolled."""
        new: dict[str, ir.Array] = {}
        slots: dict[tuple[Expr, ...], ir.Slots] = {}
        for kernel in kernels:
            for array in kernel.rolled:
                assert array.first is not None and array.last is not None
                first = next(iter(outer_loops(kernel.statements))).first - array.first
                steps = array.last - array.first + 1
                key = steps, kernel.rows, first + 1
                if key not in slots:
                    word = f"*slots {kernel.name} {len(slots)}"
                    symbol = Symbol(word, positive=True, integer=True)
                    self.layout.symbols[symbol] = self.layout.names.fresh("slots")
                    slots[key] = ir.Slots(symbol, *key, kernel.passes is not None)
                new[array.name] = replace(array, last=array.first + slots[key].symbol - 1)
        return *slots.values(), *(
            replace(s, array=new[s.array.name])
            if isinstance(s, ir.Allocate) and s.array.name in new else s
            for s in body
        )  # fmt: skip

    def supported(self, node: ir.Loop | ir.Passes, body: ir.Body) -> bool:
        """Whether there is a function for the statement alone."""
        if isinstance(node, ir.Passes) and not all(
            isinstance(s, ir.Loop | ir.Note) for s in node.body
        ):
            return False
        copy = replace(self, layout=_own(self.layout))
        try:
            copy.kernel((node,), body, {})
        except Unsupported:
            return False
        return True

    def kernel(self, statements: ir.Body, body: ir.Body, matrices: Matrices) -> Kernel:
        """The function of a run; Unsupported where there is none."""
        self.count += 1
        layout = _own(self.layout)
        writer = LoopWriter(
            layout, matrices, self.layout, self.given, _inner(statements, body)
        )  # fmt: skip
        passes = next((s for s in statements if isinstance(s, ir.Passes)), None)
        nodes = _with_notes(statements)
        turned, kept = False, []
        found = sweeps(nodes)
        rest = [s for s in _flat(body) if s not in _flat(statements)]
        free = [s.array for s in rest if isinstance(s, ir.Allocate) and s.array.name in self.free]
        rest = [s for s in rest if not isinstance(s, ir.Allocate)]
        for sweep in found:
            beside = (loop for other in found if other is not sweep for loop in other.all)
            short = rolled(sweep, (*rest, *beside), free)
            kept += [r.array for r in short]
            if sweep.turned and not turned:
                writer.put(f"for {writer.word['turn']} in range({writer.word['turns']}):")
            turned = sweep.turned
            writer.depth = 2 if turned else 1
            writer.sweep(sweep, short)
        name = f"_steps_{self.count}"
        return Function(name, writer, statements, passes, tuple(kept)).kernel()


@dataclass(frozen=True)
class Function:
    """The frame of a function around what a writer has written."""

    name: str
    writer: LoopWriter
    statements: ir.Body
    passes: ir.Passes | None
    rolled: tuple[ir.Array, ...]

    def kernel(self) -> Kernel:
        writer, scalars = self.writer, self.writer.scalars
        body = "\n".join(writer.lines)
        made = [f"{INDENT}{name} = np.empty({shape}, real)" for name, shape in writer.work.items()]
        numbers = [f"{INDENT}{name} = real({text})" for text, name in scalars.numbers.items()]
        rows = Max(SAMPLES, *writer.sides)
        size = f"{INDENT}{writer.word['size']} = {steps_of(rows, scalars)}"
        names = self.arguments("\n".join([body, size, *made, *numbers]))
        arrays = ir.arrays_of(self.statements).values()
        sample = next(a.name for a in arrays if a.timed and a.name in names and a.name != "mask")
        turns = [writer.word["turns"], writer.word["way"]] if self.passes else []
        text = [
            "",
            "",
            "@_summing",
            *in_lines(f"def {self.name}(", [*turns, *names], "):"),
            *wrap(f'"""{self.title()}"""', 100, initial_indent=INDENT, subsequent_indent=INDENT),
            f"{INDENT}_wide()",
            f"{INDENT}real = {sample}.dtype.type",
            *numbers,
            f"{size}  # steps that fit a cache",
            *made,
            *([f"{INDENT}{writer.room} = _room({sample})"] if writer.rooms else []),
            body,
        ]
        matrices = tuple((array, value) for value, array in writer.used.items())
        return Kernel(
            self.name, "\n".join(text), names, self.statements, matrices, self.passes, self.rolled,
            rows,
        )  # fmt: skip

    def title(self) -> str:
        """What the function computes."""
        own = dict.fromkeys(
            n.array.name for n in ir.walk(self.statements)
            if isinstance(n, ir.Store | ir.Accumulate) and n.array.name not in self.writer.local
        )  # fmt: skip
        return f"{', '.join(own)}, a chunk of steps at a time."

    def arguments(self, text: str) -> tuple[str, ...]:
        """The names that the text takes from outside."""
        words = set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", re.sub(r"#.*", "", text)))
        writer, layout = self.writer, self.writer.layout
        arrays = [*ir.arrays_of(self.statements), *(a.name for a in writer.used.values()), "mask"]
        sizes = [
            writer.scalars.index(s) for s in (*layout.lengths, ir.BATCH, *layout.dim_keys)
        ]  # fmt: skip
        own = [n for names in layout.function_names.values() for n in names]
        names = dict.fromkeys([*sizes, *arrays, *own])
        return tuple(n for n in names if n in words and n not in writer.local)


def steps_of(rows: Expr, numbers: Numbers) -> str:
    """The steps of a chunk that has so many samples in all."""
    return f"max(1, {numbers.index(rows)} // {numbers.index(ir.BATCH)})"


def in_lines(head: str, names: list[str], end: str, pad: str = "") -> list[str]:
    """A call or the first line of a function, in several lines if it is long."""
    line = pad + head + ", ".join(names) + end
    if len(line) <= 100:
        return [line]
    inside = pad + INDENT
    text = wrap(", ".join(names), 100, initial_indent=inside, subsequent_indent=inside)
    return [pad + head, *text, pad + end]


def _own(layout: Layout) -> Layout:
    """The layout with names of its own: those of a function are not those of the module."""
    return replace(layout, names=deepcopy(layout.names), symbols=dict(layout.symbols))


def _with_notes(statements: ir.Body) -> ir.Body:
    """The loops with the notes in front of them inside."""
    out = []
    for notes, node in with_notes(statements):
        assert isinstance(node, ir.Loop | ir.Passes)
        body = _with_notes(node.body) if isinstance(node, ir.Passes) else node.body
        out.append(replace(node, body=(*notes, *body)))
    return tuple(out)


def _flat(body: ir.Body) -> list[ir.Statement]:
    """The statements, those in passes by themselves."""
    return [s for n in body for s in (n.body if isinstance(n, ir.Passes) else (n,))]


def _inner(statements: ir.Body, body: ir.Body) -> frozenset[str]:
    """The arrays without time that a loop makes at every step, and nothing else mentions."""
    own: set[str] = set()
    for loop in outer_loops(statements):
        made = {n.array.name for n in ir.walk(loop.body) if isinstance(n, ir.Store)}
        own |= {a.name for a in ir.arrays_of((loop,)).values() if not a.timed} & made & writes(loop)
    for name in list(own):
        if sum(name in ir.arrays_of((s,)) for s in _flat(body)) > 1:
            own.discard(name)
    return frozenset(own)


def _after_allocations(body: ir.Body, made: tuple[ir.Statement, ...]) -> ir.Body:
    """The body with copies of matrices in front of what computes."""
    at = next(
        (i for i, s in enumerate(body) if not isinstance(s, ir.Allocate | ir.Slots)), len(body)
    )
    return (*body[:at], *made, *body[at:])
