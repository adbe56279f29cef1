"""Numbers modulo a prime with slopes, a + Σ_j b_j ε_j with ε_i ε_j = 0, in matrices.

The derivative of an evaluation is the coefficient of ε; no rule of differentiation for matrices is
used. All arrays are of int64 and have leading axes for the directions of change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .arrays import Array

PRIME = 2**31 - 1
_HALF = 16  # bits: products of a half and a residue can be added up without overflow


@dataclass(frozen=True, slots=True)
class Dual:
    """Residues ``value`` (rows, columns) with ``slopes`` (directions, rows, columns) or None."""

    value: Array
    slopes: Array | None = None

    def each(self, move: Callable[[Array], Array]) -> Dual:
        """A linear operation on the last two axes, such as a transpose."""
        return Dual(move(self.value), None if self.slopes is None else move(self.slopes))


def mixed(x: Array) -> Array:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of x.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(x ^ (x >> np.uint64(31)))


def _sum_of(a: Array | None, b: Array | None) -> Array | None:
    if a is None or b is None:
        return b if a is None else a
    return (a + b) % PRIME


def plus(a: Dual, b: Dual) -> Dual:
    """a + b."""
    return Dual((a.value + b.value) % PRIME, _sum_of(a.slopes, b.slopes))


def _bilinear(operation: Callable[[Array, Array], Array]) -> Callable[[Dual, Dual], Dual]:
    """A product of dual numbers: (a + b ε)(c + d ε) = a c + (a d + b c) ε."""

    def product(a: Dual, b: Dual) -> Dual:
        first = None if b.slopes is None else operation(a.value, b.slopes)
        second = None if a.slopes is None else operation(a.slopes, b.value)
        return Dual(operation(a.value, b.value), _sum_of(first, second))

    return product


def entrywise(a: Array, b: Array) -> Array:
    """The entrywise product of residues."""
    return a * b % PRIME


def matrix(a: Array, b: Array) -> Array:
    """The matrix product: the left factor in halves, so that no sum overflows."""
    high = ((a >> _HALF) @ b) % PRIME
    return ((high << _HALF) + (a & (2**_HALF - 1)) @ b) % PRIME


def _blocks(a: Array, b: Array) -> Array:
    product = np.einsum("...ij,...kl->...ikjl", a, b) % PRIME
    rows, cols = a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1]
    return np.asarray(product.reshape(*product.shape[:-4], rows, cols))


hadamard, times, kron = map(_bilinear, (entrywise, matrix, _blocks))


def filled(shape: tuple[int, int], value: int) -> Dual:
    """The same residue everywhere."""
    return Dual(np.full(shape, value, dtype=np.int64))


def identity(n: int) -> Dual:
    """I."""
    return Dual(np.eye(n, dtype=np.int64))


def vec(a: Array) -> Array:
    """The columns stacked."""
    return a.swapaxes(-1, -2).reshape(*a.shape[:-2], -1, 1)


def trace(a: Array) -> Array:
    """The trace as (..., 1, 1)."""
    return np.asarray(np.trace(a, axis1=-2, axis2=-1) % PRIME)[..., None, None]


def det(a: Dual) -> Dual:
    """The determinant, by expansion along the first row."""
    n = a.value.shape[-1]
    total = filled((1, 1), 0 if n else 1)
    for j in range(n):
        sign = filled((1, 1), (-1) ** j % PRIME)
        cofactor = hadamard(sign, det(a.each(partial(_minor, at=j))))
        total = plus(total, hadamard(a.each(partial(_first, at=j)), cofactor))
    return total


def _first(x: Array, at: int) -> Array:
    return x[..., :1, at : at + 1]


def _minor(x: Array, at: int) -> Array:
    """Without the first row and a column."""
    return np.delete(x[..., 1:, :], at, axis=-1)


def joined(parts: list[Dual], axis: int) -> Dual:
    """Blocks beside each other (-1) or on top of each other (-2)."""
    value = np.concatenate([p.value for p in parts], axis)
    count = max((len(p.slopes) for p in parts if p.slopes is not None), default=0)
    if not count:
        return Dual(value)
    slopes = [
        np.zeros((count, *p.value.shape), dtype=np.int64) if p.slopes is None else p.slopes
        for p in parts
    ]
    return Dual(value, np.concatenate(slopes, axis))
