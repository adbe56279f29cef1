"""Names, numbers and constants: what a symbol with its scripts is as a draft."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer, Rational

from ..core.indices import index_symbol
from ..core.terms import Term
from ..core.traverse import substitute
from . import syntax as sx
from .dims import ONE, SCALAR, Dim, Solution, add, multiply, rigid, unknown
from .draft import Draft
from .elaborator import Alt, Elaborator
from .indicators import indicator, is_one
from .names import Reading, resolve
from .norms import scripted_norm
from .powers import marked
from .scope import dim_of
from .scripts import entry_exprs, index_expr, script_items, script_text


def _num(e: Elaborator, node: sx.Num, s: Solution) -> list[Alt]:
    value = Rational(node.value.numerator, node.value.denominator)
    return [(e.draft("const", (value,), SCALAR, node), s)]


def _symbol(e: Elaborator, node: sx.Node, s: Solution) -> list[Alt]:
    """A name with or without scripts."""
    reading = resolve(node, e.scope)
    if reading is None:
        special = _special(e, node, s)
        if special is None:
            raise e.unknown_name(node)
        return special
    if reading.function is not None:
        return _bare_function(e, reading, node, s)
    member = dict(e.choices.members).get(reading.name) if reading.group else None
    if member is not None:
        shape = e.scope.params[member].shape
        if reading.copy is not None:
            return [(e.draft("copy", (member, reading.copy), shape, node), s)]
        return [(e.draft("param", (member,), shape, node), s)]
    if reading.group:
        raise e.unsupported(f"{reading.name} stands for several parameters; take one of them", node)
    return marked(e, [(leaf, at) for leaf, at in _leaf(e, reading, node, s)], reading, node)


def _leaf(e: Elaborator, reading: Reading, node: sx.Node, s: Solution) -> list[Alt]:
    declared = reading.declared
    assert declared is not None
    if reading.index is not None:
        draft = e.draft("elem", (declared.name, reading.index), declared.shape, node)
        if reading.stepped:
            e.note(draft, "step", e.text(node), str(reading.index))
    elif reading.copy is not None:
        draft = e.draft("copy", (declared.name, reading.copy), declared.shape, node)
    else:
        draft = e.draft("param", (declared.name,), declared.shape, node)
    return entry_of(e, draft, reading.entries, s, node) if reading.entries else [(draft, s)]


def entry_of(
    e: Elaborator, draft: Draft, entries: tuple[Expr, ...], s: Solution, node: sx.Node
) -> list[Alt]:
    """The entry of a draft; a bound index learns what it runs over."""
    rows, cols = s.shape(draft.shape)
    pair = (
        entries
        if len(entries) == 2
        else (Integer(1), entries[0])
        if rows == ONE
        else (entries[0], Integer(1))
    )
    if len(entries) == 1 and ONE not in (rows, cols):
        e.misfit(f"{e.text(draft)} is {e.show(draft.shape, s)}: an entry needs two indices", node)
        return []
    for expr, size in zip(pair, (rows, cols), strict=True):
        bound = e.bound_index(expr)
        if bound is not None:
            bound.used = True
            solution = s.unify(bound.top, size, node.at)
            s = solution if solution is not None else s
        if expr.is_Integer and (expr < 1 or (size == ONE and expr > 1)):
            e.misfit(f"{e.text(draft)} is {e.show(draft.shape, s)} and has no entry {expr}", node)
            return []
    if rows == ONE and cols != ONE:  # of a row, an entry of the column, as sums of entries expect
        column = e.draft("transposed", (draft,), (cols, rows), node)
        return [(e.draft("entry", (column, pair[1], pair[0]), SCALAR, node), s)]
    return [(e.draft("entry", (draft, *pair), SCALAR, node), s)]


def _bare_function(e: Elaborator, reading: Reading, node: sx.Node, s: Solution) -> list[Alt]:
    """\\sigma' without an argument: taken at the argument that \\sigma has in the model."""
    function = reading.function
    assert function is not None
    arguments = e.scope.arguments.get(function.core, ())
    if function.kind != "map" or len(arguments) != 1:
        hint = f"write {e.text(node)}(a) with its argument"
        raise e.fail(f"{e.text(node)} is a function without an argument", node, hint)
    argument, index = _at_bound(e, arguments[0])
    inner = lifted(e, argument, node)
    draft = e.draft("map", (function.core, reading.primes, inner), inner.shape, node)
    e.note(draft, "elided", e.text(node), index)
    return marked(e, [(draft, s)], reading, node)


def _at_bound(e: Elaborator, term: Term) -> tuple[Term, str]:
    """The argument at the step that the innermost sum or product runs over, else at the model's."""
    time = index_symbol(e.scope.step)
    names = [b.name for b in e.bound if not b.used]
    if time not in term.free_symbols or not names or time.name in names:
        return term, time.name if time in term.free_symbols else ""
    return substitute(term, {time: index_symbol(names[-1])}), names[-1]


def lifted(e: Elaborator, term: Term, node: sx.Node) -> Draft:
    """A finished term as a draft."""
    return e.draft("term", (term,), (dim_of(term.shape[0]), dim_of(term.shape[1])), node)


def _special(e: Elaborator, node: sx.Node, s: Solution) -> list[Alt] | None:
    """I, bold 0 and 1, e^x, an index used as a number."""
    symbol = sx.base_of(node)
    assert isinstance(symbol, sx.Sym)
    scripted = node if isinstance(node, sx.Scripted) else sx.Scripted(node.at, node.end, symbol)
    if symbol.base == "e" and scripted.sups and not scripted.subs:
        inner = e.alts(scripted.sups[0], s)
        return [(e.draft("map", ("exp", 0, a), a.shape, node), at) for a, at in inner]
    at = unit_index(scripted)
    if at is not None:
        unit, bound = e.draft("unit", (at,), (unknown(), ONE), node), e.bound_index(at)
        if bound is not None:
            bound.used = True
            s = s.unify(bound.top, unit.shape[0], node.at) or s
        e.note(unit, "unit", e.text(node), str(at))
        return marked(e, [(unit, s)], Reading("", marks=scripted.sups), node)
    facts = kronecker(symbol, scripted)
    if facts:
        one = e.draft("const", (Integer(1),), SCALAR, node)
        return [(e.draft("when", (one, *facts), SCALAR, node), s)]
    if symbol.base in ("I", r"\ones", r"\zeros") and len(scripted.subs) <= 1:
        return _constant(e, symbol, scripted, s)
    if isinstance(node, sx.Sym):
        expr = index_expr(node)
        names = {b.name for b in e.bound}
        known = node.base in names or node.base in e.scope.numbers or e.scope.is_index(node.base)
        if expr is not None and known:
            return [(e.draft("const", (expr,), SCALAR, node), s)]
    return None


def unit_index(node: sx.Node) -> Expr | None:
    """The index i of e_i, which is a unit vector where e has no other meaning; else None."""
    if not isinstance(node, sx.Scripted) or len(node.subs) != 1 or node.primes:
        return None
    named = isinstance(node.base, sx.Sym) and node.base.base == "e"
    return index_expr(node.subs[0]) if named else None


def kronecker(symbol: sx.Sym, node: sx.Scripted) -> tuple[Expr, ...]:
    """The facts i = j of \\delta_{ij} and of a one with that condition below; none otherwise."""
    if len(node.subs) != 1 or node.sups or node.primes:
        return ()
    below = node.subs[0]
    if symbol.base == r"\delta":
        pair = entry_exprs(script_items(node, frozenset()), 2)
    elif symbol.base in (r"\ones", r"\I") and isinstance(below, sx.Relation):
        pair = [x for x in map(index_expr, below.sides) if x is not None]
        if below.ops != ("=",):
            return ()
    else:
        return ()
    if pair is None or len(pair) != 2 or pair[0] == pair[1]:
        return ()
    return (pair[0] - pair[1]).expand(), (pair[1] - pair[0]).expand()


def _constant(e: Elaborator, symbol: sx.Sym, node: sx.Scripted, s: Solution) -> list[Alt]:
    sizes = [size_of(e, part) for part in size_parts(node.subs[0])] if node.subs else []
    if symbol.base == "I":
        side = sizes[0] if sizes else unknown()
        drafts = [e.draft("identity", (), (side, side), node)]
    else:
        op = "ones" if symbol.base == r"\ones" else "zero"
        rows = sizes[0] if sizes else unknown()
        cols = sizes[1] if len(sizes) > 1 else ONE
        drafts = [e.draft(op, (), (rows, cols), node)]
        if op == "zero" and not sizes:
            drafts.append(e.draft(op, (), (unknown(), unknown()), node))
    return marked(
        e, [(d, s) for d in drafts], Reading("", marks=node.sups, primes=node.primes), node
    )


def size_parts(node: sx.Node) -> tuple[sx.Node, ...]:
    if isinstance(node, sx.Product) and r"\times" in node.ops and len(node.factors) == 2:
        return node.factors
    return node.items if isinstance(node, sx.Listing) else (node,)


def size_of(e: Elaborator, node: sx.Node) -> Dim:
    """A formula as a size: n, 2n, n+p, d_x."""
    if isinstance(node, sx.Sym | sx.Scripted):
        base = sx.base_of(node)
        if isinstance(base, sx.Sym) and not isinstance(index_expr(node), Integer):
            return rigid(script_text(node))
    if isinstance(node, sx.Sum | sx.Product):
        return _size_expr(e, node)
    expr = index_expr(node)
    if expr is None or (expr.is_Integer and expr < 1):
        raise e.fail(f"{e.text(node)} is not a size", node, "a size is a name such as n, or n+p")
    return dim_of(expr)


def _size_expr(e: Elaborator, node: sx.Sum | sx.Product) -> Dim:
    parts = node.terms if isinstance(node, sx.Sum) else node.factors
    if isinstance(node, sx.Sum) and set(node.signs) != {"+"}:
        raise e.fail(f"{e.text(node)} is not a size", node)
    dims = [size_of(e, p) for p in parts]
    out = dims[0]
    for dim in dims[1:]:
        out = add(out, dim) if isinstance(node, sx.Sum) else multiply(out, dim)
    return out


def _scripted(e: Elaborator, node: sx.Scripted, s: Solution) -> list[Alt]:
    """Scripts on a symbol, or on anything else: entries below, powers above."""
    if is_one(node.base) and len(node.subs) == 1 and not node.sups:
        found = indicator(node.subs[0], e.scope, node.at)
        if found is not None:
            return e.alts(found, s)
    if isinstance(node.base, sx.Sym):
        return _symbol(e, node, s)
    if isinstance(node.base, sx.Num) and node.subs and node.base.value in (0, 1):
        base = r"\zeros" if node.base.value == 0 else r"\ones"
        symbol = sx.Sym(node.at, node.base.end, base)
        special = _special(e, sx.Scripted(node.at, node.end, symbol, node.subs, node.sups), s)
        return special if special is not None else []
    if isinstance(node.base, sx.Norm):
        return scripted_norm(e, node, s)
    if isinstance(node.base, sx.Brackets) and (node.base.open, node.base.close) == (".", "|"):
        return _held(e, node, s)
    return scripts_on(e, e.alts(node.base, s), node)


def _held(e: Elaborator, node: sx.Scripted, s: Solution) -> list[Alt]:
    """A derivative with a bar that says which elements it holds, the immediate one; ``|_{(t)}``
    says that it is by the copy of a parameter used at step t."""
    assert isinstance(node.base, sx.Brackets)
    inner, held = node.base.only, node.subs[0] if len(node.subs) == 1 and not node.sups else None
    if isinstance(inner, sx.Derivative) and isinstance(held, sx.Brackets) and held.open == "(":
        by = sx.Product(inner.x.at, held.end, (inner.x, held), ("",))
        return e.alts(replace(inner, x=by), s)
    items = held.items if isinstance(held, sx.Listing) else (held,)
    readings = [resolve(x, e.scope) if x is not None else None for x in items]
    elements = all(r is not None and r.index is not None for r in readings)
    if not isinstance(inner, sx.Derivative) or not elements:
        hint = "the bar may say which elements are held: |_{h_{t-1}}"
        raise e.unsupported(f"{e.text(node)} is not understood", node, hint)
    found = e.alts(replace(inner, mark="+"), s)
    for draft, _ in found:
        e.note(draft, "immediate", e.text(node))
    return found


def scripts_on(e: Elaborator, found: list[Alt], node: sx.Scripted) -> list[Alt]:
    """The scripts of a node applied to readings of its base."""
    if node.subs:
        items = script_items(sx.Scripted(node.at, node.end, node.base, node.subs), frozenset())
        entered: list[Alt] = []
        for d, s in found:
            exprs = entry_exprs(items, 1 if s.resolve(d.shape[1]) == ONE else 2)
            if exprs is None or len(exprs) > 2:
                raise e.fail(f"the subscript {items[0].text} is not an entry", items[0].node)
            entered += entry_of(e, d, tuple(exprs), s, node)
        found = entered
    return marked(e, found, Reading("", marks=node.sups, primes=node.primes), node)


Elaborator.handlers.update({sx.Num: _num, sx.Sym: _symbol, sx.Scripted: _scripted})
