"""The generator at its edges: unusual ranges and names, built-in cells, refusals, its parts."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from codegen_models import START, STEPS, FakeModel, FakeSystem, T, d, n, plain_rnn, t
from codegen_oracle import error, random_data, worst
from codegen_zoo import (
    H0, SIMPLE, U, V, W, X, at_steps, cross_entropy, h, make, o, system_of, tanh, x,
)  # fmt: skip
from sympy import Integer, Rational

from symbptt.codegen import generate_source, load_module
from symbptt.codegen.build import add, mul
from symbptt.codegen.ir import BATCH, Add, Array, Filled, MatMul, Mul, Number, Read, Swap, walk
from symbptt.codegen.layout import make_layout
from symbptt.codegen.lower import lower
from symbptt.codegen.numpy_printer import NumpyPrinter
from symbptt.codegen.parts import take_apart
from symbptt.codegen.schedule import schedule
from symbptt.core.errors import NotSupported, ShapeError
from symbptt.core.terms import Block, Const, Elem, Func, Map, Ones, Param, Power, Scale, Term, Zero
from symbptt.core.theory import Definition, Given, Theory

TOLERANCE = 1e-12


def module_for(model: Any) -> Any:
    return load_module(generate_source(model, system_of(model), "0.1.0").source)


# ---------------------------------------------------------------- ranges


def complex_step(function: Any, value: np.ndarray) -> np.ndarray:
    """The gradient of a scalar function that works in complex numbers."""
    out = np.zeros_like(value)
    for at in np.ndindex(value.shape):
        moved = value.astype(complex)
        moved[at] += 1e-30j
        out[at] = function(moved).imag / 1e-30
    return out


def test_two_steps_back() -> None:
    """h_t = tanh(W h_{t-1} + W_2 h_{t-2} + U x_t): two boundary values, in time order."""
    W2 = Param("W_{2}", n, n)
    body = tanh(W @ h.at(t - 1) + W2 @ h.at(t - 2) + U @ x)
    module = module_for(make((W, W2, U), (X, Given(h, (t + 1, -t))), (at_steps(h, body),)))
    assert module.SHAPES["states"] == {"h": (2, "B", "n")}
    rng = np.random.default_rng(0)
    values = {
        "W": rng.normal(size=(4, 4)), "W_2": rng.normal(size=(4, 4)), "U": rng.normal(size=(4, 3)),
        "x": rng.normal(size=(6, 5, 3)), "h": rng.normal(size=(2, 5, 4)),
    }  # fmt: skip
    g = rng.normal(size=(6, 5, 4))

    def loss(**moved: np.ndarray) -> Any:
        v = {**values, **moved}
        last, before = v["h"][1], v["h"][0]
        total = 0
        for step in range(6):
            new = np.tanh(last @ v["W"].T + before @ v["W_2"].T + v["x"][step] @ v["U"].T)
            total, last, before = total + (g[step] * new).sum(), new, last
        return total

    params = {k: values[k] for k in ("W", "W_2", "U")}
    _, cache = module.forward(params, values["x"], {"h": values["h"]})
    found = module.backward(cache, {"h": g})
    for name, value in values.items():
        got = {**found.params, **found.inputs, **found.states}[name]
        assert error(got, complex_step(lambda v, k=name: loss(**{k: v}), value)) <= TOLERANCE
    for option, call in {
        "mask": lambda: module.forward(params, values["x"], mask=np.ones((6, 5))),
        "truncate": lambda: module.backward(cache, {"h": g}, truncate=2),
    }.items():
        with pytest.raises(ValueError, match=f"{option}: expected None, since h is read at other"):
            call()
    outputs, _ = module.forward(params, values["x"][:1])
    assert outputs["h"].shape == (1, 5, 4)


def test_inputs_over_another_range() -> None:
    """h_t reads x_{t-1} (x from 0) and x_{t+1} (x to T + 1)."""
    body = tanh(W @ h.at(t - 1) + U @ x.at(t - 1) + U @ x.at(t + 1))
    module = module_for(make((W, U), (Given(x, (t, T + 1 - t)), H0), (at_steps(h, body),)))
    assert module.SHAPES["inputs"] == {"x": ("T + 1", "B", "d")}
    assert module.SHAPES["states"] == {"x": ("B", "d"), "h": ("B", "n")}
    plain = module_for(make((W, U), (X, H0), (SIMPLE,)))
    rng = np.random.default_rng(1)
    params = {"W": rng.normal(size=(4, 4)), "U": rng.normal(size=(4, 3))}
    x_, g = rng.normal(size=(8, 5, 3)), rng.normal(size=(6, 5, 4))
    outputs, cache = module.forward(params, x_[1:], {"x": x_[0]})
    wanted, plain_cache = plain.forward(params, x_[:-2] + x_[2:])
    np.testing.assert_allclose(outputs["h"], wanted["h"], atol=1e-14)
    found, same = module.backward(cache, {"h": g}), plain.backward(plain_cache, {"h": g})
    assert error(found.params["W"], same.params["W"]) <= TOLERANCE
    inner = np.zeros_like(x_)
    inner[:-2] += same.inputs["x"]
    inner[2:] += same.inputs["x"]
    assert error(found.inputs["x"], inner[1:]) <= TOLERANCE
    assert error(found.states["x"], inner[0]) <= TOLERANCE
    with pytest.raises(ValueError, match="inputs: expected T >= 1 steps, got 0"):
        module.forward(params, x_[:1])


def test_no_inputs() -> None:
    """h_t = tanh(W h_{t-1}): the number of steps is given."""
    module = module_for(make((W,), (H0,), (at_steps(h, tanh(W @ h.at(t - 1))),), inputs=()))
    rng = np.random.default_rng(1)
    params, start = {"W": rng.normal(size=(4, 4))}, rng.normal(size=(5, 4))
    outputs, cache = module.forward(params, {}, {"h": start}, steps=3)
    assert outputs["h"].shape == (3, 5, 4)
    g = rng.normal(size=(3, 5, 4))

    def loss(w: np.ndarray) -> Any:
        state, total = start, 0
        for step in range(3):
            state = np.tanh(state @ w.T)
            total = total + (g[step] * state).sum()
        return total

    found = module.backward(cache, {"h": g}).params["W"]
    assert error(found, complex_step(loss, params["W"])) <= TOLERANCE
    with pytest.raises(ValueError, match="steps: expected a positive integer, got 0"):
        module.forward(params, {}, {"h": start}, steps=0)
    with pytest.raises(ValueError, match="sizes: expected B, but no argument tells"):
        module.forward(params, {}, steps=3)


def test_parameters_of_composite_sizes() -> None:
    """W_c of shape (n, n + d) for the stacked [h; x]."""
    K = Param("K", n, n + d)
    body = tanh(K @ Block(2, 1, h.at(t - 1), x))
    module = module_for(make((K,), (X, H0), (at_steps(h, body),)))
    assert module.SHAPES["params"] == {"K": ("n", "d + n")}
    rng = np.random.default_rng(0)
    outputs, _ = module.forward({"K": rng.normal(size=(4, 7))}, rng.normal(size=(6, 5, 3)))
    assert outputs["h"].shape == (6, 5, 4)
    with pytest.raises(ValueError, match=r"inputs\['x'\]: expected shape \(T, B, d\) with .*d = 3"):
        module.forward({"K": rng.normal(size=(4, 7))}, rng.normal(size=(6, 5, 2)))
    assert module.init_params({"n": 4, "d": 3}, rng)["K"].shape == (4, 7)


# ---------------------------------------------------------------- names


def renamed_rnn(names: dict[str, str]) -> tuple[FakeModel, FakeSystem]:
    """The plain network under other names."""
    w, u, bias = Param(names["W"], n, n), Param(names["U"], n, d), Param(names["b"], n)
    state, given = Elem(names["h"], t, n), Elem(names["x"], t, d)
    body = tanh(w @ state.at(t - 1) + u @ given + bias)
    theory = Theory(
        (w, u, bias), (Given(given, STEPS), Given(state, START)),
        (Definition(state, body, STEPS),), (T - 1,),
    )  # fmt: skip
    model = FakeModel(
        theory, (names["h"],), (names["x"],), states=(names["h"],), name='"""\\ ' + names["h"],
        equations=('"""\\',),
    )  # fmt: skip
    return model, system_of(model)


@pytest.mark.parametrize(
    "names",
    [
        {"W": "np", "U": "dtype", "b": "T", "h": "params", "x": "inputs"},
        {"W": r"\lambda", "U": "cache", "b": "B", "h": "t", "x": "n"},
        {"W": "W_{hh}", "U": r"\hat{W}", "b": "h'", "h": "c^{(\\ell)}", "x": r"\tilde{x}"},
        {"W": r"\delta^{h}", "U": "g^{h}", "b": r"\delta", "h": "h", "x": "g"},
        {"W": "d_{h}", "U": "part", "b": "mask", "h": "order", "x": "held"},
        {"W": "len", "U": "sum", "b": "range", "h": "zip", "x": "print"},
    ],
)
def test_no_name_matters(names: dict[str, str]) -> None:
    """Every name that the module's own text uses may be a name of the model."""
    model, system = renamed_rnn(names)
    module = load_module(generate_source(model, system, '0.1"""', 'a"""\\\n').source)
    plain = module_for(make((W, U, Param("b", n)), (X, H0), (at_steps(
        h, tanh(W @ h.at(t - 1) + U @ x + Param("b", n))
    ),)))  # fmt: skip
    data = random_data(plain)
    order = (module.SHAPES["params"], module.SHAPES["inputs"], module.SHAPES["states"])
    groups = [
        dict(zip(new, old.values(), strict=True))
        for new, old in zip(order, (data.params, data.inputs, data.states), strict=True)
    ]
    outputs, cache = module.forward(*groups)
    (key,) = outputs
    found = module.backward(cache, {key: data.grads["h"]})
    _, plain_cache = plain.forward(**data.forward)
    wanted = plain.backward(plain_cache, data.grads)
    for got, want in zip(found, wanted, strict=True):
        for a, b in zip(got.values(), want.values(), strict=True):
            np.testing.assert_array_equal(a, b)


# ---------------------------------------------------------------- targets and functions


def test_one_hot_targets_as_classes() -> None:
    module = module_for(replace(cross_entropy(), onehot=("y",)))
    data = random_data(module)
    classes = np.random.default_rng(0).integers(0, 2, (6, 5))
    vectors = np.eye(2)[classes]
    arguments = (data.params, data.inputs)
    loss, gradients = module.loss_and_grads(*arguments, {"y": vectors}, data.states)
    for targets in (classes, {"y": classes.astype(np.uint8)}):
        again, same = module.loss_and_grads(*arguments, targets, data.states)
        assert again == loss and worst(same, gradients) == 0
    with pytest.raises(
        ValueError, match=r"targets\['y'\]: expected classes from 0 to 1, got 0 to 2"
    ):
        module.loss_and_grads(*arguments, classes + (classes == 1), data.states)
    with pytest.raises(ValueError, match=r"targets\['y'\]: expected shape \(T, B, q\)"):
        module.loss_and_grads(*arguments, classes[1:], data.states)
    plain = module_for(cross_entropy())
    with pytest.raises(ValueError, match=r"targets\['y'\]: expected dtype float64, got int64"):
        plain.loss_and_grads(*arguments, classes, data.states)


def test_a_function_needs_all_derivatives_that_occur() -> None:
    body = Map(r"\phi", 1, W @ h.at(t - 1)) + U @ x
    module = module_for(make((W, U), (X, H0), (at_steps(h, body),)))
    assert module.FUNCTIONS == {"phi": ("f", "f'", "f''")}


# ---------------------------------------------------------------- refusals

M = Elem("M", t, n, n)
F = Func("F", None, n, 0, h.at(t - 1), x)
REFUSED: dict[str, tuple[Term, str]] = {
    "function": (F, "h is defined by the unspecified function F"),
    "power": (Power(W, 2) @ h.at(t - 1), "no code for Power"),
    "power of steps": (Power(W, t) @ h.at(t - 1), "no code for Power"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_code_is_refused(case: str) -> None:
    body, message = REFUSED[case]
    model = make((W, U), (X, H0), (at_steps(h, body),))
    zero = FakeSystem(
        {"h": "l"},
        (Definition(Elem("l", t, n), outside_row(h), STEPS),),
        {W: Zero(n, n), x: Zero(d), h.at(0): Zero(n)},
    )
    with pytest.raises(NotSupported, match=message):
        generate_source(model, zero, "0.1.0")


def outside_row(z: Elem) -> Term:
    return Func("G", z.index, 1, 1, z).T


def test_a_matrix_for_every_sample_is_refused() -> None:
    body = M.at(t - 1) + U @ x @ h.at(t - 1).T
    definitions = (at_steps(M, body), at_steps(h, M @ Ones(n)))
    model = make((U,), (X, H0, Given(M, START)), definitions, states=("h", "M"))
    with pytest.raises(NotSupported, match="M is a n x n matrix for every sample"):
        generate_source(model, system_of(model), "0.1.0")


def test_missing_pieces_of_an_adjoint_system_are_refused() -> None:
    model, system = plain_rnn("tanh")
    without = {k: v for k, v in system.gradients.items() if k != U}
    first = system.definitions[0]
    silent = Definition(first.head, first.body.args[-1], first.facts)
    for broken, message in (
        (replace(system, gradients=without), "has no gradient for U"),
        (replace(system, adjoint={"h": r"\delta"}), "has no adjoint for a"),
        (replace(system, definitions=(silent, *system.definitions[1:])), "no part from outside"),
    ):
        with pytest.raises(NotSupported, match=message):
            generate_source(model, broken, "0.1.0")


def test_reading_outside_the_range_is_refused() -> None:
    """Without its condition the adjoint at T would read a step that does not exist."""
    model, system = plain_rnn("tanh")
    first, second = system.definitions
    unconditional = first.body.args[0] + first.body.args[1].args[0]
    broken = (Definition(first.head, unconditional, first.facts), second)
    with pytest.raises(
        NotSupported, match=r"\\delta\^\{a\}\[t \+ 1\] may lie outside its steps 1 to T"
    ):
        generate_source(model, replace(system, definitions=broken), "0.1.0")


# ---------------------------------------------------------------- the parts


def test_loops_run_in_the_direction_of_what_they_read() -> None:
    g = Elem("g", t, n)
    definitions = (
        at_steps(o, V @ h + V @ g),
        at_steps(g, tanh(g.at(t + 1) + h), (t - 1, T - t)),
        at_steps(g, Zero(n), (t - T - 1, T + 1 - t)),
        SIMPLE,
    )
    groups = schedule(definitions, (T - 1,), ascending=True)
    assert [(sorted(g_.names), g_.ascending) for g_ in groups] == [
        (["h[]"], True), (["g[]", "o[]"], False),
    ]  # fmt: skip
    assert [x_.body for x_ in groups[1].before] == [Zero(n)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (h.at(t - 1) + h.at(t + 1), "both directions of time"),
        (tanh(h), "depends on itself at the same step"),
    ],
)
def test_what_cannot_be_ordered_is_refused(body: Term, message: str) -> None:
    with pytest.raises(NotSupported, match=message):
        schedule((at_steps(h, body),), (T - 1,), ascending=True)


def test_axes_are_checked() -> None:
    rows, matrix = Read(Array("r", (BATCH, n))), Read(Array("m", (n, d)))
    assert MatMul(rows, matrix).axes == (BATCH, d)
    for wrong in (
        lambda: MatMul(matrix, rows),
        lambda: MatMul(rows, Swap(matrix)),
        lambda: Add((rows, matrix)),
        lambda: Mul((Read(Array("s", (BATCH,))), rows)),
        lambda: Swap(Read(Array("v", (n,)))),
    ):
        with pytest.raises(ShapeError):
            wrong()


def test_sums_and_products_are_tidied() -> None:
    v = Read(Array("v", (BATCH, n)))
    one, two = Filled(Integer(1), (n,)), Number(Integer(2))
    assert add([v, v]) == Mul((two, v))
    assert add([one, v]) == Add((Number(Integer(1)), v))
    assert mul([one, v]) == v
    assert mul([Number(Integer(3)), v, Number(Rational(1, 3))]) == v


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (t - 1, "t - 1"), (T - t + 1, "T - t + 1"), (1 - t, "-t + 1"), (2 * t, "2 * t"),
        (1 / T, "1 / T"), (Rational(1, 2), "0.5"), (Rational(1, 3), "1 / 3"), (Integer(-2), "-2"),
        (Rational(1, 2) / T, "1 / (2 * T)"), (T**2, "T**2"), (2 * (n + d), "2 * d + 2 * n"),
    ],
)  # fmt: skip
def test_numbers_print_as_python(expr: Any, text: str) -> None:
    printer = printer_of(plain_rnn()[0])
    assert printer.index(expr) == text
    values = {"t": 3, "T": 7, "n": 4, "d": 5}
    tree = compile(ast.parse(text, mode="eval"), "<text>", "eval")
    symbols = {t: 3, T: 7, n: 4, d: 5}
    assert abs(eval(tree, {}, values) - float(expr.subs(symbols))) < 1e-15


def printer_of(model: FakeModel) -> NumpyPrinter:
    return NumpyPrinter(make_layout(model, take_apart(model, plain_rnn()[1])))


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ((T - t - 1,), "t < T"), ((t - 2,), "t >= 2"), ((T - t,), "t <= T"),
        ((T - 2 - t,), "t <= T - 2"), ((t - T, T - t), "t == T"), ((T - t, t - T), "t == T"),
        ((t - 2, 2 - t), "t == 2"),
        ((t - 1, T - t - 1), "t >= 1 and t < T"),
    ],
)  # fmt: skip
def test_conditions_print_as_comparisons(conditions: tuple, text: str) -> None:
    assert " and ".join(printer_of(plain_rnn()[0]).conditions(conditions)) == text


def test_the_program_is_plain_data() -> None:
    """Passes will be functions on it: frozen, hashable, walkable."""
    model, system = plain_rnn()
    parts = take_apart(model, system)
    program = lower(parts, make_layout(model, parts)).program
    assert hash(program) == hash(program)
    kinds = {type(node).__name__ for node in walk((*program.forward, *program.backward))}
    assert {"Loop", "Passes", "Guard", "Masked", "Store", "Accumulate", "MatMul", "Apply"} <= kinds


def test_scaled_constants() -> None:
    """Constants keep float32 and are exact."""
    body = Scale(Const(Rational(1, 3)), W @ h.at(t - 1)) + Scale(Const(Rational(1, 2)), U @ x)
    module = module_for(make((W, U), (X, H0), (at_steps(h, body),)))
    data = random_data(module, dtype=np.float32)
    outputs, cache = module.forward(**data.forward)
    assert outputs["h"].dtype == np.float32
    assert module.backward(cache, data.grads).params["W"].dtype == np.float32
