"""Derivatives and gradients as quantities.

Of a scalar L, \\partial L/\\partial X has X's shape (a Gradient) or is the row of its entries (a
Partial); the context decides, and a factor that follows makes it a row. Of a vector it is the
Jacobian. \\nabla is always the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr, Symbol

from ..core.errors import SymbpttError
from ..core.scope import solve
from ..core.terms import Param
from ..core.traverse import substitute
from . import syntax as sx
from .copies import by_copy, in_layout, size, variables
from .dims import ONE, SCALAR, Solution
from .draft import Draft, build
from .elaborator import Alt, Elaborator
from .names import resolve
from .neighbours import Adjoint, Call, regroup
from .powers import transposed
from .slots import slot, written_slot
from .vocabulary import OBJECTIVES


def _derivative(e: Elaborator, node: sx.Derivative, s: Solution) -> list[Alt]:
    if node.y is None:
        raise e.fail("this derivative has nothing to act on", node, "write what is differentiated")
    if node.order != 1:
        return twice(e, node, s)
    by_slot = slot(e, node, s) if node.slot else written_slot(e, node, s)
    if by_slot is not None:
        return by_slot
    x_node, flat_x = _without_vec(node.x, e)
    y_node, _ = _without_vec(node.y, e)
    mode = {"+": "immediate", "°": "direct"}.get(node.mark, "total")
    out: list[Alt] = []
    for y, s1 in _scalars(e, y_node, s):
        for x, s2 in variables(e, x_node, s1):
            x = with_name(e, x, s2, node)
            out += differentiated(e, y, x, mode, s2, node, flat_x)
    return out


def _scalars(e: Elaborator, node: sx.Node, s: Solution) -> list[Alt]:
    """The readings of what is differentiated; a usual name of a loss that the model has not is
    the model's loss."""
    unknown = isinstance(node, sx.Sym) and node.base in OBJECTIVES and e.scope.closed
    steps = isinstance(node, sx.Sym) and node.base in e.scope.sequences  # L may be their sum
    if not (unknown and e.scope.loss) or steps or resolve(node, e.scope) is not None:
        return e.alts(node, s)
    found = e.alts(sx.Sym(node.at, node.end, e.scope.loss), s)
    return [(e.note(d, "loss", e.text(node), e.scope.loss), at) for d, at in found]


_VARIABLES = ("param", "elem", "entry", "copy")


def with_name(e: Elaborator, x: Draft, s: Solution, node: sx.Node) -> Draft:
    """A formula that is differentiated by: the quantity of the model that is defined so."""
    if x.op in _VARIABLES:
        return x
    try:
        term = build(x, s)
    except SymbpttError:
        return x
    for head, body in e.scope.bodies:
        if isinstance(head, Param):
            if body == term:
                return e.draft("param", (head.name,), x.shape, x)
            continue
        found: dict[Symbol, Expr] = {}
        fits = solve(body, term, frozenset(term.free_symbols - {head.index}), found)
        if fits and substitute(body, found) == term:
            return e.draft("elem", (head.name, head.index.xreplace(found)), x.shape, x)
    return x


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
    if x.op == "copy":
        return by_copy(e, y, x, s, node)
    if x.op == "entry" and x.args[0].op == "copy":
        found = by_copy(e, y, x.args[0], s, node)
        if not s.is_scalar(y.shape):
            raise e.unsupported("the derivative of a vector by an entry of a copy", node)
        return [(e.draft("entry", (d, *x.args[1:]), SCALAR, node), at) for d, at in found]
    if x.op == "entry":
        return _by_entry(e, y, x, mode, s, node)
    scalar = s.is_scalar(y.shape)
    mode, chosen = mode_of(e, y, x, mode, node)
    row = e.draft("partial", (y, x, mode), (size(y, s), size(x, s)), node)
    if chosen:
        e.note(row, chosen, e.text(node))
    if not scalar or flat or s.is_scalar(x.shape):
        if scalar and mode == "total" and not flat:
            return [(e.draft("gradient", (y, x), x.shape, node), s)]
        if not scalar and not s.is_scalar(x.shape) and not flat:
            return [(in_layout(e, row, node), s)]
        if flat and e.choices.layout == "denominator":  # all that is transposed, or nothing
            return [(in_layout(e, row, node), s)]
        return [(row, s)]
    # where Jacobians are transposed, so are all derivatives of scalars: none is a row
    rows = [] if e.choices.layout == "denominator" else [(row, s)]
    if mode == "total":
        return [(e.draft("gradient", (y, x), x.shape, node), s), *rows]
    if s.resolve(x.shape[1]) == ONE:
        return [(transposed(e, row, node), s), *rows]
    return [(row, s)]


def twice(e: Elaborator, node: sx.Derivative, s: Solution) -> list[Alt]:
    r"""\partial^2 y/\partial x \partial z^T of a scalar: the Jacobian by z of the gradient by x."""
    x_node = node.x
    if isinstance(x_node, sx.Scripted) and node.order == 2 and _is_two(x_node.sups[-1:]):
        single = replace(x_node, sups=x_node.sups[:-1])
        bare = single.base if not (single.subs or single.sups or single.primes) else single
        x_node = sx.Listing(x_node.at, x_node.end, (bare, bare))
    if node.order != 2 or node.mark or not isinstance(x_node, sx.Listing) or len(x_node.items) != 2:
        hint = r"write \frac{\partial^2 L}{\partial x \partial x^\top}"
        raise e.unsupported(
            "second derivatives are understood where both variables are named", node, hint
        )
    assert node.y is not None
    out: list[Alt] = []
    for y, s0 in _scalars(e, node.y, s):
        if not s0.is_scalar(y.shape):
            e.misfit(f"a Hessian needs a scalar, but {e.text(y)} is {e.show(y.shape, s0)}", y)
            continue
        for x, s1 in _second_variable(e, x_node.items[0], s0):
            for z, s2 in _second_variable(e, x_node.items[1], s1):
                out += _hessian(e, y, x, z, s2, node)
    return out


def _is_two(sups: Sequence[sx.Node]) -> bool:
    return len(sups) == 1 and isinstance(sups[0], sx.Num) and sups[0].value == 2


def _second_variable(e: Elaborator, node: sx.Node, s: Solution) -> list[Alt]:
    """A variable, written as a column or as its transpose."""
    return [(d.args[0] if d.op == "transposed" else d, at) for d, at in e.alts(node, s)]


def _hessian(e: Elaborator, y: Draft, x: Draft, z: Draft, s: Solution, node: sx.Node) -> list[Alt]:
    wholes = [d.args[0] if d.op == "entry" else d for d in (x, z)]
    if any(d.op not in ("param", "elem") or s.resolve(d.shape[1]) != ONE for d in wholes):
        raise e.unsupported("second derivatives by columns and numbers are understood", node)
    gradient = e.draft("gradient", (y, wholes[0]), wholes[0].shape, node)
    shape = (size(wholes[0], s), size(wholes[1], s))
    whole = e.draft("partial", (gradient, wholes[1], "total"), shape, node)
    e.note(whole, "second", e.text(node))
    if x.op != "entry" and z.op != "entry":
        return [(whole, s)]
    if x.op == z.op:
        return [(e.draft("entry", (whole, x.args[1], z.args[1]), SCALAR, node), s)]
    raise e.unsupported("a second derivative by an entry and a whole", node)


def mode_of(e: Elaborator, y: Draft, x: Draft, mode: str, node: sx.Node) -> tuple[str, str]:
    """Whether a bare derivative of a state by a parameter is immediate, and the note to make.

    It is inside a sum over the time of the state, unless the factor beside it is a derivative by
    that state of something at the same time, as in dL_t/dh_t dh_t/dW.
    """
    if mode != "total" or x.op != "param" or y.op != "elem" or y.args[0] in e.scope.objectives:
        return mode, ""
    index = e.bound_index(y.args[1])
    summed = index is not None and index.sums and (node.at, node.end) not in e.whole
    how = e.choices.immediate
    if how == "always" or (how == "rule" and summed):
        return "immediate", "immediate"
    return "total", "total"


def _by_entry(
    e: Elaborator, y: Draft, x: Draft, mode: str, s: Solution, node: sx.Node
) -> list[Alt]:
    """dy/dx_{ij}: the entry, or the column, of the derivative by x."""
    whole, i, j = x.args
    state = y.args[0] if y.op == "entry" else y
    mode, chosen = mode_of(e, state, whole, mode, node)
    shape = (size(state, s), size(whole, s))
    jacobian = e.draft("partial", (state, whole, mode), shape, node)
    if chosen:
        e.note(jacobian, chosen, e.text(node))
    if y.op == "entry" and s.resolve(whole.shape[1]) == ONE == s.resolve(state.shape[1]):
        return [(e.draft("entry", (jacobian, y.args[1], i), x.shape, node), s)]
    if s.is_scalar(y.shape) and mode == "total":
        gradient = e.draft("gradient", (y, whole), whole.shape, node)
        return [(e.draft("entry", (gradient, i, j), x.shape, node), s)]
    column = e.draft("times", (jacobian, unit_of(e, x, s, node)), (shape[0], ONE), node)
    if y.op == "entry":
        row = e.draft("partial", (y, state, "total"), (ONE, shape[0]), node)
        column = e.draft("times", (row, column), x.shape, node)
    return [(column, s)]


def unit_of(e: Elaborator, entry: Draft, s: Solution, node: sx.Node) -> Draft:
    """The unit column that picks an entry x_{ij} out of vec(x): its own derivative by x."""
    whole = entry.args[0]
    row = e.draft("partial", (entry, whole, "total"), (ONE, size(whole, s)), node)
    return transposed(e, row, node)


def _nabla(e: Elaborator, node: sx.Nabla, s: Solution) -> list[Alt]:
    if node.order == 2 and node.x is not None and node.y is not None:
        both = sx.Listing(node.x.at, node.x.end, (node.x, node.x))
        return twice(e, sx.Derivative(node.at, node.end, node.y, both, order=2), s)
    if node.x is None or node.y is None:
        missing = "function" if node.y is None else "variable"
        raise e.fail(rf"this \nabla has no {missing}", node, r"write \nabla_W L")
    x_node = node.x.items[0] if isinstance(node.x, sx.Listing) else node.x
    out: list[Alt] = []
    for y, s1 in _scalars(e, node.y, s):
        if not s1.is_scalar(y.shape):
            e.misfit(f"a gradient needs a scalar, but {e.text(y)} is {e.show(y.shape, s1)}", y)
            continue
        for x, s2 in e.alts(x_node, s1):
            if x.op == "copy":
                out += by_copy(e, y, x, s2, node)
            elif x.op == "entry":
                out += _by_entry(e, y, x, "total", s2, node)
            else:
                out.append((e.draft("gradient", (y, x), x.shape, node), s2))
    return out


def _adjoint(e: Elaborator, node: Adjoint, s: Solution) -> list[Alt]:
    found = _nabla(e, sx.Nabla(node.at, node.end, node.loss, node.x), s)
    for draft, _ in found:
        e.note(draft, "gradient", e.text(node), e.scope.loss, e.text(node.x))
    return found


Elaborator.handlers[Adjoint] = _adjoint
Elaborator.handlers[sx.Derivative] = _derivative
Elaborator.handlers[sx.Nabla] = _nabla
