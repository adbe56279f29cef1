"""The floor by hand: an RNN and an LSTM with a linear output layer in NumPy, written for speed.

The mathematics is that of the generated modules: softmax cross-entropy with classes, summed over
steps and samples, and all gradients, dL/dx among them. What a generator cannot presume is used
here: sizes and dtype are fixed, so that storage and the views of all steps are made once; arguments
are not checked, there are no masks, no states from outside and no other loss, and the next step
overwrites dL/dx. A generated module should take as long, but for what it does once a call.

Samples lie in rows and gates one after the other: with features in rows (W x without a transpose,
the backward product of all gates as one) the LSTM took 4 to 33 % longer at four of the five sizes,
and 3 % less at S3.

T steps, B samples, n units. Samples are rows, ``slot[t]`` holds step t, and ``ROWS`` samples of all
steps at a time are worked on while they lie in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
Arrays = dict[str, Array]
Step = Callable[[], tuple[Any, Arrays]]
ROWS = 512
# of the LSTM's gates: the sigmoids k, i, f lie together, and [i, f] meets [g, C_{t-1}]
ORDER = "kifg"


def empty(dtype: Any, *shape: int) -> Array:
    """An array that begins at a cache line."""
    size, line = math.prod(shape), 64 // dtype.itemsize
    array = np.empty(size + line, dtype)
    start = -array.ctypes.data // dtype.itemsize % line
    return array[start : start + size].reshape(shape)


def width(rows: int, size: int, columns: int, dtype: Any) -> int:
    """Columns of a block: OpenBLAS packs no operand of up to about 10^6 multiplications."""
    widths = range(256 // dtype.itemsize, 128 // dtype.itemsize - 1, -1)
    return next((w for w in widths if columns % w == 0 and rows * size * w <= 1e6), columns)


def blocks(W: Array, rows: int) -> Array:
    """W in blocks of columns; of one row, all matrices side by side."""
    if rows == 1:
        return np.concatenate(list(W), axis=1) if W.ndim == 3 else np.ascontiguousarray(W)
    *_, size, columns = W.shape
    w = width(rows, size, columns, W.dtype)
    out = empty(W.dtype, *W.shape[:-2], columns // w, size, w)
    out[...] = W.reshape(*W.shape[:-1], -1, w).swapaxes(-3, -2)
    return out


def in_blocks(out: Array, size: int) -> Array:
    """A result of products with such blocks."""
    *_, rows, columns = out.shape
    if rows == 1:
        return out.reshape(1, -1)
    return out.reshape(*out.shape[:-1], -1, width(rows, size, columns, out.dtype)).swapaxes(-3, -2)


def spans(T: int, B: int) -> list[tuple[int, int]]:
    """The steps start + 1, ..., stop of all chunks."""
    size = max(1, ROWS // B)
    return [(start, min(start + size, T)) for start in range(0, T, size)]


def steps_of(*arrays: Array) -> list[tuple[Array, ...]]:
    """The views of every step, as far as the shortest array goes."""
    return list(zip(*arrays, strict=False))


def rows(x: Array) -> Array:
    """All steps and samples as rows."""
    return x.reshape(-1, x.shape[-1])


def output(params: Arrays, h: Array, y: Array, o: Array, dh: Array) -> tuple[Any, Array, Array]:
    """L, dL/dV and dL/dc of o_t = V h_t + c; dL/dh goes into ``dh``."""
    V, c, loss = params["V"], params["c"], 0.0
    dV, dc = np.zeros_like(V), np.zeros_like(c)
    for start, stop in spans(len(y), y.shape[1]):
        classes, states = y[start:stop].ravel(), rows(h[start + 1 : stop + 1])
        p = o[: len(classes)]
        np.matmul(states, V.T, out=p)
        p += c
        if not -50 < p.min() <= p.max() < 50:  # powers may get out of range
            p -= p.max(axis=1, keepdims=True)
        np.exp(p, out=p)
        ones = np.ones(len(c), p.dtype)
        p *= (1 / (p @ ones))[:, None]
        chosen = np.arange(len(p)), classes
        loss -= np.log(p[chosen]).sum()
        p[chosen] -= 1
        np.matmul(p, V, out=rows(dh[start:stop]))
        dV += p.T @ states
        dc += np.ones(len(p), p.dtype) @ p
    return loss, dV, dc


def rnn(params: Arrays, x: Array, y: Array) -> Step:
    """h_t = tanh(W h_{t-1} + U x_t + b)."""
    (T, B, d), n, dtype = x.shape, len(params["b"]), x.dtype
    multiply, chunks = np.dot if B == 1 else np.matmul, spans(T, B)
    h, da, dx = empty(dtype, T + 1, B, n), empty(dtype, T, B, n), empty(dtype, T, B, d)
    work, factor = empty(dtype, B, n), empty(dtype, chunks[0][1], B, n)
    o, product = empty(dtype, chunks[0][1] * B, len(params["c"])), in_blocks(work, n)
    steps, back = steps_of(h, h[1:]), [steps_of(da[a:b], factor) for a, b in chunks]
    h[0] = 0

    def step() -> tuple[Any, Arrays]:
        W, U = params["W"], params["U"]
        W_blocks, W_T_blocks = blocks(W, B), blocks(W.T, B)
        np.matmul(rows(x), U.T, out=rows(h[1:]))
        h[1:] += params["b"]
        for before, now in steps:
            multiply(before, W_T_blocks, product)
            now += work
            np.tanh(now, out=now)
        loss, dV, dc = output(params, h, y, o, da)  # dL/dh_t without what comes from later steps
        later = None
        for (start, stop), views in zip(chunks[::-1], back[::-1], strict=True):
            slopes = factor[: stop - start]
            np.multiply(h[start + 1 : stop + 1], h[start + 1 : stop + 1], out=slopes)
            np.subtract(1, slopes, out=slopes)
            for delta, slope in views[::-1]:
                if later is not None:
                    multiply(later, W_blocks, product)
                    delta += work
                delta *= slope
                later = delta
        delta = rows(da)
        np.matmul(delta, U, out=rows(dx))
        return loss, {
            "W": delta.T @ rows(h[:T]), "U": delta.T @ rows(x),
            "b": np.ones(len(delta), dtype) @ delta, "V": dV, "c": dc, "h": da[0] @ W, "x": dx,
        }  # fmt: skip

    return step


def lstm(params: Arrays, x: Array, y: Array) -> Step:
    """C_t = f_t C_{t-1} + i_t g_t, h_t = k_t tanh(C_t); f_t = sigmoid(W_f h_{t-1} + ...), ...

    Slot t holds k_t, i_t, f_t, g_t and C_{t-1}, the adjoints of a step lie as dL/dC_t, those of
    the four sums, and what goes on to C_{t-1}.
    """
    (T, B, d), n, dtype = x.shape, len(params["b_f"]), x.dtype
    multiply, chunks = np.dot if B == 1 else np.matmul, spans(T, B)
    size = chunks[0][1]
    slot, tanh_C = empty(dtype, T + 2, 5, B, n), empty(dtype, T + 1, B, n)
    h, dh, dx = empty(dtype, T + 1, B, n), empty(dtype, T, B, n), empty(dtype, T, B, d)
    delta, da = empty(dtype, size + 1, 6, B, n), empty(dtype, T, B, 4 * n)
    to_h, to_C = empty(dtype, size, 2, B, n), empty(dtype, size, 4, B, n)
    work, terms, total = empty(dtype, 4, B, n), empty(dtype, 2, B, n), empty(dtype, B, n)
    o, x_1 = empty(dtype, size * B, len(params["c"])), empty(dtype, T, B, d + 1)
    half, product, sums = np.full((), 0.5, dtype), in_blocks(work, n), slot[1 : T + 1, :4]
    k, i, f, g, C = slot.swapaxes(0, 1)
    steps = steps_of(
        h, slot[1:, :4], slot[1:, :3], slot[1:, 1:3], slot[1:, 3:], C[2:], tanh_C[1:], k[1:], h[1:]
    )
    after = delta[1:, 1:5].reshape(size, 1, -1) if B == 1 else delta[1:, 1:5, None]
    back = [
        steps_of(dh[a:b], after, delta[1:, 5], to_h, delta[:, :2], delta[:, 0], to_C, delta[:, 2:])
        for a, b in chunks
    ]
    i_g, f_C = terms
    W_T, U_b_T = empty(dtype, 4, n, n), empty(dtype, 4, d + 1, n)
    h[0] = C[1] = 0
    x_1[..., d] = 1

    def forward() -> None:
        for W, U_b, gate in zip(W_T, U_b_T, ORDER, strict=True):
            scale = 1 if gate == "g" else half  # sigmoid(a) = (1 + tanh(a / 2)) / 2
            np.multiply(params[f"W_{gate}"].T, scale, out=W)
            np.multiply(params[f"U_{gate}"].T, scale, out=U_b[:d])
            np.multiply(params[f"b_{gate}"], scale, out=U_b[d])
        W_blocks, U_b_blocks = blocks(W_T, B), blocks(U_b_T, B)
        x_1[..., :d] = x
        if B == 1:
            np.matmul(x_1[:, 0], U_b_blocks, out=sums.reshape(T, -1))
        else:
            np.matmul(x_1[:, None, None], U_b_blocks, out=in_blocks(sums, d + 1))
        for h_before, a, sigmoids, i_f, g_C, C_t, tanh_C_t, k_t, h_t in steps:
            multiply(h_before, W_blocks, product)
            a += work
            np.tanh(a, out=a)
            sigmoids *= half
            sigmoids += half
            np.multiply(i_f, g_C, out=terms)
            np.add(i_g, f_C, out=C_t)
            np.tanh(C_t, out=tanh_C_t)
            np.multiply(k_t, tanh_C_t, out=h_t)

    def factors(start: int, stop: int) -> None:
        """What dL/dh_t and dL/dC_t are multiplied by, for the steps of a chunk."""
        here, (by_h, by_C) = (
            slice(start + 1, stop + 1),
            (to_h[: stop - start], to_C[: stop - start]),
        )
        k_t, i_f, g_t, g_C, h_t = k[here], slot[here, 1:3], g[here], slot[here, 3:], h[here]
        np.multiply(h_t, tanh_C[here], out=by_h[:, 0])  # k (1 - tanh(C)^2) = k - h tanh(C)
        np.subtract(k_t, by_h[:, 0], out=by_h[:, 0])
        np.multiply(h_t, k_t, out=by_h[:, 1])  # k (1 - k) tanh(C) = h - h k
        np.subtract(h_t, by_h[:, 1], out=by_h[:, 1])
        np.multiply(i_f, i_f, out=by_C[:, :2])  # i (1 - i) g, f (1 - f) C_{t-1}
        np.subtract(i_f, by_C[:, :2], out=by_C[:, :2])
        by_C[:, :2] *= g_C
        np.multiply(g_t, g_t, out=by_C[:, 2])  # i (1 - g^2)
        np.subtract(1, by_C[:, 2], out=by_C[:, 2])
        by_C[:, 2] *= i[here]
        by_C[:, 3] = f[here]

    def backward() -> tuple[Array, Array]:
        W = np.stack([params[f"W_{gate}"] for gate in ORDER])
        W_blocks = rows(W) if B == 1 else blocks(W, B)
        out, result = (total, total) if B == 1 else (in_blocks(work, n), work)
        delta[chunks[-1][1] - chunks[-1][0]] = 0
        for (start, stop), views in zip(chunks[::-1], back[::-1], strict=True):
            factors(start, stop)
            if stop < T:
                delta[stop - start] = delta[0]
            for dh_t, da_after, C_after, by_h, from_h, dC, by_C, from_C in views[::-1]:
                multiply(da_after, W_blocks, out)
                if B > 1:
                    np.add.reduce(result, axis=0, out=total)
                dh_t += total
                np.multiply(dh_t, by_h, out=from_h)
                dC += C_after
                np.multiply(dC, by_C, out=from_C)
            samples = da[start:stop].reshape(-1, B, 4, n)
            samples[...] = delta[: stop - start, 1:5].swapaxes(1, 2)
        return delta[0, 5], sum(a @ w for a, w in zip(delta[0, 1:5], W, strict=True))

    def step() -> tuple[Any, Arrays]:
        forward()
        loss, dV, dc = output(params, h, y, o, dh)
        dC_start, dh_start = backward()
        found = {"V": dV, "c": dc, "x": dx, "C": dC_start.copy(), "h": dh_start}
        a = rows(da)
        np.matmul(a, np.concatenate([params[f"U_{gate}"] for gate in ORDER]), out=rows(dx))
        joint = {"W": a.T @ rows(h[:T]), "U": a.T @ rows(x), "b": np.ones(len(a), dtype) @ a}
        for key, gradient in joint.items():
            parts = gradient.reshape(4, n, *gradient.shape[1:])
            found |= {f"{key}_{gate}": part for gate, part in zip(ORDER, parts, strict=True)}
        return loss, found

    return step


CELLS = {"RNN": rnn, "LSTM": lstm}
