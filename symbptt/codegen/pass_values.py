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
