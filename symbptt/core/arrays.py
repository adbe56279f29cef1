"""Matrix operations on arrays (..., rows, columns), real or complex, with leading batch axes."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import NotSupported, SymbpttError

Array = NDArray[Any]

_LARGEST_DET = 6  # rows of a matrix that is expanded


def plus(*parts: Array) -> Array:
    """A + B + ..."""
    return reduce(np.add, parts)


def hadamard(*parts: Array) -> Array:
    """The elementwise product; a factor (1, 1) scales."""
    return reduce(np.multiply, parts)


def times(*parts: Array) -> Array:
    """The matrix product."""
    return reduce(np.matmul, parts)


def transposed(a: Array) -> Array:
    """A^T, without conjugation."""
    return a.swapaxes(-1, -2)


def diag(column: Array) -> Array:
    """diag(v) of a column (..., n, 1)."""
    matrix: Array = column * np.eye(column.shape[-2])
    return matrix


def vec(a: Array) -> Array:
    """The columns stacked, (..., rows * columns, 1)."""
    return a.swapaxes(-1, -2).reshape(*a.shape[:-2], -1, 1)


def unvec(a: Array, rows: int, cols: int) -> Array:
    """The matrix whose columns stand stacked in a, (..., rows, cols)."""
    return a.reshape(*a.shape[:-2], cols, rows).swapaxes(-1, -2)


def trace(a: Array) -> Array:
    """The trace as (..., 1, 1)."""
    total: Array = np.trace(a, axis1=-2, axis2=-1)
    return total[..., None, None]


def softmax(column: Array) -> Array:
    """softmax of a column, shifted by its largest entry."""
    power = np.exp(column - column.real.max(axis=-2, keepdims=True))
    result: Array = power / power.sum(axis=-2, keepdims=True)
    return result


def inverse(a: Array) -> Array:
    """A^{-1}."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError as error:
        raise SymbpttError("a matrix that is inverted is singular at this sample") from error


def kron(a: Array, b: Array) -> Array:
    """The Kronecker product."""
    product: Array = np.einsum("...ij,...kl->...ikjl", a, b)
    rows, cols = a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1]
    return product.reshape(*product.shape[:-4], rows, cols)


def norm(a: Array) -> Array:
    """The 2-norm as (..., 1, 1); of a matrix it is not followed through a complex step."""
    if 1 in a.shape[-2:]:
        value: Array = np.sqrt((a * a).sum(axis=(-2, -1), keepdims=True))
        return value
    if np.iscomplexobj(a):
        raise NotSupported("the derivative of the spectral norm has no reference evaluation")
    largest: Array = np.linalg.norm(a, 2, axis=(-2, -1), keepdims=True)
    return largest


def radius(a: Array) -> Array:
    """The largest |eigenvalue| as (..., 1, 1); it is not followed through a complex step."""
    if np.iscomplexobj(a):
        raise NotSupported("the derivative of a spectral radius has no reference evaluation")
    value: Array = np.abs(np.linalg.eigvals(a)).max(axis=-1)[..., None, None]
    return value


def det(a: Array) -> Array:
    """The determinant as (..., 1, 1), by expansion: exact numbers and complex steps stay so."""
    n = a.shape[-1]
    if n > _LARGEST_DET:
        raise NotSupported(f"a determinant of {n} rows has no reference evaluation")
    if n == 0:
        return np.ones((*a.shape[:-2], 1, 1), dtype=a.dtype)
    total = np.zeros((*a.shape[:-2], 1, 1), dtype=a.dtype)
    for j in range(n):
        minor = np.delete(a[..., 1:, :], j, axis=-1)
        total = total + (-1) ** j * a[..., :1, j : j + 1] * det(minor)
    return total


def largest(column: Array) -> Array:
    """The largest |v_i| of a column as (..., 1, 1)."""
    size = np.sqrt(column * column)
    at = size.real.argmax(axis=-2, keepdims=True)
    value: Array = np.take_along_axis(size, at, axis=-2)
    return value


def minimum(*parts: Array) -> Array:
    """The smallest, entry by entry; the real parts decide."""
    return reduce(lambda a, b: np.where(a.real <= b.real, a, b), parts)


def maximum(*parts: Array) -> Array:
    """The largest, entry by entry; the real parts decide."""
    return reduce(lambda a, b: np.where(a.real >= b.real, a, b), parts)


def stack(*parts: Array, axis: int = -2) -> Array:
    """Blocks on top of each other (-2) or side by side (-1), batches broadcast."""
    batch = np.broadcast_shapes(*(p.shape[:-2] for p in parts))
    return np.concatenate([np.broadcast_to(p, (*batch, *p.shape[-2:])) for p in parts], axis)


_REAL_ERF = np.vectorize(math.erf, otypes=[np.float64])


def erf(a: Array) -> Array:
    """The error function at real numbers, and a complex step away from them."""
    real: Array = _REAL_ERF(np.real(a))
    if not np.iscomplexobj(a):
        return real
    return real + 2j / math.pi**0.5 * np.imag(a) * np.exp(-(np.real(a) ** 2))
