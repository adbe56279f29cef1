"""One definition for each operation: the finest computation graph of a theory.

    h[t] = tanh(W h[t-1] + b)   becomes   v1[t] = W h[t-1],  v2[t] = v1[t] + b,  h[t] = tanh(v2[t])

The result is a theory like any other, so the calculus derives and the kernel proves its gradients.
Source: A. Griewank, A. Walther, Evaluating Derivatives (2008), section 2.2 (evaluation procedures).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from sympy import Symbol

from symbptt.core.terms import (
    Const, Elem, OrderedProduct, Param, Scale, SumOver, Term, Transposed, When,
)  # fmt: skip
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import find, rebuild


def flatten(theory: Theory) -> Theory:
    """The theory with a new quantity v for every operation inside a definition.

    Sums, ordered products and conditions stay whole: what stands inside depends on more indices
    than a sequence has.
    """
    names = _fresh_names(theory)
    definitions: list[Definition] = []
    for d in theory.definitions:
        inner: list[Definition] = []
        body = _operation(d.body, d, names, inner)
        definitions += [*inner, replace(d, body=body)]
    return replace(theory, definitions=tuple(definitions))


def _fresh_names(theory: Theory) -> Iterator[str]:
    taken = {x.name for x in theory.leaves()} | {d.name for d in theory.definitions}
    letter = next(c for c in ("v", "u", r"\nu", r"\upsilon") if not _used(c, taken))
    return (f"{letter}^{{({i})}}" for i in count(1))


def _used(letter: str, taken: set[str]) -> bool:
    return any(name == letter or name.startswith((f"{letter}^", f"{letter}_")) for name in taken)


def _operation(term: Term, d: Definition, names: Iterator[str], out: list[Definition]) -> Term:
    """The node with its operands computed first."""
    if isinstance(term, SumOver | OrderedProduct | When) or not term.children:
        return term
    args = tuple(_operand(a, d, names, out) if isinstance(a, Term) else a for a in term.args)
    return rebuild(term, args)


def _operand(term: Term, d: Definition, names: Iterator[str], out: list[Definition]) -> Term:
    """A leaf or a constant as it is, anything else as a quantity defined before."""
    if isinstance(term, Elem | Param) or not _varies(term):
        return term
    multiple = isinstance(term, Scale) and isinstance(term.args[0], Const)
    if multiple or isinstance(term, Transposed):  # read off what it is made of
        return rebuild(term, (*term.args[:-1], _operand(term.args[-1], d, names, out)))
    body = _operation(term, d, names, out)
    known = next((o.head for o in out if o.body == body), None)
    if known is not None:
        return known
    name = next(names)
    head: Elem | Param
    if isinstance(d.index, Symbol):
        head = Elem(name, d.index, *term.shape)
    else:
        head = Param(name, *term.shape)
    out.append(Definition(head, body, d.facts))
    return head


def _varies(term: Term) -> bool:
    return next(find(term, lambda x: isinstance(x, Elem | Param)), None) is not None
