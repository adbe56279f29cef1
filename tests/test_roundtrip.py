"""The law of reading and writing: what is written reads back as the same mathematics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from strategies import EVERYTHING, ORDER, Vocabulary, terms

from symbptt.core import norms as nm
from symbptt.core import terms as tm
from symbptt.core.canonical import equal
from symbptt.core.errors import NotSupported
from symbptt.core.terms import Term
from symbptt.models import Model, builtins
from symbptt.notation.latex import latex
from symbptt.notation.reader import read_term, scope_of
from symbptt.notation.target import Style
from symbptt.notation.unicode import ascii, unicode

SIZED = Style(dimensions=True)
WORDS = Vocabulary()
SCOPE = scope_of([*WORDS.params, *WORDS.sequences], [r"\sigma", r"\phi"])

# Not written so that they can be read back: a shock, functions the scope does not hold, and unit
# vectors, since the scope has a sequence e.
LATEX_TERMS = (EVERYTHING | ORDER) - {"Shock", "Func", "Slot", "Unit"}
ONE_LINE_TERMS = LATEX_TERMS - {"D", "Vec"}
ASCII_TERMS = ONE_LINE_TERMS - {"Zero", "Ones", "Identity", "Block", "Kron", "Entry", "Partial"}
ASCII_TERMS -= {"EntrywisePower"}  # M_sx^{\\odot 2} is one long name there
MANY = settings(max_examples=250, suppress_health_check=list(HealthCheck))


def parts(term: Term) -> Iterator[Term]:
    yield term
    for child in term.children:
        yield from parts(child)


def ambiguous(term: Term) -> bool:
    """Text that stands for several terms.

    The scalar 1 as a matrix, an entry or inverse of a scalar, a derivative in an outer product; and
    what the canonical form does not decide: second derivatives of functions.
    """
    if isinstance(term, tm.Ones | tm.Identity):
        return term.is_scalar
    if isinstance(term, tm.Entry | tm.Inverse):
        return bool(term.args[0].is_scalar)
    if isinstance(term, tm.Kron):
        return any(isinstance(p, tm.Partial | tm.Gradient) for p in parts(term))
    if isinstance(term, nm.Norm | tm.Vec):  # the same of a row of derivatives as of the gradient
        inside = parts(term.args[0])
        return any(isinstance(p, tm.Partial) and p.args[0].is_scalar for p in inside)
    return isinstance(term, tm.Map) and term.order > 1


def settled(term: Term) -> Term:
    """The derivative of a scalar by a scalar is a Gradient."""
    args = [settled(a) if isinstance(a, Term) else a for a in term.args]
    scalars = isinstance(term, tm.Partial) and args[0].is_scalar and args[1].is_scalar
    if scalars and term.mode == "total":
        return tm.Gradient(args[0], args[1])
    return term.func(*args)  # type: ignore[no-any-return]


def holds(term: Term, write: Callable[[Term], str]) -> None:
    assume(not any(ambiguous(p) for p in parts(term)))
    term = settled(term)
    text = write(term)
    back = read_term(text, SCOPE, term.shape)
    if back == term:
        return
    try:
        same = equal(back, term)
    except NotSupported:
        assume(False)
    assert same, f"{text}\nwas  {term}\nread {back}"


@MANY
@given(terms(operations=LATEX_TERMS))
def test_latex(term: Term) -> None:
    holds(term, lambda e: latex(e, SIZED))


@MANY
@given(terms(operations=ONE_LINE_TERMS))
def test_unicode(term: Term) -> None:
    holds(term, lambda e: unicode(e, SIZED))


@MANY
@given(terms(operations=ASCII_TERMS))
def test_ascii(term: Term) -> None:
    holds(term, ascii)


@pytest.mark.parametrize("name", sorted(builtins()))
@pytest.mark.parametrize("write", [latex, unicode, ascii], ids=["latex", "unicode", "ascii"])
def test_definitions_of_built_in_models(name: str, write: Callable[[Term], str]) -> None:
    """Bodies of all definitions read back in the scope of their model, exactly."""
    model = Model.named(name)
    for definition in model.theory.definitions:
        if tm.Func not in map(type, parts(definition.body)):
            text = write(definition.body)
            assert read_term(text, model.scope, definition.body.shape) == definition.body, text
