r"""Vectors and matrices with dots: filled in by their pattern.

What is written out are the first rows or columns and the last ones; ``\cdots``, ``\vdots``,
``\ddots`` (or lone ``\cdot``) stand for those between. The entries must be one formula in the
row and the column, or zero off the diagonal, or all the same number.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import syntax as sx
from .dims import ONE, Dim, Solution, constant, unknown
from .draft import Draft
from .elaborator import Alt, Elaborator
from .lifting import Lifting
from .patterns import Family, family, free_letter, rank
from .scope import dim_of

Cell = sx.Node | None
Line = Sequence[tuple[sx.Node, ...]]


def has_dots(rows: Sequence[Sequence[Cell]]) -> bool:
    return any(c is None or isinstance(c, sx.Dots) for row in rows for c in row)


def filled(e: Elaborator, rows: Sequence[Sequence[Cell]], node: sx.Node, s: Solution) -> list[Alt]:
    """The readings of a matrix with dots."""
    width = max(map(len, rows))
    cells = [[*row, *([None] * (width - len(row)))] for row in rows]
    kept_rows, row_gap = _explicit(cells)
    kept_cols, col_gap = _explicit([*map(list, zip(*cells, strict=True))])
    inner = [[cells[i][j] for j in kept_cols] for i in kept_rows]
    if row_gap is None and col_gap is None:
        raise _refused(e, node)
    if row_gap is not None and row_gap == col_gap and len(kept_rows) == len(kept_cols):
        diagonal = _diagonal(e, inner, row_gap, node, s)
        if diagonal is not None:
            return diagonal
    if any(c is None or isinstance(c, sx.Dots) for row in inner for c in row):
        raise _refused(e, node)
    grid: list[list[sx.Node]] = inner  # type: ignore[assignment]
    number = _same_number(grid)
    if number is not None:
        rows_dim = unknown() if row_gap is not None else constant(len(kept_rows))
        cols_dim = unknown() if col_gap is not None else constant(len(kept_cols))
        return [_constant(e, number, (rows_dim, cols_dim), node, s)]
    if col_gap is None:
        if len(kept_cols) > 1:
            raise _refused(e, node)
        return _along(e, [(row[0],) for row in grid], row_gap, node, s, column=True)
    if row_gap is None:
        if len(kept_rows) > 1:
            raise _refused(e, node)
        return _along(e, [(c,) for c in grid[0]], col_gap, node, s, column=False)
    return _matrix(e, grid, row_gap, col_gap, node, s)


def _refused(e: Elaborator, node: sx.Node) -> Exception:
    hint = "write the first and the last rows and columns, with dots only between them"
    return e.unsupported("a matrix with dots that show no pattern", node, hint)


def _explicit(lines: list[list[Cell]]) -> tuple[list[int], int | None]:
    """The lines that are not dots, and how many of them stand before the gap."""
    dotted = [all(c is None or isinstance(c, sx.Dots) for c in line) for line in lines]
    kept = [i for i, d in enumerate(dotted) if not d]
    if not any(dotted) or not kept or dotted[0] or dotted[-1]:
        return kept, None
    gap = dotted.index(True)
    after = next(i for i in range(gap, len(dotted)) if not dotted[i])
    if any(dotted[after:]):
        return kept, None
    return kept, gap


def _family(e: Elaborator, members: Line, gap: int, among: Sequence[sx.Node]) -> Family | None:
    letter = free_letter(
        lambda x: e.scope.is_index(x) or x in e.scope.names or any(b.name == x for b in e.bound),
        among,
    )
    found = family(members[:gap], members[gap:], letter, lambda x: rank(e.scope, x))
    if found is None or found[1:] != (gap, len(members) - gap):
        return None
    return found[0]


def _same_number(grid: list[list[sx.Node]]) -> sx.Node | None:
    first = grid[0][0]
    same = isinstance(first, sx.Num) and all(
        isinstance(c, sx.Num) and c.value == first.value for row in grid for c in row
    )
    return first if same else None


def _constant(
    e: Elaborator, number: sx.Node, shape: tuple[Dim, Dim], node: sx.Node, s: Solution
) -> Alt:
    ((value, at),) = e.alts(number, s)
    draft = Lifting(e, at, node).spread(value, shape)
    return e.note(draft, "dots", e.text(node), e.text(number)), at


def _diagonal(
    e: Elaborator, inner: list[list[Cell]], gap: int, node: sx.Node, s: Solution
) -> list[Alt] | None:
    """diag(v) where everything off the diagonal is 0, empty or dots; None for another matrix."""
    size = len(inner)
    others = [inner[i][j] for i in range(size) for j in range(size) if i != j]
    if not all(_is_empty(c) for c in others) or all(_is_empty(inner[i][i]) for i in range(size)):
        return None
    diagonal = [inner[i][i] for i in range(size)]
    if any(c is None or isinstance(c, sx.Dots) for c in diagonal):
        return None
    entries: list[tuple[sx.Node, ...]] = [(c,) for c in diagonal if c is not None]
    number = _same_number([[c[0] for c in entries]])
    if number is not None:
        side = unknown()
        identity = e.draft("identity", (), (side, side), node)
        ((value, at),) = e.alts(number, s)
        one = value.op == "const" and value.args[0] == 1
        draft = identity if one else e.draft("scale", (value, identity), identity.shape, node)
        return [(e.note(draft, "dots", e.text(node), e.text(number)), at)]
    out = []
    for column, at in _along(e, entries, gap, node, s, column=True):
        side = column.shape[0]
        out.append((e.draft("diag", (column,), (side, side), node), at))
    return out


def _is_empty(cell: Cell) -> bool:
    return cell is None or isinstance(cell, sx.Dots) or (
        isinstance(cell, sx.Num) and cell.value == 0
    )  # fmt: skip


def _along(
    e: Elaborator, members: Line, gap: int | None, node: sx.Node, s: Solution, column: bool
) -> list[Alt]:
    """The column or row whose entries are a family."""
    assert gap is not None
    found = _family(e, members, gap, [m[0] for m in members])
    if found is None:
        raise _refused(e, node)
    out: list[Alt] = []
    with e.binding([found.letter.name]) as (bound,):
        for body, at in e.alts(found.members[0], s):
            fit = _size(e, found, bound.top, body, at, node)
            if fit is None:
                continue
            size, at = fit
            if not at.is_scalar(body.shape):
                matrix = side_by_side(e, body, found, at, node, column)
                if matrix is None:
                    raise e.unsupported("vectors beside each other with dots", node)
                out.append((_noted(e, matrix, node, found), at))
                continue
            whole = Lifting(e, at, node).lift(body, found.letter, size, None, ONE)
            if not column:
                whole = Lifting(e, at, node).turned(whole)
            out.append((_noted(e, whole, node, found), at))
    return out


def side_by_side(
    e: Elaborator, body: Draft, found: Family, s: Solution, node: sx.Node, column: bool
) -> Draft | None:
    """Rows below each other, or columns side by side, as the matrix that has them."""
    lifting = Lifting(e, s, node)
    if column and s.resolve(body.shape[0]) == ONE:
        return lifting.stacked(body, found.letter)
    return lifting.beside(body, found.letter) if not column else None


def columns(
    e: Elaborator, body: Draft, found: Family, top: Dim, s: Solution, node: sx.Node
) -> Alt | None:
    """Columns side by side, without commas, as the matrix that has them."""
    fit = _size(e, found, top, body, s, node)
    matrix = side_by_side(e, body, found, fit[1], node, False) if fit is not None else None
    return (_noted(e, matrix, node, found), fit[1]) if matrix is not None and fit else None


def _noted(e: Elaborator, draft: Draft, node: sx.Node, *found: Family) -> Draft:
    ranges = ", ".join(f"{f.letter} = {f.first}, ..., {f.last}" for f in found)
    return e.note(draft, "dots", e.text(node), ranges)


def _size(
    e: Elaborator, found: Family, top: Dim, body: Draft, s: Solution, node: sx.Node
) -> tuple[Dim, Solution] | None:
    """The number of members, which must be the size of what they are entries of."""
    if found.lo != 1 or (s.resolve(top) == top and not _sized(e, found)):
        raise _refused(e, node)
    wanted = dim_of(found.hi)
    fit = s.unify(top, wanted, node.at)
    if fit is None:
        e.misfit(
            f"{e.text(node)} has {found.hi} entries, but its index runs to {s.expr(top)}", node
        )
        return None
    return wanted, fit


def _sized(e: Elaborator, found: Family) -> bool:
    """Whether the last index is a size of the model, where no entry tells what it runs over."""
    return found.hi.is_Symbol and found.hi.name in e.scope.sizes


def _matrix(
    e: Elaborator, grid: list[list[sx.Node]], row_gap: int, col_gap: int, node: sx.Node, s: Solution
) -> list[Alt]:
    """The matrix whose entries are a family in the row and in the column."""
    every = [c for row in grid for c in row]
    across = [_family(e, [(c,) for c in row], col_gap, every) for row in grid]
    if any(f is None for f in across):
        raise _refused(e, node)
    lines = [f for f in across if f is not None]
    if len({(f.letter, f.first, f.last) for f in lines}) != 1:
        raise _refused(e, node)
    down = _family(e, [f.members for f in lines], row_gap, [f.members[0] for f in lines])
    if down is None:
        raise _refused(e, node)
    out: list[Alt] = []
    right = lines[0]
    i, j = down.letter, right.letter
    with e.binding([i.name, j.name]) as (rows, cols):
        for body, at in e.alts(down.members[0], s):
            first = _size(e, down, rows.top, body, at, node)
            second = first and _size(e, right, cols.top, body, first[1], node)
            if not first or not second:
                continue
            whole = Lifting(e, second[1], node).lift(body, i, first[0], j, second[0])
            out.append((_noted(e, whole, node, down, right), second[1]))
    return out
