"""Shapes of a model by unification, with a search over what undeclared names may be.

An undeclared name is a matrix, a column, a scalar or a row; its letter says which is tried first.
The equations are elaborated one after another with one solution for all sizes. Where an equation
does not fit, the names in it are given their next shape; the first assignment that fits wins, and
if none does the error is that of the likeliest one. An assignment that spreads a number over a
vector of which nothing says how long it is wins only where no other fits: in ``(h_T - y)^2`` with
a scalar h_T, y is a scalar.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from sympy import Expr, Integer, Symbol

from ..core.errors import ShapeError
from ..notation import syntax as sx
from ..notation.dims import ONE, Dim, Shape, Solution, rigid, unknown, unknowns
from ..notation.draft import Draft
from ..notation.elaborator import Elaborator
from ..notation.lifting import Lifting
from ..notation.names import Reading, resolve
from ..notation.neighbours import bracket_index
from ..notation.reader import equated
from ..notation.scope import Declared, Scope
from .known import Known, Names, kinds_of
from .occurrences import occurrences
from .statements import Equation

_MAX_TRIES = 60
_MAX_STEPS = 20_000  # of elaboration, over all tries
_FREE_NAMES = ("n", "d", "m", "p", "q", "r", "s", "u", "v", "w")


@dataclass(frozen=True)
class Typed:
    """An elaborated equation; ``equation`` is None for an objective such as L_t(h_t)."""

    equation: Equation | None
    head: Draft
    body: Draft
    node: sx.Node


@dataclass(frozen=True)
class Shaped:
    """All equations of a model, the scope with every shape, and the solution."""

    typed: tuple[Typed, ...]
    scope: Scope
    solution: Solution


class Misfit(Exception):
    """An equation that no reading fits, with its number."""

    def __init__(self, number: int, error: ShapeError) -> None:
        super().__init__(str(error))
        self.number, self.error = number, error


Choice = dict[str, int]


def infer(names: Names) -> Shaped:
    """The shapes of all names and the drafts of all equations."""
    open_names = _undeclared(names)
    start: tuple[int, ...] = (0,) * len(open_names)
    queue, seen, first, steps = deque([start]), {start}, None, 0
    spare: Shaped | None = None

    def vary(choice: tuple[int, ...], names_in: Collection[tuple[bool, str]]) -> None:
        for i, (key, kinds, _) in enumerate(open_names):
            other = (*choice[:i], choice[i] + 1, *choice[i + 1 :])
            if key in names_in and choice[i] + 1 < len(kinds) and other not in seen:
                seen.add(other)
                queue.append(other)

    for _ in range(_MAX_TRIES):
        if not queue or steps > _MAX_STEPS:
            break
        choice = queue.popleft()
        e = Elaborator(_scope(names, open_names, choice), names.statements.source)
        try:
            shaped = _elaborated(names, e)
        except Misfit as misfit:
            first, steps = first or misfit.error, steps + e.steps
            vary(choice, _names_in(names, misfit.number))
            continue
        loose = _loose(shaped)
        if not loose:
            return _named(shaped, names)
        spare, steps = spare or shaped, steps + e.steps
        vary(choice, loose)
    if spare is not None:
        return _named(spare, names)
    assert first is not None
    raise first


def _loose(shaped: Shaped) -> set[tuple[bool, str]]:
    """The names of a size that nothing determines, over which a number that is no constant is
    spread."""
    sizes: set[int] = set()
    todo = [d for t in shaped.typed for d in (t.head, t.body)]
    while todo:
        draft = todo.pop()
        parts = [a for a in draft.args if isinstance(a, Draft)]
        if draft.op == "scale" and parts[-1].op == "ones" and parts[0].op != "const":
            sizes |= {i for side in draft.shape for i in unknowns(shaped.solution.resolve(side))}
        todo += parts
    tables = ((True, shaped.scope.sequences), (False, shaped.scope.params))
    return {
        (indexed, name) for indexed, table in tables for name, d in table.items()
        if any(sizes & set(unknowns(shaped.solution.resolve(side))) for side in d.shape)
    }  # fmt: skip


Open = tuple[tuple[bool, str], tuple[str, ...], Known]


def _undeclared(names: Names) -> list[Open]:
    """Names without a declared shape, with the shapes to try; leaves before what is computed."""
    out: list[tuple[bool, Open]] = []
    heads = (_without_arguments(eq.head, names.scope) for eq in names.statements.equations)
    readings = (_head_reading(h, names.scope) for h in heads)
    defined = {(r.index is not None, r.name) for r in readings if r is not None}
    for indexed, table in ((True, names.sequences), (False, names.params)):
        for name, known in table.items():
            if known.shape is None:
                computed = (indexed, name) in defined
                kinds = kinds_of(known, indexed, computed, names.rows)
                out.append((computed, ((indexed, name), kinds, known)))
    return [entry for _, entry in sorted(out, key=lambda x: x[0])]


def _head_reading(head: sx.Node, scope: Scope) -> Reading | None:
    two = isinstance(head, sx.Product) and len(head.factors) == 2
    if two and isinstance(sx.base_of(head.factors[1]), sx.Brackets):
        indexed = bracket_index(*head.factors, scope)
        return resolve(indexed, scope) if indexed is not None else None
    return resolve(head, scope)


def _scope(names: Names, open_names: list[Open], choice: tuple[int, ...]) -> Scope:
    """The scope under an assignment of shapes."""
    sequences, params = dict(names.scope.sequences), dict(names.scope.params)
    for ((indexed, name), kinds, known), i in zip(open_names, choice, strict=True):
        where = names.statements.source.where(known.node.at)
        table = sequences if indexed else params
        table[name] = Declared(name, _fresh(kinds[i]), where)
    return names.scope.extended(sequences=sequences, params=params)


def _fresh(kind: str) -> Shape:
    rows = unknown() if kind in ("matrix", "column") else ONE
    return rows, unknown() if kind in ("matrix", "row") else ONE


def _names_in(names: Names, number: int) -> set[tuple[bool, str]]:
    """The names that occur in an equation."""
    equations = names.statements.equations
    if number >= len(equations):
        return set()
    out: set[tuple[bool, str]] = set()
    for side in (equations[number].head, equations[number].body):
        for occurrence in occurrences(side, names.scope.times):
            reading = resolve(occurrence.node, names.scope)
            if reading is not None:
                out.add((reading.index is not None, reading.name))
    return out


# ---------------------------------------------------------------- elaboration


def _elaborated(names: Names, e: Elaborator) -> Shaped:
    """All equations under one assignment; raises Misfit at the first that does not fit."""
    s, scope = Solution(), e.scope
    typed: list[Typed] = []
    for number, equation in enumerate(names.statements.equations):
        e.clashes.clear()
        head = _without_arguments(equation.head, scope)
        found = _equation(e, head, equation, s)
        if found is None:
            raise Misfit(number, e.first_clash(equation.node))
        left, right, s = found
        typed.append(Typed(equation, left, right, equation.node))
    for name, (index, arguments, node) in names.applied.items():
        if not any(t.head.op == "elem" and t.head.args[0] == name for t in typed):
            extra, s = _objective(e, name, index, arguments, node, s)
            typed.append(extra)
    done = s.settle()
    if done is None:
        raise Misfit(
            len(typed), ShapeError("the sizes do not fit", names.statements.source.where(0))
        )
    return Shaped(tuple(typed), scope, done)


def _without_arguments(head: sx.Node, scope: Scope) -> sx.Node:
    """L_t of ``L_t(h_t) = ...``; an index in brackets stays."""
    if isinstance(head, sx.Product) and len(head.factors) == 2:
        reading = resolve(head.factors[0], scope)
        if reading is not None and reading.name in scope.objectives:
            return head.factors[0]
    return head


def _equation(
    e: Elaborator, head: sx.Node, equation: Equation, s: Solution
) -> tuple[Draft, Draft, Solution] | None:
    """The first readings of both sides that have one shape; entries make a vector or matrix."""
    for left, at in e.alts(head, s):
        letters = _entry_letters(left, at)
        with e.binding(x.name for x in letters) as bound:
            for b, size in zip(bound, left.args[0].shape if letters else (), strict=False):
                at = at.unify(b.top, size, head.at) or at
            found = e.alts(equation.body, at)
            for one in (False, True):
                for right, after in found:
                    fit = equated(e, left, right, after, one=one)
                    if fit is not None:
                        return _lifted(e, *_whole(*fit), letters)
    return None


def _entry_letters(head: Draft, s: Solution) -> tuple[Symbol, ...]:
    """The letters i, j of a left side such as h_{t,i}; none if it is no general entry."""
    if head.op != "entry":
        return ()
    column = s.resolve(head.args[0].shape[1]) == ONE
    letters = head.args[1:2] if column else head.args[1:]
    general = all(x.is_Symbol for x in letters) and len(set(letters)) == len(letters)
    return letters if general and head.args[0].op in ("elem", "param") else ()


def _lifted(
    e: Elaborator, left: Draft, right: Draft, s: Solution, letters: tuple[Symbol, ...]
) -> tuple[Draft, Draft, Solution]:
    """An equation between general entries as one between vectors or matrices."""
    if not letters or (right.op == "entry" and left.args[1:] == right.args[1:]):
        return left, right, s
    whole, (i, j) = left.args[0], (*letters, None)[:2]
    rows, cols = s.shape(whole.shape)
    place = sx.Sym(right.at, right.end, "")
    return whole, Lifting(e, s, place).lift(right, i, rows, j, cols), s


def _whole(left: Draft, right: Draft, s: Solution) -> tuple[Draft, Draft, Solution]:
    """An equation between equal entries of two vectors makes their sizes equal."""
    if left.op == right.op == "entry" and left.args[1:] == right.args[1:]:
        both = s.unify_shapes(left.args[0].shape, right.args[0].shape, right.at)
        s = both if both is not None else s
    return left, right, s


def _objective(
    e: Elaborator,
    name: str,
    index: Expr,
    arguments: tuple[sx.Node, ...],
    node: sx.Node,
    s: Solution,
) -> tuple[Typed, Solution]:
    """L[t] := F(arguments), an unspecified function of the name and time of the objective."""
    drafts: list[Draft] = []
    for argument in arguments:
        found = e.alts(argument, s)
        if not found:
            raise e.first_clash(argument)
        draft, s = found[0]
        drafts.append(draft)
    shape = (ONE, ONE)
    head = e.draft("elem", (name, index), shape, node)
    body = e.draft("func", (name, index, ONE, Integer(0), *drafts), shape, node)
    return Typed(None, head, body, node), s


# ---------------------------------------------------------------- names of free sizes


def _named(shaped: Shaped, names: Names) -> Shaped:
    """The solution with every size that is still unknown given an unused name."""
    scope, s = shaped.scope, shaped.solution
    taken = {a for d in _all_dims(scope, s) for m, _ in d.terms for a in m if isinstance(a, str)}
    taken |= {scope.length} | set(scope.times)
    free = iter(n for n in _FREE_NAMES if n not in taken)
    count = 0
    defined = {t.head.args[0] for t in shaped.typed if t.head.op in ("elem", "param")}
    for dim in _by_importance(scope, defined):
        for number in sorted(unknowns(s.resolve(dim))):
            name = next(free, "")
            if not name:
                count += 1
                name = f"n_{{{count}}}"
            s = s.bind(number, rigid(name), 0)
    return Shaped(shaped.typed, scope, _rest_named(shaped, s))


def _rest_named(shaped: Shaped, s: Solution) -> Solution:
    """Sizes that occur only inside an equation, as in 1^T 1."""
    count = 0
    todo: list[Draft] = [d for t in shaped.typed for d in (t.head, t.body)]
    while todo:
        draft = todo.pop()
        for dim in (*draft.shape, *(a for a in draft.args if isinstance(a, Dim))):
            for number in unknowns(s.resolve(dim)):
                count += 1
                s = s.bind(number, rigid(f"k_{{{count}}}"), 0)
        todo += [a for a in draft.args if isinstance(a, Draft)]
    return s


def _all_dims(scope: Scope, s: Solution) -> list[Dim]:
    shapes = [d.shape for t in (scope.sequences, scope.params) for d in t.values()]
    return [s.resolve(side) for shape in shapes for side in shape]


def _by_importance(scope: Scope, defined: set[str]) -> list[Dim]:
    """Sizes in the order in which they get names: the first state, inputs, the rest."""
    computed = [d for d in scope.sequences.values() if d.name in defined]
    inputs = [d for d in scope.sequences.values() if d.name not in defined]
    params = sorted(scope.params.values(), key=lambda d: d.name not in defined)
    ordered = (*computed[:1], *inputs, *computed[1:], *params)
    return [side for d in ordered for side in d.shape]
