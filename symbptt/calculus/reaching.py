"""Moving a number on until it meets a given bound: by its parts, or as a convex combination."""

from __future__ import annotations

from itertools import product

from symbptt.core.canonical import equal
from symbptt.core.norms import Max, Min
from symbptt.core.terms import Const, Plus, Term, Times
from symbptt.core.traverse import Path, subterm

from .enclosing import Enclosing, number

_MANY = 64  # ways to choose a factor of every term


def reached(e: Enclosing, target: Term) -> bool:
    """Moves the line to the target: by its parts, or as a convex combination."""
    mark, strict = e.build.mark(), e.strict
    if e.move((), e.upward):
        if equal(e.build.line, target, e.build.facts):
            e.build.algebra(target)
            return True
        if beyond(e, (), target):
            return True
    e.build.reset(mark)
    e.strict = strict
    return _convex(e, target)


def _convex(e: Enclosing, target: Term) -> bool:
    """w_1 x_1 + ... with weights that sum to one: every x_k is moved to the target."""
    line = e.build.line
    terms = line.args if isinstance(line, Plus) else (line,)
    choices = [range(len(x.args)) if isinstance(x, Times) else (None,) for x in terms]
    for count, chosen in enumerate(product(*choices)):
        if count == _MANY:
            return False
        moved = [_put_in(x, k, target) for x, k in zip(terms, chosen, strict=True)]
        whole = Plus(*moved)
        if not equal(whole, target, e.build.facts):
            continue
        mark, strict = e.build.mark(), e.strict
        if all(_moved(e, _path(line, n, k), target) for n, k in reversed(list(enumerate(chosen)))):
            e.build.algebra(target)
            return True
        e.build.reset(mark)
        e.strict = strict
    return False


def _put_in(term: Term, k: int | None, target: Term) -> Term:
    return (
        target if k is None else Times(*(target if n == k else x for n, x in enumerate(term.args)))
    )


def _path(line: Term, n: int, k: int | None) -> Path:
    outer = (n,) if isinstance(line, Plus) else ()
    return outer if k is None else (*outer, k)


def _moved(e: Enclosing, path: Path, target: Term) -> bool:
    for x in subterm(e.build.line, path[:-1]).children:
        e.nonnegative(x, path[:-1])
    return e.move(path, e.upward) and beyond(e, path, target)


def beyond(e: Enclosing, path: Path, target: Term) -> bool:
    """Moves what stands at the place on to the target, as far as that is plain."""
    node, up = subterm(e.build.line, path), e.upward
    if node == target:
        return True
    value, last = number(node), number(target)
    if value is None:
        return False
    if isinstance(target, Max | Min):
        side = number(target.args[1])
        if side is None or not beyond(e, path, Const(side)):
            return False
        return e.put(path, up, target, "max-right" if up else "min-right")
    if last is None or (value > last if up else value < last):
        return False
    e.build.algebra(Const(value), path)
    gap = abs(last - value)
    if gap:
        low = Const(min(value, last))
        e.build.algebra(Plus(low, Const(0) if up else Const(gap)), path)
        if not e.put((*path, 1), up, Const(gap) if up else Const(0), "positive"):
            return False
        e.build.algebra(Const(last), path)
    return True
