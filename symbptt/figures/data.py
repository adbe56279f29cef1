"""What a figure shows, as numbers: lines over axes, before anything is drawn.

Labels are formulas between dollars and names of models, so that a figure serves reports in any
language; what is said in words stands in its caption.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """Points joined in order. ``faint`` lines are references, such as an asymptotic rate."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    faint: bool = False


@dataclass(frozen=True)
class Mark:
    """A single point with its name, such as a maximum that is attained."""

    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Surface:
    """Values z[i][j] at (x[j], y[i]), drawn as contours at equal steps of log z."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Panel:
    """One pair of axes. Scales are "linear" or "log"; a log axis leaves out what it cannot show."""

    xlabel: str
    ylabel: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    xscale: str = "linear"
    yscale: str = "linear"
    limits: tuple[float, float] | None = None
    surface: Surface | None = None


@dataclass(frozen=True)
class Figure:
    """Panels side by side. ``kind`` names the row of the table of kinds, and the caption."""

    kind: str
    panels: tuple[Panel, ...]

    def json(self) -> str:
        """The numbers to four digits, which rounding on another machine does not change."""
        return json.dumps(_rounded(asdict(self)), ensure_ascii=False, indent=1) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return value
