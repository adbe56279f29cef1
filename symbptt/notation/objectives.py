"""Objectives written with arguments, L_t(h_t): the arguments must be what the objective is of.

What is given may stand there too, as in L_t(o_t, y_t). Of an unspecified function the arguments are
those of the model, or what the model says that they are: L_t(h_{t-1}) is another number than L_t.
Of an objective with a formula they may be anything at its step that it depends on.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from ..core.errors import SymbpttError
from ..core.terms import Elem, Func, Param, Term
from ..core.traverse import find, rebuild, substitute
from . import syntax as sx
from .dims import Solution
from .draft import build
from .elaborator import Elaborator
from .scope import Scope


def check_arguments(
    e: Elaborator, name: str, index: Expr, arguments: tuple[sx.Node, ...], s: Solution
) -> None:
    """Raises NotSupported for an argument in a claim that is not one of the objective's."""
    if not e.scope.closed:
        return
    own = list(_defined(e.scope, name, index))
    if not own:
        return
    specified = not any(isinstance(body, Func) for body in own)
    depends = _reached(e.scope, name) if specified else set()
    computed = {head.name for head, _ in e.scope.bodies if isinstance(head, Elem)}
    known = {
        _unfolded(e.scope, x, index)
        for body in own for x in (body.arguments if isinstance(body, Func) else ())
    }  # fmt: skip
    found = set()
    for node in arguments:
        term = _term(e, node, s)
        if term is None and isinstance(sx.base_of(node), sx.Sym):
            continue  # a new name
        if term is not None:
            found.add(_unfolded(e.scope, term, index))
        if isinstance(term, Param) or (
            term is not None and _unfolded(e.scope, term, index) in known
        ):
            continue
        here = isinstance(term, Elem) and term.index == index
        if here and (term.name in depends or term.name not in computed):
            continue
        raise e.unsupported(f"{e.text(node)} is not what {name} is a function of here", node)
    if found and not known <= found and not specified:
        what = f"these are not the arguments that {name} has here"
        raise e.unsupported(what, arguments[0])


def slot_of(
    e: Elaborator, name: str, index: Expr, arguments: tuple[sx.Node, ...], slot: int, s: Solution
) -> Term | None:
    """The derivative of an unspecified objective by what stands at one place of its arguments.

    None where the objective has a formula, or has no such argument.
    """
    own = list(_defined(e.scope, name, index))
    wanted = _term(e, arguments[slot - 1], s)
    if len(own) != 1 or not isinstance(own[0], Func) or wanted is None:
        return None
    check_arguments(e, name, index, arguments, s)
    body, wanted = own[0], _unfolded(e.scope, wanted, index)
    for i, argument in enumerate(body.arguments):
        if _unfolded(e.scope, argument, index) == wanted:
            return Func(*body.args[:3], i + 1, *body.arguments)
    return None


def _term(e: Elaborator, node: sx.Node, s: Solution) -> Term | None:
    """The argument as a term; None for one that is no formula of the model."""
    try:
        draft, solution = e.alts(node, s)[0]
        return build(draft, solution.settle() or solution)
    except (SymbpttError, IndexError):
        return None


def _defined(scope: Scope, name: str, index: Expr) -> Iterator[Term]:
    """The bodies of the definitions of an element, at its index."""
    for head, body in scope.bodies:
        if isinstance(head, Elem) and head.name == name and head.index.is_Symbol:
            yield substitute(body, {head.index: index})


def _unfolded(scope: Scope, term: Term, index: Expr) -> Term:
    """The term with everything that is computed at this step written out."""
    if isinstance(term, Elem) and term.index == index:
        bodies = list(_defined(scope, term.name, index))
        return _unfolded(scope, bodies[0], index) if len(bodies) == 1 else term
    parts = (_unfolded(scope, a, index) if isinstance(a, Term) else a for a in term.args)
    return rebuild(term, tuple(parts))


def _reached(scope: Scope, name: str) -> set[str]:
    """The sequences that the objective depends on."""
    seen, waiting = set[str](), [name]
    while waiting:
        at = waiting.pop()
        for head, body in scope.bodies:
            if head.name == at:
                new = {x.name for _, x in find(body, lambda x: isinstance(x, Elem))} - seen
                seen |= new
                waiting += new
    return seen
