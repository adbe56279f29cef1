"""checkpoint="sqrt": the same gradients from the values of a few segments at a time."""

from __future__ import annotations

import re
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from codegen_modules import built
from codegen_oracle import SIZES, Data, random_data
from codegen_zoo import LOSSES, ZOO
from random_models import write_model

from symbptt import Model
from symbptt.codegen import load_module
from symbptt.models import builtins
from symbptt.module import numpy_source

TOLERANCE = 1e-14
LENGTHS = (1, 2, 3, 16, 23)  # one step, and squares and others
REFUSED = {
    "bidirectional": "a.{g} reads g at a later step",
    "deep-bidirectional": "a.{g} reads g at a later step",
    "encoder-decoder": "the model has sequences of several lengths",
    "layer": "the model has no time steps",
    "one-to-many": "a is defined apart at step 0",
    "teacher-forcing": "y runs over other steps than the outputs",
}


def assert_close(found: Any, wanted: Any, what: Any) -> None:
    for group, group_wanted in zip(found, wanted, strict=True):
        assert set(group) == set(group_wanted), what
        for name, value in group.items():
            other = group_wanted[name]
            assert (np.shape(value), value.dtype) == (np.shape(other), other.dtype), (what, name)
            scale = max(np.abs(other).max(initial=0), 1e-30)
            error = np.abs(value - other).max(initial=0) / scale
            assert error <= TOLERANCE, (what, name, error)


def options(source: str, steps: int) -> list[dict[str, Any]]:
    """Masks and truncations, as far as the module takes them."""
    out: list[dict[str, Any]] = [{}]
    rng = np.random.default_rng(3)
    mask = (rng.random((steps, SIZES["B"])) < 0.7).astype(int)
    masked = "mask: expected None" not in source
    if "truncate: expected None" not in source:
        out += [{"truncate": k} for k in (0, 1, 5, 40)]
    if masked:
        out += [{**option, "mask": mask} for option in out[:3]]
    return out


def assert_same(module: ModuleType, source: str, data: Data, steps: int) -> None:
    """Outputs and gradients with and without checkpointing; two calls in a row."""
    for option in options(source, steps):
        more = {"mask": option["mask"]} if "mask" in option else {}
        back = {"truncate": option["truncate"]} if "truncate" in option else {}
        outputs, cache = module.forward(**data.forward, **more)
        found, kept = module.forward(**data.forward, **more, checkpoint="sqrt")
        assert_close([found], [outputs], (option, "outputs"))
        for grads in (data.grads, dict(list(data.grads.items())[-1:])):
            wanted = module.backward(cache, grads, **back)
            for _ in range(2):
                assert_close(module.backward(kept, grads, **back), wanted, option)
        if not hasattr(module, "loss_and_grads"):
            continue
        arguments = {**data.forward, **option, "targets": data.targets}
        loss, wanted = module.loss_and_grads(**arguments)
        for _ in range(2):
            again, gradients = module.loss_and_grads(**arguments, checkpoint="sqrt")
            assert abs(again - loss) <= TOLERANCE * abs(loss)
            assert_close(gradients, wanted, (option, "loss"))


def compare(source: str, monkeypatch: pytest.MonkeyPatch, lengths: tuple[int, ...]) -> None:
    module = load_module(source)
    module._LEAST = 1  # type: ignore[attr-defined]  # several segments of few steps
    for steps in lengths:
        monkeypatch.setitem(SIZES, "T", steps)
        assert_same(module, source, random_data(module, steps), steps)


def is_refused(source: str) -> bool:
    return "checkpoint: expected None, since" in source


@pytest.mark.parametrize("name", ["rnn-softmax", "lstm", "gru", "many-to-one"])
def test_any_length(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(numpy_source(Model.named(name)), monkeypatch, LENGTHS)


@pytest.mark.parametrize("name", builtins())
def test_every_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = numpy_source(Model.named(name))
    assert is_refused(source) == (name in REFUSED)
    if name in REFUSED:
        module = load_module(source)
        data = random_data(module)
        with pytest.raises(ValueError, match=f"checkpoint: expected None, since {REFUSED[name]}"):
            module.forward(**data.forward, checkpoint="sqrt")
    else:
        compare(source, monkeypatch, (11,))


@pytest.mark.parametrize("name", [*ZOO, *LOSSES])
def test_models_by_hand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for passes in ((), None):
        source = built(name, *([passes] if passes is not None else []))[1]
        if not is_refused(source):
            compare(source, monkeypatch, (11,))


ZERO_START = r"""
x_t \in \mathbb{R}^d
y_t \in \mathbb{R}^q
h_0 = 0
C_0 = 0
f_t = \mathrm{sigmoid}(W_f h_{t-1} + U_f x_t + b_f)
C_t = f_t \odot C_{t-1} + \tanh(W_g h_{t-1} + U_g x_t)
h_t = f_t \odot \tanh(C_t)
o_t = V h_t + c
L_t = (o_t - y_t)^\top (o_t - y_t)
L = \sum_{t=1}^{T} L_t
"""


@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_beginnings_of_zero(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments begin with what was handed on; from outside nothing can be set."""
    if target == "numba":
        pytest.importorskip("numba")
    source = numpy_source(Model.parse(ZERO_START), target=target)
    compare(source, monkeypatch, LENGTHS if target == "numpy" else (16,))
    module = load_module(source)
    assert module.SHAPES["states"] == {} and "h_t = 0    (t = 0)" in module.__doc__
    free = load_module(numpy_source(Model.parse(re.sub("(h|C)_0 = 0\n", "", ZERO_START))))
    data = random_data(module)
    outputs, cache = free.forward(data.params, data.inputs)
    assert_close([module.forward(**data.forward)[0]], [outputs], "outputs")
    wanted = free.backward(cache, data.grads)._replace(states={})
    found = module.backward(module.forward(**data.forward)[1], data.grads)
    for group, group_wanted in zip(found, wanted, strict=True):
        assert set(group) == set(group_wanted)
        assert all(np.allclose(group[k], v, rtol=1e-12) for k, v in group_wanted.items())


@pytest.mark.parametrize("seed", range(0, 120, 10))
def test_random_models(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    source = numpy_source(Model.parse(write_model(seed)))
    if not is_refused(source):
        compare(source, monkeypatch, (10,))


def test_segments_of_a_small_batch_are_longer() -> None:
    """What is done once for a segment is shared by 2,048 samples of all its steps."""
    source = numpy_source(Model.named("rnn-softmax"))
    module = load_module(source)
    arguments = module._Arguments({"T": 1000, "B": 5}, np.dtype(float), {}, {}, {}, None)
    assert module._segments(arguments, "sqrt") == [(0, 409), (409, 818), (818, 1000)]
    large = arguments._replace(sizes={"T": 1000, "B": 700})
    assert module._segments(large, "sqrt")[:2] == [(0, 31), (31, 62)]


def test_other_values_are_refused() -> None:
    module = load_module(numpy_source(Model.named("lstm")))
    data = random_data(module)
    for wrong in ("all", True, 3):
        with pytest.raises(ValueError, match='checkpoint: expected None or "sqrt", got'):
            module.forward(**data.forward, checkpoint=wrong)


# ---------------------------------------------------------------- memory


def peak(module: ModuleType, sizes: dict[str, int], checkpoint: str | None) -> int:
    """The most bytes that loss_and_grads takes besides its arguments."""
    rng = np.random.default_rng(0)
    params = module.init_params(
        {d: sizes[d] for shape in module.SHAPES["params"].values() for d in shape}, rng, np.float32
    )
    draw = {
        name: rng.random([sizes[d] for d in shape], np.float32)
        for group in ("inputs", "targets")
        for name, shape in module.SHAPES[group].items()
    }
    inputs, targets = (
        {name: draw[name] for name in module.SHAPES[group]} for group in ("inputs", "targets")
    )
    module._SPACES.clear()  # type: ignore[attr-defined]
    tracemalloc.start()
    module.loss_and_grads(params, inputs, targets, checkpoint=checkpoint)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def stated(module: ModuleType, sizes: dict[str, int]) -> tuple[float, float]:
    """The numbers that the docstring states, without and with checkpointing."""
    text = " ".join((module.__doc__ or "").split("Memory: loss_and_grads keeps ")[1].split())
    plain, stored = text.split(" numbers besides ")[0], text.split("with checkpoint ")[1]
    out = []
    stored, least = stored.split(", where √T is ")
    assert least == "2,048 / B at least and T at most."
    root = min(sizes["T"], max(sizes["T"] ** 0.5, 2048 / sizes["B"]))
    for formula in (plain, stored):
        code = formula.replace("√T", "R").replace("²", "**2").replace(", ", ",")
        code = re.sub(r"(?<=[\w)]) (?=[\w(])", " * ", code)
        out.append(eval(code, {**sizes, "R": root, "max": max}))
    return out[0], out[1]


@pytest.mark.parametrize(("name", "steps"), [("rnn-softmax", 900), ("lstm-caption", 256)])
def test_memory_is_as_stated(name: str, steps: int) -> None:
    module = load_module(numpy_source(Model.named(name)))
    sizes = {"B": 128, "n": 48, "m": 48, "q": 40, "d": 24, "p": 24, "T": steps}
    for kept, checkpoint in zip(stated(module, sizes), (None, "sqrt"), strict=True):
        assert peak(module, sizes, checkpoint) == pytest.approx(4 * kept, rel=0.1)


def test_memory_grows_with_the_root() -> None:
    """Besides the gradient of the inputs, which is as long as they are."""
    module = load_module(numpy_source(Model.named("rnn-softmax")))
    sizes = {"B": 128, "m": 32, "q": 16, "p": 16}

    def taken(steps: int, checkpoint: str | None) -> int:
        result = steps * sizes["B"] * sizes["p"] * 4
        return peak(module, {**sizes, "T": steps}, checkpoint) - result

    assert taken(3600, None) > 3.7 * taken(900, None)
    assert taken(3600, "sqrt") < 2.3 * taken(900, "sqrt") < taken(900, None)
