"""Names for derivatives that a text introduces: \\delta_t = \\partial L/\\partial h_t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr

from ..core.indices import index_symbol
from ..core.terms import Elem, Entry, Gradient, Param, Partial, Term
from ..core.theory import Definition
from ..core.traverse import contains, rebuild, substitute
from ..notation import syntax as sx
from ..notation.draft import build
from ..notation.parser import parse_source
from ..notation.source import checked_source
from .collect import collect_more
from .model import Model
from .ranges import Interval
from .replacing import with_names
from .shapes import infer
from .statements import Equation, Statements


def abbreviated(model: Model, text: str) -> Model:
    """The model with a further abbreviation; the quantities of the model stay as they are.

    Raises ReadError or ShapeError where the equation is not understood.
    """
    source = checked_source(text)
    (node,) = parse_source(source, model.scope.words, model.scope.names)
    assert isinstance(node, sx.Relation)
    head, body = node.sides
    assert head is not None and body is not None
    statements = Statements(source, equations=[Equation(head, body, node)])
    shaped = infer(collect_more(statements, model.scope))
    (typed,) = shaped.typed
    name, value = (build(d, shaped.solution) for d in (typed.head, typed.body))
    if _same_entry(name, value):
        name, value = name.args[0], value.args[0]  # delta_h^t = dL/da_h^t, for every h
    named = with_names(model, shaped)
    if not isinstance(name, Elem | Param):
        raise source.fail("what is defined is a name", node.at, "write it without entries")
    facts: tuple[Expr, ...] = ()
    if isinstance(name, Elem):
        letters = name.index.free_symbols - {model.length}
        if len(letters) == 1:  # over the whole range of the model, at the model's own letter
            (letter,) = letters
            shift = model.time - (name.index - letter)
            value = substitute(value, {letter: shift}) if letter != shift else value
            name = name.at(model.time)
        facts = Interval(index_symbol("t") * 0 + 1, model.length).facts(model.time)
    short = Definition(name, value, facts)
    return replace(
        model, scope=named.scope, abbreviations=(*model.abbreviations, short)
    )  # fmt: skip


def _same_entry(name: Term, value: Term) -> bool:
    """Whether both are the entry at the same letters."""
    entries = isinstance(name, Entry) and isinstance(value, Entry)
    return entries and name.args[1:] == value.args[1:] and name.args[1].is_Symbol


def opened(term: Term, abbreviations: Sequence[Definition]) -> Term:
    """The term with every abbreviation, such as delta_t, replaced by what it stands for."""
    for d in abbreviations:
        if isinstance(term, Elem | Param) and term.key == d.key:
            index = {d.index: term.index} if isinstance(term, Elem) and d.index else {}
            return substitute(d.body, index)  # type: ignore[no-any-return]
    if not abbreviations:
        return term
    parts = (opened(a, abbreviations) if isinstance(a, Term) else a for a in term.args)
    return rebuild(term, tuple(parts))


def own_keys(model: Model) -> frozenset[str]:
    """The keys of all that a model names."""
    theory = model.theory
    heads = [d.head for d in (*theory.definitions, *model.abbreviations)]
    heads += [g.head for g in theory.givens]
    return frozenset(x.key for x in (*theory.params, *heads))


def names_a_derivative(own: frozenset[str], left: Term, right: Term) -> bool:
    """Whether this is J_t = dh_t/dh_{t-1} with a fresh name."""
    if not (contains(right, Partial) or contains(right, Gradient)):
        return False
    single = isinstance(left, Param) or (isinstance(left, Elem) and left.index.is_Symbol)
    return single and left.key not in own
