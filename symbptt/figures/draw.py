"""Figures as vector graphics: PDF for LaTeX, SVG for web pages. Needs matplotlib.

Lines differ in dashes, marks and grey, so that they can be told apart in black and white. All text
is set in Computer Modern, the numbers at the ticks too, like the report around it.
"""

from __future__ import annotations

import io
from typing import Any

from symbptt.core.errors import NotSupported

from .data import Figure, Line, Panel, Surface

_STYLE = {
    "font.family": "serif", "font.serif": ["cmr10"], "mathtext.fontset": "cm", "font.size": 8,
    "axes.formatter.use_mathtext": True, "axes.unicode_minus": False, "axes.linewidth": 0.6,
    "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "symbptt",
    "svg.fonttype": "path", "legend.frameon": False, "legend.fontsize": 7,
}  # fmt: skip
_LINES = (
    ("-", "0", "o"), ("--", "0.3", "s"), ("-.", "0.15", "^"), (":", "0.45", "D"),
    ((0, (5, 1, 1, 1, 1, 1)), "0.25", "v"), ((0, (1, 1)), "0.6", "x"),
)  # fmt: skip
_ONE, _LINE, _HEIGHT = 3.4, 5.9, 2.2  # inches; the text of a report is 150 mm wide
_FAINT = {"linewidth": 0.6, "color": "0.65", "linestyle": "-", "zorder": 0}


def draw(figure: Figure) -> dict[str, bytes]:
    """The figure as {"pdf": ..., "svg": ...}, the same bytes for the same numbers."""
    try:
        import matplotlib
        from matplotlib.backends.backend_pdf import FigureCanvasPdf
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise NotSupported(
            "figures need matplotlib", hint='pip install "symbptt[plots]"'
        ) from error
    with matplotlib.rc_context(_STYLE):
        width = _ONE if len(figure.panels) == 1 else _LINE
        canvas = Canvas(figsize=(width, _HEIGHT), layout="constrained")
        axes = canvas.subplots(1, len(figure.panels), squeeze=False)[0]
        for ax, panel in zip(axes, figure.panels, strict=True):
            _panel(ax, panel)
        out = {}
        for kind, backend, bare in (
            ("pdf", FigureCanvasPdf, {"CreationDate": None}),
            ("svg", FigureCanvasSVG, {"Date": None}),
        ):
            backend(canvas)
            buffer = io.BytesIO()
            canvas.savefig(buffer, format=kind, metadata=bare)
            out[kind] = buffer.getvalue()
    return out


def _panel(ax: Any, panel: Panel) -> None:
    ax.set_xscale(panel.xscale)
    ax.set_yscale(panel.yscale)
    if panel.surface is not None:
        _contours(ax, panel.surface)
    number = 0
    for line in panel.lines:
        if line.faint:
            ax.plot(*_shown(line, panel), label=line.label, **_FAINT)
        else:
            dashes, grey, mark = _LINES[number % len(_LINES)]
            ax.plot(
                *_shown(line, panel), linestyle=dashes, color=grey, label=line.label,
                marker=mark, markersize=3, markevery=max(1, len(line.x) // 8), linewidth=1.1,
            )  # fmt: skip
            number += 1
    for mark in panel.marks:
        ax.plot([mark.x], [mark.y], marker="o", color="0", markersize=4, markerfacecolor="1")
        ax.annotate(
            mark.label, (mark.x, mark.y), textcoords="offset points", xytext=(5, 4),
            fontsize=8,
        )  # fmt: skip
    ax.set_xlabel(panel.xlabel)
    ax.set_ylabel(panel.ylabel)
    if panel.limits is not None:
        ax.set_ylim(*panel.limits)
    if any(line.label for line in panel.lines):
        ax.legend(handlelength=3)


def _contours(ax: Any, surface: Surface) -> None:
    import numpy as np

    z = np.array(surface.z)
    levels = np.geomspace(z[z > 0].min(), z.max(), 16)
    ax.contour(surface.x, surface.y, z, levels=levels, colors="0.75", linewidths=0.5)
    ax.set_xlim(surface.x[0], surface.x[-1])
    ax.set_ylim(surface.y[0], surface.y[-1])


def _shown(line: Line, panel: Panel) -> tuple[list[float], list[float]]:
    """The points that the axes can show."""
    points = [
        (x, y) for x, y in zip(line.x, line.y, strict=True)
        if (panel.xscale != "log" or x > 0) and (panel.yscale != "log" or y > 0)
    ]  # fmt: skip
    return [x for x, _ in points], [y for _, y in points]
