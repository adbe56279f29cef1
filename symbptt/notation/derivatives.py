"""Derivatives and gradients as quantities.

Of a scalar L, \\partial L/\\partial X has X's shape (a Gradient) or is the row of its entries (a
Partial); the context decides, and a factor that follows makes it a row. Of a vector it is the
Jacobian. \\nabla is always the gradient.
"""

from __future__ import annotations

from sympy import Integer

from . import syntax as sx
from .calls import Call, regroup
from .dims import ONE, Dim, Solution, multiply
from .draft import Draft
from .elaborator import Alt, Elaborator
from .names import resolve
from .powers import transposed
from .scripts import index_expr


def _size(d: Draft, s: Solution) -> Dim:
    return multiply(s.resolve(d.shape[0]), s.resolve(d.shape[1]))


def _derivative(e: Elaborator, node: sx.Derivative, s: Solution) -> list[Alt]:
    if node.order != 1:
        raise e.unsupported("second derivatives are not understood here yet", node)
    if node.y is None:
        raise e.fail("this derivative has nothing to act on", node, "write what is differentiated")
    slot = _slot(e, node, s) if node.slot else None
    if slot is not None:
        return slot
    x_node, flat_x = _without_vec(node.x, e)
    y_node, _ = _without_vec(node.y, e)
    mode = {"+": "immediate", "°": "direct"}.get(node.mark, "total")
    out: list[Alt] = []
    for y, s1 in e.alts(y_node, s):
        for x, s2 in e.alts(x_node, s1):
            out += differentiated(e, y, x, mode, s2, node, flat_x)
    return out


def _without_vec(node: sx.Node, e: Elaborator) -> tuple[sx.Node, bool]:
    """The operand of vec, and whether there was a vec."""
    factors = regroup(node, e.scope) if isinstance(node, sx.Product) else [("", node)]
    if len(factors) == 1 and isinstance(factors[0][1], Call):
        call = factors[0][1]
        reading = resolve(call.function, e.scope)
        if reading and reading.function and reading.function.kind == "vec" and call.post is None:
            return call.arguments[0], True
    return node, False


def differentiated(
    e: Elaborator, y: Draft, x: Draft, mode: str, s: Solution, node: sx.Node, flat: bool = False
) -> list[Alt]:
    """The readings of dy/dx."""
    if x.op == "entry":
        return _by_entry(e, y, x, mode, s, node)
    scalar = s.is_scalar(y.shape)
    row = e.draft("partial", (y, x, mode), (_size(y, s), _size(x, s)), node)
    if not scalar or flat or s.is_scalar(x.shape):
        if scalar and mode == "total" and not flat:
            return [(e.draft("gradient", (y, x), x.shape, node), s)]
        return [(row, s)]
    if mode == "total":
        return [(e.draft("gradient", (y, x), x.shape, node), s), (row, s)]
    if s.resolve(x.shape[1]) == ONE:
        return [(transposed(e, row, node), s), (row, s)]
    return [(row, s)]


def _by_entry(
    e: Elaborator, y: Draft, x: Draft, mode: str, s: Solution, node: sx.Node
) -> list[Alt]:
    """dy/dx_{ij}: the entry of the derivative by x."""
    whole, i, j = x.args
    if y.op == "entry" and s.resolve(whole.shape[1]) == ONE == s.resolve(y.args[0].shape[1]):
        column, k, _ = y.args
        jacobian = e.draft(
            "partial", (column, whole, mode), (_size(column, s), _size(whole, s)), node
        )
        return [(e.draft("entry", (jacobian, k, i), x.shape, node), s)]
    if not s.is_scalar(y.shape):
        raise e.unsupported(
            "the derivative of a vector by an entry is not understood here yet", node
        )
    if mode == "total":
        gradient = e.draft("gradient", (y, whole), whole.shape, node)
        return [(e.draft("entry", (gradient, i, j), x.shape, node), s)]
    if s.resolve(whole.shape[1]) != ONE:
        raise e.unsupported(r"\partial^+ by the entry of a matrix is not understood here yet", node)
    row = e.draft("partial", (y, whole, mode), (ONE, _size(whole, s)), node)
    return [(e.draft("entry", (row, Integer(1), i), x.shape, node), s)]


def _slot(e: Elaborator, node: sx.Derivative, s: Solution) -> list[Alt] | None:
    """\\partial_2 F(a, b) or \\partial_b F(a, b); None where F is no function of arguments."""
    call = regroup(node.y, e.scope)[0][1] if isinstance(node.y, sx.Product) else None
    reading = resolve(call.function, e.scope) if isinstance(call, Call) else None
    if reading is None or reading.function is None or reading.function.kind != "opaque":
        return None
    assert isinstance(call, Call)
    number = index_expr(node.x)
    texts = [e.text(a) for a in call.arguments]
    if number is not None and number.is_Integer:
        slot = int(number)
    elif e.text(node.x) in texts:
        slot = texts.index(e.text(node.x)) + 1
    else:
        return None
    if not 1 <= slot <= len(call.arguments):
        raise e.fail(f"{reading.name} has {len(call.arguments)} arguments", node)
    out: list[Alt] = []
    for value, at in e.alts(call, s):
        name, index, rows, _, *arguments = value.args
        shape = (value.shape[0], _size(arguments[slot - 1], at))
        out.append(
            (e.draft("func", (name, index, rows, Integer(slot), *arguments), shape, node), at)
        )
    return out


def _nabla(e: Elaborator, node: sx.Nabla, s: Solution) -> list[Alt]:
    if node.x is None or node.y is None:
        missing = "function" if node.y is None else "variable"
        raise e.fail(rf"this \nabla has no {missing}", node, r"write \nabla_W L")
    x_node = node.x.items[0] if isinstance(node.x, sx.Listing) else node.x
    out: list[Alt] = []
    for y, s1 in e.alts(node.y, s):
        if not s1.is_scalar(y.shape):
            e.misfit(f"a gradient needs a scalar, but {e.text(y)} is {e.show(y.shape, s1)}", y)
            continue
        for x, s2 in e.alts(x_node, s1):
            if x.op == "entry":
                out += _by_entry(e, y, x, "total", s2, node)
            else:
                out.append((e.draft("gradient", (y, x), x.shape, node), s2))
    return out


Elaborator.handlers[sx.Derivative] = _derivative
Elaborator.handlers[sx.Nabla] = _nabla
