"""Text to terms: formulas, quantities and equations of a scope.

>>> from ..core.terms import Elem, Param, index_symbol
>>> n, t = index_symbol("n"), index_symbol("t")
>>> scope = scope_of([Param("W", n, n), Elem("h", t, n), Param("L", 1, 1)], [r"\\sigma"])
>>> read_term(r"\\sigma(W h_{t-1})", scope)
\\sigma(W @ h[t - 1])
>>> read_quantity(r"\\partial h_t/\\partial h_k", scope)
∂(h[t])/∂(h[k])
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from ..core.errors import ShapeError, SymbpttError
from ..core.terms import Term
from . import calls, copies, derivatives, leaves, matrices, powers, products, ranges, sums
from . import syntax as sx
from .dims import ONE, Shape, Solution, unknowns
from .draft import Draft, build
from .elaborator import Alt, Elaborator
from .membership import as_chain
from .parser import parse_source
from .scope import Scope, dim_of, scope_of
from .scripts import index_expr
from .source import Source, checked_source
from .sums import can_spread, spread

# Importing a module of this list makes its constructs known to the elaborator.
CONSTRUCTS = (leaves, powers, sums, products, calls, ranges, derivatives, matrices)


@dataclass(frozen=True)
class Range:
    """A trailing range ``t = 1, \\dots, T``; an open end is None."""

    index: str
    lo: Expr
    hi: Expr | None


@dataclass(frozen=True)
class Statement:
    """A chain ``sides[0] relations[0] sides[1] ...`` with the ranges that stand after it."""

    sides: tuple[Term, ...]
    relations: tuple[str, ...]
    ranges: tuple[Range, ...] = ()


def read_syntax(text: str, scope: Scope | None = None, file: str = "") -> tuple[sx.Node, ...]:
    """The statements of a formula or claim as syntax trees, without looking at meaning."""
    source = checked_source(text, file)
    if scope is None:
        return parse_source(source)
    return parse_source(source, scope.words, scope.names)


def read_term(
    text: str, scope: Scope, shape: tuple[Expr, Expr] | None = None, file: str = ""
) -> Term:
    """The term that a formula stands for; ``shape`` decides where the notation leaves a choice."""
    source = checked_source(text, file)
    node = _single(source, scope)
    e = Elaborator(scope, source)
    wanted = None if shape is None else (dim_of(shape[0]), dim_of(shape[1]))
    return finish(e, node, chosen(e, node, e.alts(node, Solution()), wanted))


def read_quantity(text: str, scope: Scope, file: str = "") -> Term:
    """The quantity asked for: a derivative, a gradient or any formula.

    Of a scalar, \\partial L/\\partial X is the gradient; by an entry of X it is an entry of that.
    """
    return read_term(text, scope, file=file)


def read_statement(text: str, scope: Scope, file: str = "") -> tuple[Term, str, Term]:
    """One equation or inequality ``(left, relation, right)``."""
    source = checked_source(text, file)
    statement = _statement(source, scope, _single(source, scope))
    if len(statement.relations) != 1:
        raise source.fail("one relation between two sides is expected", 0)
    return statement.sides[0], statement.relations[0], statement.sides[1]


def read_statements(text: str, scope: Scope, file: str = "") -> tuple[Statement, ...]:
    """All statements of a text, each a chain, with their trailing ranges."""
    source = checked_source(text, file)
    nodes = parse_source(source, scope.words, scope.names)
    return tuple(_statement(source, scope, as_chain(n), r) for n, r in with_ranges(nodes))


def _single(source: Source, scope: Scope) -> sx.Node:
    nodes = parse_source(source, scope.words, scope.names)
    if len(nodes) != 1:
        raise source.fail("one formula is expected here, not several", nodes[1].at)
    return nodes[0]


def _statement(
    source: Source, scope: Scope, node: sx.Node, ranges: tuple[Range, ...] = ()
) -> Statement:
    if not isinstance(node, sx.Relation):
        term = finish(Elaborator(scope, source), node, None)
        return Statement((term,), (), ranges)
    if any(side is None for side in node.sides):
        raise source.fail("this relation has no left side", node.at)
    e = Elaborator(scope, source)
    drafts, solution = related(e, node, Solution())
    return Statement(tuple(built(e, node, d, solution) for d in drafts), node.ops, ranges)


def related(e: Elaborator, node: sx.Relation, s: Solution) -> tuple[list[Draft], Solution]:
    """The sides of a chain, brought to one shape.

    Where they do not fit otherwise, rows of derivatives by the entries of a matrix are folded.
    """
    states = _states(e, node, s, fold=False) or _states(e, node, s, fold=True)
    if not states:
        raise e.first_clash(node)
    drafts, solution = next((x for x in states if x[1].settle() is not None), states[0])
    return drafts, settled(e, node, solution)


def _states(
    e: Elaborator, node: sx.Relation, s: Solution, fold: bool
) -> list[tuple[list[Draft], Solution]]:
    states: list[tuple[list[Draft], Solution]] = [([], s)]
    for side in node.sides:
        assert side is not None
        new: list[tuple[list[Draft], Solution]] = []
        for done, at in states:
            for d, after in e.alts(side, at):
                if not done:
                    new.append(([d], after))
                    continue
                fit = equated(e, done[-1], d, after, fold)
                if fit is not None:
                    new.append(([*done[:-1], fit[0], fit[1]], fit[2]))
        states = new[:12]
    return states


def equated(
    e: Elaborator, a: Draft, b: Draft, s: Solution, fold: bool = False, one: bool = True
) -> tuple[Draft, Draft, Solution] | None:
    """The two sides of a relation: one shape, or a number against a vector, entrywise.

    With ``one``, what is as large as is not known may turn out to be a number.
    """
    first, second = s.is_scalar(a.shape), s.is_scalar(b.shape)
    if is_numeric(a) and not second and can_spread(a, b.shape, s):
        return spread(e, a, b.shape), b, s
    if is_numeric(b) and not first and can_spread(b, a.shape, s):
        return a, spread(e, b, a.shape), s
    solution = s.unify_shapes(a.shape, b.shape, b.at, one=one)
    if solution is None:
        for row, other, turn in ((a, b, False), (b, a, True)) if fold else ():
            matrix = as_matrix(e, row, other, s)
            if matrix is not None:
                return (other, matrix, s) if turn else (matrix, other, s)
        e.clash("equate", a, b, s)
        return None
    return a, b, solution


def is_numeric(d: Draft) -> bool:
    """A number, or numbers under conditions."""
    if d.op == "when":
        return is_numeric(d.args[0])
    return d.is_number or (d.op == "plus" and all(is_numeric(x) for x in d.args))


def as_matrix(e: Elaborator, row: Draft, other: Draft, s: Solution) -> Draft | None:
    """A row of derivatives by the entries of a matrix, folded to compare it with such a matrix."""
    shape = other.shape
    variable = copies.last_variable(row)
    if variable is None or s.resolve(row.shape[0]) != ONE or s.is_scalar(shape):
        return None
    if s.shape(variable.shape) != s.shape(shape):
        return None
    return e.note(copies.folded(e, row, s.shape(shape), row), "vec", e.text(row))


def chosen(e: Elaborator, node: sx.Node, found: list[Alt], wanted: Shape | None) -> Alt:
    """The first reading, or the first that has the wanted shape."""
    for draft, s in found:
        if wanted is None:
            return draft, s
        solution = s.unify_shapes(draft.shape, wanted, node.at, one=True)
        if solution is not None:
            return draft, solution
        if s.is_scalar(draft.shape) and can_spread(draft, wanted, s):
            return spread(e, draft, wanted), s
    if wanted is not None and found:
        shape = e.show(found[0][0].shape, found[0][1])
        raise ShapeError(
            f"{e.text(node)} is {shape}, not {e.show(wanted, Solution())}", e.source.where(node.at)
        )
    raise e.first_clash(node)


def settled(e: Elaborator, node: sx.Node, s: Solution) -> Solution:
    """The solution with everything put off solved."""
    done = s.settle()
    if done is None:
        raise ShapeError(f"the sizes in {e.text(node)} do not fit", e.source.where(node.at))
    if done.pending:
        raise e.unsupported(f"nothing says how large the parts of {e.text(node)} are", node)
    return done


def finish(e: Elaborator, node: sx.Node, found: Alt | None) -> Term:
    """The core term of a reading."""
    draft, s = found if found is not None else chosen(e, node, e.alts(node, Solution()), None)
    return built(e, node, draft, settled(e, node, s))


def with_unit_sizes(e: Elaborator, draft: Draft, s: Solution) -> Solution:
    """Unit vectors whose size nothing here says have the size of the model's unit vectors."""
    if draft.op == "unit" and unknowns(s.resolve(draft.shape[0])):
        sized = e.scope.unit and s.unify(draft.shape[0], e.scope.unit, draft.at)
        if not sized:
            raise e.unsupported(f"nothing says how large {e.text(draft)} is", draft)
        return sized
    for part in draft.args:
        if isinstance(part, Draft):
            s = with_unit_sizes(e, part, s)
    return s


def built(e: Elaborator, node: sx.Node, draft: Draft, s: Solution) -> Term:
    """The term of a draft; what the core refuses is refused at the node."""
    try:
        return build(draft, with_unit_sizes(e, draft, s))
    except SymbpttError as error:
        raise error.at(e.source.where(node.at)) from None


def with_ranges(nodes: tuple[sx.Node, ...]) -> list[tuple[sx.Node, tuple[Range, ...]]]:
    """Statements with the ranges ``(k = 1, \\dots, t)`` or ``i = 1, \\dots, t`` after them."""
    out: list[tuple[sx.Node, tuple[Range, ...]]] = []
    i = 0
    while i < len(nodes):
        found, used = _range_at(nodes, i) if out else (None, 1)
        if found is None:
            out.append((nodes[i], ()))
        else:
            out[-1] = (out[-1][0], (*out[-1][1], found))
        i += used
    return out


def _range_at(nodes: tuple[sx.Node, ...], i: int) -> tuple[Range | None, int]:
    node = nodes[i]
    if isinstance(node, sx.Brackets) and len(node.rows) == 1 and node.rows[0]:
        found, used = _range_at(node.rows[0], 0)
        return (found, 1) if used == len(node.rows[0]) else (None, 1)
    if not isinstance(node, sx.Relation) or set(node.ops) != {"="} or len(node.sides) != 2:
        return None, 1
    index, lo = map(index_expr, node.sides)
    if index is None or lo is None or not index.is_Symbol:
        return None, 1
    stop = i + 1
    while stop < len(nodes) and (
        isinstance(nodes[stop], sx.Dots) or index_expr(nodes[stop]) is not None
    ):
        stop += 1
    rest = nodes[i + 1 : stop]
    if not any(isinstance(n, sx.Dots) for n in rest):
        return None, 1
    last = rest[-1]
    return Range(index.name, lo, index_expr(last)), stop - i


__all__ = [
    "Range", "Scope", "Statement", "read_quantity", "read_statement", "read_statements",
    "read_syntax", "read_term", "scope_of",
]  # fmt: skip
