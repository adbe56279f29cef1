"""A counterexample as formulas: what to choose, and what the two sides are then."""

from __future__ import annotations

import re
from typing import Any

from symbptt.answers.verdict import Counterexample
from symbptt.notation.latex import LATEX
from symbptt.notation.symbols import normal_name, split_name

from .typeset import written

_ELEMENT = re.compile(r"(.+)\[(.+)\]")
_SHOWN = 8  # rows and columns


def told(example: Counterexample) -> dict[str, Any]:
    """Lists of formulas as HTML: sizes, functions and values; left, right; the place.

    ``entry`` is the row and column where the sides differ; None where they are numbers.
    """
    i, j = example.entry or (0, 0)
    wide = isinstance(example.left, list)
    return {
        "sizes": [written(f"{_name(n)} = {v}") for n, v in example.dims.items()],
        "functions": [
            written(rf"{_name(n)}(x) = {_function(f)}") for n, f in example.functions.items()
        ],
        "values": [written(f"{_name(n)} = {_matrix(v)}") for n, v in example.values.items()],
        "left": written(_matrix(example.left, (i, j))),
        "right": written(_matrix(example.right, (i, j))),
        "entry": [i, j] if i and wide else None,
    }


def _name(name: str) -> str:
    """``W``, ``h_0`` or ``h[3]`` as LaTeX."""
    element = _ELEMENT.fullmatch(name)
    if element:
        return LATEX.name(split_name(normal_name(element[1])).indexed(element[2]))
    return LATEX.name(split_name(normal_name(name)))


def _function(text: Any) -> str:
    """A function of x; with several, one at each step."""
    if isinstance(text, list):
        return ", ".join(map(_function, text))
    return str(text).replace("*", r"\,")


def _matrix(value: Any, entry: tuple[int, int] = (0, 0)) -> str:
    """A number, a column or a matrix, with a box around one entry."""
    if not isinstance(value, list):
        return str(value)
    rows = [row if isinstance(row, list) else [row] for row in value]
    shown = [
        [_cell(x, (i, j) == entry) for j, x in enumerate(row[:_SHOWN], 1)]
        + [r"\cdots"] * (len(row) > _SHOWN)
        for i, row in enumerate(rows[:_SHOWN], 1)
    ] + [[r"\vdots"]] * (len(rows) > _SHOWN)  # fmt: skip
    body = r" \\ ".join(" & ".join(row) for row in shown)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _cell(value: Any, boxed: bool) -> str:
    return rf"\boxed{{{value}}}" if boxed else str(value)
