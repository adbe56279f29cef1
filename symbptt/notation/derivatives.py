"""Derivatives and gradients as quantities.

Of a scalar L, \\partial L/\\partial X has X's shape (a Gradient) or is the row of its entries (a
Partial); the context decides, and a factor that follows makes it a row. Of a vector it is the
Jacobian. \\nabla is always the gradient.
"""

from __future__ import annotations

from sympy import Expr, Integer, Symbol

from ..core.errors import SymbpttError
from ..core.scope import solve
from ..core.terms import Param
from ..core.traverse import substitute
from . import syntax as sx
from .calls import Adjoint, Call, regroup
from .dims import ONE, SCALAR, Dim, Shape, Solution, multiply
from .draft import Draft, build
from .elaborator import Alt, Elaborator
from .leaves import lifted
from .names import resolve
from .objectives import slot_of
from .powers import transposed
from .scope import dim_of
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
        for x, s2 in variables(e, x_node, s1):
            x = with_name(e, x, s2, node)
            out += differentiated(e, y, x, mode, s2, node, flat_x)
    return out


_VARIABLES = ("param", "elem", "entry", "copy")


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
    row = e.draft("partial", (y, x, mode), (_size(y, s), _size(x, s)), node)
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
    if mode == "total":
        return [(e.draft("gradient", (y, x), x.shape, node), s), (row, s)]
    if s.resolve(x.shape[1]) == ONE:
        return [(transposed(e, row, node), s), (row, s)]
    return [(row, s)]


def in_layout(e: Elaborator, row: Draft, node: sx.Node) -> Draft:
    """A Jacobian in the layout that is read."""
    if e.choices.layout == "denominator":
        row = transposed(e, row, node)
    return e.note(row, "layout", e.choices.layout)


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
        shape = (_size(state, s), _size(whole, s))
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
    height = _size(y, s)
    for user, letter in users:
        rows, cols = (dim_of(d) for d in user.shape)
        at = e.draft("elem", (user.name, user.index.xreplace({letter: index})), (rows, cols), node)
        outer = e.draft("partial", (y, at, "total"), (height, multiply(rows, cols)), node)
        inner = e.draft("partial", (at, whole, "direct"), (_size(at, s), _size(whole, s)), node)
        parts.append(e.draft("times", (outer, inner), (height, _size(whole, s)), node))
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


def _by_entry(
    e: Elaborator, y: Draft, x: Draft, mode: str, s: Solution, node: sx.Node
) -> list[Alt]:
    """dy/dx_{ij}: the entry, or the column, of the derivative by x."""
    whole, i, j = x.args
    state = y.args[0] if y.op == "entry" else y
    mode, chosen = mode_of(e, state, whole, mode, node)
    shape = (_size(state, s), _size(whole, s))
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
    row = e.draft("partial", (entry, whole, "total"), (ONE, _size(whole, s)), node)
    return transposed(e, row, node)


def _slot(e: Elaborator, node: sx.Derivative, s: Solution) -> list[Alt] | None:
    """\\partial_2 F(a, b) or \\partial_b F(a, b); None where F is no function of arguments."""
    call = regroup(node.y, e.scope)[0][1] if isinstance(node.y, sx.Product) else None
    reading = resolve(call.function, e.scope) if isinstance(call, Call) else None
    if not isinstance(call, Call) or reading is None:
        return None
    objective = reading.index is not None and reading.name in e.scope.objectives
    if not objective and (reading.function is None or reading.function.kind != "opaque"):
        return None
    slot = _slot_number(e, node.x, call.arguments)
    if slot is None:
        return None
    if not 1 <= slot <= len(call.arguments):
        raise e.fail(f"{reading.name} has {len(call.arguments)} arguments", node)
    if objective:
        own = slot_of(e, reading.name, reading.index, call.arguments, slot, s)
        return None if own is None else [(lifted(e, own, node), s)]
    out: list[Alt] = []
    for value, at in e.alts(call, s):
        name, index, rows, _, *arguments = value.args
        shape = (value.shape[0], _size(arguments[slot - 1], at))
        out.append(
            (e.draft("func", (name, index, rows, Integer(slot), *arguments), shape, node), at)
        )
    return out


def _slot_number(e: Elaborator, x: sx.Node, arguments: tuple[sx.Node, ...]) -> int | None:
    """The place of an argument: its number, the argument itself, or the letter of just one."""
    number = index_expr(x)
    if number is not None and number.is_Integer:
        return int(number)
    texts = [e.text(a) for a in arguments]
    if e.text(x) in texts:
        return texts.index(e.text(x)) + 1
    bases = [sx.base_of(a) for a in arguments]
    same = [i for i, b in enumerate(bases, 1) if isinstance(x, sx.Sym) and _same_letter(x, b)]
    return same[0] if len(same) == 1 else None


def _same_letter(x: sx.Sym, other: sx.Node) -> bool:
    return isinstance(other, sx.Sym) and (x.base, x.accents) == (other.base, other.accents)


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
