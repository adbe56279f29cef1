"""Other definitions in a model: what an equation replaces, and what it leaves as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from sympy import Expr, Symbol

from ..core.indices import contradictory
from ..core.terms import Elem, Param, Term
from ..core.theory import Definition, Given, Theory
from ..core.traverse import substitute
from ..notation import syntax as sx
from ..notation.dims import Solution
from ..notation.names import resolve
from ..notation.parser import parse_source
from ..notation.scope import Declared, Scope, dim_of
from ..notation.source import checked_source
from .check import sorted_by_use
from .definitions import Equated
from .model import Model
from .ranges import Interval
from .shapes import Shaped

Facts = tuple[Expr, ...]
Piece = TypeVar("Piece", Definition, Given)


def with_names(model: Model, shaped: Shaped) -> Model:
    """The model with the names that reading added to its scope as leaves."""
    scope, theory = model.scope, model.theory
    params, givens = list(theory.params), list(theory.givens)
    tables: dict[str, dict[str, Declared]] = {}
    for kind in ("sequences", "params"):
        old, new = getattr(scope, kind), getattr(shaped.scope, kind)
        tables[kind] = dict(old)
        for name in (n for n in new if n not in old):
            rows, cols = (shaped.solution.expr(d) for d in new[name].shape)
            tables[kind][name] = Declared(name, (dim_of(rows), dim_of(cols)), given=True)
            if kind == "params":
                params.append(Param(name, rows, cols))
            else:
                facts = Interval(1 + model.length * 0, model.length).facts(model.time)
                givens.append(Given(Elem(name, model.time, rows, cols), facts))
    functions = dict(scope.functions)
    for name in (n for n in shaped.scope.functions if n not in scope.functions):
        function = shaped.scope.functions[name]
        rows = dim_of(shaped.solution.expr(function.rows))
        functions[name] = replace(function, rows=rows)
    leaves = [*params, *(g.head for g in givens)]
    dims = dict.fromkeys(
        s for x in leaves for side in x.shape for s in sorted(side.free_symbols, key=str)
    )
    inputs = (*model.inputs, *(n for n in tables["sequences"] if n not in scope.sequences))
    return replace(
        model,
        theory=replace(theory, params=tuple(params), givens=tuple(givens)),
        scope=scope.extended(
            **tables,
            sizes=scope.sizes | {s.name for s in dims},
            functions=functions,
            objectives=scope.objectives | shaped.scope.objectives,
        ),
        dims=tuple(dict.fromkeys((*model.dims, *dims))),
        inputs=inputs,
    )


def resized(model: Model, size: Symbol, new: Expr) -> Model:
    """The model with another size in place of one of its sizes."""
    old, theory, scope = {size: new}, model.theory, model.scope

    def table(names: dict[str, Declared]) -> dict[str, Declared]:
        out = {}
        for name, declared in names.items():
            rows, cols = (dim_of(Solution().expr(d).xreplace(old)) for d in declared.shape)
            out[name] = replace(declared, shape=(rows, cols))
        return out

    arguments = {f: tuple(substitute(a, old) for a in args) for f, args in scope.arguments.items()}
    definitions = tuple(
        Definition(substitute(d.head, old), substitute(d.body, old), d.facts)
        for d in theory.definitions
    )
    assumptions = tuple(
        replace(a, left=substitute(a.left, old), right=substitute(a.right, old))
        for a in theory.assumptions
    )
    return replace(
        model,
        theory=replace(
            theory,
            params=tuple(substitute(p, old) for p in theory.params),
            givens=tuple(Given(substitute(g.head, old), g.facts) for g in theory.givens),
            definitions=definitions,
            assumptions=assumptions,
        ),
        loss=None if model.loss is None else substitute(model.loss, old),
        dims=tuple(d for d in model.dims if d != size),
        scope=scope.extended(
            sequences=table(scope.sequences), params=table(scope.params), arguments=arguments,
            sizes=scope.sizes - {size.name},
        ),
    )  # fmt: skip


def define_at(model: Model, head: Elem, body: Term) -> tuple[Definition, ...]:
    """``head = body`` at the one index of the head, wherever the model has that element."""
    interval = Interval(head.index, head.index)
    return _over(model, head.at(model.time), body, model.time, interval)


def define_everywhere(
    model: Model, head: Elem, body: Term, letter: Symbol, interval: Interval | None
) -> tuple[Definition, ...]:
    """``head = body`` over the interval, or over all indices but boundary values."""
    index = model.time
    body = substitute(body, {letter: index - (head.index - letter)})
    return _over(model, head.at(index), body, index, interval)


def _over(
    model: Model, head: Elem, body: Term, index: Symbol, interval: Interval | None
) -> tuple[Definition, ...]:
    theory = model.theory
    ranges = _ranges(theory, head, index, boundary=interval is not None)
    out = []
    for facts in ranges:
        here = facts if interval is None else (*interval.facts(index), *facts)
        if not contradictory((*theory.facts, *here)):
            out.append(Definition(head, body, tuple(dict.fromkeys(here))))
    return tuple(out)


def _ranges(theory: Theory, head: Elem, index: Symbol, boundary: bool) -> list[Facts]:
    """Where the sequence has elements; without boundary values only where it is computed."""
    computed = [_moved(d.facts, d.index, index) for d in theory.defined(head.key)]
    given = [_moved(g.facts, g.head.index, index) for g in theory.givens if g.head.key == head.key]
    return [*computed, *given] if boundary or not computed else computed


def _moved(facts: Facts, old: Symbol | None, new: Symbol) -> Facts:
    assert old is not None
    return tuple(f.xreplace({old: new}) for f in facts)


def freed(model: Model, leaf: Elem | Param) -> Model:
    """The model in which the quantity is given instead of computed."""
    theory = model.theory
    cut = theory.defined(leaf.key)
    rest = tuple(d for d in theory.definitions if d not in cut)
    params = (*theory.params, leaf) if isinstance(leaf, Param) and cut else theory.params
    givens = (*theory.givens, *(Given(d.head, d.facts) for d in cut if isinstance(d.head, Elem)))
    sequences = tuple(n for n in model.sequences if isinstance(leaf, Param) or n != leaf.name)
    inputs = model.inputs if isinstance(leaf, Param) else (*model.inputs, leaf.name)
    return replace(
        model,
        theory=replace(theory, params=params, givens=givens, definitions=rest),
        sequences=sequences, inputs=inputs if cut else model.inputs,
        equations=_without(model.equations, {leaf.key}, model.scope),
    )  # fmt: skip


def with_definitions(model: Model, new: tuple[Definition, ...], written: str) -> Model:
    """The model with the definitions in place of what it says at the same indices."""
    theory = model.theory
    keys = {d.key for d in new}
    definitions = [*_rest(theory, theory.definitions, new), *new]
    theory = replace(
        theory,
        params=tuple(p for p in theory.params if p.key not in keys),
        givens=tuple(_rest(theory, theory.givens, new)),
        definitions=tuple(definitions),
    )
    node = sx.Sym(0, 0, "")
    pieces = [
        Equated(d, node, None if d.index is None else Interval(d.index, d.index))
        for d in definitions
    ]
    theory = replace(theory, definitions=tuple(e.definition for e in sorted_by_use(theory, pieces)))
    left = {g.head.name for g in theory.givens}
    defined = dict.fromkeys(d.name for d in theory.definitions if d.index is not None)
    sequences = tuple(n for n in defined if n not in model.auto and n not in model.losses)
    whole = keys - {g.head.key for g in theory.givens}
    return replace(
        model, theory=theory, sequences=sequences,
        inputs=tuple(n for n in model.inputs if n in left),
        targets=tuple(n for n in model.targets if n in left),
        states=tuple(n for n in model.states if n in left),
        equations=(*_without(model.equations, whole, model.scope), written),
    )  # fmt: skip


def _rest(theory: Theory, pieces: Iterable[Piece], new: tuple[Definition, ...]) -> list[Piece]:
    """The pieces without the indices that the new definitions cover."""
    out: list[Piece] = []
    for piece in pieces:
        kept = [piece]
        for d in new:
            if d.key == piece.head.key:
                kept = [] if d.index is None else [r for k in kept for r in _minus(theory, k, d)]
        out += kept
    return out


def _minus(theory: Theory, piece: Piece, new: Definition) -> list[Piece]:
    """The parts of a piece below and above the range of a definition: one of its facts fails."""
    index = piece.head.index  # type: ignore[union-attr]
    assert new.index is not None
    out, holds = [], piece.facts
    for fact in _moved(new.facts, new.index, index):
        outside = (*holds, (-fact - 1).expand())
        if not contradictory((*theory.facts, *outside)):
            out.append(replace(piece, facts=tuple(dict.fromkeys(outside))))
        holds = (*holds, fact)
    return out


def _without(equations: tuple[str, ...], keys: set[str], scope: Scope) -> tuple[str, ...]:
    """The texts of equations that do not define one of the keys."""
    return tuple(e for e in equations if _key(e, scope) not in keys)


def _key(equation: str, scope: Scope) -> str:
    nodes = parse_source(checked_source(equation), scope.words, scope.names)
    head = nodes[0].sides[0] if isinstance(nodes[0], sx.Relation) else None
    reading = resolve(head, scope) if head is not None else None
    if reading is None or reading.index is None:
        return reading.name if reading is not None else ""
    return f"{reading.name}[]" if not reading.index.is_Integer else ""
