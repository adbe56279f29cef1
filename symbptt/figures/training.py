"""Training a generated module: Adam, and the task of recalling the first input."""

from __future__ import annotations

from types import ModuleType
from typing import Any

_UPDATES, _BATCH, _RATE = 400, 32, 0.01


class Adam:
    """D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.

    Gradients are clipped at the norm 1 over all parameters. Parameters change in place.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        self.params, self.t = params, 0
        self.m = {k: 0 * v for k, v in params.items()}
        self.v = {k: 0 * v for k, v in params.items()}

    def update(self, gradients: dict[str, Any], rate: float) -> None:
        """One step against the gradients."""
        self.t += 1
        norm = sum(float((g**2).sum()) for g in gradients.values()) ** 0.5
        scale = 1.0 if norm <= 1 else 1 / norm
        for k, g in gradients.items():
            self.m[k] += 0.1 * (scale * g - self.m[k])
            self.v[k] += 0.001 * ((scale * g) ** 2 - self.v[k])
            m, v = self.m[k] / (1 - 0.9**self.t), self.v[k] / (1 - 0.999**self.t)
            self.params[k] -= rate * m / (v**0.5 + 1e-8)


def recall_batch(rng: Any, T: int, B: int) -> tuple[Any, Any]:
    """Inputs (T, B, 2), value and flag; targets (B, 1), the value that was flagged at step 1."""
    import numpy as np

    x = np.zeros((T, B, 2))
    x[..., 0] = rng.uniform(-1, 1, (T, B))
    x[0, :, 1] = 1
    return x, x[0, :, :1].copy()


def output_of(module: ModuleType) -> str:
    """The module's only output without time."""
    (output,) = (k for k, s in module.SHAPES["outputs"].items() if "T" not in s)
    return str(output)


def train_recall(
    module: ModuleType, params: dict[str, Any], T: int, rng: Any, updates: int = _UPDATES
) -> int:
    """Trains parameters in place to give the first value after T steps; the number of updates.

    The loss is half the squared error of the module's only output without time, mean over a batch.
    """
    adam = Adam(params)
    output = output_of(module)
    for step in range(updates):
        x, y = recall_batch(rng, T, _BATCH)
        values, cache = module.forward(params, x)
        gradients = module.backward(cache, {output: (values[output] - y) / _BATCH})
        adam.update(gradients.params, _RATE * (1 - step / updates))
    return updates
