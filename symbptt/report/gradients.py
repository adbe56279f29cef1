"""A table of gradients: one row a parameter, one column a form, with the theorem that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbptt.core.terms import Gradient, Term
from symbptt.proof.objects import Theorem

from .document import Content, Phrase, Table
from .pen import Pen
from .preliminaries import shape

Row = tuple[Gradient, tuple[Theorem, ...]]
_COLUMNS = {"gradient by the adjoints": "adjoint", "gradient": "gradient"}


def rows_of(theorems: Sequence[Theorem]) -> list[Row]:
    """The gradients that are stated, each with the theorems about it, in order."""
    out: dict[Gradient, list[Theorem]] = {}
    for theorem in theorems:
        if isinstance(theorem.left, Gradient) and theorem.title in _COLUMNS:
            out.setdefault(theorem.left, []).append(theorem)
    return [(left, tuple(found)) for left, found in out.items()]


def form_of(theorem: Theorem) -> str:
    """The form in which a theorem gives a gradient: adjoint or gradient."""
    return _COLUMNS[theorem.title]


def gradient_table(
    theorems: Sequence[Theorem], name: Callable[[Theorem], Content] | None, pen: Pen
) -> Table | None:
    """Parameter, shape, the gradient in each form, and if there is one the name of its theorem.

    A form that is the same as the one before in every row has no column. None without rows.
    """
    rows = rows_of(theorems)
    titles = dict.fromkeys(t.title for _, found in rows for t in found)
    written = {key: [_right(found, key) for _, found in rows] for key in titles}
    shown: list[str] = []
    for title in titles:
        if not shown or written[title] != written[shown[-1]]:
            shown.append(title)
    if not rows:
        return None
    keys = ["parameter", "shape", *(_COLUMNS[t] for t in shown)]
    if name is not None:
        keys.append("statement")
    body = [
        (
            pen.inline(left.args[1]), pen.math(shape(left, pen)),
            *(pen.inline(written[t][i]) for t in shown),
            *(() if name is None else (name(found[-1]),)),
        )
        for i, (left, found) in enumerate(rows)
    ]  # fmt: skip
    return Table(tuple(Phrase(f"table.{k}") for k in keys), tuple(body), (1 + len(shown),))


def _right(found: Sequence[Theorem], title: str) -> Term:
    return next((t.right for t in found if t.title == title), found[-1].right)
