"""Values and gradients of a model by a complex step through its own equations, sample by sample.

The judge is the reference evaluation of ``symbptt.core``, which knows no derivative rule. The loss
is J = sum_t sum_z <c_z[t], z[t]> with given random c, so dJ/dz[t] = c_z[t], or the model's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np
from codegen_models import T
from sympy import Symbol, sympify

from symbptt.core.functions import known
from symbptt.core.meaning import World, evaluate
from symbptt.core.terms import Elem, Gradient, Param, Plus, SumOver, Term, Transposed
from symbptt.core.theory import Definition, Given, Theory
from symbptt.notation.symbols import ascii_name

SIZES = {"n": 4, "d": 3, "q": 2, "p": 7, "m": 8, "T": 6, "S": 9, "J": 10, "B": 5}
Arrays = dict[str, np.ndarray]


@dataclass
class Data:
    """Arguments of a generated module, and the gradients of its outputs."""

    params: Arrays
    inputs: Arrays
    states: Arrays
    grads: Arrays
    targets: Arrays = field(default_factory=dict)
    functions: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    steps: int | dict[str, int] | None = None

    @property
    def forward(self) -> dict[str, Any]:
        """The arguments of forward; the number of steps where no input shows it."""
        more: dict[str, Any] = {"functions": self.functions} if self.functions else {}
        if self.steps is not None:
            more["steps"] = self.steps
        return {"params": self.params, "inputs": self.inputs, "states": self.states, **more}


def wave(order: int) -> Any:
    """The derivatives of f(x) = sin(1.3 x + 0.4), which stands in for unspecified functions."""
    return lambda x: 1.3**order * np.sin(1.3 * x + 0.4 + order * np.pi / 2)


def random_data(module: ModuleType, seed: int = 0, dtype: Any = np.float64) -> Data:
    """Random arrays of all shapes, n, d, B, T all different, nothing zero."""
    rng = np.random.default_rng(seed)

    def draw(group: str, scale: float = 1.0) -> Arrays:
        out = {}
        for name, shape in module.SHAPES.get(group, {}).items():
            parts = (str(dim).split(" + ") for dim in shape)
            dims = [sum(SIZES.get(p) or int(p) for p in dim) for dim in parts]
            out[name] = (scale * rng.standard_normal(dims)).astype(dtype)
        return out

    counts = {name: len(parts) for name, parts in getattr(module, "FUNCTIONS", {}).items()}
    functions = {name: tuple(map(wave, range(count))) for name, count in counts.items()}
    return Data(
        draw("params", 0.6), draw("inputs"), draw("states"), draw("outputs"), draw("targets"),
        functions, unseen_length(module),
    )  # fmt: skip


def unseen_length(module: ModuleType) -> int | dict[str, int] | None:
    """The numbers of steps where forward asks for them: no input shows these lengths."""
    if "steps" not in signature(module.forward).parameters:
        return None
    shown = {dim for shape in module.SHAPES["inputs"].values() for dim in shape[:1]}
    names = {shape[0] for shape in module.SHAPES["outputs"].values()} - shown
    numbers = {name: SIZES[name] for name in names}
    return numbers if len(numbers) > 1 else next(iter(numbers.values()))


def with_early(states: Arrays, inputs: Arrays, name: str) -> np.ndarray:
    """An input with its boundary values in front: one, or several in time order."""
    late = inputs[name]
    if name not in states:
        return late
    early = states[name]
    return np.concatenate((early if early.ndim == late.ndim else early[None], late))


def given_shape(value: np.ndarray) -> tuple[int, int]:
    """A matrix, a column or a scalar as a matrix."""
    return value.shape if value.ndim == 2 else (value.size, 1)


class _World(World):
    """A world in which unspecified elementwise functions are the stand-in."""

    def elementwise(self, name: str, order: int, x: np.ndarray) -> np.ndarray:
        return super().elementwise(name, order, x) if known(name) else wave(order)(x)


def span(item: Definition | Given) -> tuple[Any, Any]:
    """The first and the last step of a definition or of what is given."""
    index, facts = item.head.index, item.facts
    lo = next(index - f for f in facts if f.coeff(index) == 1)
    return lo, next(index + f for f in facts if f.coeff(index) == -1)


def steps_of(item: Definition | Given) -> range:
    """The same as numbers."""
    numbers = {Symbol(name, integer=True): size for name, size in SIZES.items()}
    first, last = (int(sympify(e).subs(numbers)) for e in span(item))
    return range(first, last + 1)


def outputs_of(model: Any) -> list[Definition]:
    """The definitions of outputs: no losses, pre-activations or boundary values."""
    loss = {f"{name}[]" for name in model.losses} | ({model.loss.key} if model.loss else set())
    ends = ((-1, -1), (0, 0), (T + 1, T + 1))
    return [
        x
        for x in model.theory.definitions
        if x.key not in loss | set(model.auto) | {f"{name}[]" for name in model.auto}
        and (x.index is None or span(x) not in ends)
    ]


def weighted(model: Any) -> tuple[Theory, Param]:
    """The theory with the loss J instead of the model's own."""
    theory, loss = model.theory, Param(r"\mathcal{J}", 1)
    dropped = {f"{name}[]" for name in model.losses} | ({model.loss.key} if model.loss else set())
    params, givens, parts = list(theory.params), list(theory.givens), []
    for x in outputs_of(model):
        name = f"c^{{{x.name}}}"
        if x.index is None:
            params.append(Param(name, *x.head.shape))
            parts.append(Transposed(params[-1]) @ x.head)
        else:
            weight = Elem(name, x.index, *x.head.shape)
            givens.append(Given(weight, x.facts))
            parts.append(SumOver(Transposed(weight) @ x.head, x.index, *span(x)))
    kept = [x for x in theory.definitions if x.key not in dropped]
    total = Definition(loss, Plus(*parts))
    return Theory(tuple(params), tuple(givens), (*kept, total), theory.facts), loss


class Judge:
    """Evaluates a model at the data of a module, one world for each sample."""

    def __init__(self, model: Any, data: Data, own_loss: bool = False) -> None:
        self.model, self.data = model, data
        self.theory, self.loss = (model.theory, model.loss) if own_loss else weighted(model)
        sizes = {Symbol(name, integer=True): size for name, size in SIZES.items()}
        self.worlds = [
            _World(self.theory, sizes, 0, self.values(b, own_loss)) for b in range(SIZES["B"])
        ]

    @property
    def names(self) -> dict[str, str]:
        """The names of the outputs, and what they are called in the module."""
        return {x.name: ascii_name(x.name) for x in outputs_of(self.model)}

    def values(self, b: int, own_loss: bool) -> dict[Any, Any]:
        """The values of all leaves for the sample b."""
        model, data = self.model, self.data
        out: dict[Any, Any] = {}
        for param in model.theory.params:
            name = ascii_name(param.name)
            each = {**data.inputs, **data.targets}
            value = each[name][b] if name in each else data.params[name]
            out[(param.name,)] = value if value.ndim == 2 else value.reshape(-1, 1)
        for given in model.theory.givens:
            name = ascii_name(given.head.name)
            if given.head.name in model.states:
                out[given.head.name, steps_of(given)[0]] = data.states[name][b].reshape(-1, 1)
                continue
            if given.head.name in model.families:
                for step, value in zip(steps_of(given), data.params[name], strict=True):
                    out[given.head.name, step] = value.reshape(given_shape(value))
                continue
            source = data.inputs if name in data.inputs else data.targets
            values = with_early(data.states, source, name) if name in source else ()
            for step, value in zip(steps_of(given), values, strict=False):
                out[given.head.name, step] = value[b].reshape(-1, 1)
        for x in () if own_loss else outputs_of(model):
            value = data.grads[ascii_name(x.name)]
            if x.index is None:
                out[(f"c^{{{x.name}}}",)] = value[b].reshape(-1, 1)
                continue
            for step in steps_of(x):
                out[f"c^{{{x.name}}}", step] = value[step - 1, b].reshape(-1, 1)
        return out

    def gradient(self, leaf: Term) -> list[np.ndarray]:
        """dJ/d leaf for every sample."""
        return [evaluate(Gradient(self.loss, leaf), world) for world in self.worlds]

    def value(self) -> float:
        """The loss, summed over the batch."""
        return sum(float(evaluate(self.loss, world)[0, 0]) for world in self.worlds)

    def output(self, name: str) -> np.ndarray:
        """The values of an output at all steps, zero where it has none."""
        found = self.data.grads[ascii_name(name)]
        out = np.zeros_like(found)
        for x in outputs_of(self.model):
            if x.name != name:
                continue
            if x.index is None:
                return np.stack([evaluate(x.head, w).reshape(found.shape[1:]) for w in self.worlds])
            for step in steps_of(x):
                for b, world in enumerate(self.worlds):
                    out[step - 1, b] = evaluate(x.head.at(step), world).reshape(found.shape[2:])
        return out

    def gradients(self) -> tuple[Arrays, Arrays, Arrays]:
        """Gradients of parameters, inputs and boundary values, as a module gives them."""
        data = self.data
        params: Arrays = {}
        inputs: Arrays = {}
        states: Arrays = {}
        for param in self.model.theory.params:
            name = ascii_name(param.name)
            if name in self.data.inputs:
                inputs[name] = np.stack([g[:, 0] for g in self.gradient(param)])
            elif name in data.params:
                shape = self.data.params[name].shape
                params[name] = np.sum(self.gradient(param), axis=0).reshape(shape)
        for given in self.model.theory.givens:
            name = ascii_name(given.head.name)
            if given.head.name in self.model.states:
                found = np.stack(self.gradient(given.head.at(steps_of(given)[0])))
                states[name] = found.reshape(self.data.states[name].shape)
                continue
            steps = [given.head.at(step) for step in steps_of(given)]
            if given.head.name in self.model.families:
                found = np.stack([np.sum(self.gradient(element), axis=0) for element in steps])
                params[name] = found.reshape(data.params[name].shape)
            elif name in data.inputs:
                found = np.stack([np.stack(self.gradient(element)) for element in steps])
                late = data.inputs[name]
                inputs[name] = found[len(found) - len(late) :].reshape(late.shape)
                if name in data.states:
                    early = data.states[name]
                    states[name] = found[: len(found) - len(late)].reshape(early.shape)
        return params, inputs, states


def error(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, relative to the largest entry."""
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    return float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-30))


def worst(found: Any, wanted: Any) -> float:
    """The largest error over the three groups of gradients; the names must agree."""
    errors = [0.0]
    for got, want in zip(found, wanted, strict=True):
        assert set(got) == set(want), (set(got), set(want))
        errors += [error(got[name], want[name]) for name in want]
    return max(errors)
