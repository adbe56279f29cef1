"""The loop IR: what a generated module computes, as immutable data between model and text.

Expressions (``values``) are NumPy arrays with named axes. Time is not an axis of a value: an
``Array`` with ``first`` and ``last`` stores one element per step, and reads and writes name the
step by its affine index in the model's own counting; only the printer turns it into a slot.

Statements run in order. A pass is a function from ``Program`` to ``Program``; what it needs (who
reads and writes what, at which step, with which axes) stands in the nodes.

Not supported, by design: a matrix per sample (axes (B, n, m)), indices that are not affine,
control flow that depends on values, two arrays that share storage, random numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from sympy import Expr, Symbol

from .pass_values import Across, Chosen, Entries, Optional, Spike, Stacked
from .values import (
    BATCH, Add, Apply, Array, Axes, Eye, Filled, Grid, Join, MatMul, Members, Mul, Number, Outer,
    Part, Read, Select, Softmax, Spread, Swap, Total, Value, broadcast, show_axes,
)  # fmt: skip

__all__ = [
    "BATCH",
    "Accumulate",
    "Across",
    "Add",
    "Allocate",
    "Apply",
    "Array",
    "Axes",
    "Bind",
    "Blocks",
    "Body",
    "Chosen",
    "Chunks",
    "Enough",
    "Entries",
    "Eye",
    "Filled",
    "Given",
    "Grid",
    "Guard",
    "Into",
    "Join",
    "Loop",
    "Masked",
    "MatMul",
    "Members",
    "Mul",
    "Note",
    "Number",
    "Optional",
    "Outer",
    "Part",
    "Passes",
    "Program",
    "Read",
    "Select",
    "Size",
    "Softmax",
    "Spike",
    "Spread",
    "Stacked",
    "Statement",
    "Store",
    "Swap",
    "Total",
    "Unpack",
    "Value",
    "arrays_of",
    "broadcast",
    "children",
    "show_axes",
    "walk",
]  # fmt: skip


class Statement:
    """Base of the statements."""


Body = tuple[Statement, ...]


@dataclass(frozen=True)
class Note(Statement):
    """A comment: the equation that the next statements compute.

    ``key`` is what the equation defines, ``uses`` are the keys of what it refers to.
    """

    text: str
    latex: str = ""
    key: str = ""
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Allocate(Statement):
    """A new array of zeros, or of anything if nothing reads what it begins with.

    ``zeros`` is "always", "truncated" or "never"; ``again``: a later call may use it again.
    ``members`` are the arrays that a stack consists of, ``shared`` those that take its place later.
    Where adjoints run once, it lies in ``place``.
    """

    array: Array
    zeros: str = "always"
    again: bool = False
    members: tuple[Array, ...] = ()
    shared: tuple[Array, ...] = ()
    place: Array | None = None


@dataclass(frozen=True)
class Store(Statement):
    """array[index] = value; an array without time is bound to a new value.

    ``part`` are the members first..last-1 of a stack that are meant.
    """

    array: Array
    index: Expr | None
    value: Value
    part: Members | None = None


@dataclass(frozen=True)
class Accumulate(Statement):
    """array[index] += value."""

    array: Array
    index: Expr | None
    value: Value
    part: Members | None = None


@dataclass(frozen=True)
class Into(Statement):
    """array[index] = f(operands) by one NumPy call that writes in place: np.f(..., out=...)."""

    array: Array
    index: Expr | None
    function: str
    operands: tuple[Value, ...]
    part: Members | None = None


@dataclass(frozen=True)
class Unpack(Statement):
    """Each array is the sum over steps and samples of its member of the first value, times the
    transpose of the second value where there is one.
    """

    arrays: tuple[Array, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Guard(Statement):
    """The body where every condition is >= 0."""

    conditions: tuple[Expr, ...]
    body: Body


@dataclass(frozen=True)
class Loop(Statement):
    """The body for first <= index <= last, in ascending or descending order.

    ``together``: no step needs another one, and all of them are computed at once.
    """

    index: Symbol
    first: Expr
    last: Expr
    body: Body
    ascending: bool = True
    together: bool = False


@dataclass(frozen=True)
class Passes(Statement):
    """Adjoint loops that truncation runs several times.

    Without truncation the body runs once. With truncation to k steps it runs k + 1 times with the
    order of each of its loops reversed, so that what a step reads of another step is what the
    pass before stored there: after j + 1 passes gradients have flowed j steps. Gradients can flow
    at most ``longest`` steps, so truncation to as many or more changes nothing.
    """

    body: Body
    longest: Expr


@dataclass(frozen=True)
class Masked(Statement):
    """The body only where a mask is given."""

    body: Body


@dataclass(frozen=True)
class Given(Statement):
    """The body only where the array, a gradient from outside, is given, or one of the others."""

    array: Array
    body: Body
    others: tuple[Array, ...] = ()

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All arrays of the condition."""
        return (self.array, *self.others)


@dataclass(frozen=True)
class Enough(Statement):
    """What follows are values that nothing needs but the caller and the loss."""


@dataclass(frozen=True)
class Bind(Statement):
    """A name for the element of an array: the same storage."""

    array: Array
    value: Read


@dataclass(frozen=True)
class Blocks(Statement):
    """``matrix`` is ``value`` (.., K, N) in blocks of columns (.., N/b, K, b); ``view`` is the
    storage of ``result``, whose last axis has length N, with its columns in the same blocks.
    ``each``: every member of a stack, or every step, is multiplied with rows of its own.
    """

    matrix: Array
    view: Array
    value: Value
    result: Read
    each: bool = False


@dataclass(frozen=True)
class Size(Statement):
    """How many steps a chunk has: as many as a few hundred samples."""

    symbol: Symbol


@dataclass(frozen=True)
class Slots(Statement):
    """How many of ``steps`` a sequence keeps: those of a chunk of ``rows`` samples, and ``more``.

    ``turned``: truncation needs all of them.
    """

    symbol: Symbol
    steps: Expr
    rows: Expr
    more: Expr
    turned: bool


@dataclass(frozen=True)
class Chunks(Statement):
    """The body for chunks lo..hi of at most ``size`` steps that make up first..last.

    ``arrays`` hold the steps of one chunk only, ``count`` of them.
    """

    lo: Symbol
    hi: Symbol
    size: Symbol
    first: Expr
    last: Expr
    body: Body
    ascending: bool
    arrays: tuple[str, ...]
    count: Symbol


@dataclass(frozen=True)
class Program:
    """The parts of a module: values, adjoints with gradients, and the loss (maybe empty)."""

    forward: Body
    backward: Body
    loss: Body = ()


def children(node: Any) -> Iterator[Any]:
    """The values and statements directly inside a node, in order."""
    for item in fields(node):
        yield from _nodes(getattr(node, item.name))


def _nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, Value | Statement):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)


def walk(nodes: tuple[Any, ...]) -> Iterator[Any]:
    """Every node, outermost first."""
    for node in nodes:
        yield node
        yield from walk(tuple(children(node)))


def arrays_of(nodes: tuple[Any, ...]) -> dict[str, Array]:
    """The arrays that occur, by name, in the order of first occurrence."""
    found: dict[str, Array] = {}
    for node in walk(nodes):
        for item in fields(node):
            value = getattr(node, item.name)
            if isinstance(value, Array):
                found.setdefault(value.name, value)
    return found
