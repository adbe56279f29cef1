"""Parameters of recurrent cells to and from the layouts of PyTorch and Keras. Needs NumPy only.

The names are those of the built-in models, which are the layouts here too:

    rnn              h_t = tanh(W h_{t-1} + U x_t + b)
    lstm             gates f, i, o and the candidate c, each with W_k (n, n), U_k (n, d), b_k (n,)
    gru              gates z, r; the candidate with W (n, n), U (n, d), b (n,), W (r_t * h_{t-1})
    gru-reset-after  the same with r_t * (W h_{t-1} + c), and c (n,): PyTorch's GRU, Keras' default

In both GRUs z is on the old state, as in the libraries: h_t = z_t * h_{t-1} + (1 - z_t) * new_t.
The libraries stack the gates of a cell, in an order of their own, and some add two biases b^x + b^h
where one is enough. Then what is written is b^x = b, b^h = 0, and what is read is b = b^x + b^h.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["from_keras", "from_torch", "to_keras", "to_torch"]

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]


@dataclass(frozen=True)
class _Gate:
    """The names of W (n, n), U (n, d), b (n,), and of a bias (n,) inside the recurrent product."""

    W: str
    U: str
    b: str
    c: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.W, self.U, self.b, self.c) if name)


def _gate(k: str) -> _Gate:
    return _Gate(f"W_{k}", f"U_{k}", f"b_{k}")


_PLAIN = _Gate("W", "U", "b")
_CELLS: dict[str, dict[str, _Gate]] = {
    "rnn": {"h": _PLAIN},
    "lstm": {k: _gate(k) for k in "fioc"},
    "gru": {"z": _gate("z"), "r": _gate("r"), "n": _PLAIN},
    "gru-reset-after": {"z": _gate("z"), "r": _gate("r"), "n": _Gate("W", "U", "b", "c")},
}
# The order in which a library stacks the gates of a cell.
_TORCH = {"rnn": "h", "lstm": "ifco", "gru-reset-after": "rzn"}
_KERAS = {"rnn": "h", "lstm": "ifco", "gru": "zrn", "gru-reset-after": "zrn"}
_TWO_BIASES = {"gru-reset-after"}  # in Keras; PyTorch always has two

_TORCH_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_KERAS_NAMES = ("kernel", "recurrent_kernel", "bias")


def to_torch(params: Mapping[str, Any], layout: str = "lstm", suffix: str = "_l0") -> Arrays:
    """The parameters as a state_dict of nn.RNN, nn.LSTM or nn.GRU has them.

    With g gates: weight_ih_l0 (g n, d), weight_hh_l0 (g n, n), bias_ih_l0 and bias_hh_l0 (g n,);
    gates in the order i, f, g, o and r, z, n. ``suffix`` names another layer or direction.
    """
    stacked = _stack(params, layout, _order(_TORCH, layout, "PyTorch"))
    return {name + suffix: array for name, array in zip(_TORCH_NAMES, stacked, strict=True)}


def from_torch(weights: Mapping[str, Any], layout: str = "lstm", suffix: str = "_l0") -> Arrays:
    """The parameters from a state_dict; entries of other layers and directions are passed over."""
    order = _order(_TORCH, layout, "PyTorch")
    mine = {k.removesuffix(suffix): v for k, v in weights.items() if k.endswith(suffix)}
    found = _checked_names(mine, _TORCH_NAMES, suffix)
    return _split(found, layout, order, [name + suffix for name in _TORCH_NAMES])


def to_keras(params: Mapping[str, Any], layout: str = "lstm") -> Arrays:
    """The parameters as SimpleRNN, LSTM or GRU has them, in the order of ``set_weights``.

    With g gates: kernel (d, g n), recurrent_kernel (n, g n), bias (g n,), or (2, g n) of a GRU with
    reset_after; gates in the order i, f, c, o and z, r, h.
    """
    U, W, b, c = _stack(params, layout, _order(_KERAS, layout, "Keras"))
    bias = np.stack([b, c]) if layout in _TWO_BIASES else b
    return dict(zip(_KERAS_NAMES, (U.T.copy(), W.T.copy(), bias), strict=True))


def from_keras(weights: Mapping[str, Any] | Sequence[Any], layout: str = "lstm") -> Arrays:
    """The parameters from kernel, recurrent_kernel, bias: by name, or a list as ``get_weights``."""
    order = _order(_KERAS, layout, "Keras")
    if not isinstance(weights, Mapping):
        weights = dict(zip(_KERAS_NAMES, weights, strict=False))
    kernel, recurrent, bias = _checked_names(weights, _KERAS_NAMES)
    if layout in _TWO_BIASES and (bias.ndim != 2 or len(bias) != 2):
        raise ValueError(f"bias: expected shape (2, {kernel.shape[-1]}), got {bias.shape}")
    b, c = bias if layout in _TWO_BIASES else (bias, np.zeros_like(bias))
    return _split((kernel.T, recurrent.T, b, c), layout, order, (*_KERAS_NAMES, "bias"))


# ---------------------------------------------------------------- stacking


def _order(table: Mapping[str, str], layout: str, library: str) -> list[str]:
    """The gates as the library stacks them."""
    if layout not in table:
        hint = ", its GRU is gru-reset-after" if layout == "gru" else ""
        raise ValueError(f"layout: {library} has {', '.join(table)}{hint}; got {layout!r}")
    return list(table[layout])


def _stack(params: Mapping[str, Any], layout: str, order: list[str]) -> tuple[Array, ...]:
    """U (g n, d), W (g n, n), b and c (g n,)."""
    gates = [_CELLS[layout][k] for k in order]
    names = [name for gate in gates for name in gate.names]
    found = dict(zip(names, _checked_names(params, names), strict=True))
    d, n = _sizes(found[gates[0].U], gates[0].U)
    for gate in gates:
        for name, shape in zip(gate.names, ((n, n), (n, d), (n,), (n,)), strict=False):
            _check_shape(name, found[name], shape)
    inner = [found[g.c] if g.c else np.zeros_like(found[g.b]) for g in gates]
    parts = ([found[g.U] for g in gates], [found[g.W] for g in gates], [found[g.b] for g in gates])
    return tuple(np.concatenate(part) for part in (*parts, inner))


def _split(stacked: Sequence[Array], layout: str, order: list[str], names: Sequence[str]) -> Arrays:
    """The parameters from U (g n, d), W (g n, n), b and c (g n,), which the library calls so."""
    cells, count = _CELLS[layout], len(order)
    rows, d = stacked[0].shape if stacked[0].ndim == 2 else (0, 0)
    if rows == 0 or rows % count:
        raise ValueError(
            f"{names[0]}: expected {count} gates in one matrix, got {stacked[0].shape}"
        )
    shapes = ((rows, d), (rows, rows // count), (rows,), (rows,))
    for name, array, shape in zip(names, stacked, shapes, strict=True):
        # Keras keeps its matrices transposed: the error shows what was passed in.
        turned = name in _KERAS_NAMES
        _check_shape(name, array.T if turned else array, shape[::-1] if turned else shape)
    out: Arrays = {}
    for k, *parts in zip(order, *(np.split(array, count) for array in stacked), strict=True):
        U, W, b, c = parts
        gate = cells[k]
        out |= {gate.W: W.copy(), gate.U: U.copy(), gate.b: b.copy() if gate.c else b + c}
        if gate.c:
            out[gate.c] = c.copy()
    return {name: out[name] for k in cells for name in cells[k].names}


# ---------------------------------------------------------------- checks


def _checked_names(
    given: Mapping[str, Any], names: Iterable[str], suffix: str = ""
) -> tuple[Array, ...]:
    """The arrays of these names, in this order; ValueError if one is missing or there are more."""
    names = tuple(names)
    missing = [name + suffix for name in names if name not in given]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    more = [str(name) + suffix for name in given if name not in names]
    if more:
        expected = ", ".join(name + suffix for name in names)
        raise ValueError(f"not part of the layout: {', '.join(more)}; expected {expected}")
    return tuple(np.asarray(given[name]) for name in names)


def _sizes(U: Array, name: str) -> tuple[int, int]:
    """d and n."""
    if U.ndim != 2:
        raise ValueError(f"{name}: expected shape (n, d), got {U.shape}")
    return U.shape[1], U.shape[0]


def _check_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
