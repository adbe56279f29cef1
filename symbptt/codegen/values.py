"""The expressions of the loop IR; their axes are checked when they are built.

An axis is a SymPy integer: ``BATCH`` for the samples, or a dimension of the model. A column (n, 1)
of the model is an array with axes (BATCH, n), a scalar (BATCH,); what depends on no sample has no
batch axis: (n, m), (n,), ().
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import ShapeError

BATCH = Symbol("*B")  # no name of a model contains a star
Axes = tuple[Expr, ...]
Members = tuple[int, int]


def show_axes(axes: Axes) -> str:
    """``(B, n)``."""
    return "(" + ", ".join("B" if a == BATCH else str(a) for a in axes) + ")"


def broadcast(*shapes: Axes) -> Axes:
    """The axes of an elementwise result: every operand's axes are the last axes of the longest."""
    longest = max(shapes, key=len)
    for shape in shapes:
        if longest[len(longest) - len(shape) :] != shape:
            raise ShapeError(
                f"arrays with axes {show_axes(shape)} and {show_axes(longest)} do not combine"
            )
    return longest


@dataclass(frozen=True)
class Array:
    """Storage under a Python name; ``axes`` of one element, ``first..last`` the stored steps."""

    name: str
    axes: Axes
    first: Expr | None = None
    last: Expr | None = None
    count: int = 0  # of the members of a stack
    within: bool = False  # the members of a stack lie inside its steps: steps first, not members

    @property
    def timed(self) -> bool:
        """Whether it stores one element per step."""
        return self.first is not None


class Value:
    """Base of the expressions."""

    def __post_init__(self) -> None:
        self.axes  # noqa: B018  (operands that do not fit are refused when the node is built)

    @property
    def axes(self) -> Axes:
        """The axes of the result."""
        raise NotImplementedError


@dataclass(frozen=True)
class Number(Value):
    """An exact number; it may contain lengths and dimensions."""

    value: Expr

    @property
    def axes(self) -> Axes:
        return ()


@dataclass(frozen=True)
class Filled(Value):
    """An array with one number everywhere."""

    value: Expr
    shape: Axes

    @property
    def axes(self) -> Axes:
        return self.shape


@dataclass(frozen=True)
class Eye(Value):
    """The identity matrix."""

    size: Expr

    @property
    def axes(self) -> Axes:
        return (self.size, self.size)


@dataclass(frozen=True)
class Read(Value):
    """The element of an array at a step, or the whole of an array without time.

    Of a stack, the members in ``part``; they are the first axis.
    """

    array: Array
    index: Expr | None = None
    part: Members | None = None

    @property
    def axes(self) -> Axes:
        if self.part is None:
            return self.array.axes
        return (Integer(self.part[1] - self.part[0]), *self.array.axes)


@dataclass(frozen=True)
class Add(Value):
    """The elementwise sum of at least two terms."""

    terms: tuple[Value, ...]

    @property
    def axes(self) -> Axes:
        return broadcast(*(t.axes for t in self.terms))


@dataclass(frozen=True)
class Mul(Value):
    """The elementwise product of at least two factors."""

    factors: tuple[Value, ...]

    @property
    def axes(self) -> Axes:
        return broadcast(*(f.axes for f in self.factors))


@dataclass(frozen=True)
class MatMul(Value):
    """The matrix product of arrays with one or two axes, or of all matrices of a stack."""

    left: Value
    right: Value

    @property
    def axes(self) -> Axes:
        left, right = self.left.axes, self.right.axes
        if len(right) == 3 and left and left[-1] == right[1]:
            return (right[0], *left[-2:-1], right[2])
        if not (left and right) or left[-1] != right[0]:
            raise ShapeError(f"{show_axes(left)} @ {show_axes(right)} does not fit")
        return left[:-1] + right[1:]


@dataclass(frozen=True)
class Outer(Value):
    """u v^T of two arrays with one axis each."""

    left: Value
    right: Value

    @property
    def axes(self) -> Axes:
        return self.left.axes + self.right.axes


@dataclass(frozen=True)
class Swap(Value):
    """The transpose of an array with two axes."""

    arg: Value

    @property
    def axes(self) -> Axes:
        if len(self.arg.axes) != 2:
            raise ShapeError(f"an array with axes {show_axes(self.arg.axes)} has no transpose")
        return self.arg.axes[::-1]


@dataclass(frozen=True)
class Apply(Value):
    """The order-th derivative of an elementwise function, at every entry."""

    function: str
    order: int
    arg: Value

    @property
    def axes(self) -> Axes:
        return self.arg.axes


@dataclass(frozen=True)
class Softmax(Value):
    """softmax over the last axis."""

    arg: Value

    @property
    def axes(self) -> Axes:
        return self.arg.axes


@dataclass(frozen=True)
class Total(Value):
    """The sum over one axis (counted from 0)."""

    arg: Value
    axis: int

    @property
    def axes(self) -> Axes:
        return self.arg.axes[: self.axis] + self.arg.axes[self.axis + 1 :]


@dataclass(frozen=True)
class Spread(Value):
    """A scalar per sample for the ``width`` entries of a column: held as (B, 1), it broadcasts."""

    arg: Value
    width: Expr

    @property
    def axes(self) -> Axes:
        return (*self.arg.axes, self.width)


@dataclass(frozen=True)
class Join(Value):
    """Arrays side by side along the last axis, ``width`` long in all."""

    parts: tuple[Value, ...]
    width: Expr

    @property
    def axes(self) -> Axes:
        return (*broadcast(*(p.axes[:-1] for p in self.parts)), self.width)


@dataclass(frozen=True)
class Part(Value):
    """The entries start..stop-1 (from 0) of the last axis."""

    arg: Value
    start: Expr
    stop: Expr

    @property
    def axes(self) -> Axes:
        return (*self.arg.axes[:-1], self.stop - self.start)


@dataclass(frozen=True)
class Grid(Value):
    """A matrix put together from blocks, row by row."""

    rows: tuple[tuple[Value, ...], ...]
    shape: Axes

    @property
    def axes(self) -> Axes:
        return self.shape


@dataclass(frozen=True)
class Select(Value):
    """``yes`` for the samples whose mask is 1, ``no`` where it is 0."""

    mask: Read
    yes: Value
    no: Value

    @property
    def axes(self) -> Axes:
        return broadcast(self.yes.axes, self.no.axes)
