"""Norms of Jacobians through time, products of gates and adjoints, on the generated code."""

from __future__ import annotations

from typing import Any

from symbptt.core.errors import SymbpttError

from .data import Figure, Line, Panel
from .series import Series
from .training import output_of, recall_batch, train_recall

_SIZE, _INPUTS = 12, 3


def jacobians(series: tuple[Series, ...], sequence: dict[str, str], steps: int) -> Figure:
    r"""‖∂z_t/∂z_0‖₂ against t for random inputs and initial states, a line for each series.

    ``sequence`` says for a model's name which z is meant; by default its first recurrent sequence
    with a given boundary value. Row i of the Jacobian is the gradient with respect to z_0 of entry
    i of z_t, so a batch with a unit vector in each sample gives the Jacobian in one backward pass.
    """
    lines = []
    for one in series:
        z = _state(one, sequence)
        norms = _norms(one, z, steps)
        lines.append(Line(one.label, tuple(map(float, range(1, steps + 1))), norms))
    ylabel = r"$\|\partial z_t/\partial z_0\|_2$"
    return Figure("jacobians", (Panel("$t$", ylabel, tuple(lines), yscale="log"),))


def _state(one: Series, sequence: dict[str, str]) -> str:
    states = list(one.module.SHAPES["states"])
    wanted = sequence.get(one.model.name)
    if wanted is None and states:
        return str(states[0])
    if wanted not in states:
        raise SymbpttError(f"{wanted} has no initial value in the model {one.model.name}")
    return str(wanted)


def _norms(one: Series, z: str, steps: int) -> tuple[float, ...]:
    import numpy as np

    rng = np.random.default_rng(0)
    sizes = _sizes(one)
    params = one.params(sizes, rng)
    shapes = one.module.SHAPES
    n = sizes[shapes["states"][z][-1]]

    def repeated(values: Any) -> Any:
        return np.repeat(values, n, axis=-2)

    inputs = {k: rng.normal(size=(steps, 1, sizes[s[-1]])) for k, s in shapes["inputs"].items()}
    states = {k: repeated(rng.normal(size=(1, sizes[s[-1]])) / 2)
              for k, s in shapes["states"].items()}  # fmt: skip
    out = []
    for t in range(1, steps + 1):
        here = {k: repeated(v[:t]) for k, v in inputs.items()}
        _, cache = one.module.forward(params, here, states)
        ahead = np.zeros((t, n, n))
        ahead[-1] = np.eye(n)
        jacobian = one.module.backward(cache, {z: ahead}).states[z]
        out.append(float(np.linalg.norm(jacobian, 2)))
    return tuple(out)


def _sizes(one: Series) -> dict[str, int]:
    """A size for every dimension: that of a state is larger than that of an input."""
    dims: dict[str, int] = {}
    for group, size in (("states", _SIZE), ("outputs", _SIZE), ("inputs", _INPUTS)):
        for shape in one.module.SHAPES[group].values():
            for d in shape:
                if isinstance(d, str) and d not in ("T", "B"):
                    dims.setdefault(d, size)
    return dims


def gates(series: tuple[Series, ...], gate: str, steps: int) -> Figure:
    """The largest entry of g_t * ... * g_1 against t, for the gate g of each series."""
    import numpy as np

    lines = []
    for one in series:
        rng = np.random.default_rng(0)
        sizes = _sizes(one)
        if gate not in one.module.SHAPES["outputs"]:
            raise SymbpttError(f"the model {one.model.name} has no sequence {gate}")
        params = one.params(sizes, rng)
        x = {k: rng.normal(size=(steps, 64, sizes[s[-1]]))
             for k, s in one.module.SHAPES["inputs"].items()}  # fmt: skip
        outputs, _ = one.module.forward(params, x)
        product = np.cumprod(outputs[gate], axis=0).max(axis=2).mean(axis=1)
        steps_axis = tuple(map(float, range(1, steps + 1)))
        lines.append(Line(one.label, steps_axis, tuple(map(float, product))))
    label = rf"$\max_i\,({gate}_t \odot \cdots \odot {gate}_1)_i$"
    return Figure("gates", (Panel("$t$", label, tuple(lines), yscale="log"),))


def adjoints(series: tuple[Series, ...], sequence: dict[str, str], steps: int) -> Figure:
    r"""‖∂L/∂z_k‖ over k, before and after training to recall the first input after T steps.

    The gradient with respect to z_k is that with respect to the initial state of the sequence that
    begins at k; the mean of the norms over a batch is drawn.
    """
    import numpy as np

    panels = []
    for one in series:
        z, rng = _state(one, sequence), np.random.default_rng(0)
        sizes = {**_sizes(one), **_output_sizes(one)}
        params = one.params(sizes, rng)
        axis = tuple(map(float, range(steps)))
        before = Line("0", axis, _adjoint_norms(one, params, z, steps))
        updates = train_recall(one.module, params, steps, rng)
        after = Line(str(updates), axis, _adjoint_norms(one, params, z, steps))
        ylabel = r"$\|\partial L/\partial z_k\|_2$"
        panels.append(Panel("$k$", ylabel, (before, after), yscale="log"))
    return Figure("adjoints", tuple(panels))


def _output_sizes(one: Series) -> dict[str, int]:
    """The recalled value is one number, the input that value and a flag."""
    ((_, x),) = one.module.SHAPES["inputs"].items()
    p = one.module.SHAPES["outputs"][output_of(one.module)]
    return {x[-1]: 2, p[-1]: 1}


def _adjoint_norms(one: Series, params: Any, z: str, steps: int) -> tuple[float, ...]:
    import numpy as np

    module, rng = one.module, np.random.default_rng(1)
    x, y = recall_batch(rng, steps, 64)
    outputs, _ = module.forward(params, x)
    p = output_of(module)
    error = outputs[p] - y
    norms = []
    for k in range(steps):
        states = {} if k == 0 else {s: outputs[s][k - 1] for s in module.SHAPES["states"]}
        _, cache = module.forward(params, x[k:], states)
        gradient = module.backward(cache, {p: error}).states[z]
        norms.append(float(np.linalg.norm(gradient, axis=1).mean()))
    return tuple(norms)
