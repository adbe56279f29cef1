"""Masks and truncation of generated modules, against runs on single and shortened sequences."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from codegen_modules import BY_HAND, TOLERANCE, module_of, run
from codegen_oracle import Data, error, random_data, worst
from codegen_zoo import LOSSES, ZOO

MASKED = [
    "rnn", "gated", "gru", "bidirectional", "zero_start", "learned_start", "deep", "older_state",
    "scalar_gate",
]  # fmt: skip


def one_sample(data: Data, b: int, keep: np.ndarray) -> Data:
    """The kept steps of one sample."""
    return Data(
        data.params,
        {k: v[keep][:, b : b + 1] for k, v in data.inputs.items()},
        {k: v[b : b + 1] for k, v in data.states.items()},
        {k: v[keep][:, b : b + 1] for k, v in data.grads.items()},
        {k: v[keep][:, b : b + 1] for k, v in data.targets.items()},
        data.functions,
    )


def random_mask(T: int, B: int) -> np.ndarray:
    """A full sample, two padded ones, one without any step, one with gaps."""
    mask = np.random.default_rng(5).integers(0, 2, (T, B))
    mask[:, 0], mask[:, 2], mask[0, 4], mask[-1, 4] = 1, 0, 0, 1
    mask[:, 1], mask[:, 3] = np.arange(T) < 2, np.arange(T) < T - 1
    return mask


def of_sample(module: ModuleType, data: Data, b: int) -> Data:
    """One sample of a batch."""

    def cut(group: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        shapes = module.SHAPES.get(group, {})
        return {
            k: np.take(v, [b], axis=shapes[k].index("B")) if "B" in shapes[k] else v
            for k, v in arrays.items()
        }

    return Data(
        cut("params", data.params), cut("inputs", data.inputs), cut("states", data.states),
        cut("outputs", data.grads), cut("targets", data.targets), data.functions, data.steps,
    )  # fmt: skip


@pytest.mark.parametrize("name", [*BY_HAND, *ZOO, *LOSSES])
def test_a_batch_is_its_samples(name: str) -> None:
    """Each alone: products of one row go another way."""
    _, module = module_of(name)
    data = random_data(module, 7)
    outputs, gradients = run(module, data)
    total = {k: np.zeros_like(v) for k, v in data.params.items()}
    shapes = {**module.SHAPES["params"], **module.SHAPES["inputs"], **module.SHAPES["outputs"]}
    samples = next(v.shape[shapes[k].index("B")] for k, v in outputs.items())
    for b in range(samples):
        alone, single = run(module, of_sample(module, data, b))
        for k, v in alone.items():
            mine = np.take(outputs[k], [b], axis=shapes[k].index("B"))
            np.testing.assert_allclose(mine, v, atol=1e-12)
        for k, v in single.inputs.items():
            mine = np.take(gradients.inputs[k], [b], axis=shapes[k].index("B"))
            assert error(mine, v) <= TOLERANCE
        total = {k: v + single.params[k] for k, v in total.items()}
    assert max(error(gradients.params[k], v) for k, v in total.items()) <= TOLERANCE


@pytest.mark.parametrize("name", MASKED)
def test_a_mask_gives_the_sum_over_the_single_sequences(name: str) -> None:
    _, module = module_of(name)
    data = random_data(module, 3)
    T, B, _ = data.inputs["x"].shape
    mask = random_mask(T, B)
    outputs, gradients = run(module, data, mask=mask)
    total = {k: np.zeros_like(v) for k, v in data.params.items()}
    for b in range(B):
        keep = mask[:, b] == 1
        assert not gradients.inputs["x"][~keep, b].any()
        if not keep.any():
            assert not any(g[b].any() for g in gradients.states.values())
            continue
        alone, single = run(module, one_sample(data, b, keep))
        for k, v in alone.items():
            np.testing.assert_allclose(outputs[k][keep, b], v[:, 0], atol=1e-13)
        assert error(gradients.inputs["x"][keep, b], single.inputs["x"][:, 0]) <= TOLERANCE
        for k, v in single.states.items():
            assert error(gradients.states[k][b], v[0]) <= TOLERANCE
        total = {k: v + single.params[k] for k, v in total.items()}
    assert max(error(gradients.params[k], v) for k, v in total.items()) <= TOLERANCE


def test_a_masked_state_stays_as_it_is() -> None:
    _, module = module_of("gated")
    data = random_data(module, 3)
    mask = np.ones(data.inputs["x"].shape[:2])
    mask[2:4, 1] = 0
    outputs, _ = run(module, data, mask=mask)
    for k in ("c", "h"):
        np.testing.assert_array_equal(outputs[k][3, 1], outputs[k][1, 1])


def test_a_mask_of_ones_changes_nothing() -> None:
    _, module = module_of("gru")
    data = random_data(module, 3)
    mask = np.ones(data.inputs["x"].shape[:2], bool)
    assert worst(run(module, data, mask=mask)[1], run(module, data)[1]) == 0


@pytest.mark.parametrize("name", ["cross_entropy", "inline_loss", "late_activation"])
def test_a_masked_step_has_no_loss(name: str) -> None:
    _, module = module_of(name)
    data = random_data(module, 3)
    T, B, _ = data.inputs["x"].shape
    mask = random_mask(T, B)
    loss, gradients = module.loss_and_grads(
        data.params, data.inputs, data.targets, data.states, mask=mask
    )
    wanted = 0.0
    total = {k: np.zeros_like(v) for k, v in data.params.items()}
    for b in range(B):
        keep = mask[:, b] == 1
        if keep.any():
            part = one_sample(data, b, keep)
            value, single = module.loss_and_grads(
                part.params, part.inputs, part.targets, part.states
            )
            wanted += value
            total = {k: v + single.params[k] for k, v in total.items()}
    assert abs(loss - wanted) <= TOLERANCE * abs(wanted)
    assert max(error(gradients.params[k], v) for k, v in total.items()) <= TOLERANCE


@pytest.mark.parametrize("name", ["many_to_one", "pooled", "running_sum", "layer", "first_step"])
def test_a_mask_is_refused_where_it_has_no_meaning(name: str) -> None:
    _, module = module_of(name)
    data = random_data(module)
    with pytest.raises(ValueError, match="mask: expected None, since "):
        run(module, data, mask=np.ones((6, 5)))


@pytest.mark.parametrize("name", ["rnn", "gated", "gru", "deep", "older_state"])
@pytest.mark.parametrize("k", [0, 1, 2, 4])
def test_truncation_keeps_what_is_near(name: str, k: int) -> None:
    """The outputs at step t see the steps t-k..t, with the state before those as a constant."""
    _, module = module_of(name)
    data = random_data(module, 4)
    outputs, cache = module.forward(**data.forward)
    found = module.backward(cache, data.grads, truncate=k)
    params = {key: np.zeros_like(v) for key, v in data.params.items()}
    x = np.zeros_like(data.inputs["x"])
    states = {key: np.zeros_like(v) for key, v in data.states.items()}
    for t in range(len(x)):
        first = max(0, t - k)
        window = Data(
            data.params,
            {"x": data.inputs["x"][first : t + 1]},
            {key: outputs[key][first - 1] if first else v for key, v in data.states.items()},
            {key: v[first : t + 1].copy() for key, v in data.grads.items()},
            functions=data.functions,
        )
        for grad in window.grads.values():
            grad[:-1] = 0
        _, part = run(module, window)
        params = {key: v + part.params[key] for key, v in params.items()}
        x[first : t + 1] += part.inputs["x"]
        if first == 0:
            states = {key: v + part.states[key] for key, v in states.items()}
    assert worst(found, (params, {"x": x}, states)) <= TOLERANCE
    assert worst(found, module.backward(cache, data.grads)) > 1e-3


@pytest.mark.parametrize("name", ["rnn", "bidirectional", "learned_start", "many_to_one"])
def test_truncation_to_all_steps_is_no_truncation(name: str) -> None:
    _, module = module_of(name)
    data = random_data(module, 4)
    _, cache = module.forward(**data.forward)
    full = module.backward(cache, data.grads)
    errors = [worst(module.backward(cache, data.grads, truncate=k), full) for k in range(30)]
    assert min(errors[:4]) > 1e-6 and max(errors[7:]) < TOLERANCE and errors[-1] == 0


@pytest.mark.parametrize("truncate", [-1, 1.5, True, "2"])
def test_truncation_takes_a_number_of_steps(truncate: Any) -> None:
    _, module = module_of("gated")
    data = random_data(module)
    with pytest.raises(ValueError, match="truncate: expected None or a number of steps >= 0, got"):
        run(module, data, truncate=truncate)
