"""A canonical text of a small labelled hypergraph: colour refinement, then individualization.

Source: McKay and Piperno, Practical graph isomorphism II (2014), sections 2 and 3. The text lists
every atom with the numbers of its vertices, so equal texts mean isomorphic networks.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr

from .monomials import Pin
from .spelling import expression_text

Label = tuple[str, tuple[Any, ...]]
_MAX_BRANCHES = 720


def graph_key(atoms: list[Label], free: tuple[Any, ...], dims: dict[int, Expr]) -> str:
    """The least text over the labellings that refinement leaves open."""
    colours = {v: f"d{expression_text(dim)}" for v, dim in dims.items()}
    for side, axis in enumerate(free):
        for place, vertex in enumerate(_vertices(axis)):
            colours[vertex] += f"f{side}.{place}"
    budget = [_MAX_BRANCHES]
    return _search(atoms, free, dims, _refine(atoms, colours), budget)


def _vertices(axis: Any) -> list[int]:
    if isinstance(axis, tuple):
        return [v for a in axis for v in _vertices(a)]
    return [axis] if isinstance(axis, int) else []


def _axis_text(axis: Any, names: dict[int, Any]) -> str:
    if axis is None:
        return "-"
    if isinstance(axis, Pin):
        return f"={expression_text(axis.at)}"
    if isinstance(axis, int):
        return str(names[axis])
    if isinstance(axis, str):
        return axis
    return "(" + " ".join(_axis_text(a, names) for a in axis) + ")"


def _refine(atoms: list[Label], colours: dict[int, Any]) -> dict[int, int]:
    """Colours by number, stable under refinement by the atoms around a vertex."""
    numbers = _number(colours)
    while True:
        seen: dict[int, list[str]] = {v: [] for v in numbers}
        for text, axes in atoms:
            around = " ".join(_axis_text(a, numbers) for a in axes)
            for place, vertex in enumerate(v for a in axes for v in _vertices(a)):
                seen[vertex].append(f"{text}|{place}|{around}")
        finer = _number({v: (numbers[v], tuple(sorted(s))) for v, s in seen.items()})
        if len(set(finer.values())) == len(set(numbers.values())):
            return finer
        numbers = finer


def _number(colours: dict[int, Any]) -> dict[int, int]:
    order = {c: i for i, c in enumerate(sorted(set(colours.values())))}
    return {v: order[c] for v, c in colours.items()}


def _search(
    atoms: list[Label],
    free: tuple[Any, ...],
    dims: dict[int, Expr],
    numbers: dict[int, int],
    budget: list[int],
) -> str:
    classes: dict[int, list[int]] = {}
    for vertex, number in numbers.items():
        classes.setdefault(number, []).append(vertex)
    tied = min((n for n, vs in classes.items() if len(vs) > 1), default=None)
    if tied is None:
        return _text(atoms, free, dims, numbers)
    best = ""
    for vertex in classes[tied]:
        budget[0] -= 1
        # an exhausted budget may miss an isomorphism, never invent one
        if best and budget[0] < 0:
            break
        split = {v: (n, int(v == vertex)) for v, n in numbers.items()}
        text = _search(atoms, free, dims, _refine(atoms, split), budget)
        best = min(best, text) if best else text
    return best


def _text(
    atoms: list[Label], free: tuple[Any, ...], dims: dict[int, Expr], numbers: dict[int, int]
) -> str:
    listed = sorted(f"{t}<{' '.join(_axis_text(a, numbers) for a in axes)}>" for t, axes in atoms)
    sizes = " ".join(sorted(f"{numbers[v]}:{expression_text(d)}" for v, d in dims.items()))
    outer = " ".join(_axis_text(a, numbers) for a in free)
    return f"{{{sizes}|{outer}|{';'.join(listed)}}}"
