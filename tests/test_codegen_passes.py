"""Every pass alone, and all of them, against the module without any."""

from __future__ import annotations

import re
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from codegen_modules import BY_HAND, built
from codegen_oracle import SIZES, Data, random_data
from codegen_zoo import LOSSES, ZOO
from random_models import write_model

from symbptt import Model
from symbptt.codegen import PASSES, load_module
from symbptt.core.errors import SymbpttError
from symbptt.models import builtins
from symbptt.module import numpy_source

TOLERANCE = 1e-12
EVERY = 10  # of the random models
ALONE = [(name,) for name in PASSES]
FIRST = PASSES[1 : PASSES.index("distribute") + 1]
# without these there is nothing to do
NEEDS = {
    "halves": ("in_place",), "side_by_side": ("stack",), "numbers": ("buffers",),
    "blocks": ("stack", "buffers"), "gather": ("stack", "sums"),
    "adopt": ("storage",), "over": ("strips", "buffers", "storage"),
}  # fmt: skip
BEHIND = [(*FIRST, *NEEDS.get(name, ()), name) for name in PASSES[PASSES.index("distribute") + 1 :]]
SETS = [*ALONE, *BEHIND, PASSES]


def masks(module: ModuleType) -> Iterator[dict[str, Any]]:
    """No mask, and one with holes where the module takes one."""
    yield {}
    shape = next((s for s in module.SHAPES["outputs"].values() if "B" in s[1:]), None)
    if shape is not None and shape[0] in SIZES and "mask: expected None" not in source_of(module):
        rng = np.random.default_rng(3)
        yield {"mask": (rng.random((SIZES[shape[0]], SIZES["B"])) < 0.7).astype(int)}


def source_of(module: ModuleType) -> str:
    return str(module.__source__)  # type: ignore[attr-defined]


class Poisoned:
    """NumPy, whose empty arrays are full of NaN."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, shape: Any, dtype: Any) -> np.ndarray:
        return np.full(shape, np.nan, dtype)


def loaded(source: str) -> ModuleType:
    module = load_module(source)
    module.np = Poisoned()  # type: ignore[attr-defined]
    module.__source__ = source  # type: ignore[attr-defined]
    return module


def assert_close(found: Any, wanted: Any, what: Any) -> None:
    for group, group_wanted in zip(found, wanted, strict=True):
        assert set(group) == set(group_wanted), what
        for name, value in group.items():
            other = group_wanted[name]
            assert (np.shape(value), value.dtype) == (np.shape(other), other.dtype), (what, name)
            scale = max(1.0, np.abs(other).max(initial=0))
            assert np.all(np.abs(value - other) <= TOLERANCE * scale), (what, name)


def assert_same(plain: ModuleType, fast: ModuleType, data: Data) -> None:
    """Outputs, gradients for all and for single output gradients, loss; two calls in a row."""
    for mask in masks(plain):
        outputs, cache = plain.forward(**data.forward, **mask)
        found, kept = fast.forward(**data.forward, **mask)
        assert_close([found], [outputs], "outputs")
        truncated = "truncate: expected None" not in source_of(plain)
        for truncate in (None, 0, 2, 50) if truncated else (None,):
            what = (mask, truncate)
            for grads in (data.grads, *({k: v} for k, v in data.grads.items())):
                wanted = plain.backward(cache, grads, truncate=truncate)
                for _ in range(2):
                    assert_close(fast.backward(kept, grads, truncate=truncate), wanted, what)
            if not hasattr(plain, "loss_and_grads"):
                continue
            arguments = {**data.forward, **mask, "targets": data.targets, "truncate": truncate}
            try:
                loss, wanted = plain.loss_and_grads(**arguments)
            except ValueError as error:
                assert str(error).startswith("mask: expected None")
                continue
            for _ in range(2):
                again, gradients = fast.loss_and_grads(**arguments)
                assert abs(again - loss) <= TOLERANCE * max(1, abs(loss))
                assert_close(gradients, wanted, what)


def compare(model: Model, sets: Iterable[tuple[str, ...]], seed: int = 0) -> None:
    """The modules after each set of passes, but for those that leave the text as it is."""
    plain = loaded(numpy_source(model, passes=()))
    data = random_data(plain, seed)
    sources = dict.fromkeys(numpy_source(model, passes=passes) for passes in sets)
    for source in sources:
        if source != source_of(plain):
            assert_same(plain, loaded(source), data)


@pytest.mark.parametrize("passes", SETS, ids="+".join)
@pytest.mark.parametrize("name", ["lstm", "gru", "rnn-softmax", "bidirectional"])
def test_passes(name: str, passes: tuple[str, ...]) -> None:
    compare(Model.named(name), [passes])


@pytest.mark.parametrize("name", builtins())
def test_every_model(name: str) -> None:
    compare(Model.named(name), [*ALONE, PASSES])


@pytest.mark.parametrize("name", [*BY_HAND, *ZOO, *LOSSES])
def test_models_by_hand(name: str) -> None:
    plain = loaded(built(name, ())[1])
    assert_same(plain, loaded(built(name)[1]), random_data(plain, 1))


@pytest.mark.parametrize("seed", range(0, 200, EVERY))
def test_random_models(seed: int) -> None:
    sets = [PASSES, SETS[seed // EVERY % len(SETS)]]
    compare(Model.parse(write_model(seed)), sets, seed)


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn-softmax", "bidirectional"])
def test_a_length_of_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No step before and none after the only one."""
    monkeypatch.setitem(SIZES, "T", 1)
    compare(Model.named(name), [PASSES])


def test_unknown_pass() -> None:
    with pytest.raises(SymbpttError, match="no pass 'faster'"):
        numpy_source(Model.named("rnn"), passes=("faster",))


# ---------------------------------------------------------------- what the passes are for


def loops(source: str) -> list[str]:
    """The loops over steps."""
    return re.findall(r"^ *for t in range.*\n(?: {8,}.*\n)+", source, re.MULTILINE)


def code_of(name: str) -> str:
    text = numpy_source(Model.named(name))
    return "\n".join(line for line in text.split("\n") if not line.strip().startswith("#")) + "\n"


@pytest.mark.parametrize("name", ["rnn", "lstm", "rnn-softmax"])
def test_one_product_a_step(name: str) -> None:
    """Everything that needs no other step is outside, and the gates share one product."""
    found = loops(code_of(name))
    assert len(found) == 2
    for loop in found:
        assert len(re.findall(r"np\.matmul\(| multiply\(", loop)) == 1
        assert " @ " not in loop and ".T" not in loop and "_product" not in loop


def function_of(source: str, name: str) -> str:
    """The text of one function."""
    return source.split(f"\ndef {name}(")[1].split("\ndef ")[0].split("\nclass ")[0]


def test_no_activation_is_computed_twice() -> None:
    assert "np.tanh(" in function_of(code_of("lstm"), "_forward")
    assert "tanh(" not in function_of(code_of("lstm"), "_backward")
    source = code_of("rnn-softmax")
    assert "softmax(" not in function_of(source, "_backward")
    assert function_of(source, "_loss").count("softmax(") == 1


def taken_in_loops(source: str, sizes: dict[str, int]) -> dict[str, int]:
    """The bytes that each line of the loops over steps takes, at most, when it runs."""
    module = load_module(source)
    lines = source.split("\n")
    inside: set[int] = set()
    for loop in loops(source):
        start = source[: source.index(loop)].count("\n")
        inside |= set(range(start + 2, start + 1 + loop.count("\n")))
    rng = np.random.default_rng(0)
    used = {d for shape in module.SHAPES["params"].values() for d in shape}
    params = module.init_params({k: v for k, v in sizes.items() if k in used}, rng)
    ((key, shape),) = module.SHAPES["inputs"].items()
    x = rng.standard_normal([sizes[dim] for dim in shape])
    taken: dict[str, int] = {}
    last = [0, 0]

    def trace(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code.co_filename.endswith("generated.py"):
            now, most = tracemalloc.get_traced_memory()
            if last[0] in inside:
                text = lines[last[0] - 1].strip()
                taken[text] = max(taken.get(text, 0), most - last[1])
            last[:] = [frame.f_lineno if event == "line" else 0, now]
            tracemalloc.reset_peak()
            return trace
        return None

    tracemalloc.start()
    sys.settrace(trace)
    try:
        outputs, cache = module.forward(params, {key: x})
        module.backward(cache, {"h": np.ones_like(outputs["h"])})
    finally:
        sys.settrace(None)
        tracemalloc.stop()
    return taken


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm", "gru"])
def test_no_memory_is_taken_in_loops(name: str) -> None:
    sizes = {"T": 5, "B": 64, "n": 64, "d": 8}
    one = sizes["B"] * sizes["n"] * 8
    taken = taken_in_loops(numpy_source(Model.named(name)), sizes)
    assert len(taken) > 5
    assert max(taken.values()) < one / 2, taken
    plain = taken_in_loops(numpy_source(Model.named(name), passes=()), sizes)
    assert max(plain.values()) >= one


def test_a_workspace_is_used_again() -> None:
    """The second call of the same sizes takes far less memory than the first."""
    module = load_module(numpy_source(Model.named("rnn-softmax")))
    data = random_data(module)
    rng = np.random.default_rng(0)
    steps = 200
    (x,), (y,) = module.SHAPES["inputs"], module.SHAPES["targets"]
    width, classes = (SIZES[module.SHAPES[g][k][-1]] for g, k in (("inputs", x), ("targets", y)))
    inputs = {x: rng.standard_normal((steps, 5, width))}
    targets = {y: np.eye(classes)[rng.integers(0, classes, (steps, 5))]}

    def peak() -> int:
        tracemalloc.start()
        module.loss_and_grads(data.params, inputs, targets, data.states)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    first, second = peak(), peak()
    assert second < 0.6 * first


def test_the_lags_of_a_delay_are_the_steps_of_a_sum() -> None:
    """What an input at t adds runs over t, ..., t + J, not over all steps with a condition."""
    source = code_of("time-delay")
    assert "in range(max(1, t), min(J + t, T) + 1):" in source
    assert "if t <=" not in source


def test_truncation_and_masks_are_conditions_only() -> None:
    """Arrays are filled and steps are masked only where an option asks for it."""
    for loop in loops(code_of("lstm")):
        lines = loop.split("\n")
        for i, line in enumerate(lines):
            if "np.where(" in line or "held_" in line:
                depth = len(line) - len(line.lstrip())
                above = [x for x in lines[:i] if len(x) - len(x.lstrip()) < depth]
                assert any(x.strip() == "if mask is not None:" for x in above[-2:])
    assert "if truncate is not None:\n        delta_a.fill(0)" in code_of("lstm")
