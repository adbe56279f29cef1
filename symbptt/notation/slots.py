r"""Derivatives of a function by one of its arguments: \\partial_2 F(a, b), \\partial_h f(x, h)."""

from __future__ import annotations

from sympy import Integer

from . import syntax as sx
from .copies import folded, in_layout, size
from .dims import ONE, Solution
from .elaborator import Alt, Elaborator
from .leaves import lifted
from .names import Reading, resolve
from .neighbours import Call, regroup
from .objectives import slot_of
from .scripts import index_expr


def slot(e: Elaborator, node: sx.Derivative, s: Solution) -> list[Alt] | None:
    """\\partial_2 F(a, b) or \\partial_b F(a, b); None where F is no function of arguments."""
    call, reading = _call_of(e, node)
    if call is None or reading is None:
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
        shape = (value.shape[0], size(arguments[slot - 1], at))
        out.append(
            (e.draft("func", (name, index, rows, Integer(slot), *arguments), shape, node), at)
        )
    return out


def written_slot(e: Elaborator, node: sx.Derivative, s: Solution) -> list[Alt] | None:
    r"""\partial F(a, b)/\partial b of an unspecified function of several arguments, by one of those
    that are written in it: the others are held, also those that depend on b in the model.

    None where this is no such derivative.
    """
    call, reading = _call_of(e, node)
    if call is None or reading is None or len(call.arguments) < 2 or call.post is not None:
        return None
    texts = [e.text(a) for a in call.arguments]
    opaque = reading.function is not None and reading.function.kind == "opaque"
    if not opaque or texts.count(e.text(node.x)) != 1:
        return None
    out: list[Alt] = []
    for value, at in slot(e, node, s) or ():
        number, *arguments = value.args[3:]
        shape = arguments[int(number) - 1].shape
        if at.is_scalar(shape):
            found = [value]
        elif at.resolve(value.shape[0]) == ONE:  # a gradient, or a row where that fits
            found = [folded(e, value, shape, node), value]
        else:
            found = [in_layout(e, value, node)]
        out += [(e.note(d, "slot", e.text(node), e.text(node.x)), at) for d in found]
    return out


def _call_of(e: Elaborator, node: sx.Derivative) -> tuple[Call | None, Reading | None]:
    """The call that is differentiated, and what its function is."""
    call = regroup(node.y, e.scope)[0][1] if isinstance(node.y, sx.Product) else None
    if not isinstance(call, Call):
        return None, None
    return call, resolve(call.function, e.scope)


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
