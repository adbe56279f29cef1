"""Loops over steps as numba text: sweeps, chunk by chunk.

Of a chunk, the products that need no order are computed for all of its steps at once; then the
steps follow one by one, with what is elementwise in loops that run side by side. Conditions on the
step are decided outside the nests: for each outcome the body is written once. What has no such
code (``Unsupported``) stays with NumPy.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Symbol

from . import ir
from .build import add
from .layout import Layout
from .numba_conditions import conditions_of, decided, unconditional
from .numba_nests import INDENT, conflict
from .numba_products import HIGH, LOW, SIZE, Matrices, Products
from .numba_rolling import Rolled
from .numba_sweeps import Sweep
from .numba_values import BASE, Unsupported
from .passes.rewrite import factors, reads, terms, writes

_MOST_CONDITIONS = 2  # the body is written once for every outcome of them
# Of all steps of a chunk at least; more where its products are added to larger matrices: to read
# and write these costs little then.
SAMPLES = 256


class LoopWriter(Products):
    """Writes sweeps; ``local`` are the arrays without time that one loop alone mentions."""

    def __init__(
        self, layout: Layout, matrices: Matrices, outer: Layout,
        given: frozenset[str], local: frozenset[str],
    ) -> None:  # fmt: skip
        super().__init__(layout, matrices, outer, given)
        self.local = local
        words = ("low", "high", "piece", "turn", "turns", "way", "size", "start", "stop", "base")
        self.word = {w: layout.names.fresh(w) for w in words}
        layout.symbols |= {LOW: self.word["low"], HIGH: self.word["high"], SIZE: self.word["size"]}
        layout.symbols[BASE] = self.word["base"]
        self.pending: list[ir.Statement] = []
        self.index: Symbol | None = None

    # ------------------------------------------------------------ sweeps

    def sweep(self, sweep: Sweep, rolled: list[Rolled]) -> None:
        """All chunks of the loops' steps, one after the other; of ``rolled`` one is kept."""
        self.scalars.rolled |= {r.array.name for r in rolled}
        word, loop = self.word, sweep.loops[0]
        first, behind = map(self.scalars.index, (loop.first, loop.last + 1))
        up: str = str(sweep.ascending)
        if sweep.turned:
            up = f"{word['way']} == {1 if sweep.ascending else -1}"
        ends = f"{first}, {behind}, {word['size']}"
        self.put(f"for {word['piece']} in range(_pieces({ends})):")
        self.depth += 1
        self.put(f"{word['low']}, {word['high']} = _piece({ends}, {word['piece']}, {up})")
        if rolled:
            self.rolling(sweep, rolled)
        for node in sweep.loops:
            self.phase(node, sweep)
        self.flush()
        if sweep.last:
            self.put(f"if {word['turn']} == {word['turns']} - 1:")
            self.depth += 1
            for node in sweep.last:
                self.phase(node, sweep)
            self.flush()
            self.depth -= 1
        self.depth -= 1

    def rolling(self, sweep: Sweep, rolled: list[Rolled]) -> None:
        """The place of a chunk, and what it takes over from the one before."""
        base, piece = self.word["base"], self.word["piece"]
        once = f"{self.word['way']} == 1" if sweep.turned else ""
        start = self.scalars.index(LOW - sweep.first)
        self.put(f"{base} = {start}{f' if {once} else 0' if once else ''}")
        carried = [r.array for r in rolled if r.carried]
        if carried:
            self.put(f"if {f'{once} and ' if once else ''}{piece} > 0:")
        for array in carried:
            first = sweep.first - array.first
            ends = (first - 1, first - 1 + SIZE) if sweep.ascending else (first + HIGH - LOW, first)
            new, old = (f"{array.name}[{self.scalars.index(end)}]" for end in ends)
            self.put(f"{INDENT}{new} = {old}")

    def phase(self, loop: ir.Loop, sweep: Sweep) -> None:
        """The steps of a chunk of one loop."""
        if not loop.together:
            body = self.taken_over(loop)
            self.flush()
            while body and isinstance(body[0], ir.Note):
                self.notes.append(body[0].text)
                body = body[1:]
            self.told(self.put)
            self.steps(loop, body, sweep)
            return
        if self.index is not None and self.index != loop.index:
            self.flush()
        self.index = loop.index
        for node in loop.body:
            if isinstance(node, ir.Note):
                self.notes.append(node.text)
                continue
            left = self.at_once(node, loop.index)
            if left is not None:
                self.pending += [*map(ir.Note, self.notes), left]
                self.notes.clear()

    def at_once(self, node: ir.Statement, index: Symbol) -> ir.Statement | None:
        """Writes what is computed for all steps at once; the rest of the statement."""
        if isinstance(node, ir.Given | ir.Masked):
            with self.under(_given(node)):
                inner = [self.at_once(s, index) for s in node.body]
            left = tuple(s for s in inner if s is not None)
            return replace(node, body=left) if left else None
        if isinstance(node, ir.Store | ir.Accumulate):
            if node.index is None and not isinstance(node, ir.Accumulate):
                raise Unsupported("no sum")
            if any(isinstance(t, ir.MatMul) for t in terms(node.value)):
                if any(conflict(node, s) for s in self.pending):
                    self.flush()
                    self.index = index
                return self.grams(node, index) if node.index is None else self.bulk(node, index)
        elif any(isinstance(n, ir.MatMul) for n in ir.walk((node,))):
            raise Unsupported("a product under a condition")
        return node

    def grams(self, node: ir.Store | ir.Accumulate, index: Symbol) -> ir.Statement | None:
        """Adds the products of a sum over all steps."""
        rest = []
        for term in terms(node.value):
            if isinstance(term, ir.MatMul):
                self.gram(node.array, term, index)
            else:
                rest.append(term)
        return replace(node, value=add(rest)) if rest else None

    def each_step(self, node: ir.Statement, index: Symbol) -> None:
        if any(conflict(node, s) for s in self.pending):
            self.flush()
            self.index = index
        self.put(
            f"for {self.scalars.index(index)} in range({self.word['low']}, {self.word['high']}):"
        )
        self.inside((node,))

    def flush(self) -> None:
        """Writes the loop over the steps of a chunk for what is elementwise so far."""
        body, self.pending = tuple(self.pending), []
        if body:
            assert self.index is not None
            outer, self.around, notes, self.notes = self.around, (), self.notes, []
            name = self.scalars.index(self.index)
            self.put(f"for {name} in range({self.word['low']}, {self.word['high']}):")
            self.inside(body)
            self.around, self.notes = outer, notes
        self.index = None

    def steps(self, loop: ir.Loop, body: ir.Body, sweep: Sweep) -> None:
        """The steps of a loop in their order."""
        low, high, way = (self.word[w] for w in ("low", "high", "way"))
        name = self.scalars.index(loop.index)
        if sweep.turned:
            start, stop, sign = self.word["start"], self.word["stop"], "" if loop.ascending else "-"
            self.put(f"{start}, {stop} = _ends({low}, {high}, {sign}{way})")
            self.put(f"for {name} in range({start}, {stop}, {sign}{way}):")
        elif loop.ascending:
            self.put(f"for {name} in range({low}, {high}):")
        else:
            self.put(f"for {name} in range({high} - 1, {low} - 1, -1):")
        self.inside(body)

    def inside(self, body: ir.Body) -> None:
        """The body of a loop over steps."""
        self.always = set(ir.arrays_of(unconditional(body)))
        conditions = conditions_of(body)
        if len(conditions) > _MOST_CONDITIONS:
            conditions = []  # each where it stands, between nests
        self.depth += 1
        self.variants(body, conditions)
        self.depth -= 1

    def taken_over(self, loop: ir.Loop) -> ir.Body:
        """The body of a recurrence with those pending sums that its steps may add themselves."""
        body, left = list(loop.body), list(self.pending)
        for node in self.pending:
            core = node.body[0] if isinstance(node, ir.Given) and len(node.body) == 1 else node
            if self.index != loop.index or not isinstance(core, ir.Accumulate):
                continue
            name = core.array.name
            free = not {r.array.name for r in reads(node)} & writes(loop)
            first = next((i for i, s in enumerate(body) if name in ir.arrays_of((s,))), None)
            others = [s for s in left if s is not node]
            if first is None or not free or any(conflict(node, s) for s in others):
                continue
            if core.index == loop.index and _adds(body[first], core):
                body.insert(first + 1, node)
                left = others
        self.pending = left
        return tuple(body)

    # ------------------------------------------------------------ statements of one step

    def variants(self, body: ir.Body, conditions: list[tuple[Expr, ...]]) -> None:
        """The body under all outcomes of the conditions."""
        if not conditions:
            before = len(self.lines)
            self.block(body)
            self.close()
            if len(self.lines) == before:
                self.put("pass")
            return
        first, *rest = conditions
        self.put(f"if {' and '.join(self.scalars.conditions(first))}:")
        for holds in (True, False):
            if not holds:
                self.put("else:")
            self.depth += 1
            self.variants(decided(body, first, holds), rest)
            self.depth -= 1

    def block(self, body: ir.Body) -> None:
        for node in body:
            if isinstance(node, ir.Note):
                self.notes.append(node.text)
            elif isinstance(node, ir.Masked | ir.Given):
                with self.under(_given(node)):
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

    def assignment(self, node: ir.Store | ir.Accumulate) -> None:
        """array[index] = or += value."""
        array = node.array
        if array.name in self.local:
            self.work[array.name] = self.scalars.sizes(array.axes)
        elif not array.timed:
            self.total(node)
            return
        if node.part is not None or not array.axes:
            raise Unsupported("a stack, or a number")
        left = node.value
        if isinstance(node, ir.Accumulate):
            rest = [term for term in terms(left) if not self.added(term, node)]
            if not rest:
                return
            left = add(rest)
        if isinstance(left, ir.Softmax) and isinstance(node, ir.Store):
            x = self.operand(self.freed(left.arg))
            if self.nest and array.name in self.nest.touched:
                self.close()
            self.plain(f"_softmax({self.scalars.row(ir.Read(array, node.index))}, {x})")
            return
        self.element(node, self.freed(left))

    def total(self, node: ir.Store | ir.Accumulate) -> None:
        """array += a sum over samples."""
        if not isinstance(node, ir.Accumulate) or node.index is not None:
            raise Unsupported("no sequence")
        for term in terms(node.value):
            found = [f for f in factors(term) if isinstance(f, ir.Total)]
            numbers = [f for f in factors(term) if isinstance(f, ir.Number)]
            if len(found) != 1 or len(found) + len(numbers) < len(factors(term)):
                raise Unsupported("no sum over samples")
            value = found[0].arg
            if found[0].axis != 0 or value.axes[:1] != (ir.BATCH,):
                raise Unsupported("a sum over other than samples")
            self.summed(node.array, self.freed(ir.Mul((*numbers, value)) if numbers else value))


def _given(node: ir.Masked | ir.Given) -> str:
    """The condition under which a statement holds."""
    return f"{'mask' if isinstance(node, ir.Masked) else node.array.name} is not None"


def _adds(node: ir.Statement, like: ir.Accumulate) -> bool:
    """Whether the statement does nothing but add to the same element, without reading it."""
    inner = node.body if isinstance(node, ir.Guard) else (node,)
    return all(
        isinstance(s, ir.Accumulate) and (s.array, s.index) == (like.array, like.index)
        and all(r.array != like.array for r in reads(s))
        for s in inner if not isinstance(s, ir.Note)
    )  # fmt: skip


__all__ = ["INDENT", "SAMPLES", "LoopWriter"]
