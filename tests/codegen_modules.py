"""Modules generated from the test models, by name."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

from codegen_models import FakeModel, gated_cell, layer, plain_rnn
from codegen_oracle import Data
from codegen_zoo import LOSSES, ZOO, system_of

from symbptt.codegen import PASSES, generate_source, load_module

TOLERANCE = 1e-12
BY_HAND = {
    "rnn": plain_rnn,
    "rnn_tanh": lambda: plain_rnn("tanh"),
    "rnn_relu": lambda: plain_rnn("relu"),
    "gated": gated_cell,
    "layer": layer,
}


@cache
def built(name: str, passes: tuple[str, ...] = PASSES) -> tuple[FakeModel, str]:
    """A model by name and the source of its module."""
    if name in BY_HAND:
        model, system = BY_HAND[name]()
    else:
        model = {**ZOO, **LOSSES}[name]()
        system = system_of(model)
    return model, generate_source(model, system, "0.1.0", "derivations/sheet.md", passes).source


def module_of(name: str, passes: tuple[str, ...] = PASSES) -> tuple[FakeModel, ModuleType]:
    model, source = built(name, passes)
    return model, load_module(source)


def run(module: ModuleType, data: Data, **options: Any) -> tuple[Any, Any]:
    """Outputs and gradients."""
    mask = {"mask": options.pop("mask")} if "mask" in options else {}
    outputs, kept = module.forward(**data.forward, **mask)
    return outputs, module.backward(kept, data.grads, **options)
