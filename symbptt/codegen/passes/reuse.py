"""Activations are computed once: what the values have stored, the adjoints read.

tanh'(a_t) = 1 - tanh(a_t)^2 is 1 - h_t^2 where h_t = tanh(a_t) is stored. A function inside a
formula, as tanh(C_t) in h_t = o_t * tanh(C_t), gets a sequence if the adjoints need it again.

A mask keeps h_t from the step before, so that there h_t is not tanh(a_t); what is multiplied by an
adjoint that the mask has set to zero may read it all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symbptt.notation.symbols import ascii_name
from .. import ir
from ..build import add
from .context import Context
from .rewrite import (
    each_block, factors, in_statement, outer_loops, rewritten, terms, writes,
)  # fmt: skip


@dataclass(frozen=True)
class _Stored:
    """The sequence that holds a function of ``arg`` at every step of a loop."""

    array: ir.Array
    masked: bool


def reuse(program: ir.Program, context: Context) -> ir.Program:
    """The program with stored activations in place of functions that are computed again."""
    wanted = {key for body in (program.backward, program.loss) for _, key in _uses(body)}
    forward, stored = _named(program.forward, wanted, context)
    return ir.Program(forward, _replaced(program.backward, stored), _replaced(program.loss, stored))


Key = tuple[str, str, object, object]  # function, argument, first and last step


def _key(value: ir.Value, loop: ir.Loop) -> Key | None:
    """A function of the element of a sequence at the loop's own step."""
    if isinstance(value, ir.Softmax):
        name = "softmax"
    elif isinstance(value, ir.Apply) and value.order == 0:
        name = value.function
    else:
        return None
    if isinstance(value.arg, ir.Read) and value.arg.index == loop.index:
        return name, value.arg.array.name, loop.first, loop.last
    return None


def _uses(body: ir.Body) -> Iterator[tuple[ir.Value, Key]]:
    for loop in outer_loops(body):
        for node in ir.walk(loop.body):
            if isinstance(node, ir.Value) and (key := _key(node, loop)) is not None:
                yield node, key


def _named(body: ir.Body, wanted: set[Key], context: Context) -> tuple[ir.Body, dict[Key, _Stored]]:
    """The values with a sequence for every function that is wanted again, and these."""
    stored: dict[Key, _Stored] = {}
    written = [w for node in body for w in _writers(node)]
    masked = {w for n in ir.walk(body) if isinstance(n, ir.Masked) for w in writes(n)}
    out: list[ir.Statement] = []
    for loop in body:
        if not isinstance(loop, ir.Loop):
            out.append(loop)
            continue
        inner: list[ir.Statement] = []
        for i, node in enumerate(loop.body):
            if not isinstance(node, ir.Store) or node.index != loop.index:
                inner.append(node)
                continue
            key = _key(node.value, loop)
            if key is not None and written.count(node.array.name) == 1:
                stored.setdefault(key, _Stored(node.array, node.array.name in masked))
            late = {w for s in loop.body[i + 1 :] for w in writes(s)}
            for value in dict.fromkeys(ir.walk((node.value,))):
                key = _key(value, loop) if isinstance(value, ir.Value) else None
                if key is None or value == node.value or key[1] in late or key not in wanted:
                    continue
                if key not in stored:
                    like = value.arg.array
                    word = f"{ascii_name(key[0])}_{like.name}"
                    array = context.array(word, like, loop.first, loop.last)
                    out.insert(0, ir.Allocate(array))
                    inner.append(ir.Store(array, loop.index, value))
                    stored[key] = _Stored(array, False)
                if not stored[key].masked:
                    node = in_statement(node, _swap({key: stored[key]}, loop))
            inner.append(node)
        out.append(replace(loop, body=tuple(inner)))
    return tuple(out), stored


def _writers(node: ir.Statement) -> Iterator[str]:
    """The arrays that formulas store to, as often as they do."""
    if isinstance(node, ir.Masked):
        return
    if isinstance(node, ir.Store | ir.Accumulate) and not isinstance(node.value, ir.Read):
        yield node.array.name
    for part in getattr(node, "body", ()):
        yield from _writers(part)


def _swap(stored: dict[Key, _Stored], loop: ir.Loop):
    def rule(value: ir.Value) -> ir.Value:
        key = _key(value, loop)
        return ir.Read(stored[key].array, loop.index) if key in stored else value

    return rule


def _replaced(body: ir.Body, stored: dict[Key, _Stored]) -> ir.Body:
    """Adjoints that read what is stored."""
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Passes):
            node = replace(node, body=_replaced(node.body, stored))
        elif isinstance(node, ir.Loop):
            node = _in_loop(node, stored)
        out.append(node)
    return tuple(out)


def _in_loop(loop: ir.Loop, stored: dict[Key, _Stored]) -> ir.Loop:
    always = {k: s for k, s in stored.items() if not s.masked}
    zeroed = _zeroed(loop)

    def block(body: ir.Body) -> ir.Body:
        return tuple(statement(s) for s in body)

    def statement(node: ir.Statement) -> ir.Statement:
        if not isinstance(node, ir.Store | ir.Accumulate):
            return node
        return replace(node, value=add(term(v) for v in terms(node.value)))

    def term(value: ir.Value) -> ir.Value:
        vanishes = any(isinstance(f, ir.Read) and f in zeroed for f in factors(value))
        return rewritten(value, _swap(stored if vanishes else always, loop))

    return replace(loop, body=each_block(loop.body, block))


def _zeroed(loop: ir.Loop) -> set[ir.Read]:
    """The elements that the mask sets to zero at the loop's own step."""
    return {
        ir.Read(n.array, n.index)
        for m in ir.walk(loop.body) if isinstance(m, ir.Masked)
        for n in m.body
        if isinstance(n, ir.Store) and n.index == loop.index
        and isinstance(n.value, ir.Select)
        and n.value.yes == ir.Read(n.array, n.index)
        and isinstance(n.value.no, ir.Filled | ir.Number) and n.value.no.value == 0
    }  # fmt: skip
