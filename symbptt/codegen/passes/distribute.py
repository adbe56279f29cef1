"""Loops apart: what needs no earlier step leaves the recurrence and runs for all steps at once.

Vectorisation by loop distribution (J. R. Allen and K. Kennedy, Automatic translation of Fortran
programs to vector form, ACM TOPLAS 9 (1987)): the statements of a loop that need each other stay
in it, those in front of them and behind them get loops of their own, which run at once. Sums are
split before, so that U x_t + b leaves a_t = W h_{t-1} + U x_t + b, and products of what does not
depend on the recurrence become sequences of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from sympy import Integer

from .. import ir
from ..build import add, mul
from .bulk import bulk
from .context import Context
from .dependence import accesses, components, loop_edges
from .rewrite import depends, factors, reads, terms, with_notes, writes

Noted = tuple[tuple[ir.Note, ...], ir.Statement]


def distribute(body: ir.Body, context: Context) -> ir.Body:
    """Every loop over steps of the body, apart."""
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Passes):
            inside = frozenset().union(*(writes(s) for s in node.body))
            parts: list[ir.Statement] = []
            for part in node.body:
                parts += _apart(part, context, inside)
            out += [s for s in parts if isinstance(s, ir.Allocate)]
            kept = (s for s in parts if not isinstance(s, ir.Allocate))
            out.append(replace(node, body=tuple(kept)))
        elif isinstance(node, ir.Given):
            out.append(replace(node, body=distribute(node.body, context)))
        else:
            out += _apart(node, context, frozenset())
    return tuple(out)


def _apart(node: ir.Statement, context: Context, again: frozenset[str]) -> list[ir.Statement]:
    if not isinstance(node, ir.Loop) or node.together:
        return [node]
    return _Loop(node, context, again).apart()


class _Loop:
    """One loop. ``again`` are arrays that passes compute several times: an element of them at
    another step is that of the pass before, so its reader stays with its writer."""

    def __init__(self, loop: ir.Loop, context: Context, again: frozenset[str]) -> None:
        self.loop, self.context, self.again = loop, context, again
        self.facts = (*context.facts, loop.index - loop.first, loop.last - loop.index)
        self.hoisted: dict[tuple[object, ...], ir.Array] = {}
        self.place: tuple[object, ...] = ()
        self.new: list[ir.Array] = []
        self.ahead = {r.array.name for r in reads(loop) if r.index != loop.index} & again

    def apart(self) -> list[ir.Statement]:
        nodes = [one for notes, node in with_notes(self.loop.body) for one in _single(notes, node)]
        recurrent = self.recurrent(nodes)
        names = {w for u in recurrent for w in writes(nodes[u][1])}
        nodes = self.moved(nodes, recurrent)
        split: list[Noted] = []
        for u, (notes, node) in enumerate(nodes):
            parts = self.split(node, names) if u in recurrent else [node]
            split += self.noted(notes, parts)
        return [*map(ir.Allocate, self.new), *self.ordered(split)]

    def moved(self, nodes: list[Noted], recurrent: set[int]) -> list[Noted]:
        """The equation of several statements in front of the first that stays in the loop."""
        out, first = list(nodes), 0
        for u, (notes, node) in enumerate(nodes):
            if notes:
                first = u
            elif u in recurrent and first not in recurrent and out[first][0]:
                equations, start = out[first]
                if writes(start) & writes(node) and equations[-1].key:
                    left = equations[-1].text.partition(" = ")[0]
                    out[first] = ((ir.Note(f"summands of {left}"),), start)
                    out[u], first = (equations, node), u
        return out

    def noted(self, notes: tuple[ir.Note, ...], parts: list[ir.Statement]) -> list[Noted]:
        """The equation in front of what completes it, and what the others contribute to it."""
        new = {a.name for a in self.new}
        left = notes[-1].text.partition(" = ")[0] if notes else ""
        out: list[Noted] = []
        for part in parts[:-1]:
            what = "a factor" if writes(part) <= new else "summands"
            out.append(((ir.Note(f"{what} of {left}"),) if left else (), part))
        return [*out, (notes, parts[-1])]

    # ------------------------------------------------------------ dependence

    def edges(self, nodes: list[Noted]) -> set[tuple[int, int]]:
        found = loop_edges([node for _, node in nodes], self.loop)
        if not self.again:
            return found
        touched = [list(accesses(node, self.loop.index)) for _, node in nodes]
        for u, left in enumerate(touched):
            for v, right in enumerate(touched):
                for a in left:
                    for b in right:
                        if a.array == b.array in self.again and a.write and a.gap != b.gap:
                            found |= {(u, v), (v, u)}
        return found

    def recurrent(self, nodes: list[Noted]) -> set[int]:
        """The statements that must run step by step."""
        edges = self.edges(nodes)
        groups = components(len(nodes), edges)
        return {u for group in groups for u in group if len(group) > 1 or (u, u) in edges}

    # ------------------------------------------------------------ splitting

    def split(self, node: ir.Statement, names: Collection[str]) -> list[ir.Statement]:
        """A statement of the recurrence, and in front of it what does not depend on ``names``."""
        if isinstance(node, ir.Guard | ir.Given):
            inner = (s for s in node.body if not isinstance(s, ir.Note))
            outer, self.place = self.place, (*self.place, replace(node, body=()))
            parts = [p for s in inner for p in self.split(s, names)]
            self.place = outer
            return [replace(node, body=(p,)) for p in parts]
        if not isinstance(node, ir.Store | ir.Accumulate):
            return [node]
        free = [v for v in terms(node.value) if not depends(v, names)]
        rest = [v for v in terms(node.value) if depends(v, names)]
        if not rest:
            return self.copied(node)
        before: list[ir.Statement] = []
        front: list[ir.Statement] = []
        if node.array.timed and any(self.is_work(v) for v in free):
            if node.array.name in self.ahead:  # what is stored there is needed until it is
                node = replace(node, value=add([self.sequence(add(free), front), *rest]))
            else:
                before.append(replace(node, value=add(free)))
                node = ir.Accumulate(node.array, node.index, add(rest))
        value = self.factored(node.value, names, front)
        return [*front, *before, replace(node, value=value)]

    def copied(self, node: ir.Store | ir.Accumulate) -> list[ir.Statement]:
        """A statement without ``names``, which stays in the loop; its work is done in front."""
        work = node.array.name in self.ahead and self.is_work(node.value)
        if not work or not isinstance(node, ir.Store) or not node.array.timed:
            return [node]
        front: list[ir.Statement] = []
        value = self.sequence(node.value, front)
        return [*front, replace(node, value=value)]

    def is_work(self, value: ir.Value) -> bool:
        """Whether more is done than to read an array."""
        return any(isinstance(n, ir.MatMul | ir.Apply | ir.Softmax) for n in ir.walk((value,)))

    def factored(
        self, value: ir.Value, names: Collection[str], front: list[ir.Statement]
    ) -> ir.Value:
        """The value with what does not depend on ``names`` as sequences of their own."""
        if isinstance(value, ir.Add):
            return add(self.factored(v, names, front) for v in self.collected(value, names))
        if not isinstance(value, ir.Mul):
            return value
        free = [f for f in factors(value) if not depends(f, names) and self.is_step(f)]
        rest = [f for f in factors(value) if f not in free]
        work = len(free) > 1 or any(not isinstance(f, ir.Read) for f in free)
        if not free or not work:
            return value
        numbers = [f for f in rest if isinstance(f, ir.Number) and not f.value.has(self.loop.index)]
        if len(numbers) < len(rest):
            free, rest = [*numbers, *free], [f for f in rest if f not in numbers]
        return mul([*rest, self.sequence(mul(free), front)])

    def collected(self, value: ir.Add, names: Collection[str]) -> list[ir.Value]:
        """The terms, delta * a + delta * b as delta * (a + b) where only delta is recurrent."""
        groups: dict[tuple[ir.Value, ...], list[ir.Value]] = {}
        for term in value.terms:
            parts = factors(term) if isinstance(term, ir.Mul) else (term,)
            free = [f for f in parts if not depends(f, names)]
            steps = [f for f in free if not isinstance(f, ir.Number)]
            rest = tuple(f for f in parts if f not in free)
            if steps and rest and all(map(self.is_step, steps)):
                groups.setdefault(rest, []).append(mul(free))
            else:
                groups.setdefault((term,), []).append(ir.Number(Integer(1)))
        return [mul([*rest, add(free)]) for rest, free in groups.items()]

    def is_step(self, value: ir.Value) -> bool:
        """Whether the value belongs to a step, and has all axes of a sequence."""
        timed = any(r.index is not None and r.index.has(self.loop.index) for r in reads(value))
        return timed and value.axes[:1] == (ir.BATCH,)

    def sequence(self, value: ir.Value, front: list[ir.Statement]) -> ir.Value:
        """The value as an element of a new sequence, computed in front."""
        key = (*self.place, value)
        if key not in self.hoisted:
            loop = self.loop
            if (
                bulk(
                    ir.Store(ir.Array("*", value.axes, loop.first, loop.last), loop.index, value),
                    loop,
                    self.context.facts,
                )
                is None
            ):
                return value
            word = self.context.layout.names.fresh("factor")
            array = ir.Array(word, value.axes, loop.first, loop.last)
            self.hoisted[key] = array
            self.new.append(array)
            front.append(ir.Store(array, loop.index, value))
        return ir.Read(self.hoisted[key], self.loop.index)

    # ------------------------------------------------------------ order

    def ordered(self, nodes: list[Noted]) -> list[ir.Statement]:
        """Loops at once wherever possible, the rest in as few loops as the order allows."""
        edges = self.edges(nodes)
        groups = components(len(nodes), edges)
        whole: dict[int, ir.Loop] = {}
        for i, group in enumerate(groups):
            u = group[0]
            if len(group) == 1 and (u, u) not in edges:
                found = bulk(nodes[u][1], self.loop, self.context.facts)
                if found is not None:
                    whole[i] = found
        home = {u: i for i, group in enumerate(groups) for u in group}
        needs = {
            i: {home[u] for u, v in edges if home[v] == i and home[u] != i}
            for i in range(len(groups))
        }
        done: set[int] = set()
        out: list[ir.Statement] = []
        while len(done) < len(groups):
            ready = [i for i in whole if i not in done and needs[i] <= done]
            for i in ready:
                notes, _ = nodes[groups[i][0]]
                out += [*notes, whole[i]]
            done |= set(ready)
            if ready:
                continue
            chosen: set[int] = set()
            for i in range(len(groups)):
                if i not in done and i not in whole and needs[i] <= done | chosen:
                    chosen.add(i)
            done |= chosen
            inside = sorted(u for i in chosen for u in groups[i])
            body = [s for u in inside for s in _inside(*nodes[u])]
            out.append(replace(self.loop, body=joined(body)))
        return out


def _single(notes: tuple[ir.Note, ...], node: ir.Statement) -> Iterator[Noted]:
    """The statements under a condition, each under one of its own with its equation in front."""
    if isinstance(node, ir.Guard) and any(isinstance(n, ir.Note) for n in node.body):
        for own, inner in with_notes(node.body):
            yield (*notes, *own), replace(node, body=(inner,))
            notes = ()
    else:
        yield notes, node


def _inside(notes: tuple[ir.Note, ...], node: ir.Statement) -> ir.Body:
    """An equation under the conditions of what computes it."""
    if isinstance(node, ir.Guard):
        return (replace(node, body=(*notes, *node.body)),)
    return (*notes, node)


def joined(body: list[ir.Statement]) -> ir.Body:
    """The body with neighbours under the same conditions under one."""
    out: list[ir.Statement] = []
    for node in body:
        last = out[-1] if out else None
        same = isinstance(node, ir.Guard | ir.Masked | ir.Given) and type(node) is type(last)
        if same and replace(node, body=()) == replace(last, body=()):  # type: ignore[type-var]
            out[-1] = replace(last, body=joined([*last.body, *node.body]))  # type: ignore
        else:
            out.append(node)
    return tuple(out)
