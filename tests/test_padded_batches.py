"""Batches of sequences of different lengths: the gradient is the sum of those of the sequences."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from codegen_modules import run
from codegen_oracle import SIZES, Arrays, Data, error, random_data
from model_checks import module_of
from test_all_models import NAMES, READ

TOLERANCE = 1e-11
# A mask belongs to one length.
WITHOUT_MASK = {"layer", "encoder-decoder"}
PADDED = [name for name in NAMES if name not in WITHOUT_MASK]
T, B = SIZES["T"], SIZES["B"]


@cache
def module(name: str) -> ModuleType:
    return module_of(READ[name])


def cut(module: ModuleType, group: str, arrays: Arrays, b: int, steps: int) -> Arrays:
    """The arrays of one sample, without its padding."""
    out = {}
    for name, shape in module.SHAPES.get(group, {}).items():
        value = arrays[name]
        for axis, dim in enumerate(shape):
            if dim == "B":
                value = value.take([b], axis)
            elif "T" in str(dim).split(" "):
                value = value.take(range(value.shape[axis] - T + steps), axis)
        out[name] = value
    return out


def sample(module: ModuleType, data: Data, b: int, steps: int) -> Data:
    """One sequence alone."""
    groups = {"inputs": data.inputs, "states": data.states, "targets": data.targets}
    parts = {group: cut(module, group, arrays, b, steps) for group, arrays in groups.items()}
    grads = cut(module, "outputs", data.grads, b, steps)
    counted = None if data.steps is None else steps
    return Data(data.params, grads=grads, functions=data.functions, steps=counted, **parts)


def compare(module: ModuleType, found: Any, singles: list[Any], lengths: list[int]) -> None:
    """Parameters: the sum. Inputs and states: each its own, and zero in the padding."""
    for name, value in found.params.items():
        assert error(value, sum(s.params[name] for s in singles)) <= TOLERANCE, name
    for group in ("inputs", "states"):
        whole = getattr(found, group)
        for b, (single, steps) in enumerate(zip(singles, lengths, strict=True)):
            for name, value in cut(module, group, whole, b, steps).items():
                scale = max(np.abs(whole[name]).max(), 1e-30)
                difference = np.abs(value - getattr(single, group)[name]).max(initial=0)
                assert difference <= TOLERANCE * scale, name
        for name, shape in module.SHAPES[group].items():
            if shape[0] == "T":
                padding = [whole[name][steps:, b].any() for b, steps in enumerate(lengths)]
                assert not any(padding), name


def random_batch(module: ModuleType, seed: int) -> tuple[Data, list[int], np.ndarray]:
    """A batch, the lengths of its sequences, and the mask."""
    lengths = [T, *map(int, np.random.default_rng(seed).integers(1, T + 1, B - 1))]
    return random_data(module, seed), lengths, np.arange(T)[:, None] < np.array(lengths)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", PADDED)
def test_gradients_of_a_loss_outside(name: str, seed: int) -> None:
    data, lengths, mask = random_batch(module(name), seed)
    _, found = run(module(name), data, mask=mask)
    singles = [
        run(module(name), sample(module(name), data, b, steps))[1]
        for b, steps in enumerate(lengths)
    ]
    compare(module(name), found, singles, lengths)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", [n for n in PADDED if hasattr(module(n), "loss_and_grads")])
def test_gradients_of_the_own_loss(name: str, seed: int) -> None:
    data, lengths, mask = random_batch(module(name), seed)
    own = module(name).loss_and_grads
    loss, found = own(data.params, data.inputs, data.targets, data.states, mask=mask)
    parts = [sample(module(name), data, b, steps) for b, steps in enumerate(lengths)]
    results = [own(p.params, p.inputs, p.targets, p.states) for p in parts]
    total = sum(value for value, _ in results)
    assert abs(loss - total) <= TOLERANCE * abs(total)
    compare(module(name), found, [single for _, single in results], lengths)


@pytest.mark.parametrize("name", sorted(WITHOUT_MASK))
def test_no_mask(name: str) -> None:
    data = random_data(module(name))
    with pytest.raises(ValueError, match="mask: expected None, since the model has "):
        module(name).forward(**data.forward, mask=np.ones((T, B)))
