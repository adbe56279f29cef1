"""The expressions of the loop IR that only passes make."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Integer

from .values import Axes, Read, Value


@dataclass(frozen=True)
class Stacked(Value):
    """Matrices of one shape as a new array, in the order of a first axis."""

    parts: tuple[Value, ...]

    @property
    def axes(self) -> Axes:
        return (Integer(len(self.parts)), *self.parts[0].axes)


@dataclass(frozen=True)
class Optional(Value):
    """A gradient from outside, or zero where it is not given."""

    arg: Read

    @property
    def axes(self) -> Axes:
        return self.arg.axes


@dataclass(frozen=True)
class Across(Value):
    """Members of a stack, each of which meets all blocks of its matrix in a product, or all samples
    in a sum.
    """

    arg: Read | Stacked

    @property
    def axes(self) -> Axes:
        return (self.arg.axes[0], Integer(1), *self.arg.axes[1:])


@dataclass(frozen=True)
class Chosen(Value):
    """y^T f(v) for every sample; y one-hot, as vectors or as classes, f "" or a function."""

    onehot: Read
    function: str
    arg: Value

    @property
    def axes(self) -> Axes:
        return self.arg.axes[:-1]


@dataclass(frozen=True)
class Entries(Value):
    """The sum of the entries of a one-hot y, as vectors or as classes."""

    onehot: Read

    @property
    def axes(self) -> Axes:
        return self.onehot.axes[:-1]


@dataclass(frozen=True)
class Spike(Value):
    """c y for a one-hot y, as vectors or as classes; it is only added to an array."""

    onehot: Read
    factor: Value

    @property
    def axes(self) -> Axes:
        return self.onehot.axes
