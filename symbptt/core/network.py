"""Entries of a term as a polynomial of index networks: the first half of the canonical form.

``entries(A, i, j)`` writes A_{ij} as a sum of monomials. A monomial is a product of atoms (leaves
and opaque nodes) whose axes are attached to *vertices*; a vertex that is not free is summed over.
Matrix product, Hadamard product, diag, transposition, trace, Kronecker product and vec all become
attachments of atoms to shared vertices, so terms that differ only by such algebra give isomorphic
networks (the index notation of tensor calculus; cf. Laue, Mitterreiter, Giesen, Computing Higher
Order Derivatives of Matrix and Tensor Expressions, NeurIPS 2018, section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from sympy import Expr, Integer, binomial

from . import norms, powers, units
from . import terms as tm
from .errors import NotSupported
from .functions import known
from .indices import linear
from .monomials import UNIT, Atom, Axis, Monomial, Pin, Poly, Vertices, multiply
from .terms import ONE, Term
from .traverse import nodes_of, substitute

MAX_WRITTEN_OUT = 12  # sums and products over at most so many indices are written out
Rule = Callable[[Any, Axis, Axis, Vertices], Poly]


def entries(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    """The polynomial of the entry (i, j) of the term."""
    try:
        rule = _RULES[type(term)]
    except KeyError:
        raise NotSupported(f"no index form for {type(term).__name__}: {term}") from None
    return rule(term, i, j, v)


def _link(*parts: Any) -> Poly:
    return [Monomial(Integer(1), links=(parts,))]


def _vertex(dim: Expr, v: Vertices) -> Axis:
    return None if dim is ONE else v.new(dim)


def _leaf(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    head = (type(term).__name__, *term.args)
    return [Monomial(Integer(1), (Atom(head, (), tuple(a for a in (i, j) if a is not None)),))]


def _plus(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    return [m for t in term.args for m in entries(t, i, j, v)]


def _hadamard(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    out = UNIT
    for factor in term.args:
        out = multiply(out, entries(factor, i, j, v))
    return out


def _times(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    out, left = UNIT, i
    for factor in term.args[:-1]:
        right = _vertex(factor.shape[1], v)
        out = multiply(out, entries(factor, left, right, v))
        if isinstance(right, int):
            out = [m._replace(summed=(*m.summed, right)) for m in out]
        left = right
    return multiply(out, entries(term.args[-1], left, j, v))


def _scale(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    return multiply(entries(term.args[0], None, None, v), entries(term.args[1], i, j, v))


def _const(term: tm.Const, i: Axis, j: Axis, v: Vertices) -> Poly:
    """A number is a coefficient, but 1/e of a symbolic e is an atom: e may be zero."""
    if not term.value.free_symbols:
        return [Monomial(term.value)] if term.value != 0 else []
    out: Poly = []
    for part in term.value.expand().as_ordered_terms():
        coefficient, atoms = Integer(1), []
        for base, exponent in part.as_powers_dict().items():
            if base.free_symbols and exponent < 0:
                atoms += [Atom(("Reciprocal", base), (), ())] * int(-exponent)
            else:
                coefficient *= base**exponent
        out.append(Monomial(coefficient, tuple(atoms)))
    return out


def _identity(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    return UNIT if i is None else _link("eq", i, j)


def _diag(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    body = entries(term.args[0], i, None, v)
    return body if i is None else multiply(_link("eq", i, j), body)


def _trace(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    k = _vertex(term.args[0].shape[0], v)
    body = entries(term.args[0], k, k, v)
    return [m._replace(summed=(*m.summed, k)) for m in body] if isinstance(k, int) else body


def _entry(term: tm.Entry, i: Axis, j: Axis, v: Vertices) -> Poly:
    """A_{ij} with the conditions that i and j are in range: outside it is zero."""
    inner, limits = term.args[0], _limits(term)
    row = None if inner.shape[0] == ONE else Pin(term.row)
    col = None if inner.shape[1] == ONE else Pin(term.col)
    return [m._replace(constraints=m.constraints + limits) for m in entries(inner, row, col, v)]


def _unit(term: units.Unit, i: Axis, j: Axis, v: Vertices) -> Poly:
    """One at row i where that is the unit vector's index, which must be in range."""
    limits = (term.index - 1, term.shape[0] - term.index)
    links = UNIT if i is None else _link("eq", i, Pin(term.index))
    return [m._replace(constraints=m.constraints + limits) for m in links]


def _limits(term: tm.Entry) -> tuple[Expr, ...]:
    """What an entry's indices must satisfy; the first row and column always exist."""
    sides = zip((term.row, term.col), term.args[0].shape, strict=True)
    return tuple(c for at, size in sides if at != ONE for c in (at - 1, size - at))


def _sum(term: tm.SumOver, i: Axis, j: Axis, v: Vertices) -> Poly:
    const, rest = linear(term.hi - term.lo + 1)
    if not rest and const <= MAX_WRITTEN_OUT and not _sums_entries(term):
        return [m for s in range(const) for m in entries(term.instance(term.lo + s), i, j, v)]
    index = v.index()
    body = substitute(term.body, {term.bound: index})
    facts = (index - term.lo, term.hi - index)
    return [
        m._replace(bound=(*m.bound, index), constraints=m.constraints + facts)
        for m in entries(body, i, j, v)
    ]


def _sums_entries(term: tm.SumOver) -> bool:
    """Whether the index picks entries: such a sum may be a contraction, also of known size."""
    picks = nodes_of(term.body, tm.Entry, units.Unit)
    return any(term.bound in a.free_symbols for _, e in picks for a in e.args[1:])


def _when(term: tm.When, i: Axis, j: Axis, v: Vertices) -> Poly:
    return [
        m._replace(constraints=m.constraints + term.conditions)
        for m in entries(term.args[0], i, j, v)
    ]


def _split(p: Axis, slow: Axis, fast: Axis, sizes: tuple[Expr, Expr]) -> Poly:
    if slow is None or fast is None:
        other = fast if slow is None else slow
        return UNIT if other is None else _link("eq", p, other)
    if isinstance(p, Pin):
        raise NotSupported("an entry of a vec or Kronecker product has no index form")
    return _link("split", p, sizes, (slow, fast))


def _summed(poly: Poly, *axes: Axis) -> Poly:
    """Marks axes as summed: they are determined by links, so the sum selects one value."""
    new = tuple(a for a in axes if isinstance(a, int))
    return [m._replace(summed=m.summed + new) for m in poly]


def _vec(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    inner = term.args[0]
    row, col = _vertex(inner.shape[0], v), _vertex(inner.shape[1], v)
    split = _split(i, col, row, (inner.shape[1], inner.shape[0]))
    return _summed(multiply(split, entries(inner, row, col, v)), row, col)


def _unvec(term: tm.Unvec, i: Axis, j: Axis, v: Vertices) -> Poly:
    if isinstance(i, Pin) or isinstance(j, Pin):
        raise NotSupported("an entry of a reshaped column has no index form")
    p = _vertex(term.args[0].shape[0], v)
    split = _split(p, j, i, (term.shape[1], term.shape[0]))
    return _summed(multiply(split, entries(term.args[0], p, None, v)), p)


def _kron(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    a, b = term.args
    axes = [_vertex(s, v) for s in (*a.shape, *b.shape)]
    rows = _split(i, axes[0], axes[2], (a.shape[0], b.shape[0]))
    links = multiply(rows, _split(j, axes[1], axes[3], (a.shape[1], b.shape[1])))
    body = multiply(entries(a, axes[0], axes[1], v), entries(b, axes[2], axes[3], v))
    return _summed(multiply(links, body), *axes)


def _block(term: tm.Block, i: Axis, j: Axis, v: Vertices) -> Poly:
    m, n = term.grid
    heights = tuple(term.block(r, 0).shape[0] for r in range(m))
    widths = tuple(term.block(0, c).shape[1] for c in range(n))
    out: Poly = []
    for r in range(m):
        for c in range(n):
            row, col = i, j
            links = UNIT
            if m > 1:
                row = v.new(heights[r])
                links = multiply(links, _part(i, heights, r, row))
            if n > 1:
                col = v.new(widths[c])
                links = multiply(links, _part(j, widths, c, col))
            out += _part_entries(term.block(r, c), links, row, col, v)
    return out


def _part_entries(block: Term, links: Poly, row: Axis, col: Axis, v: Vertices) -> Poly:
    # a part of length one keeps its vertex in the link but has no axis of its own
    inner_row = None if block.shape[0] == ONE else row
    inner_col = None if block.shape[1] == ONE else col
    return _summed(multiply(links, entries(block, inner_row, inner_col, v)), row, col)


def _part(p: Axis, sizes: tuple[Expr, ...], r: int, inner: Axis) -> Poly:
    if not isinstance(p, int):
        raise NotSupported("an entry of a block matrix has no index form")
    return _link("part", p, sizes, r, inner)


def _map(term: tm.Map, i: Axis, j: Axis, v: Vertices) -> Poly:
    row = known(term.fname)
    if row is not None and row.name == "identity":
        return entries(term.arg, i, j, v) if term.order == 0 else (UNIT if term.order == 1 else [])
    if row is not None and term.order > 0 and row.derivative is not None:
        out: Poly = []
        for coefficient, factors in row.derivative:
            product: Poly = [Monomial(Integer(coefficient))]
            for name in factors:
                part = term.arg if name == "x" else tm.Map(name, 0, term.arg)
                product = multiply(product, entries(part, i, j, v))
            out += product
        if term.order == 1:
            return out
        raise NotSupported(f"the derivative of order {term.order} of {term.fname}")
    name, arg = row.name if row else term.fname, term.arg
    while isinstance(arg, tm.Transposed) and arg.is_scalar:
        arg = arg.args[0]
    if isinstance(arg, tm.Entry):
        return _map_of_entry(name, term.order, arg, v)
    return _opaque(("Map", name, term.order), (arg,), i, j)


def _map_of_entry(name: str, order: int, arg: tm.Entry, v: Vertices) -> Poly:
    """f(x_i) = f(x)_i where i is in range, and f(0) outside."""
    zero = Atom(("Map", name, order), (tm.Zero(1, 1),), ())
    return _outside(tm.Map(name, order, arg.args[0]), arg, zero, v)


def _outside(term: Term, arg: tm.Entry, zero: Atom, v: Vertices) -> Poly:
    """The entry of the term where that of ``arg`` is in range, and ``zero`` where it is not."""
    out = _entry(tm.Entry(term, *arg.args[1:]), None, None, v)
    limits = _limits(arg)
    for number, limit in enumerate(limits):
        out.append(Monomial(Integer(1), (zero,), constraints=(*limits[:number], -limit - 1)))
    return out


def _opaque(head: tuple[Any, ...], inner: tuple[Term, ...], i: Axis, j: Axis) -> Poly:
    return [Monomial(Integer(1), (Atom(head, inner, tuple(a for a in (i, j) if a is not None)),))]


def _node(term: Term, i: Axis, j: Axis, v: Vertices) -> Poly:
    data = tuple(a for a in term.args if not isinstance(a, Term))
    return _opaque((type(term).__name__, *data), term.children, i, j)


def _norm(term: norms.Norm, i: Axis, j: Axis, v: Vertices) -> Poly:
    """Every norm of a scalar is its absolute value."""
    inner = term.args[0]
    return _node(norms.Norm(inner) if inner.is_scalar else term, i, j, v)


def _radius(term: powers.Radius, i: Axis, j: Axis, v: Vertices) -> Poly:
    """Of a scalar its absolute value."""
    inner = term.args[0]
    return _norm(norms.Norm(inner), i, j, v) if inner.is_scalar else _node(term, i, j, v)


def _det(term: powers.Det, i: Axis, j: Axis, v: Vertices) -> Poly:
    """Of a scalar that scalar."""
    inner = term.args[0]
    return entries(inner, i, j, v) if inner.is_scalar else _node(term, i, j, v)


def _sup(term: norms.Sup, i: Axis, j: Axis, v: Vertices) -> Poly:
    row = known(term.fname)
    return _opaque(("Sup", row.name if row else term.fname, term.order), (), i, j)


def _power(term: tm.Power, i: Axis, j: Axis, v: Vertices) -> Poly:
    """M^k; of a diagonal matrix diag(u^k), of an entry an entry of a power."""
    k, base = term.exponent, term.args[0]
    if k.is_Integer and 0 <= k <= 8:
        factors = (term.args[0],) * int(k)
        product = tm.Times(*factors) if factors else tm.Identity(term.shape[0])
        return entries(product, i, j, v)
    if isinstance(base, tm.Diag):
        return _diag(tm.Diag(powers.EntrywisePower(base.args[0], k)), i, j, v)
    if isinstance(base, tm.Entry):
        return _power_of_entry(base, k, v)
    return _node(term, i, j, v)


def _power_of_entry(base: tm.Entry, k: Expr, v: Vertices) -> Poly:
    """(x_i)^k = (x^k)_i where i is in range, and 0^k outside."""
    power = powers.EntrywisePower(base.args[0], k)
    return _outside(power, base, Atom(("Power", k), (tm.Zero(1, 1),), ()), v)


def _entrywise_power(term: powers.EntrywisePower, i: Axis, j: Axis, v: Vertices) -> Poly:
    k, base = term.exponent, term.args[0]
    if term.is_scalar:
        return _power(tm.Power(base, k), i, j, v)
    if k.is_Integer and 0 <= k <= 8:
        out = UNIT
        for _ in range(int(k)):
            out = multiply(out, entries(base, i, j, v))
        return out
    return _node(term, i, j, v)


def _binomial(term: powers.Binomial, i: Axis, j: Axis, v: Vertices) -> Poly:
    """A polynomial in n where the lower index is a small number."""
    n, k = term.args
    if k.is_Integer and k <= 4:
        value = prod(((n - s) / (s + 1) for s in range(int(k))), start=ONE) if k >= 0 else 0
        return _const(tm.Const(value), i, j, v)
    if n.is_Integer and k.is_Integer:
        return _const(tm.Const(binomial(n, k)), i, j, v)
    return _node(term, i, j, v)


def _product(term: tm.OrderedProduct, i: Axis, j: Axis, v: Vertices) -> Poly:
    const, rest = linear(term.hi - term.lo + 1)
    if not rest and const <= MAX_WRITTEN_OUT:
        factors = [term.instance(term.hi - s) for s in range(max(const, 0))]
        return entries(tm.Times(*factors) if factors else tm.Identity(term.shape[0]), i, j, v)
    return _opaque(("OrderedProduct",), (term,), i, j)


_RULES: dict[type, Rule] = {
    tm.Param: _leaf, tm.Elem: _leaf, tm.Meta: _leaf, tm.Const: _const,
    tm.Zero: lambda t, i, j, v: [], tm.Ones: lambda t, i, j, v: UNIT, tm.Identity: _identity,
    tm.Plus: _plus, tm.Hadamard: _hadamard, tm.Times: _times, tm.Scale: _scale,
    tm.Transposed: lambda t, i, j, v: entries(t.args[0], j, i, v), tm.Diag: _diag,
    tm.Trace: _trace, tm.Entry: _entry, tm.SumOver: _sum, tm.When: _when, tm.Vec: _vec,
    tm.Unvec: _unvec, tm.Kron: _kron, tm.Block: _block, tm.Map: _map, tm.Power: _power,
    tm.OrderedProduct: _product, tm.Softmax: _node, tm.Func: _node, tm.Inverse: _node,
    tm.D: _node, tm.Shock: _node, tm.Partial: _node, tm.Gradient: _node,
    norms.Norm: _norm, norms.Min: _node, norms.Max: _node, norms.Sup: _sup,
    powers.EntrywisePower: _entrywise_power, powers.Binomial: _binomial, powers.Radius: _radius,
    powers.Det: _det,
    units.Unit: _unit,
}  # fmt: skip
