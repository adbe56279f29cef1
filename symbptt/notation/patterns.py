r"""What stands at the dots of ``J_t J_{t-1} \cdots J_{k+1}`` or ``a_1 + \dots + a_T``.

Two formulas that differ in indices only, all by the same amount up to sign, are members of one
family; the family is the formula with a running index in those places. Everything else that is
written out has to be a member of it, at its turn, or the dots are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sympy import Expr, Integer, Symbol

from ..core.indices import index_symbol
from . import syntax as sx
from .scope import Scope
from .scripts import TRANSPOSES, index_expr

Node = sx.Node
_Pair = tuple[Expr, Expr]
_LETTERS = "jilmpqrsuvwabc"


@dataclass(frozen=True)
class Family:
    """``members`` with the index ``letter``, from ``first`` to ``last`` by ``step`` 1 or -1."""

    members: tuple[Node, ...]
    letter: Symbol
    first: Expr
    last: Expr
    step: int

    @property
    def lo(self) -> Expr:
        return self.first if self.step > 0 else self.last

    @property
    def hi(self) -> Expr:
        return self.last if self.step > 0 else self.first


def rank(scope: Scope, name: str) -> int:
    """How late an index letter is: lengths after times after other letters; -1 for a name."""
    if name == scope.length:
        return 3
    if name in scope.times:
        return 2 if name == scope.step else 1
    if name in scope.params or name in scope.sequences:
        return -1
    return 2 if name in scope.sizes else 0


def free_letter(taken: Callable[[str], bool], nodes: Sequence[Node]) -> Symbol:
    """An index letter that occurs nowhere in the nodes and is not taken."""
    used = {n.base for node in nodes for n in sx.walk(node) if isinstance(n, sx.Sym)}
    return index_symbol(next(x for x in _LETTERS if x not in used and not taken(x)))


def family(
    before: Sequence[tuple[Node, ...]], after: Sequence[tuple[Node, ...]], letter: Symbol,
    rank: Callable[[str], int],
) -> tuple[Family, int, int] | None:  # fmt: skip
    """The family at dots, and how many members stand before and after; None if there is none.

    ``rank`` orders index letters, later times higher (below 0: not an index). It decides which way
    the index runs where one member stands before the dots and one after them. Two neighbours of
    one form that are no two steps of a family make the dots mean nothing that is known.
    """
    pairs = differences_of(before[-1], after[0])
    if not pairs or any(rank(s.name) < 0 for pair in pairs for x in pair for s in x.free_symbols):
        return None
    gap = pairs[0][0] - pairs[0][1]
    signs = [_sign(a - b, gap) for a, b in pairs]
    if 0 in signs:
        return None
    start, end = pairs[0]
    places = [a + sign * (letter - start) for (a, _), sign in zip(pairs, signs, strict=True)]
    members = _filled(before[-1], after[0], [p.expand() for p in places])
    sides = (before[-2::-1], start, -1), (after[1:], end, 1)
    alike = [
        bool(others) and bool(differences_of(others[0], near))
        for (others, _, _), near in zip(sides, (before[-1], after[0]), strict=True)
    ]
    for step in (1, -1) if any(alike) else (_ranked(gap.expand(), rank),):
        if step is None:
            return None
        found = Family(members, letter, start, end, step)
        left, right = (_run(found, others, at, way * step) for others, at, way in sides)
        if all(count > 1 for count, same in zip((left, right), alike, strict=True) if same):
            first, last = start - step * (left - 1), end + step * (right - 1)
            return replace(found, first=first.expand(), last=last.expand()), left, right
    return None


def _run(found: Family, others: Sequence[tuple[Node, ...]], at: Expr, step: int) -> int:
    """How many members stand in a row from the one at ``at`` on."""
    count = 1
    for other in others:
        if not _is_member(found, other, (at + step * count).expand()):
            break
        count += 1
    return count


def _sign(difference: Expr, gap: Expr) -> int:
    """Whether an index moves with the first one (1), against it (-1), or otherwise (0)."""
    difference, gap = difference.expand(), gap.expand()
    return 1 if difference == gap else -1 if difference == (-gap).expand() else 0


def _ranked(gap: Expr, rank: Callable[[str], int]) -> int | None:
    """1 if the index runs up, -1 if down, when it falls by ``gap``: later letters are larger."""
    if gap.is_Integer:
        return -1 if gap > 0 else 1
    letters = sorted(gap.free_symbols, key=lambda s: rank(s.name))
    if len(letters) > 1 and rank(letters[-2].name) == rank(letters[-1].name):
        return None
    return -1 if gap.coeff(letters[-1]) > 0 else 1


def _is_member(found: Family, other: tuple[Node, ...], value: Expr) -> bool:
    """Whether a formula is the member at a value of the index."""
    pairs = differences_of(found.members, other)
    return bool(pairs) and all(
        (a.xreplace({found.letter: value}) - b).expand() == 0 for a, b in pairs or ()
    )


# ---------------------------------------------------------------- comparing and filling


def scripts_of(node: Node, high: bool) -> list[tuple[Expr, ...]]:
    """What a script can be: one index, or several side by side (``11``, ``1d``, ``i,j``)."""
    out: list[tuple[Expr, ...]] = []
    single = index_expr(node)
    if isinstance(node, sx.Listing):
        parts = [index_expr(i) for i in node.items]
        return [tuple(p for p in parts if p is not None)] if None not in parts else []
    if isinstance(node, sx.Product) and set(node.ops) == {""}:
        parts = [index_expr(f) for f in node.factors]
        if None not in parts:
            out.append(tuple(p for p in parts if p is not None))
    turned = high and isinstance(node, sx.Sym) and node.base in TRANSPOSES
    if single is not None and not turned:
        out.append((single,))
    if isinstance(node, sx.Num) and node.text.isdigit() and len(node.text) == 2:
        out.append(tuple(Integer(int(c)) for c in node.text))
    return out


def _matching(a: Node, b: Node, where: str) -> tuple[tuple[Expr, ...], tuple[Expr, ...]] | None:
    """The indices in two scripts, read alike; None if they are not both indices."""
    if where == "argument" and any(isinstance(x, sx.Scripted) for n in (a, b) for x in sx.walk(n)):
        return None
    left, right = (scripts_of(n, where == "sups") for n in (a, b))
    both = [(x, y) for x in left for y in right if len(x) == len(y)]
    numbers = isinstance(a, sx.Num) and isinstance(b, sx.Num)  # 10, 11 are times, not entries
    return min(both, key=lambda p: len(p[0]) if numbers else -len(p[0]), default=None)


def differences_of(a: Sequence[Node], b: Sequence[Node]) -> list[_Pair] | None:
    """The places where two lists of formulas differ; None if not only in indices."""
    out: list[_Pair] = []
    if len(a) != len(b):
        return None
    for x, y in zip(a, b, strict=True):
        found = differences(x, y)
        if found is None:
            return None
        out += found
    return out


def differences(a: Node | None, b: Node | None, script: str = "") -> list[_Pair] | None:
    """The pairs of different indices in two formulas of one form; None if they differ otherwise."""
    if a is None or b is None:
        return [] if a is b else None
    if script:
        both = _matching(a, b, script)
        if both is not None:
            return [(x, y) for x, y in zip(*both, strict=True) if x != y]
    if isinstance(a, sx.Num) and isinstance(b, sx.Num):
        pair = index_expr(a), index_expr(b)
        if a.value == b.value:
            return []
        return None if None in pair else [pair]  # type: ignore[list-item]
    if isinstance(a, sx.Brackets) and isinstance(b, sx.Brackets) and len(a.rows) == 1:
        script = script or ("argument" if a.tight and index_expr(a.only) is not None else "")
    if type(a) is not type(b):
        return None
    out: list[_Pair] = []
    for name in sx.field_names(type(a)):
        found = _field(getattr(a, name), getattr(b, name), script or _indexes(a, name))
        if name in ("tight", "text"):
            continue
        if found is None:
            return None
        out += found
    return out


def _indexes(node: Node, name: str) -> str:
    """The name of a field that holds indices, else nothing."""
    scripts = isinstance(node, sx.Scripted) and name in ("subs", "sups")
    return name if scripts or (isinstance(node, sx.Big) and name in ("sub", "sup")) else ""


def _field(a: object, b: object, script: str) -> list[_Pair] | None:
    if isinstance(a, sx.Node) and isinstance(b, sx.Node):
        return differences(a, b, script)
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            return None
        out: list[_Pair] = []
        for x, y in zip(a, b, strict=True):
            found = _field(x, y, script)
            if found is None:
                return None
            out += found
        return out
    return [] if a == b else None


def _filled(a: Sequence[Node], b: Sequence[Node], places: list[Expr]) -> tuple[Node, ...]:
    """The formulas with new indices in the places where they differ."""
    left = list(places)
    out = tuple(_fill(x, y, left, "") for x, y in zip(a, b, strict=True))
    assert not left
    return out


def _fill(a: Node, b: Node, places: list[Expr], script: str) -> Node:
    if script:
        both = _matching(a, b, script)
        if both is not None:
            if both[0] == both[1]:
                return a
            new = [x if x == y else places.pop(0) for x, y in zip(*both, strict=True)]
            nodes = tuple(index_node(x, a) for x in new)
            return nodes[0] if len(nodes) == 1 else sx.Listing(a.at, a.end, nodes)
    if isinstance(a, sx.Num) and isinstance(b, sx.Num):
        return a if a.value == b.value else index_node(places.pop(0), a)
    if isinstance(a, sx.Brackets) and len(a.rows) == 1:
        script = script or ("argument" if a.tight and index_expr(a.only) is not None else "")
    changes = {}
    for name in sx.field_names(type(a)):
        old, other = getattr(a, name), getattr(b, name)
        new_value = _fill_field(old, other, places, script or _indexes(a, name))
        if new_value is not old:
            changes[name] = new_value
    return replace(a, **changes) if changes else a


def _fill_field(a: object, b: object, places: list[Expr], script: str) -> object:
    if isinstance(a, sx.Node):
        assert isinstance(b, sx.Node)
        return _fill(a, b, places, script)
    if isinstance(a, tuple):
        assert isinstance(b, tuple)
        return tuple(_fill_field(x, y, places, script) for x, y in zip(a, b, strict=True))
    return a


def index_node(expr: Expr, place: Node) -> Node:
    """An index as syntax, at the place of another node."""
    at, end = place.at, place.end
    signs, terms = [], []
    for part in sorted(expr.as_ordered_terms(), key=lambda p: p.is_number):
        number, rest = part.as_coeff_Mul()
        if rest == 1 or abs(number) != 1:
            text = str(abs(number))
            factor: Node = sx.Num(at, end, _fraction(abs(number)), text)
            if rest != 1:
                factor = sx.Product(at, end, (factor, sx.Sym(at, end, str(rest))), ("",))
        else:
            factor = sx.Sym(at, end, str(rest))
        signs.append("-" if number < 0 else "+")
        terms.append(factor)
    if signs == ["+"]:
        return terms[0]
    return sx.Sum(at, end, tuple(signs), tuple(terms))


def _fraction(value: Expr) -> sx.Rational:
    return sx.Rational(int(value.p), int(value.q))  # type: ignore[attr-defined]
