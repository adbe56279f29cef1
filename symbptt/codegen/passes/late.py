r"""What no step needs of another one goes with the loss: o, ŷ, and the adjoints behind them.

Outputs that the recurrences do not read (o_t = V h_t + c, ŷ_t = softmax(o_t)) are *late*: the loss
computes them itself, takes its gradients back through them, and hands on what arrives at the
states, g^h_t = V^T delta^o_t, with the gradients of the parameters in between. So
``loss_and_grads`` never has them for all steps at once (``strips`` cuts the loops of the loss into
chunks); the values have them where the caller asks for outputs, the adjoints go through them where
gradients of late outputs come in from outside.

Late is what is stored at a step from elements of that step, and read by late formulas alone. The
adjoints of late outputs are those that consist of terms linear in the gradients g^z from outside of
late z and in such adjoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .. import ir
from ..build import add
from .context import Context
from .flow import flow_of, is_plain, late_values, linear_in, mentions, placed
from .given import split
from .in_place import renamed
from .rewrite import reads, terms, with_notes, writes

Noted = tuple[tuple[ir.Note, ...], ir.Statement]


def late(program: ir.Program, context: Context) -> ir.Program:
    """The program whose loss computes the late outputs that it depends on."""
    names = late_values(program.forward, context)
    given = tuple(g for z, g in context.gradient_of.items() if z in names)
    stored = {g.name for g in given} & writes(program.loss)
    if not stored or {r.array.name for n in program.loss for r in reads(n)} & set(context.outside):
        return program
    flow = flow_of(program.backward, {g.name for g in given}, context)
    moved = _Moved(names, flow, given, frozenset(writes(program.backward)), context)
    if not all(map(moved.fits, placed(program.backward))):
        return program
    return ir.Program(
        moved.forward(program.forward), moved.backward(program.backward),
        moved.loss(program, stored),
    )  # fmt: skip


@dataclass(frozen=True)
class _Moved:
    """The late sequences, what flows back through them, and their gradients from outside.

    ``made`` is all that the adjoints and gradients compute.
    """

    names: set[str]
    flow: frozenset[str]
    given: tuple[ir.Array, ...]
    made: frozenset[str]
    context: Context

    def fits(self, placed: tuple[ir.Loop | None, ir.Store | ir.Accumulate]) -> bool:
        """Whether what flows back in a formula can be taken out of it."""
        loop, node = placed
        late_terms = [v for v in terms(node.value) if mentions(v, self.flow)]
        rest = [v for v in terms(node.value) if v not in late_terms]
        if any(mentions(v, self.names) for v in rest):
            return False
        if not late_terms:
            return True
        sources = {g.name for g in self.given}
        plain = all(
            len(used) == 1 or not used & sources
            for used in ({r.array.name for r in reads(v)} & self.flow for v in late_terms)
        )
        outer = {r.array.name for v in late_terms for r in reads(v)} & self.made - self.flow
        return (
            plain and not outer and loop is not None and is_plain(node, loop)
            and all(linear_in(v, self.flow) for v in late_terms)
            and all(r.index == loop.index for v in late_terms for r in reads(v)
                    if r.array.name in self.flow | self.names)
            and (node.array.name in self.flow or self.target(loop, node) is not None)
        )  # fmt: skip

    def target(self, loop: ir.Loop, node: ir.Store | ir.Accumulate) -> ir.Array | None:
        """Where the loss puts what flows back to a formula: a gradient of an early output, or of a
        parameter or input."""
        if node.array.name in self.context.returned:
            return node.array
        own = (v.array for v in terms(node.value) if isinstance(v, ir.Read)
               and v.index == loop.index and v.array.name in self.context.outside)  # fmt: skip
        found = next(own, None)
        return found if isinstance(node, ir.Store) and node.index == loop.index else None

    # ------------------------------------------------------------ values

    def forward(self, body: ir.Body) -> ir.Body:
        """The values, late ones at the end."""
        early: list[ir.Statement] = []
        behind: list[ir.Statement] = []
        for node in body:
            if isinstance(node, ir.Loop):
                first, second = self.apart(node)
                early += [replace(node, body=first)] if first else []
                behind += [replace(node, body=second)] if second else []
            else:
                made = isinstance(node, ir.Allocate) and node.array.name in self.names
                (behind if made else early).append(node)
        behind.sort(key=lambda n: isinstance(n, ir.Loop))
        return (*early, ir.Enough(), *behind)

    def apart(self, loop: ir.Loop) -> tuple[ir.Body, ir.Body]:
        """The formulas of a loop that are early, and those that are late."""
        nodes = list(with_notes(loop.body))
        parts = ([x for x in nodes if not writes(x[1]) & self.names],
                 [x for x in nodes if writes(x[1]) & self.names])  # fmt: skip
        return _flat(parts[0]), _flat(parts[1])

    # ------------------------------------------------------------ adjoints

    def backward(self, body: ir.Body) -> ir.Body:
        """The adjoints; in front what flows back, where a gradient of late outputs is given."""
        front = self.behind(body, set())
        made = {n.array.name: n.array for loop in front for _, n in placed((loop,))}
        own = tuple(ir.Allocate(a) for name, a in made.items() if name in self.flow)
        shared = [a for name, a in made.items() if name in self.context.returned]
        first, *others = self.given
        loops = (replace(n, body=self.asked(n.body)) for n in front)
        block = ir.Given(first, (*own, *loops), tuple(others))
        gone = {*self.flow, *(a.name for a in shared)}
        rest = tuple(n for n in body if not any(_makes(n, name) for name in gone))
        at = next(i for i, n in enumerate(rest) if isinstance(n, ir.Passes | ir.Loop))
        return (
            *rest[:at], *map(ir.Allocate, shared), block, *self.others(rest[at:], set(made)),
        )  # fmt: skip

    def asked(self, body: ir.Body) -> ir.Body:
        """What flows back from several outputs, some of which may have no gradient; what is handed
        on is added."""
        out: list[ir.Statement] = []
        for node in body:
            if not isinstance(node, ir.Store | ir.Accumulate):
                out.append(node)
            elif node.array.name not in self.flow:
                out.append(ir.Accumulate(node.array, node.index, node.value))
            elif len(self.given) > 1:
                out += split(node, {g.name for g in self.given}, self.context)
            else:
                out.append(node)
        return tuple(out)

    def others(self, body: ir.Body, made: set[str]) -> ir.Body:
        """The adjoints without what flows back from late outputs."""
        out: list[ir.Statement] = []
        for node in body:
            if isinstance(node, ir.Passes):
                node = replace(node, body=self.others(node.body, made))
            elif isinstance(node, ir.Loop):
                inner = (self.other(noted, made) for noted in with_notes(node.body))
                node = replace(node, body=_flat(x for x in inner if x is not None))
            if not isinstance(node, ir.Loop) or node.body:
                out.append(node)
        return tuple(out)

    def other(self, noted: Noted, made: set[str]) -> Noted | None:
        """A formula without what flows back; None if nothing else is in it."""
        notes, node = noted
        if not isinstance(node, ir.Store | ir.Accumulate):
            return noted
        rest = [v for v in terms(node.value) if not mentions(v, self.flow)]
        if node.array.name in self.flow or not rest:
            return None
        if node.array.name in made:
            return notes, ir.Accumulate(node.array, node.index, add(rest))
        return notes, replace(node, value=add(rest))

    # ------------------------------------------------------------ loss

    def loss(self, program: ir.Program, stored: set[str]) -> ir.Body:
        """The loss with late values in front of it and what flows back behind it."""
        made = {n.array.name for n in program.loss if isinstance(n, ir.Allocate)}
        values = [n for n in program.forward if isinstance(n, ir.Loop) and writes(n) & self.names]
        front = [replace(n, body=self.apart(n)[1]) for n in values]
        behind = self.behind(program.backward, {g.name for g in self.given} - stored)
        new = {n.array.name: n.array for loop in (*front, *behind) for _, n in placed((loop,))}
        behind = [replace(n, body=tuple(_added(x, made) for x in n.body)) for n in behind]
        at = next(i for i, n in enumerate(program.loss) if isinstance(n, ir.Loop))
        allocated = (ir.Allocate(array) for name, array in new.items() if name not in made)
        body = (*allocated, *program.loss[:at], *front, *program.loss[at:], *behind)
        return self.named(body, stored)

    def behind(self, body: ir.Body, gone: set[str]) -> list[ir.Loop]:
        """What flows back, without the gradients ``gone`` and what they alone make up."""
        out: list[ir.Loop] = []
        for node in body:
            if isinstance(node, ir.Passes):
                out += self.behind(node.body, gone)
            elif isinstance(node, ir.Loop):
                inner = [
                    x for noted in with_notes(node.body) for x in self.handed(noted, node, gone)
                ]
                if inner:
                    out.append(replace(node, body=_flat(inner), ascending=True))
        return out

    def handed(self, noted: Noted, loop: ir.Loop, gone: set[str]) -> Iterator[Noted]:
        """What flows back in a formula, on its own; nothing where nothing is left of it."""
        notes, node = noted
        if not isinstance(node, ir.Store | ir.Accumulate) or not mentions(node.value, self.flow):
            return
        value = [v for v in terms(node.value) if mentions(v, self.flow) and not mentions(v, gone)]
        target = node.array if node.array.name in self.flow else self.target(loop, node)
        if value and target is not None:
            yield notes, replace(node, array=target, value=add(value))
        elif node.array.name in self.flow:
            gone.add(node.array.name)

    def named(self, body: ir.Body, stored: set[str]) -> ir.Body:
        """The body with g^z under the name of the adjoint that is equal to it."""
        for loop, node in list(placed(body)):
            value = node.value
            same = loop is not None and isinstance(node, ir.Store) and node.array.name in self.flow
            if same and isinstance(value, ir.Read) and value.array.name in stored:
                body = tuple(_without(n, node) for n in body)
                body = renamed(body, value.array, node.array)
        for g in self.given:  # what is left of them stays in the loss
            if g.name in writes(body):
                local = replace(g, name=self.context.layout.names.fresh(g.name))
                body = (ir.Allocate(local), *renamed(body, g, local))
        return self.pruned(body)

    def pruned(self, body: ir.Body) -> ir.Body:
        """The body without late values and adjoints that nothing in it reads."""
        used = {r.array.name for n in body for r in reads(n)}
        for _, node in list(placed(body)):
            if node.array.name in (self.flow | self.names) - used:
                rest = (_without(n, node) for n in body if not _makes(n, node.array.name))
                return self.pruned(tuple(n for n in rest if not isinstance(n, ir.Loop) or n.body))
        return body


def _added(node: ir.Statement, made: set[str]) -> ir.Statement:
    """A formula for what has a value already as a summand of it."""
    if isinstance(node, ir.Store) and node.array.name in made:
        return ir.Accumulate(node.array, node.index, node.value)
    return node


def _makes(node: ir.Statement, name: str) -> bool:
    return isinstance(node, ir.Allocate) and node.array.name == name


def _without(node: ir.Statement, gone: ir.Statement) -> ir.Statement:
    """A loop without a formula and its notes."""
    if not isinstance(node, ir.Loop):
        return node
    return replace(node, body=_flat(x for x in with_notes(node.body) if x[1] is not gone))


def _flat(nodes: Iterable[Noted]) -> ir.Body:
    return tuple(s for notes, node in nodes for s in (*notes, node))
