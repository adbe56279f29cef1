"""What a call of a function means."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer
from sympy.core.symbol import Str

from . import syntax as sx
from .dims import ONE, SCALAR, Solution, multiply
from .draft import Draft
from .elaborator import Alt, Elaborator
from .leaves import scripts_on
from .names import Reading, resolve
from .neighbours import Call, Guarded
from .norms import EXTREMA, extremum
from .objectives import check_arguments
from .powers import binomial, marked, radius, transposed
from .ranges import condition_facts
from .scope import NOT_YET, Function
from .scripts import script_text


def _call(e: Elaborator, node: Call, s: Solution) -> list[Alt]:
    reading = resolve(node.function, e.scope)
    symbol = sx.base_of(node.function)
    assert isinstance(symbol, sx.Sym)
    if reading is not None and reading.declared is not None and reading.index is None:
        own = e.scope.functions.get(reading.name)  # the function in L = \sum_t L(h_t)
        reading = Reading(reading.name, function=own) if own is not None else reading
    if reading is None and symbol.base in EXTREMA and isinstance(node.function, sx.Sym):
        found = extremum(e, symbol.base, node.arguments, node, s)
        return scripts_on(e, found, node.post) if node.post is not None else found
    if reading is None and symbol.base == "binom" and len(node.arguments) == 2:
        found = [(binomial(e, *node.arguments, node), s)]
        return scripts_on(e, found, node.post) if node.post is not None else found
    plain = reading is None or (reading.function is not None and reading.function.kind == "map")
    if plain and symbol.base == r"\rho" and len(node.arguments) == 1:
        found = radius(e, node.arguments[0], node, s)
        if found:
            return scripts_on(e, found, node.post) if node.post is not None else found
    if reading is None and symbol.base in NOT_YET:
        raise e.unsupported(f"{symbol.base} is not understood here yet", node)
    if reading is None and e.scope.closed:
        found = of_matrix(e, node.function, node.arguments, node, s)
        if found is None:
            raise e.fail(f"there is no function called {e.text(node.function)}", node)
        return scripts_on(e, found, node.post) if node.post is not None else found
    if reading is None:
        name = symbol.base
        primes = node.function.primes if isinstance(node.function, sx.Scripted) else 0
        reading = Reading(name, function=Function(name, "map", name), primes=primes)
    elided = all(isinstance(a, sx.Dots) for a in node.arguments)  # \sigma'(\cdot)
    if reading.function is None or elided:  # or L_t(h_t), whose arguments the model knows
        if reading.index is not None and not elided:
            check_arguments(e, reading.name, reading.index, node.arguments, s)
        found = e.alts(node.function, s)
    else:
        found = apply(e, reading, node, s)
        found = marked(e, found, Reading("", marks=reading.marks), node)
    return scripts_on(e, found, node.post) if node.post is not None else found


def of_matrix(
    e: Elaborator, function: sx.Node, arguments: tuple[sx.Node, ...], node: sx.Node, s: Solution
) -> list[Alt] | None:
    r"""\sigma_{\max}(A), the norm of A, and \kappa(A) = ||A|| ||A^{-1}||; None for other names."""
    name = "".join(c for c in script_text(function) if c not in "_{}")
    if name not in (r"\sigma\max", r"\sigmamax", r"\kappa") or len(arguments) != 1:
        return None
    out: list[Alt] = []
    for d, at in e.alts(arguments[0], s):
        norm = e.draft("norm", (d, Str("2")), SCALAR, node)
        if name != r"\kappa":
            out.append((norm, at))
            continue
        square = at.unify(*d.shape, node.at)
        if square is not None:
            inverted = e.draft("inverse", (d,), d.shape, node)
            inverse = e.draft("norm", (inverted, Str("2")), SCALAR, node)
            out.append((e.draft("scale", (norm, inverse), SCALAR, node), square))
    return out


def apply(e: Elaborator, reading: Reading, node: Call, s: Solution) -> list[Alt]:
    """A function applied to its arguments."""
    function = reading.function
    assert function is not None
    if function.kind == "diag" and len(node.arguments) > 1:  # diag(a, b) of the column (a, b)
        column = sx.Brackets(node.at, node.end, "(", ")", (node.arguments,))
        node = replace(node, arguments=(column,))
    if function.kind == "opaque" or len(node.arguments) != 1 or reading.index is not None:
        return _opaque(e, reading, node, s)
    if reading.primes and function.kind != "map":
        raise e.unsupported(f"the derivative of {function.name} is not understood yet", node)
    out: list[Alt] = []
    found = e.alts(node.arguments[0], s)
    if function.kind == "diag":  # a row is taken for its transpose only if there is no column
        found = sorted(found, key=lambda x: x[1].resolve(x[0].shape[1]) != ONE)
    for d, at in found:
        out += _KINDS[function.kind](e, function, reading.primes, d, at, node)
    return out


def _map(e: Elaborator, f: Function, order: int, d: Draft, s: Solution, node: Call) -> list[Alt]:
    return [(e.draft("map", (f.core, order, d), d.shape, node), s)]


def _softmax(
    e: Elaborator, f: Function, order: int, d: Draft, s: Solution, node: Call
) -> list[Alt]:
    """The softmax of a column, or of a row, (softmax(d^T))^T."""
    rows, cols = s.shape(d.shape)
    if rows == ONE and cols != ONE:
        turned = transposed(e, d, node)
        return [(transposed(e, e.draft("softmax", (turned,), turned.shape, node), node), s)]
    column = None if rows == ONE else s.unify(cols, ONE, node.at, one=True)
    if column is not None:
        return [(e.draft("softmax", (d,), d.shape, node), column)]
    e.misfit(f"softmax takes a vector, but {e.text(d)} is {e.show(d.shape, s)}", d)
    return []


def _diag(e: Elaborator, f: Function, order: int, d: Draft, s: Solution, node: Call) -> list[Alt]:
    rows, cols = s.shape(d.shape)
    if rows == ONE and cols != ONE:
        d = e.draft("transposed", (d,), (d.shape[1], d.shape[0]), d)
    guessed = s.is_scalar(d.shape) and not e.is_given(d)  # better a vector than a scalar
    column = None if guessed else s.unify(d.shape[1], ONE, node.at, one=True)
    if column is None:
        e.misfit(f"diag takes a vector, but {e.text(d)} is {e.show(d.shape, s)}", d)
        return []
    return [(e.draft("diag", (d,), (d.shape[0], d.shape[0]), node), column)]


def _of_square(e: Elaborator, f: Function, order: int, d: Draft, s: Solution, node: Call
) -> list[Alt]:  # fmt: skip
    """A number that a square matrix has."""
    square = s.unify(d.shape[0], d.shape[1], node.at)
    if square is None:
        what, shown = _SQUARE[f.kind], e.show(d.shape, s)
        e.misfit(f"{what} needs a square matrix, but {e.text(d)} is {shown}", d)
        return []
    return [(e.draft(f.kind, (d,), SCALAR, node), square)]


def _vec(e: Elaborator, f: Function, order: int, d: Draft, s: Solution, node: Call) -> list[Alt]:
    size = multiply(s.resolve(d.shape[0]), s.resolve(d.shape[1]))
    return [(e.draft("vec", (d,), (size, ONE), node), s)]


_SQUARE = {"trace": "a trace", "det": "a determinant"}
_KINDS = {
    "det": _of_square,
    "map": _map,
    "softmax": _softmax,
    "diag": _diag,
    "trace": _of_square,
    "vec": _vec,
}


def _opaque(e: Elaborator, reading: Reading, node: Call, s: Solution) -> list[Alt]:
    """An unspecified function of several arguments, or one that depends on time."""
    function = reading.function
    assert function is not None
    if reading.primes:
        raise e.unsupported("a prime on a function of several arguments is not understood", node)
    states: list[tuple[list[Draft], Solution]] = [([], s)]
    for argument in node.arguments:
        states = [
            ([*done, *new], after)
            for done, at in states
            for new, after in _argument(e, argument, at)
        ]
    if len(node.arguments) == 1 and function.rows != ONE:  # of one vector alone: elementwise
        same = [(done, at.unify(function.rows, done[0].shape[0], node.at)) for done, at in states]
        states = [(done, at) for done, at in same if at is not None]
    shape = (function.rows, ONE)
    index: Expr | None = reading.index
    return [
        (e.draft("func", (function.name, index, function.rows, Integer(0), *done), shape, node), at)
        for done, at in states
    ]


def _argument(e: Elaborator, node: sx.Node, s: Solution) -> list[tuple[list[Draft], Solution]]:
    """An argument; \\theta stands for all the parameters it names."""
    reading = resolve(node, e.scope) if isinstance(node, sx.Sym | sx.Scripted) else None
    if reading is not None and reading.group:
        members = [e.scope.params[name] for name in reading.group]
        return [([e.draft("param", (m.name,), m.shape, node) for m in members], s)]
    return [([d], at) for d, at in e.alts(node, s)]


def _guarded(e: Elaborator, node: Guarded, s: Solution) -> list[Alt]:
    facts = [f for c in node.conditions for f in condition_facts(e, c)]
    return [(e.draft("when", (d, *facts), d.shape, node), at) for d, at in e.alts(node.body, s)]


Elaborator.handlers.update({Call: _call, Guarded: _guarded})
