"""What a report says before its first theorem: the model, its symbols with shapes, conventions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import Symbol

from symbptt.core.functions import known
from symbptt.core.terms import (
    D, Diag, Elem, Func, Hadamard, Kron, Map, OrderedProduct, Param, Partial, Plus, Shock, Term,
    Vec, When,
)  # fmt: skip
from symbptt.core.theory import Definition, Given, Theory
from symbptt.core.traverse import contains, find, rebuild, substitute
from symbptt.models.model import Model
from symbptt.notation.symbols import split_name

from .definitions import end_point
from .document import (
    Block, Display, EquationRow, Equations, Items, Phrase, Prose, Saying, SymbolRow, SymbolsTable,
    phrase,
)  # fmt: skip
from .numbers import EquationNumbers
from .pen import Pen
from .ranges import Facts, ranges

Row = tuple[str, Facts]


# ---------------------------------------------------------------- the equations


def equations(model: Model, pen: Pen) -> Display:
    """The model's equations in the order of computation, each with its range."""
    rows = [_equation(d, model, pen) for d in model.theory.definitions if _is_shown(d, model)]
    return Display(pen.aligned(rows))


def numbered(model: Model, pen: Pen, numbers: EquationNumbers) -> Equations:
    """The same, each equation with a number to which proofs can refer."""
    rows = []
    for d in model.theory.definitions:
        if _is_shown(d, model):
            head, body, where = _parts(d, model, pen)
            number, summands = numbers.give(d), pen.summands(body)
            rows.append(EquationRow(pen.term(head), pen.term(body), number, where, summands))
    return Equations(tuple(rows))


def _is_shown(definition: Definition, model: Model) -> bool:
    """Not an abbreviation that reading introduced, and not L_t = L_t(h_t)."""
    return definition.name not in model.auto and not only_names(definition)


def only_names(definition: Definition) -> bool:
    """Whether the definition says that a name is the value of the function of that name."""
    return isinstance(definition.body, Func) and definition.body.name == definition.name


def _equation(definition: Definition, model: Model, pen: Pen) -> tuple[str, str, str]:
    """Left side, right side and range as they are written."""
    head, body, where = _parts(definition, model, pen)
    return pen.term(head), pen.term(body), where


def _parts(definition: Definition, model: Model, pen: Pen) -> tuple[Term, Term, str]:
    """Left side, right side and range; abbreviations are written out."""
    hidden = [d for d in model.theory.definitions if not _is_shown(d, model)]
    body = definition.body
    for d in reversed(hidden):
        body = unfolded(body, d)
    head: Term = definition.head
    facts = definition.facts
    point = None
    if definition.index is not None:
        point = end_point(definition.index, facts, model.theory)
    if point is not None:
        head, body = (substitute(x, {definition.index: point}) for x in (head, body))
        facts = ()
    return head, body, ", ".join(ranges(facts, pen))


def unfolded(term: Term, definition: Definition) -> Term:
    """The term with every element of a sequence replaced by its definition.

    For print only: a bound index may have the name of the definition's own.
    """
    if getattr(term, "key", "") == definition.key:
        here = {} if definition.index is None else {definition.index: term.args[1]}
        return substitute(definition.body, here)
    args = tuple(unfolded(a, definition) if isinstance(a, Term) else a for a in term.args)
    return rebuild(term, args)


# ---------------------------------------------------------------- the symbols


def symbols(model: Model, adjoints: Iterable[Definition], pen: Pen) -> SymbolsTable:
    """What every symbol stands for, with shape and range; ``adjoints`` are those that occur."""
    theory = model.theory
    if _is_algebra(theory):
        heads = (*(d.head for d in _first_of_each(theory)), *theory.params)
        rows = [_row(pen.term(x), Phrase(f"symbols.{kind_of(x)}"), x, pen) for x in heads]
        return SymbolsTable(tuple(_merged([*rows, *_sizes(model, pen)])))
    given = [g for g in theory.givens if not theory.defined(g.head.key)]
    initial = [g for g in theory.givens if theory.defined(g.head.key)]
    free = [p for p in theory.params if is_input(p, model)]
    rows = [
        *(_given(g, model, pen) for g in given),
        *(_row(pen.term(p), Phrase("symbols.input"), p, pen) for p in free),
        *(_defined(d, model, pen) for d in _first_of_each(theory)),
        *(_initial(g, model, pen) for g in initial),
        *(_parameter(p, pen) for p in theory.params if p not in free),
        *_functions(theory, pen),
        *_adjoints(adjoints, model, pen),
        *_sizes(model, pen),
    ]
    return SymbolsTable(tuple(_merged(rows)))


def _is_algebra(theory: Theory) -> bool:
    """Whether nothing is a layer or a sequence: formulas between matrices, vectors and numbers."""
    timed = theory.givens or any(d.index is not None for d in theory.definitions)
    layers = (
        x for d in theory.definitions for _, x in find(d.body, lambda x: isinstance(x, Map))
        if x.fname != "recip"  # a fraction
    )  # fmt: skip
    return not timed and not any(layers)


def _merged(rows: Iterable[SymbolRow]) -> Iterator[SymbolRow]:
    """Symbols of one meaning and shape share a row, the place of the first."""
    together: dict[tuple[Saying, str], list[str]] = {}
    for row in rows:
        together.setdefault((row.meaning, row.shape), []).append(row.latex)
    for (meaning, size), symbols in together.items():
        yield SymbolRow(", ".join(symbols), meaning, size)


def _row(latex: str, meaning: Saying, term: Term | None, pen: Pen, facts: Facts = ()) -> SymbolRow:
    where = ranges(facts, pen)
    if where:
        meaning = phrase("symbols.ranged", meaning=meaning, range=pen.math(", ".join(where)))
    return SymbolRow(latex, meaning, "" if term is None else shape(term, pen))


def shape(term: Term, pen: Pen) -> str:
    """rows times columns."""
    sizes = (f"({pen.index(s)})" if s.is_Add else pen.index(s) for s in term.shape)
    return pen.target.templates["size_times"].join(sizes)


def _given(given: Given, model: Model, pen: Pen) -> SymbolRow:
    kind = "target" if given.head.name in model.targets else "input"
    meaning = phrase(f"meaning.{kind}", time=pen.math(pen.index(given.head.index)))
    return _row(pen.term(given.head), meaning, given.head, pen, given.facts)


def _initial(given: Given, model: Model, pen: Pen) -> SymbolRow:
    """A boundary value, named by its only index if there is one."""
    head, index = given.head, given.head.index
    assert isinstance(index, Symbol)
    point = end_point(index, given.facts, model.theory)
    facts = given.facts if point is None else ()
    element = head if point is None else head.at(point)
    return _row(pen.term(element), Phrase("symbols.initial"), head, pen, facts)


def _first_of_each(theory: Theory) -> Iterator[Definition]:
    """One definition for every name: that over the longest range."""
    seen: set[str] = set()
    for d in sorted(theory.definitions, key=lambda d: any(-f in d.facts for f in d.facts)):
        if d.key not in seen:
            seen.add(d.key)
            yield d


def _defined(definition: Definition, model: Model, pen: Pen) -> SymbolRow:
    head, name = definition.head, definition.name
    time = pen.math("" if definition.index is None else pen.index(definition.index))
    timed = definition.index is not None
    if name in model.auto:
        kind = "preactivation" if timed else "argument"
    elif model.loss is not None and head == model.loss:
        kind, timed = "loss", False
    elif name in model.losses:
        kind = "loss_at"
    elif not timed:
        kind = "layer"
    else:
        kind = "state" if _recurs(name, model.theory) else "output"
    section = "meaning" if kind in ("preactivation", "loss", "loss_at", "state") else "symbols"
    meaning = phrase(f"{section}.{kind}", time=time) if timed else Phrase(f"{section}.{kind}")
    return _row(pen.term(head), meaning, head, pen, definition.facts)


def _recurs(name: str, theory: Theory) -> bool:
    """Whether some definition refers to the sequence at another time."""
    return any(
        x.index != d.index
        for d in theory.definitions if d.index is not None
        for _, x in find(d.body, lambda x: isinstance(x, Elem) and x.name == name)
    )  # fmt: skip


def is_input(param: Param, model: Model) -> bool:
    """The vector that a single layer is applied to; without time it looks like a parameter."""
    if model.sequences or not param.is_column or param.is_scalar:
        return False
    return all(d.index is None for d in model.theory.definitions) and not any(
        isinstance(x, Plus) and param in x.args
        for d in model.theory.definitions for _, x in find(d.body, lambda x: isinstance(x, Plus))
    )  # fmt: skip


def _parameter(param: Param, pen: Pen) -> SymbolRow:
    return _row(pen.term(param), Phrase(f"meaning.{kind_of(param)}"), param, pen)


def kind_of(term: Term) -> str:
    """What something is by its shape: scalar, vector or matrix."""
    return "scalar" if term.is_scalar else "vector" if term.is_column else "matrix"


def _functions(theory: Theory, pen: Pen) -> Iterator[SymbolRow]:
    """Unspecified functions."""
    names: dict[str, None] = {}
    for d in theory.definitions:
        for _, x in find(d.body, lambda x: isinstance(x, Map)):
            if known(x.fname) is None:
                names[x.fname] = None
    for name in names:
        yield _row(pen.target.name(split_name(name)), Phrase("meaning.unspecified"), None, pen)


def _adjoints(definitions: Iterable[Definition], model: Model, pen: Pen) -> Iterator[SymbolRow]:
    """delta_t: the gradient of the loss with respect to h_t."""
    for d in definitions:
        owner = _owner(d, model)
        meaning = phrase("meaning.adjoint", symbol=pen.inline(owner))
        yield _row(pen.term(d.head), meaning, d.head, pen, d.facts)


def _owner(adjoint: Definition, model: Model) -> Term:
    """What an adjoint belongs to: delta^{a} to a, the plain delta to the state."""
    superscript = split_name(adjoint.name).sup
    heads = [d.head for d in _first_of_each(model.theory)]
    named = (x for x in heads if x.name in (superscript, f"{{{superscript}}}"))
    return next(named, None) or next(x for x in heads if _recurs(x.name, model.theory))


def _sizes(model: Model, pen: Pen) -> Iterator[SymbolRow]:
    """The length and the sizes, last: they are read off the shapes."""
    if any(model.length in f.free_symbols for f in model.theory.facts):
        yield _row(pen.index(model.length), Phrase("meaning.length"), None, pen)
    if model.dims:
        names = ", ".join(map(pen.index, model.dims))
        yield _row(names, Phrase("symbols.sizes"), None, pen)


# ---------------------------------------------------------------- the conventions

_CONVENTIONS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("columns", ()),
    ("differential", (D,)),
    ("elementwise", (Hadamard, Diag)),
    ("product", (OrderedProduct,)),
    ("vec", (Vec, Kron)),
    ("iverson", (When,)),
    ("shock", (Shock,)),
)


def conventions(terms: Iterable[Term]) -> Block:
    """The conventions that matter for some terms."""
    shown = list(terms)
    keys = [
        key for key, kinds in _CONVENTIONS
        if not kinds or any(contains(t, kind) for t in shown for kind in kinds)
    ]  # fmt: skip
    keys += [mode for mode in ("immediate", "direct") if any(_has_mode(t, mode) for t in shown)]
    return Items(tuple((Prose((Phrase(f"convention.{key}"),)),) for key in keys))


def _has_mode(term: Term, mode: str) -> bool:
    return any(True for _ in find(term, lambda x: isinstance(x, Partial) and x.mode == mode))
