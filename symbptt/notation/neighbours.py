"""Neighbours in a product that are one thing: calls, indices in brackets, gradients, brackets
of conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from . import syntax as sx
from .indicators import about_elements, indicator, is_one
from .leaves import kronecker
from .names import Reading, resolve
from .scope import NOT_YET, Scope
from .scripts import index_expr
from .symbols import split_name
from .vocabulary import OBJECTIVES


@dataclass(frozen=True, slots=True)
class Call(sx.Node):
    """``function`` applied to ``arguments``; ``post`` holds scripts after the bracket."""

    function: sx.Node
    arguments: tuple[sx.Node, ...]
    post: sx.Scripted | None = None


@dataclass(frozen=True, slots=True)
class Guarded(sx.Node):
    """``[conditions] body``: the body where the conditions hold, else zero."""

    conditions: tuple[sx.Relation, ...]
    body: sx.Node


@dataclass(frozen=True, slots=True)
class Adjoint(sx.Node):
    """``dW_f``: the gradient of the loss with respect to W_f."""

    loss: sx.Node
    x: sx.Node


Factors = list[tuple[str, sx.Node]]


def regroup(node: sx.Product, scope: Scope) -> Factors:
    """The factors with the operator in front of each; calls and bracketed indices put together."""
    factors, ops = node.factors, ("", *node.ops)
    out: Factors = []
    i = 0
    while i < len(factors):
        here, op = factors[i], ops[i]
        joined = i + 1 < len(factors) and ops[i + 1] == ""
        following = factors[i + 1] if joined else None
        used, new = _pair(here, following, scope)
        if new is None and following is not None and ops[i + 2 : i + 3] == ("",):
            used, new = 3, _gradient_by_element(here, following, factors[i + 2], scope)
        if isinstance(new, sx.Derivative):
            used, new = _differentiated(new, factors[i + 1 :], ops[i + 1 :], scope)
        if new is not None and isinstance(sx.base_of(new), sx.Sym) and ops[i + 2 : i + 3] == ("",):
            more, called = _pair(new, factors[i + 2], scope)  # L[t](h[t])
            used, new = (used + more - 1, called) if called is not None else (used, new)
        if new is None and _is_prefix_function(here, scope):
            stop = _run(factors, ops, i + 1, scope)
            if stop > i + 1:
                body = _chain(factors[i + 1 : stop])
                new, used = Call(here.at, body.end, here, (body,)), stop - i
        if new is None and isinstance(here, sx.Brackets) and _conditions(here, scope):
            if i + 1 == len(factors):  # an indicator: 1[i = j]
                unit = sx.Num(here.at, here.end, sx.Rational(1), "1")
                out.append((op, Guarded(here.at, here.end, _conditions(here, scope), unit)))
                return out
            rest = sx.Product(factors[i + 1].at, node.end, factors[i + 1 :], tuple(ops[i + 2 :]))
            body = rest if len(rest.factors) > 1 else rest.factors[0]
            out.append((op, Guarded(here.at, node.end, _conditions(here, scope), body)))
            return out
        out.append((op, here if new is None else new))
        i += used if new is not None else 1
    return out


def _pair(here: sx.Node, following: sx.Node | None, scope: Scope) -> tuple[int, sx.Node | None]:
    """A factor together with the bracket that follows it, if they are one thing."""
    if isinstance(here, sx.Derivative) and here.y is None and following is not None:
        return 2, replace(here, y=following, end=following.end)
    if following is not None and _is_gradient(here, following, scope):
        loss = sx.Sym(here.at, here.end, scope.loss)
        return 2, Adjoint(here.at, following.end, loss, following)
    if is_one(here) and isinstance(following, sx.Brackets):
        sign = indicator(following, scope, here.at)
        if sign is not None:
            return 2, sign
    bracket = sx.base_of(following) if following is not None else None
    if not isinstance(bracket, sx.Brackets) or not isinstance(sx.base_of(here), sx.Sym):
        return 1, None
    assert following is not None
    indexed = bracket_index(here, following, scope)
    if indexed is not None:
        return 2, indexed
    if bracket.open in "([{" and _is_applied(here, bracket, scope):
        post = following if isinstance(following, sx.Scripted) else None
        arguments = tuple(a for row in bracket.rows for a in row)
        return 2, Call(here.at, following.end, here, arguments, post)
    return 1, None


def _differentiated(
    node: sx.Derivative, factors: tuple[sx.Node, ...], ops: tuple[str, ...], scope: Scope
) -> tuple[int, sx.Node]:
    r"""The operator \frac{d}{dz} with what it is applied to: a function with its argument, and
    constants in front of it. Where nothing says where it ends, it is applied to nothing.
    """
    fixed = 0
    while (
        fixed + 1 < len(factors)
        and _is_constant(factors[fixed], node.x, scope)
        and not ops[fixed + 1]
    ):
        fixed += 1
    begins = isinstance(sx.base_of(factors[fixed]), sx.Sym) and fixed + 1 < len(factors)
    if not fixed and (not begins or ops[1]):
        return 2, node
    tail = sx.Product(factors[fixed].at, factors[-1].end, factors[fixed:], tuple(ops[fixed + 1 :]))
    (_, first), *rest = regroup(tail, scope)
    if not fixed and not isinstance(first, Call):
        return 2, node
    if any(not op for op, _ in rest):
        return 1, replace(node, y=None)
    y = _chain((*factors[:fixed], first))
    return 1 + len(factors) - len(rest), replace(node, y=y, end=y.end)


def _is_constant(node: sx.Node, x: sx.Node | None, scope: Scope) -> bool:
    """Whether a factor is a number, a parameter other than x, or a fraction of such."""
    if isinstance(node, sx.Quotient):
        return all(_is_constant(part, x, scope) for part in (node.above, node.below))
    if not isinstance(sx.base_of(node), sx.Sym):
        return isinstance(node, sx.Num)
    reading, by = resolve(node, scope), resolve(x, scope) if x is not None else None
    if reading is None or reading.declared is None or reading.index is not None:
        return False
    return reading.name not in scope.objectives and (by is None or by.name != reading.name)


def _is_gradient(here: sx.Node, following: sx.Node, scope: Scope) -> bool:
    r"""Whether ``d W_f`` or ``\delta W_f`` is the gradient by W_f: d is no name, W_f is one."""
    sign = isinstance(here, sx.Sym) and here.base in ("d", r"\delta") and not here.accents
    if not sign or not scope.closed or not scope.loss:
        return False
    reading = resolve(following, scope)
    return (
        resolve(here, scope) is None and reading is not None and reading.declared is not None
        and reading.name != scope.loss
    )  # fmt: skip


def _gradient_by_element(
    here: sx.Node, name: sx.Node, bracket: sx.Node, scope: Scope
) -> sx.Node | None:
    """``dh[t]``, the gradient by an element whose index stands in brackets."""
    if not isinstance(sx.base_of(bracket), sx.Brackets) or not isinstance(sx.base_of(name), sx.Sym):
        return None
    element = bracket_index(name, bracket, scope) if resolve(name, scope) is None else None
    if element is None or not _is_gradient(here, element, scope):
        return None
    return Adjoint(here.at, bracket.end, sx.Sym(here.at, here.end, scope.loss), element)


def gradient_signs(node: sx.Node, scope: Scope) -> Iterator[sx.Node]:
    r"""The d and \delta of gradients such as ``dW_f`` in a formula."""
    for part in sx.walk(node):
        if isinstance(part, sx.Product):
            for here, following in pairwise(part.factors):
                if _is_gradient(here, following, scope):
                    yield here


def bracket_index(here: sx.Node, following: sx.Node, scope: Scope) -> sx.Node | None:
    """``h[t-1]`` and ``S(t)`` as a symbol with a subscript, where that is an element."""
    bracket = sx.base_of(following)
    assert isinstance(bracket, sx.Brackets)
    if not bracket.tight or bracket.open not in "([" or len(bracket.rows) != 1:
        return None
    indices = bracket.rows[0]
    if not indices or any(index_expr(a) is None for a in indices):
        return None
    if any((r := resolve(a, scope)) is not None and r.is_sequence for a in indices):
        return None  # L_T(h_T)
    scripted = here if isinstance(here, sx.Scripted) else sx.Scripted(here.at, here.end, here)
    after = following if isinstance(following, sx.Scripted) else None
    subs = (*scripted.subs, *indices, *(after.subs if after else ()))
    sups = (*scripted.sups, *(after.sups if after else ()))
    primes = scripted.primes + (after.primes if after else 0)
    whole = replace(scripted, end=following.end, subs=subs, sups=sups, primes=primes)
    reading = resolve(whole, scope)
    if reading is None or reading.function is not None:
        return None
    plain = resolve(here, scope)
    if bracket.open == "[":
        return whole if plain is None or reading.entries or reading.is_sequence else None
    return whole if reading.is_sequence and _at_argument(reading, plain, scope) else None


def _at_argument(reading: Reading, plain: Reading | None, scope: Scope) -> bool:
    """Whether a bracket is the time of a sequence although the symbol alone means something.

    It means an element at no step (y_k, where y_k(t) is an entry), or the total of the same name.
    """
    if plain is None or plain.stepped:
        return True
    names = {s.name for s in reading.index.free_symbols} if reading.index is not None else set()
    if plain.index is None:
        timed = names <= {*scope.times, scope.length}
        return timed and plain.name == reading.name and not plain.entries
    taken = (scope.names & names) - scope.times
    return not taken and not any(s.name in scope.times for s in plain.index.free_symbols)


def _is_applied(here: sx.Node, bracket: sx.Brackets, scope: Scope) -> bool:
    """Whether a symbol in front of a bracket is a function."""
    reading = resolve(here, scope)
    if reading is not None:
        objective = reading.name in scope.objectives and not reading.marks
        names = all(
            isinstance(sx.base_of(a), sx.Sym | sx.Dots) for row in bracket.rows for a in row
        )
        minimized = split_name(reading.name).base in OBJECTIVES
        return reading.function is not None or (objective and (names or minimized))
    symbol = sx.base_of(here)
    assert isinstance(symbol, sx.Sym)
    if isinstance(here, sx.Scripted) and kronecker(symbol, here):
        return False
    if symbol.base in ("I", "e", r"\ones", r"\zeros", r"\R") or index_expr(symbol) is None:
        return symbol.base in NOT_YET or symbol.base == "binom"
    several = len(bracket.rows[0]) > 1 if bracket.rows else False
    capital = len(symbol.base) == 1 and symbol.base.isupper()
    return bracket.open == "(" and (several or not capital) and not scope.is_index(symbol.base)


def _is_prefix_function(node: sx.Node, scope: Scope) -> bool:
    """Whether a factor is a known function that may stand without brackets: ``\\log y``."""
    symbol = sx.base_of(node)
    if not isinstance(symbol, sx.Sym) or len(symbol.base) < 2 or symbol.base.startswith("\\"):
        return False
    reading = resolve(node, scope)
    return reading is not None and reading.function is not None


def _run(factors: tuple[sx.Node, ...], ops: tuple[str, ...], start: int, scope: Scope) -> int:
    """The end of the juxtaposed factors that a function without brackets takes."""
    stop = start
    while stop < len(factors) and ops[stop] == "":
        if stop > start and _is_prefix_function(factors[stop], scope):
            break
        if isinstance(factors[stop], sx.Dots | sx.Words):
            break
        stop += 1
    return stop


def _chain(factors: tuple[sx.Node, ...]) -> sx.Node:
    if len(factors) == 1:
        return factors[0]
    return sx.Product(factors[0].at, factors[-1].end, factors, ("",) * (len(factors) - 1))


def _conditions(node: sx.Brackets, scope: Scope) -> tuple[sx.Relation, ...]:
    """The conditions in an Iverson bracket; empty if it is none."""
    items = tuple(a for row in node.rows for a in row)
    iverson = node.open == "[" and items and all(_is_condition(a, scope) for a in items)
    return items if iverson else ()  # type: ignore[return-value]


def _is_condition(node: sx.Node, scope: Scope) -> bool:
    if not isinstance(node, sx.Relation) or about_elements(scope, node):
        return False
    return all(index_expr(side) is not None for side in node.sides)
