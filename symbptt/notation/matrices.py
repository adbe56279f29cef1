"""Brackets as grouping or concatenation, and matrices written out."""

from __future__ import annotations

from sympy import Integer

from . import syntax as sx
from .cases import cases
from .dims import ONE, SCALAR, Dim, Solution, add, constant, unknown
from .draft import Draft
from .elaborator import Alt, Elaborator
from .filled import filled, has_dots
from .indicators import indicator
from .powers import transposed

_MAX_CELLS = 400


def _brackets(e: Elaborator, node: sx.Brackets, s: Solution) -> list[Alt]:
    only = node.only
    sign = indicator(node, e.scope, node.at) if node.open in "([" else None
    if sign is not None:
        return e.alts(sign, s)
    nested = _nested(node) if len(node.rows) == 1 else ()
    if nested:  # [[1, 2]] is a row
        return _blocks(e, nested, node, s)
    if only is not None and node.open in "([{.":
        return e.alts(only, s) + _spaced(e, node, only, s)
    if node.open == "<" and len(node.rows) == 1 and len(node.rows[0]) == 2:
        return _inner(e, node, s)
    if node.open not in "([" or not node.rows or not node.rows[0]:
        raise e.fail(f"{e.text(node)} is not understood as a formula", node)
    if len(node.rows) == 1:
        return _row(e, node.rows[0], node, s)
    return _blocks(e, node.rows, node, s)


def _spaced(e: Elaborator, node: sx.Brackets, only: sx.Node, s: Solution) -> list[Alt]:
    """``[W U]`` with nothing between: also the matrices side by side."""
    if node.open != "[" or not isinstance(only, sx.Product) or set(only.ops) != {""}:
        return []
    if not all(isinstance(sx.base_of(f), sx.Sym) for f in only.factors):
        return []
    mark = len(e.clashes)
    found = [
        x for cells, at in _cells(e, (only.factors,), node, s)
        if not any(ONE in at.shape(c.shape) for c in cells)
        for x in _assembled(e, cells, 1, len(cells), node, at)
    ]  # fmt: skip
    del e.clashes[mark:]
    return found


def _inner(e: Elaborator, node: sx.Brackets, s: Solution) -> list[Alt]:
    """<a, b> of two columns."""
    out: list[Alt] = []
    for a, s1 in e.alts(node.rows[0][0], s):
        for b, s2 in e.alts(node.rows[0][1], s1):
            fit = s2.unify_shapes(a.shape, b.shape, node.at)
            if fit is not None and fit.resolve(a.shape[1]) == ONE:
                out.append((e.draft("times", (transposed(e, a, node), b), SCALAR, node), fit))
            elif fit is None:
                e.clash("multiply", a, b, s2)
    return out


def _nested(node: sx.Brackets) -> tuple[tuple[sx.Node, ...], ...]:
    """The rows of ``[[a, b], [c, d]]``; empty for any other bracket."""
    rows: list[tuple[sx.Node, ...]] = []
    for item in node.rows[0] if node.open == "[" else ():
        if not isinstance(item, sx.Brackets) or item.open != "[" or len(item.rows) != 1:
            return ()
        rows.append(item.rows[0])
    return tuple(rows) if any(len(row) > 1 for row in rows) else ()


def _row(e: Elaborator, items: tuple[sx.Node, ...], node: sx.Node, s: Solution) -> list[Alt]:
    """``(a, b)``: columns are stacked, matrices stand side by side, numbers make a column."""
    rows = tuple((item,) for item in items)
    if has_dots((items,)):
        return filled(e, rows, node, s) + filled(e, (items,), node, s)
    states = _cells(e, (items,), node, s)
    out: list[Alt] = []
    for cells, at in states:
        if all(at.resolve(c.shape[1]) == ONE for c in cells):
            out += _assembled(e, cells, len(rows), 1, node, at)
        out += _assembled(e, cells, 1, len(rows), node, at)
    return out


def _grid(e: Elaborator, node: sx.Grid, s: Solution) -> list[Alt]:
    if node.environment in ("cases", "dcases", "rcases"):
        return cases(e, node, s)
    if node.environment in ("vmatrix", "Vmatrix"):
        raise e.unsupported("determinants and norms are not understood here yet", node)
    if has_dots(node.rows):
        return filled(e, node.rows, node, s)
    cells = [c for row in node.rows for c in row]
    if len(cells) == 1 and isinstance(cells[0], sx.Listing):  # [x, s] in a matrix environment
        return _row(e, cells[0].items, node, s)
    if len({len(row) for row in node.rows}) != 1:
        raise e.fail("the rows of this matrix have different lengths", node)
    return _blocks(e, node.rows, node, s)  # type: ignore[arg-type]


def _blocks(
    e: Elaborator, rows: tuple[tuple[sx.Node, ...], ...], node: sx.Node, s: Solution
) -> list[Alt]:
    if len({len(row) for row in rows}) != 1:
        raise e.fail("the rows have different lengths", node)
    if has_dots(rows):
        return filled(e, rows, node, s)
    out: list[Alt] = []
    for cells, at in _cells(e, rows, node, s):
        out += _assembled(e, cells, len(rows), len(rows[0]), node, at)
    return out


def _cells(
    e: Elaborator, rows: tuple[tuple[sx.Node, ...], ...], node: sx.Node, s: Solution
) -> list[tuple[list[Draft], Solution]]:
    """The readings of all cells together."""
    items = [c for row in rows for c in row]
    if len(items) > _MAX_CELLS:
        raise e.fail(f"a matrix of more than {_MAX_CELLS} cells", node)
    states: list[tuple[list[Draft], Solution]] = [([], s)]
    for item in items:
        states = [([*done, d], after) for done, at in states for d, after in e.alts(item, at)][:8]
    return states


def _assembled(
    e: Elaborator, cells: list[Draft], m: int, n: int, node: sx.Node, s: Solution
) -> list[Alt]:
    """The block matrix of m x n cells; a 0 takes the size of its row and column.

    A row or column of zeros alone is 1, or as large as what stands around the matrix asks.
    """
    alone = any(c.shape != SCALAR for c in cells) and any(
        all(c.is_zero for c in line)
        for line in (
            *(cells[i * n : (i + 1) * n] for i in range(m)),
            *(cells[j::n] for j in range(n)),
        )
    )
    free = _sized(e, cells, m, n, node, s, None) if alone else []
    return free + _sized(e, cells, m, n, node, s, ONE)


def _sized(
    e: Elaborator, cells: list[Draft], m: int, n: int, node: sx.Node, s: Solution, zero: Dim | None
) -> list[Alt]:
    heights = [_side(cells[i * n : (i + 1) * n], 0, zero) for i in range(m)]
    widths = [_side(cells[j::n], 1, zero) for j in range(n)]
    blocks: list[Draft] = []
    solution = s
    for i in range(m):
        for j in range(n):
            cell = cells[i * n + j]
            if cell.is_zero and (heights[i], widths[j]) != SCALAR:
                cell = e.draft("zero", (), (heights[i], widths[j]), cell)
            fit = solution.unify_shapes(cell.shape, (heights[i], widths[j]), cell.at)
            if fit is None:
                e.clash("put side by side", cells[i * n], cell, solution)
                return []
            solution = fit
            blocks.append(cell)
    shape = _total(heights, solution), _total(widths, solution)
    if len(blocks) == 1:
        return [(blocks[0], solution)]
    return [(e.draft("block", (Integer(m), Integer(n), *blocks), shape, node), solution)]


def _side(cells: list[Draft], axis: int, zero: Dim | None) -> Dim:
    """The height of a row of cells, or the width of a column: given by a cell that is not 0.

    Of zeros alone it is ``zero``, or unknown.
    """
    sizes = [c.shape[axis] for c in cells if not c.is_zero]
    if sizes:
        return sizes[0]
    return zero if zero is not None and all(c.shape == SCALAR for c in cells) else unknown()


def _total(sizes: list[Dim], s: Solution) -> Dim:
    total = constant(0)
    for size in sizes:
        total = add(total, s.resolve(size))
    return total


Elaborator.handlers[sx.Brackets] = _brackets
Elaborator.handlers[sx.Grid] = _grid
