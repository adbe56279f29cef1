r"""The copies W^{(t)}, W_t and W(t) of a parameter: each is used at one step alone."""

from __future__ import annotations

from sympy import Expr

from . import syntax as sx
from .dims import ONE, SCALAR, Dim, Shape, Solution, multiply
from .draft import Draft
from .elaborator import Alt, Elaborator
from .names import resolve
from .powers import transposed
from .scope import dim_of
from .scripts import index_expr


def variables(e: Elaborator, node: sx.Node, s: Solution) -> list[Alt]:
    r"""The readings of what is differentiated by; W(\tau), or W_k under a sum over k, is a copy."""
    whole, index = _step_of(e, node)
    if whole is None or index is None:
        return e.alts(node, s)
    out = []
    for d, at in e.alts(whole, s):
        inner, entry = (d.args[0], d.args[1:]) if d.op == "entry" else (d, ())
        if inner.op != "param":
            return e.alts(node, s)
        copy = e.draft("copy", (*inner.args, index), inner.shape, node)
        out.append((e.draft("entry", (copy, *entry), SCALAR, node) if entry else copy, at))
    return out


def _step_of(e: Elaborator, node: sx.Node) -> tuple[sx.Node | None, Expr | None]:
    """The parameter and the step of a copy that names alone do not show."""
    if isinstance(node, sx.Product) and len(node.factors) == 2 and node.ops == ("",):
        name, bracket = node.factors
        if isinstance(bracket, sx.Brackets) and bracket.open == "(" and bracket.only is not None:
            reading = resolve(name, e.scope)
            if reading is not None and reading.declared is not None and reading.index is None:
                return name, index_expr(bracket.only)
    if isinstance(node, sx.Scripted) and len(node.subs) == 1 and not node.sups:
        index = index_expr(node.subs[0])
        bound = index is not None and e.bound_index(index) is not None
        if bound and resolve(node, e.scope) is None:
            return node.base, index
    return None, None


def by_copy(e: Elaborator, y: Draft, x: Draft, s: Solution, node: sx.Node) -> list[Alt]:
    r"""The derivative by W^{(t)}, the copy of W used at step t.

    Of a state at step t it is the immediate one; of a scalar it is the sum, over all that uses W
    at step t, of what W does there: \sum_s (\partial s_t/\partial W)^T \partial L/\partial s_t.
    """
    name, index = x.args
    whole = e.draft("param", (name,), x.shape, x)
    entry = y.args[1:] if y.op == "entry" else ()
    state = y.args[0] if entry else y
    if state.op == "elem" and state.args[1] == index and state.args[0] not in e.scope.objectives:
        shape = (size(state, s), size(whole, s))
        row = e.draft("partial", (state, whole, "immediate"), shape, node)
        if entry:  # e_i^T times the Jacobian
            unit = e.draft("partial", (y, state, "total"), (ONE, shape[0]), node)
            row = e.draft("times", (unit, row), (ONE, shape[1]), node)
            return [(_folded(e, row, whole, node), s)]
        return [(e.note(row, "copy", e.text(x)), s)]
    users = e.scope.users.get(name, ())
    if not users:
        raise e.unsupported(f"the derivative of {e.text(y)} by a copy is not understood", node)
    parts: list[Draft] = []
    height = size(y, s)
    for user, letter in users:
        rows, cols = (dim_of(d) for d in user.shape)
        at = e.draft("elem", (user.name, user.index.xreplace({letter: index})), (rows, cols), node)
        outer = e.draft("partial", (y, at, "total"), (height, multiply(rows, cols)), node)
        inner = e.draft("partial", (at, whole, "direct"), (size(at, s), size(whole, s)), node)
        parts.append(e.draft("times", (outer, inner), (height, size(whole, s)), node))
    row = parts[0] if len(parts) == 1 else e.draft("plus", parts, parts[0].shape, node)
    if not s.is_scalar(y.shape):
        return [(e.note(in_layout(e, row, node), "copy", e.text(x)), s)]
    return [(_folded(e, row, whole, node), s)]


def _folded(e: Elaborator, row: Draft, x: Draft, node: sx.Node) -> Draft:
    """A row of derivatives by the entries of x in the shape of x."""
    return e.note(folded(e, row, x.shape, node), "copy", e.text(node))


def last_variable(d: Draft) -> Draft | None:
    """The matrix by whose entries a row of derivatives is taken; None for anything else."""
    if d.op == "partial":
        return d.args[1]  # type: ignore[no-any-return]
    if d.op in ("plus", "times"):
        return last_variable(d.args[-1])
    if d.op in ("sum", "scale"):
        return last_variable(d.args[0 if d.op == "sum" else 1])
    return None


def folded(e: Elaborator, row: Draft, shape: Shape, node: sx.Node | Draft) -> Draft:
    """A row of derivatives by the entries of a matrix, as a matrix of that shape."""
    column = transposed(e, row, node)
    return column if shape[1] == ONE else e.draft("unvec", (column, *shape), shape, node)


def in_layout(e: Elaborator, row: Draft, node: sx.Node) -> Draft:
    """A Jacobian in the layout that is read."""
    if e.choices.layout == "denominator":
        row = transposed(e, row, node)
    return e.note(row, "layout", e.choices.layout)


def size(d: Draft, s: Solution) -> Dim:
    return multiply(s.resolve(d.shape[0]), s.resolve(d.shape[1]))
