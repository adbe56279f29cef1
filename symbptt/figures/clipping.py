"""Gradient descent on a cliff, with and without clipping.

The loss is (h_T - 0.7)^2 for h_t = w sigmoid(h_{t-1}) + b, h_0 = 1/2, T = 50: R. Pascanu,
T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013, figure 6.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from symbptt.models.model import Model

from .data import Figure, Line, Panel, Surface
from .series import load

_MODEL = r"""
h_t \in \mathbb{R}^n
u_t \in \mathbb{R}^n
w \in \mathbb{R}^{n \times n}
b \in \mathbb{R}^n
h_t = w\,\mathrm{sigmoid}(h_{t-1}) + b + u_t
"""
_T, _TARGET, _START = 50, 0.7, 0.5


def clipping(
    w: tuple[float, float], b: tuple[float, float], start: tuple[float, float],
    rate: float, threshold: float, updates: int,
) -> Figure:  # fmt: skip
    """Contours of the loss over (w, b), and two descents from one point.

    The gradients are those of the generated module; the clipped one is g min(1, c/‖g‖).
    """
    import numpy as np

    module = load(Model.parse(_MODEL))
    ws, bs = np.linspace(*w, 81), np.linspace(*b, 81)
    values = np.array([_losses(module, float(x), bs) for x in ws]).T
    surface = Surface(*(tuple(map(float, v)) for v in (ws, bs)),
                      tuple(tuple(map(float, row)) for row in values))  # fmt: skip
    lines = []
    for label, limit in ((r"$g$", np.inf), (r"$g\,\min(1, c/\|g\|)$", threshold)):
        points = [np.array(start, dtype=float)]
        for _ in range(updates):
            g = _gradient(module, *map(float, points[-1]))
            size = float(np.linalg.norm(g))
            points.append(points[-1] - rate * g * min(1.0, limit / size if size else 1.0))
        lines.append(Line(label, *(tuple(float(p[i]) for p in points) for i in (0, 1))))
    return Figure("clipping", (Panel("$w$", "$b$", tuple(lines), surface=surface),))


def _losses(module: ModuleType, w: float, bs: Any) -> Any:
    """The loss for one w and many b: b enters every sample as its input."""
    import numpy as np

    params = {"w": np.array([[w]]), "b": np.zeros(1)}
    inputs = np.broadcast_to(bs[None, :, None], (_T, len(bs), 1)).copy()
    start = {"h": np.full((len(bs), 1), _START)}
    outputs, _ = module.forward(params, inputs, start)
    return (outputs["h"][-1, :, 0] - _TARGET) ** 2


def _gradient(module: ModuleType, w: float, b: float) -> Any:
    import numpy as np

    params = {"w": np.array([[w]]), "b": np.array([b])}
    start = {"h": np.array([[_START]])}
    outputs, cache = module.forward(params, np.zeros((_T, 1, 1)), start)
    ahead = np.zeros((_T, 1, 1))
    ahead[-1] = 2 * (outputs["h"][-1] - _TARGET)
    g = module.backward(cache, {"h": ahead}).params
    return np.array([g["w"][0, 0], g["b"][0]])
