"""What a statement takes for granted: a model under further equations, ranges and properties.

An equation about a quantity of the model takes the place of its definition (``f_t = 1`` switches a
gate off, ``h_0 = 0``, ``W = 2 I``); other equations become assumptions of the theory; inequalities
between indices become facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr

from ..core.dependence import check_theory
from ..core.errors import SymbpttError
from ..core.norms import Norm, Sup
from ..core.terms import Const, Elem, Entry, Ones, Param, Scale, Term
from ..core.theory import Assumption, Definition
from ..core.traverse import find
from ..notation import syntax as sx
from ..notation.draft import build
from ..notation.membership import as_chain
from ..notation.names import resolve
from ..notation.parser import parse_lines
from ..notation.reader import Range, with_ranges
from ..notation.scripts import index_expr
from ..notation.source import Source, checked_source
from .abbreviating import names_a_derivative, opened, own_keys
from .collect import collect_more
from .entries import entrywise
from .letters import fixed_letters, lengths, runs
from .model import Model
from .partition import partitioned
from .problem import problem_of
from .properties import PROPERTY, Place, told, with_property
from .ranges import Interval
from .replacing import (
    define_at,
    define_everywhere,
    resized,
    with_definitions,
    with_names,
)  # fmt: skip
from .shapes import infer
from .statements import Declaration, Equation, Statements, declare
from .undifferentiated import undifferentiated
from .universal import for_every_argument

Facts = tuple[Expr, ...]
_SIGNS = {r"\le": (1, 0), "<": (1, 1), r"\ge": (-1, 0), ">": (-1, 1)}  # direction, strictness


def assume(model: Model, givens: Sequence[str]) -> tuple[Model, Facts]:
    """The model under the givens, and the facts (expressions >= 0) that they state of indices.

    Raises SymbpttError, with the place in the given, for what is not understood.
    """
    texts = [" ".join(text.splitlines()) for text in givens]
    words = [PROPERTY.match(text) for text in texts]
    rest = (" " * len(x) if word else x for x, word in zip(texts, words, strict=True))
    source, parsed = checked_source("\n".join(texts), "given"), Source("\n".join(rest), "given")
    try:
        model, facts = _stated(model, parsed)
        offset = 0
        for text, word in zip(texts, words, strict=True):
            if word is not None:
                place = Place(source, offset, offset + len(text))
                model = with_property(model, place, word["what"], word["tex"] or word["plain"])
            offset += len(text) + 1
        check_theory(model.theory)
    except SymbpttError as error:
        raise error.at(source.where(0)) from None
    return model, tuple(dict.fromkeys(facts))


def _stated(model: Model, source: Source) -> tuple[Model, Facts]:
    """Everything but properties: sizes and lengths first, then equations, then inequalities."""
    statements, orders, facts = Statements(source), [], []
    words, names = model.scope.words, model.scope.names
    for line in parse_lines(source, words, names):
        for stated, ranges in with_ranges(line):
            place = Place(source, stated.at, stated.end)
            node = for_every_argument(as_chain(stated), model.scope, place.fail)
            if not isinstance(node, sx.Relation) or node.sides[0] is None:
                raise place.fail(
                    "a given is an equation, an inequality or a property",
                    r"write for example f_t = 1, k < t, or W \text{ symmetric}",
                )
            sides = [_index(model, side) for side in node.sides]
            if set(node.ops) <= _SIGNS.keys():
                orders.append((node, sides))
            elif node.ops[0] in (r"\in", ":"):
                declare(statements, node.sides[0], node)
            elif len(node.ops) > 1 or node.ops[0] not in ("=", ":="):
                raise place.fail(f"a given cannot say {node.ops[0]} here")
            elif sides[0] is not None and sides[1] is not None and sides[0].is_Symbol:
                model, more = _index_equation(model, place, *sides)
                facts += more
            else:
                head, body = node.sides
                if not statements.declarations:
                    model = partitioned(model, head, body)
                statements.equations.append(Equation(head, body, node, ranges))
    pairs = [
        (op, sx.Relation(node.at, node.end, node.sides[i : i + 2], (op,)))
        for node, sides in orders if None in sides
        for i, op in enumerate(node.ops)
    ]  # fmt: skip
    equations = list(statements.equations)
    statements.equations += [Equation(*pair.sides, pair) for _, pair in pairs]
    statements.declarations += [
        Declaration(side, (), pair)  # a bare new name in an inequality is a scalar
        for _, pair in pairs for side in pair.sides
        if isinstance(side, sx.Sym) and resolve(side, model.scope) is None
    ]  # fmt: skip
    own = own_keys(model)
    model, terms = _read(model, statements)
    stated: dict[tuple[Term, tuple[Range, ...]], Term] = {}
    for equation, (left, right) in zip(equations, terms, strict=False):
        place = Place(source, equation.node.at, equation.node.end)
        model = _equation(model, place, equation, left, right, stated, own)
    for (op, pair), (left, right) in zip(pairs, terms[len(equations) :], strict=True):
        model = _signs(model, Place(source, pair.at, pair.end), op, left, right)
    for node, sides in orders:
        if None not in sides:
            model, more = _inequality(model, node, sides)
            facts += more
    return model, tuple(facts)


# ---------------------------------------------------------------- indices

_INDEX_LETTERS = frozenset("ijklmnpqrstuvKMNRST")


def _index(model: Model, node: sx.Node | None) -> Expr | None:
    """The side as an integer made of index letters, lengths and sizes; None for anything else."""
    expr = index_expr(node)
    taken = {*model.scope.params, *model.scope.sequences}
    known = lengths(model) | set(model.dims)
    good = expr is not None and all(
        s in known or (s.name in _INDEX_LETTERS and s.name not in taken) for s in expr.free_symbols
    )
    return expr if good else None


def _index_equation(
    model: Model, place: Place, left: Expr, right: Expr
) -> tuple[Model, tuple[Expr, ...]]:
    """``T = 3`` and ``d = n`` change the theory; ``k = 1`` is a fact."""
    facts = (left - right).expand(), (right - left).expand()
    if left == model.length:
        if not right.is_Integer:
            raise place.fail("a length is a number")
        theory = problem_of(model).at_length(int(right)).theory
        return replace(model, theory=theory), facts
    if left in model.dims:
        return resized(model, left, right), ()
    return model, facts


def _inequality(
    model: Model, node: sx.Relation, sides: list[Expr]
) -> tuple[Model, tuple[Expr, ...]]:
    """Facts about indices; those about lengths only are facts of the theory."""
    facts = [
        ((b - a) * _SIGNS[op][0] - _SIGNS[op][1]).expand()
        for a, b, op in zip(sides, sides[1:], node.ops, strict=False)
    ]
    known = lengths(model)
    fixed = tuple(f for f in facts if f.free_symbols <= known and f not in model.theory.facts)
    theory = replace(model.theory, facts=(*model.theory.facts, *fixed))
    rest = tuple(f for f in facts if not f.free_symbols <= known)
    return replace(model, theory=theory), rest


def _signs(model: Model, place: Place, op: str, left: Term, right: Term) -> Model:
    """An inequality is an assumption about numbers, of vectors about their entries."""
    if not left.is_column:
        raise place.fail("only scalars, and the entries of vectors, are smaller or larger")
    left, right = (undifferentiated(model, _open(model, side)) for side in (left, right))
    left, right, facts = entrywise(model, left, right)
    direction, strict = _SIGNS[op]
    small, large = (left, right) if direction > 0 else (right, left)
    model = fixed_letters(model, small, large)
    sign = "<" if strict else "<="
    if isinstance(small, Norm | Sup) and isinstance(large, Param):  # and so 0 <= large
        model = told(model, Assumption(place.text, Const(0), large, (), sign))
    return told(model, Assumption(place.text, small, large, facts, sign))


# ---------------------------------------------------------------- equations


def _read(model: Model, statements: Statements) -> tuple[Model, list[tuple[Term, Term]]]:
    """The sides of all equations, and the model with the names that are new in them."""
    if not statements.equations and not statements.declarations:
        return model, []
    running = (_running(model, eq.head, eq.ranges) for eq in statements.equations)
    scope = model.scope.extended(times=model.scope.times.union(*running))
    shaped = infer(collect_more(statements, scope))
    terms = [
        (build(typed.head, shaped.solution), build(typed.body, shaped.solution))
        for typed in shaped.typed
    ]
    return with_names(model, shaped), terms


def _running(model: Model, head: sx.Node, ranges: tuple[Range, ...]) -> frozenset[str]:
    """The letters that run in the equation: of its range, and the index of its left side."""
    letters = {r.index for r in ranges}
    reading = resolve(head, model.scope)
    if reading is not None and reading.index is not None:
        letters |= {s.name for s in reading.index.free_symbols - lengths(model)}
    return frozenset(letters)


def _equation(
    model: Model, place: Place, equation: Equation, left: Term, right: Term,
    stated: dict[tuple[Term, tuple[Range, ...]], Term], own: frozenset[str],
) -> Model:  # fmt: skip
    """A definition where one side is a quantity, else an assumption; ``stated`` are the values of
    quantities so far, ``own`` the keys of the model's names.
    """
    left, right = _whole(left, right)
    if names_a_derivative(own, left, right):
        short = Definition(left, _open(model, right))
        return replace(model, abbreviations=(*model.abbreviations, short))
    left, right = (undifferentiated(model, _open(model, side)) for side in (left, right))
    if isinstance(right, Elem | Param) and not isinstance(left, Elem | Param):
        left, right = right, left
    if isinstance(left, Param) and runs(model, right, left):  # the same at every time
        return told(model, Assumption(place.text, right, left))
    if isinstance(left, Elem | Param) and not _mentions(right, left):
        if stated.setdefault((left, equation.ranges), right) != right:
            hint = "leave one of them out"
            raise place.fail(f"{left.name} is given twice, with two values", hint)
        return _defined(model, place, equation.ranges, left, right)
    if equation.ranges:
        raise place.fail("an equation between formulas has no range here")
    if isinstance(left, Elem | Param):  # W = W^T says what W^T is
        left, right = right, left
    return told(fixed_letters(model, left, right), Assumption(place.text, left, right))


def _open(model: Model, side: Term) -> Term:
    """The side with names of derivatives written out."""
    return opened(side, model.abbreviations)


def _whole(left: Term, right: Term) -> tuple[Term, Term]:
    """``\\lambda_i = c`` for every i is an equation between vectors."""
    if not isinstance(left, Entry) or left.row.is_Integer or left.row in right.free_symbols:
        return left, right
    vector = left.args[0]
    if not vector.is_column or not isinstance(vector, Elem | Param):
        return left, right
    return vector, Scale(right, Ones(vector.shape[0]))


def _mentions(term: Term, leaf: Term) -> bool:
    return next(find(term, lambda x: x == leaf), None) is not None


def _defined(
    model: Model, place: Place, ranges: tuple[Range, ...], left: Elem | Param, right: Term
) -> Model:
    """The model in which the quantity has the new definition, over a range or at one index."""
    sizes = {s for x in (left, right) for side in x.shape for s in side.free_symbols}
    fixed = lengths(model) | set(model.dims) | sizes
    if isinstance(left, Param):
        if right.free_symbols - fixed:
            raise place.fail(f"{left.name} has no time index, but its value depends on one")
        return with_definitions(model, (Definition(left, right),), place.text)
    given = next((r for r in ranges if r.index in {s.name for s in left.index.free_symbols}), None)
    ends = (
        set()
        if given is None or given.hi is None
        else given.lo.free_symbols | given.hi.free_symbols
    )
    running = left.index.free_symbols - fixed - ends
    if len(running) > 1 or right.free_symbols - fixed - running - ends:
        raise place.fail(f"the equation of {left.name} depends on several times")
    if not running:
        new = define_at(model, left, right)
    else:
        (letter,) = running
        step = left.index - letter
        if not step.is_Integer:
            raise place.fail(f"the left side must stand at {letter} or a step from it")
        interval = None
        if given is not None:
            top = given.hi if given.hi is not None else model.length
            interval = Interval(given.lo + step, top + step)
        new = define_everywhere(model, left, right, letter, interval)
    if not new:
        raise place.fail(f"{left} is not a quantity of the model")
    return with_definitions(model, new, place.text)
