"""False statements, each with both of its sides written once more in plain NumPy.

A side is computed from the counterexample's JSON alone: values as arrays, derivatives by complex
steps through a plain loop over the time steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

MATRICES = r"""
A, B \in \mathbb{R}^{n \times n}
x, y \in \mathbb{R}^n
"""
JACOBIAN = r"\frac{\partial h_t}{\partial h_k}"
ONE_STEP = r"\frac{\partial h_t}{\partial h_{t-1}}"
WEIGHTS = r"\frac{\partial L}{\partial W}"
SLOPES = r"\mathrm{diag}(\sigma'(a_t))"
GAMMA = r"\sup|\sigma'|"
EPS = 1e-30

Array = Any


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def derivative(f: Callable[[Array], Array], x: Array) -> Array:
    """The Jacobian of f by complex steps, entries of matrices in the order of vec."""
    columns = []
    for j in range(x.shape[1]):
        for i in range(x.shape[0]):
            moved = x.astype(complex)
            moved[i, j] += 1j * EPS
            columns.append(np.imag(f(moved)).reshape(-1, order="F") / EPS)
    return np.array(columns).T


class World:
    """A counterexample read back from its JSON."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.dims, self.functions = data["dims"], data.get("functions", {})
        self.values = {name: array(value) for name, value in data["values"].items()}

    def __getattr__(self, name: str) -> Any:
        """A size, an index, or a value."""
        return self.dims[name] if name in self.dims else self.values[name]

    def function(self, name: str) -> Callable[[Array], Array]:
        """An unspecified function of one vector, or an elementwise one."""
        text = self.functions[name]
        expr = sp.sympify(text.replace("^", "**"))
        if expr.free_symbols <= {sp.Symbol("x")}:
            return lambda v: sp.lambdify(sp.Symbol("x"), expr, "numpy")(v) + 0 * v
        names = sorted(expr.free_symbols, key=str)

        def scalar(v: Array) -> Array:
            several = {f"u_{i + 1}": v[i, 0] for i in range(len(v))} | {"u": v[0, 0]}
            found = sp.lambdify(names, expr, "numpy")(*(several[str(s)] for s in names))
            return np.array([[found]])

        return scalar

    # ------------------------------------------------------------ a plain recurrent network

    @property
    def length(self) -> int:
        return int(self.dims["T"])

    def states(
        self, s: Callable[[Array], Array] | None = None, W: Array | None = None,
        start: int = 0, first: Array | None = None, until: int | None = None,
    ) -> dict[int, Array]:  # fmt: skip
        """h_start, ..., h_until of h_t = s(W h_{t-1} + U x_t + b); ``first`` is h_start."""
        s = s or self.function("sigma")
        W = self.W if W is None else W
        if first is None:
            first = self.h_0 if start == 0 else self.states(s, until=start)[start]
        out = {start: first}
        for t in range(start + 1, (self.length if until is None else until) + 1):
            out[t] = s(self.pre(t, out[t - 1], W))
        return out

    def pre(self, t: int, before: Array, W: Array | None = None) -> Array:
        """a_t from h_{t-1}."""
        bias = self.values.get("b", 0)
        return (self.W if W is None else W) @ before + self.U @ self.values[f"x_{t}"] + bias

    def through(
        self, k: int, t: int, s: Callable[[Array], Array] | None = None
    ) -> Array:  # fmt: skip
        """dh_t/dh_k."""
        here = self.states(s, until=k)[k]
        return derivative(lambda h: self.states(s, start=k, first=h, until=t)[t], here)

    def slopes(self, t: int, s: Callable[[Array], Array] | None = None) -> Array:
        """diag(s'(a_t))."""
        s = s or self.function("sigma")
        return derivative(s, self.pre(t, self.states(s, until=t)[t - 1]))

    def adjoint(self, t: int) -> Array:
        """The gradient of L with respect to h_t."""

        def later(h: Array) -> Array:
            states = self.states(start=t, first=h)
            return sum(self.function(f"L_{j}")(states[j]) for j in range(t, self.length + 1))

        return derivative(later, self.states()[t]).T

    def gradient(self) -> Array:
        """The gradient of L with respect to W."""

        def loss(W: Array) -> Array:
            states = self.states(W=W)
            return sum(self.function(f"L_{t}")(states[t]) for t in range(1, self.length + 1))

        return derivative(loss, self.W).reshape(self.W.shape, order="F")

    def total(self, term: Callable[[int], Array], first: int = 1) -> Array:
        """A sum over the steps."""
        return sum((term(t) for t in range(first, self.length + 1)), 0 * self.W)

    # ------------------------------------------------------------ gated cells

    def lstm(
        self, until: int, start: int = 0, first: Array | None = None
    ) -> dict[str, dict[int, Array]]:  # fmt: skip
        """The sequences of the standard cell; C_start is replaced by ``first``."""
        out: dict[str, dict[int, Array]] = {z: {} for z in ("C", "h", "f", "i", "c")}
        C, h = self.C_0, self.values.get("h_0", 0 * self.C_0)
        for t in range(until + 1):
            if t:
                z = {g: getattr(self, f"W_{g}") @ h + getattr(self, f"U_{g}")
                     @ self.values[f"x_{t}"] + getattr(self, f"b_{g}")
                     for g in "fico" if f"W_{g}" in self.values}  # fmt: skip
                f, i, c = sigmoid(z["f"]), sigmoid(z["i"]), np.tanh(z["c"])
                C = f * C + i * c
                out["f"][t], out["i"][t], out["c"][t] = f, i, c
                if "o" in z:
                    h = sigmoid(z["o"]) * np.tanh(C)
            if first is not None and t == start:
                C = first
                if t and "W_o" in self.values:
                    h = sigmoid(z["o"]) * np.tanh(C)
            out["C"][t], out["h"][t] = C, h
        return out

    def cells(self, k: int, t: int) -> Array:
        """dC_t/dC_k."""
        here = self.lstm(k)["C"][k]
        return derivative(lambda C: self.lstm(t, k, C)["C"][t], here)


def array(value: Any) -> Array:
    """A number, a list of the entries of a column, or rows, as a matrix."""
    if not isinstance(value, list):
        value = [value]
    rows = value if isinstance(value[0], list) else [[x] for x in value]
    return np.array([[float(Fraction(x)) for x in row] for row in rows])


def norm(a: Array) -> float:
    return float(np.linalg.norm(a, 2))


def radius(a: Array) -> float:
    return float(np.abs(np.linalg.eigvals(a)).max())


def power(a: Array, k: int) -> Array:
    return np.linalg.matrix_power(a, k)


def product(factors: list[Array], n: int) -> Array:
    """The latest factor leftmost."""
    return reduce(lambda done, factor: factor @ done, factors, np.eye(n))


def softmax(v: Array) -> Array:
    return np.exp(v) / np.exp(v).sum()


def outputs(w: World) -> Array:
    """The softmax of rnn-softmax at t."""
    h = w.h_0
    for t in range(1, w.t + 1):
        h = np.tanh(w.pre(t, h))
    return softmax(w.c + w.V @ h)


def label(w: World) -> Array:
    return w.values[f"y_{w.t}"]


def gru(w: World) -> tuple[Array, Array, Array, Array]:
    """z_t, the candidate, h_{t-1} and h_t of the GRU."""
    h = w.h_0
    for t in range(1, w.t + 1):
        x, before = w.values[f"x_{t}"], h
        z, r = (sigmoid(w.values[f"W_{g}"] @ h + w.values[f"U_{g}"] @ x + w.values[f"b_{g}"])
                for g in "zr")  # fmt: skip
        c = np.tanh(w.W @ (r * h) + w.U @ x + w.b)
        h = z * h + (1 - z) * c
    return z, c, before, h


Sides = Callable[[World], tuple[Any, Any]]


@dataclass(frozen=True)
class False_:
    """A model, a false statement, what is assumed, and its sides in NumPy."""

    model: str
    statement: str
    sides: Sides
    given: tuple[str, ...] = ()

    @property
    def relation(self) -> str:
        signs = {r"\le": "<=", r"\ge": ">=", "<": "<", ">": ">"}
        first = self.statement.split(", ")[0]
        return next((r for s, r in signs.items() if f" {s} " in first), "=")


def _m(statement: str, sides: Sides, *given: str) -> False_:
    return False_(MATRICES, statement, sides, given)


def _r(statement: str, sides: Sides, *given: str) -> False_:
    return False_("rnn", statement, sides, given)


def _bound(w: World, factor: float, more: int = 0) -> tuple[float, float]:
    return norm(w.through(w.k, w.t)), factor ** (w.t - w.k + more)


def _gamma(w: World) -> float:
    """The supremum of the slope: of a linear function or of a known one."""
    text = w.functions["sigma"]
    known = {"tanh(x)": 1.0, "1/(1 + exp(-x))": 0.25, "sin(x)": 1.0}
    return known[text] if text in known else abs(float(sp.diff(sp.sympify(text))))


WITH_SLOPE = r"\nabla_{h_t} L h_{t-1}^\top"
LATER = r"1 \le k < t"
CLAIMS: tuple[False_, ...] = (
    _m("A B = B A", lambda w: (w.A @ w.B, w.B @ w.A)),
    _m(r"(A B)^\top = A^\top B^\top", lambda w: ((w.A @ w.B).T, w.A.T @ w.B.T)),
    _m("(A B)^{-1} = A^{-1} B^{-1}",
       lambda w: (np.linalg.inv(w.A @ w.B), np.linalg.inv(w.A) @ np.linalg.inv(w.B))),
    _m("(A + B)(A + B) = A A + 2 A B + B B",
       lambda w: (power(w.A + w.B, 2), w.A @ w.A + 2 * w.A @ w.B + w.B @ w.B)),
    _m(r"A x = A^\top x", lambda w: (w.A @ w.x, w.A.T @ w.x)),
    _m(r"x \odot (A y) = A (x \odot y)", lambda w: (w.x * (w.A @ w.y), w.A @ (w.x * w.y))),
    _m(r"\mathrm{diag}(x) A = A \mathrm{diag}(x)",
       lambda w: (np.diag(w.x[:, 0]) @ w.A, w.A @ np.diag(w.x[:, 0]))),
    _m("A B = B A", lambda w: (w.A @ w.B, w.B @ w.A),
       r"A \text{ symmetric}", r"B \text{ symmetric}"),
    _m(r"A = A^\top", lambda w: (w.A, w.A.T), r"A \text{ orthogonal}"),
    _m("A^{k+1} = A^k", lambda w: (power(w.A, w.k + 1), power(w.A, w.k)), r"k \ge 0"),
    _m(r"\|A + B\| = \|A\| + \|B\|", lambda w: (norm(w.A + w.B), norm(w.A) + norm(w.B))),
    _m(r"\|A B\| \ge \|A\| \|B\|", lambda w: (norm(w.A @ w.B), norm(w.A) * norm(w.B))),
    _m(r"\|A\| \le \rho(A)", lambda w: (norm(w.A), radius(w.A))),
    _m(r"\|A^k\| \le \rho(A)^k", lambda w: (norm(power(w.A, w.k)), radius(w.A) ** w.k)),
    _m(r"\rho(A + B) \le \rho(A) + \rho(B)",
       lambda w: (radius(w.A + w.B), radius(w.A) + radius(w.B))),
    _m(r"\rho(A B) < 1", lambda w: (radius(w.A @ w.B), 1), r"\rho(A) < 1", r"\rho(B) < 1"),
    _m(r"\|A\| \le 1", lambda w: (norm(w.A), 1), r"\rho(A) < 1"),
    _m(r"\|x\| \le \|x\|_\infty", lambda w: (norm(w.x), np.abs(w.x).max())),
    _r(rf"{ONE_STEP} = W {SLOPES}",
       lambda w: (w.through(w.t - 1, w.t), w.W @ w.slopes(w.t))),
    _r(rf"{ONE_STEP} = {SLOPES}", lambda w: (w.through(w.t - 1, w.t), w.slopes(w.t))),
    _r(rf"{ONE_STEP} = W", lambda w: (w.through(w.t - 1, w.t), w.W)),
    _r(rf"{ONE_STEP} = {SLOPES} W^\top",
       lambda w: (w.through(w.t - 1, w.t), w.slopes(w.t) @ w.W.T)),
    _r(rf"{ONE_STEP} = -{SLOPES} W",
       lambda w: (w.through(w.t - 1, w.t), -w.slopes(w.t) @ w.W)),
    _r(rf"{ONE_STEP} = 2 {SLOPES} W",
       lambda w: (w.through(w.t - 1, w.t), 2 * w.slopes(w.t) @ w.W)),
    _r(rf"{JACOBIAN} = \prod_{{j=k}}^t \mathrm{{diag}}(\sigma'(a_j)) W",
       lambda w: (w.through(w.k, w.t),
                  product([w.slopes(j) @ w.W for j in range(w.k, w.t + 1)], w.n))),
    _r(rf"{JACOBIAN} = ({SLOPES} W)^{{t-k}}",
       lambda w: (w.through(w.k, w.t), power(w.slopes(w.t) @ w.W, w.t - w.k)), LATER),
    _r(rf"{JACOBIAN} = W^{{t-k}} \prod_{{j=k+1}}^t \mathrm{{diag}}(\sigma'(a_j))",
       lambda w: (w.through(w.k, w.t), power(w.W, w.t - w.k)
                  @ product([w.slopes(j) for j in range(w.k + 1, w.t + 1)], w.n))),
    _r("h_t = W h_{t-1} + U x_t + b",
       lambda w: (w.states(until=w.t)[w.t], w.pre(w.t, w.states(until=w.t)[w.t - 1]))),
    _r(rf"{WEIGHTS} = \sum_{{t=1}}^T {SLOPES} \nabla_{{h_t}} L h_t^\top",
       lambda w: (w.gradient(),
                  w.total(lambda t: w.slopes(t) @ w.adjoint(t) @ w.states()[t].T))),
    _r(rf"{WEIGHTS} = \sum_{{t=1}}^T {WITH_SLOPE}",
       lambda w: (w.gradient(), w.total(lambda t: w.adjoint(t) @ w.states()[t - 1].T))),
    _r(rf"{WEIGHTS} = \sum_{{t=2}}^T {SLOPES} {WITH_SLOPE}",
       lambda w: (w.gradient(),
                  w.total(lambda t: w.slopes(t) @ w.adjoint(t) @ w.states()[t - 1].T, 2))),
    _r(r"\prod_{j=1}^2 \mathrm{diag}(\sigma'(a_j)) W"
       r" = \mathrm{diag}(\sigma'(a_1)) W \mathrm{diag}(\sigma'(a_2)) W",
       lambda w: (w.slopes(2) @ w.W @ w.slopes(1) @ w.W, w.slopes(1) @ w.W @ w.slopes(2) @ w.W),
       r"T \ge 2"),
    _r(r"\nabla_{h_t} L = W \mathrm{diag}(\sigma'(a_{t+1})) \nabla_{h_{t+1}} L"
       r" + \nabla_{h_t} L_t, 1 \le t < T",
       lambda w: (w.adjoint(w.t), w.W @ w.slopes(w.t + 1) @ w.adjoint(w.t + 1)
                  + derivative(w.function(f"L_{w.t}"), w.states()[w.t]).T)),
    _r(rf"\|{JACOBIAN}\| \le ({GAMMA} \rho(W))^{{t-k}}",
       lambda w: _bound(w, _gamma(w) * radius(w.W))),
    _r(rf"\|{JACOBIAN}\| \le ({GAMMA} \|W\|)^{{t-k+1}}",
       lambda w: _bound(w, _gamma(w) * norm(w.W), 1)),
    _r(rf"\|{JACOBIAN}\| \le \|W\|^{{t-k}}", lambda w: _bound(w, norm(w.W))),
    _r(rf"\|{JACOBIAN}\| < ({GAMMA} \|W\|)^{{t-k}}", lambda w: _bound(w, _gamma(w) * norm(w.W))),
    _r(rf"\|{JACOBIAN}\| \ge ({GAMMA} \|W\|)^{{t-k}}", lambda w: _bound(w, _gamma(w) * norm(w.W))),
    _r(rf"\|{JACOBIAN}\| < 1", lambda w: _bound(w, 1.0), rf"{GAMMA} \rho(W) < 1", LATER),
    False_("rnn-tanh", r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(1 + h_t^2) W",
           lambda w: (w.through(w.t - 1, w.t, np.tanh),
                      np.diag(1 + w.states(np.tanh, until=w.t)[w.t][:, 0] ** 2) @ w.W)),
    False_("rnn-tanh", r"\|h_t\| \ge \|h_{t-1}\|",
           lambda w: tuple(norm(w.states(np.tanh, until=w.t)[s]) for s in (w.t, w.t - 1))),
    False_("rnn-softmax", r"\nabla_{o_t} L = y_t - \hat y_t",
           lambda w: (outputs(w) - label(w), label(w) - outputs(w))),
    False_("rnn-softmax", r"\nabla_{o_t} L = \hat y_t",
           lambda w: (outputs(w) - label(w), outputs(w))),
    False_("lstm", r"C_t = f_t \odot C_{t-1}",
           lambda w: (w.lstm(w.t)["C"][w.t], w.lstm(w.t)["f"][w.t] * w.lstm(w.t)["C"][w.t - 1])),
    False_("lstm", r"\frac{\partial C_t}{\partial C_k} = \prod_{j=k+1}^t \mathrm{diag}(f_j)",
           lambda w: (w.cells(w.k, w.t), product(
               [np.diag(w.lstm(w.t)["f"][j][:, 0]) for j in range(w.k + 1, w.t + 1)], w.n))),
    False_("lstm", r"\|C_t\|_\infty \le \|C_0\|_\infty",
           lambda w: tuple(np.abs(w.lstm(w.t)["C"][s]).max() for s in (w.t, 0))),
    False_("gru", r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t",
           lambda w: (gru(w)[3], (1 - gru(w)[0]) * gru(w)[2] + gru(w)[0] * gru(w)[1])),
)  # fmt: skip
