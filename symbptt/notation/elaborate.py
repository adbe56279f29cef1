"""Syntax to drafts: every formula gets its possible typed readings, the preferred one first.

A reading is a draft and a solution for unknown sizes. Where notation leaves a choice (row or
column for \\partial L/\\partial h, which product a juxtaposition is, how elementwise products group),
all readings that fit are kept and the context picks the first that fits it. Readings of equal
shape are not distinguished, so the number stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sympy import Expr, Integer, Rational

from ..core.errors import NotSupported, ReadError, ShapeError
from . import syntax as sx
from .dims import ONE, SCALAR, Dim, Shape, Solution, rigid, unknown
from .draft import Draft
from .names import Reading, resolve
from .scope import NOT_YET, Scope
from .scripts import index_expr, script_text
from .source import Source

Alt = tuple[Draft, Solution]
Handler = Callable[["Elaborator", sx.Node, Solution], list[Alt]]

_MAX_ALTERNATIVES = 12
_MAX_STEPS = 200_000
_MAX_EXPONENT = 400
_MAX_TERMS = 300


@dataclass
class Bound:
    """An index bound by a sum: ``top`` is unified with the number of entries that it runs over."""

    name: str
    top: Dim
    used: bool = False


class Elaborator:
    """Elaborates formulas of one source in one scope."""

    handlers: dict[type[sx.Node], Handler] = {}

    def __init__(self, scope: Scope, source: Source) -> None:
        self.scope, self.source = scope, source
        self.bound: list[Bound] = []
        self.clashes: list[ShapeError] = []
        self.steps = 0

    # ------------------------------------------------------------ errors

    def fail(self, message: str, node: sx.Node, hint: str = "") -> ReadError:
        return self.source.fail(message, node.at, hint)

    def unsupported(self, message: str, node: sx.Node, hint: str = "") -> NotSupported:
        return NotSupported(message, self.source.where(node.at), hint)

    def text(self, node: sx.Node | Draft) -> str:
        """The source text of a node."""
        return self.source.slice(node.at, node.end)

    def unknown_name(self, node: sx.Node) -> ReadError:
        """The error for a name that is not in scope."""
        name = script_text(node)
        base = sx.base_of(node)
        if isinstance(base, sx.Sym) and base.base in NOT_YET:
            return self.fail(f"{base.base} is not understood here yet", node)
        if script_text(base) in self.scope.sequences:
            what = script_text(base)
            return self.fail(
                f"{what} is a sequence, and {self.text(node)} is none of its elements", node,
                f"write {what}_t for the element at time t",
            )  # fmt: skip
        return self.fail(f"there is no {name} in this model", node, self.scope.closest(name))

    def show(self, shape: Shape, s: Solution) -> str:
        """A shape for a message; sizes still unknown show as ?."""
        sides = (str(s.expr(d)) for d in shape)
        return " x ".join("?" if "?" in side else side for side in sides)

    def why(self, draft: Draft, s: Solution) -> str:
        """Where the shape of a draft comes from."""
        if draft.op in ("param", "elem"):
            table = self.scope.params if draft.op == "param" else self.scope.sequences
            declared = table.get(draft.args[0])
            if declared is not None and declared.where is not None and declared.given:
                return f"declared at {declared.where.line}:{declared.where.column}"
            origins = [s.origin(d) for d in draft.shape]
            known = [o for o in origins if o is not None]
            if known:
                where = self.source.where(known[-1])
                return f"from its use at {where.line}:{where.column}"
        where = self.source.where(draft.at)
        return f"at {where.line}:{where.column}"

    def clash(self, verb: str, a: Draft, b: Draft, s: Solution) -> None:
        """Notes that two drafts do not fit; reported if no other reading does."""
        (left, right), (first, second) = (
            [f(d) for d in (a, b)] for f in (self.text, lambda d: self.show(d.shape, s))
        )
        self.clashes.append(
            ShapeError(
                f"cannot {verb} {left} and {right}: {left} is {first} ({self.why(a, s)}), "
                f"{right} is {second} ({self.why(b, s)})",
                self.source.where(b.at),
            )
        )

    def misfit(self, message: str, node: sx.Node | Draft) -> None:
        """Notes a shape that an operation does not take."""
        self.clashes.append(ShapeError(message, self.source.where(node.at)))

    def first_clash(self, node: sx.Node) -> ShapeError:
        """The error to report when nothing fits."""
        if self.clashes:
            return self.clashes[0]
        return ShapeError(f"the shapes in {self.text(node)} do not fit", self.source.where(node.at))

    # ------------------------------------------------------------ readings

    def alts(self, node: sx.Node, s: Solution) -> list[Alt]:
        """The readings of a formula, best first; empty where shapes clash."""
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise self.fail("the formula has too many possible readings", node)
        handler = self.handlers.get(type(node))
        if handler is None:
            raise self.unsupported(f"{self.text(node)} is not understood here yet", node)
        mark = len(self.clashes)
        found = distinct(handler(self, node, s))
        del self.clashes[mark if found else mark + 1 :]
        return found

    def draft(self, op: str, args: Iterable[object], shape: Shape, node: sx.Node | Draft) -> Draft:
        return Draft(op, tuple(args), shape, node.at, node.end)

    @contextmanager
    def binding(self, names: Iterable[str]) -> Iterator[list[Bound]]:
        """The names as bound indices."""
        new = [Bound(name, unknown()) for name in names]
        self.bound.extend(new)
        yield new
        del self.bound[len(self.bound) - len(new) :]

    def bound_index(self, expr: Expr) -> Bound | None:
        """The bound index that an expression is, if it is just one."""
        if expr.is_Symbol:
            for bound in reversed(self.bound):
                if bound.name == expr.name:
                    return bound
        return None


def distinct(found: list[Alt]) -> list[Alt]:
    """The readings with different shapes or solutions, in order."""
    if len(found) < 2:
        return found
    out: dict[object, Alt] = {}
    for draft, s in found:
        key = (s.shape(draft.shape), tuple(sorted(s.values.items())))
        out.setdefault(key, (draft, s))
    return list(out.values())[:_MAX_ALTERNATIVES]


# ---------------------------------------------------------------- leaves


def number(e: Elaborator, value: Rational, node: sx.Node) -> Draft:
    return e.draft("const", (value,), SCALAR, node)


def _num(e: Elaborator, node: sx.Num, s: Solution) -> list[Alt]:
    return [(number(e, Rational(node.value.numerator, node.value.denominator), node), s)]


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
    if reading.group:
        raise e.unsupported(f"{reading.name} stands for several parameters; take one of them", node)
    return marked(e, [(leaf, at) for leaf, at in _leaf(e, reading, node, s)], reading, node)


def _leaf(e: Elaborator, reading: Reading, node: sx.Node, s: Solution) -> list[Alt]:
    declared = reading.declared
    assert declared is not None
    if reading.index is not None:
        draft = e.draft("elem", (declared.name, reading.index), declared.shape, node)
    else:
        draft = e.draft("param", (declared.name,), declared.shape, node)
    return entry_of(e, draft, reading.entries, s, node) if reading.entries else [(draft, s)]


def entry_of(
    e: Elaborator, draft: Draft, entries: tuple[Expr, ...], s: Solution, node: sx.Node
) -> list[Alt]:
    """The entry of a draft; a bound index learns what it runs over."""
    rows, cols = s.shape(draft.shape)
    pair = entries if len(entries) == 2 else (Integer(1), entries[0]) if rows == ONE else (entries[0], Integer(1))
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
    return [(e.draft("entry", (draft, *pair), SCALAR, node), s)]


def _bare_function(e: Elaborator, reading: Reading, node: sx.Node, s: Solution) -> list[Alt]:
    """\\sigma' without an argument: taken at the argument that \\sigma has in the model."""
    function = reading.function
    assert function is not None
    arguments = e.scope.arguments.get(function.core, ())
    if function.kind != "map" or len(arguments) != 1:
        hint = f"write {e.text(node)}(a) with its argument"
        raise e.fail(f"{e.text(node)} is a function without an argument", node, hint)
    from .calls import lifted  # calls imports this module

    inner = lifted(e, arguments[0], node)
    draft = e.draft("map", (function.core, reading.primes, inner), inner.shape, node)
    return marked(e, [(draft, s)], reading, node)


def _special(e: Elaborator, node: sx.Node, s: Solution) -> list[Alt] | None:
    """I, bold 0 and 1, e^x, an index used as a number."""
    symbol = sx.base_of(node)
    assert isinstance(symbol, sx.Sym)
    scripted = node if isinstance(node, sx.Scripted) else sx.Scripted(node.at, node.end, symbol)
    if symbol.base == "e" and scripted.sups and not scripted.subs:
        inner = e.alts(scripted.sups[0], s)
        return [(e.draft("map", ("exp", 0, a), a.shape, node), at) for a, at in inner]
    if symbol.base in ("I", r"\ones", r"\zeros") and len(scripted.subs) <= 1:
        return _constant(e, symbol, scripted, s)
    if isinstance(node, sx.Sym):
        expr = index_expr(node)
        names = {b.name for b in e.bound}
        if expr is not None and (node.base in names or e.scope.is_index(node.base)):
            return [(e.draft("const", (expr,), SCALAR, node), s)]
    return None


def _constant(e: Elaborator, symbol: sx.Sym, node: sx.Scripted, s: Solution) -> list[Alt]:
    sizes = [size_of(e, part) for part in _size_parts(node.subs[0])] if node.subs else []
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
    return marked(e, [(d, s) for d in drafts], Reading("", marks=node.sups, primes=node.primes), node)


def _size_parts(node: sx.Node) -> tuple[sx.Node, ...]:
    if isinstance(node, sx.Product) and r"\times" in node.ops and len(node.factors) == 2:
        return node.factors
    return node.items if isinstance(node, sx.Listing) else (node,)


def size_of(e: Elaborator, node: sx.Node) -> Dim:
    """A formula as a size: n, 2n, n+p, d_x."""
    from .scope import dim_of

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
    from .dims import add, multiply

    parts = node.terms if isinstance(node, sx.Sum) else node.factors
    if isinstance(node, sx.Sum) and set(node.signs) != {"+"}:
        raise e.fail(f"{e.text(node)} is not a size", node)
    dims = [size_of(e, p) for p in parts]
    out = dims[0]
    for dim in dims[1:]:
        out = add(out, dim) if isinstance(node, sx.Sum) else multiply(out, dim)
    return out


# ---------------------------------------------------------------- superscripts


def marked(e: Elaborator, found: list[Alt], reading: Reading, node: sx.Node) -> list[Alt]:
    """Transposes, inverses and powers applied in order; a prime left over is a transpose."""
    for mark in reading.marks:
        found = [x for d, s in found for x in superscript(e, d, mark, s, node)]
    if reading.primes % 2 and reading.function is None:
        found = [(transposed(e, d, node), s) for d, s in found]
    return found


def transposed(e: Elaborator, d: Draft, node: sx.Node) -> Draft:
    return e.draft("transposed", (d,), (d.shape[1], d.shape[0]), node)


def superscript(e: Elaborator, d: Draft, mark: sx.Node, s: Solution, node: sx.Node) -> list[Alt]:
    """One superscript on a draft."""
    if isinstance(mark, sx.Sym) and mark.base in ("T", r"\top", r"\intercal"):
        return [(transposed(e, d, node), s)]
    if isinstance(mark, sx.Sum) and mark.signs == ("-",):
        inner = mark.terms[0]
        if isinstance(inner, sx.Sym) and inner.base in ("T", r"\top"):
            return [(transposed(e, x, node), at) for x, at in _inverse(e, d, s, node)]
    entrywise = isinstance(mark, sx.Product) and isinstance(mark.factors[0], sx.Sym) and len(mark.factors) == 2
    if entrywise and mark.factors[0].base in (r"\odot", r"\circ"):  # type: ignore[union-attr]
        mark = mark.factors[1]  # type: ignore[union-attr]
    exponent = index_expr(mark)
    if exponent is None:
        if isinstance(mark, sx.Quotient) and e.text(mark).replace(" ", "") in ("1/2", r"\frac{1}{2}", r"\frac12"):
            return [(e.draft("map", ("sqrt", 0, d), d.shape, node), s)]
        problem = "too large" if isinstance(mark, sx.Num) else "not understood"
        raise e.fail(f"the exponent {e.text(mark)} is {problem}", mark)
    if exponent.is_Integer and abs(exponent) > _MAX_EXPONENT:
        raise e.fail(f"the exponent {exponent} is larger than {_MAX_EXPONENT}", mark)
    return power(e, d, exponent, s, node, bool(entrywise))


def power(
    e: Elaborator, d: Draft, k: Expr, s: Solution, node: sx.Node, entrywise: bool = False
) -> list[Alt]:
    """d^k: of a number exact, of a vector entrywise, of a square matrix repeated."""
    scalar = s.is_scalar(d.shape)
    if d.op == "const" and k.is_Integer and d.args[0].is_Rational:
        if d.args[0] == 0 and k < 0:
            raise e.fail("division by zero", node)
        return [(e.draft("const", (d.args[0] ** k,), SCALAR, node), s)]
    if k.is_Integer and k < 0:
        return [x for inv, at in _inverse(e, d, s, node) for x in power(e, inv, -k, at, node, entrywise)]
    vector = ONE in s.shape(d.shape)
    if k == 1:
        return [(d, s)]
    if (vector or entrywise) and k.is_Integer:
        if k > 12:
            raise e.fail(f"the exponent {k} of a vector is larger than 12", node)
        if k == 0:
            return [(e.draft("ones", (), d.shape, node), s)]
        return [(e.draft("hadamard", (d,) * int(k), d.shape, node), s)]
    if vector and not scalar:
        raise e.unsupported("a symbolic power of a vector is not understood yet", node)
    square = s.unify(d.shape[0], d.shape[1], node.at)
    if square is None:
        e.misfit(f"a power needs a square matrix, but {e.text(d)} is {e.show(d.shape, s)}", d)
        return []
    return [(e.draft("power", (d, k), d.shape, node), square)]


def _inverse(e: Elaborator, d: Draft, s: Solution, node: sx.Node) -> list[Alt]:
    if d.op == "const":
        return power(e, d, Integer(-1), s, node)
    if ONE in s.shape(d.shape) and not s.is_scalar(d.shape):
        return [(e.draft("map", ("recip", 0, d), d.shape, node), s)]
    square = s.unify(d.shape[0], d.shape[1], node.at)
    if square is None:
        e.misfit(f"an inverse needs a square matrix, but {e.text(d)} is {e.show(d.shape, s)}", d)
        return []
    return [(e.draft("inverse", (d,), d.shape, node), square)]


def _scripted(e: Elaborator, node: sx.Scripted, s: Solution) -> list[Alt]:
    """Scripts on a symbol, or on anything else: entries below, powers above."""
    if isinstance(node.base, sx.Sym):
        return _symbol(e, node, s)
    if isinstance(node.base, sx.Num) and node.subs and node.base.value in (0, 1):
        base = r"\zeros" if node.base.value == 0 else r"\ones"
        return _constant(e, sx.Sym(node.at, node.base.end, base), node, s)
    if isinstance(node.base, sx.Norm):
        return _norm_power(e, node, s)
    return scripts_on(e, e.alts(node.base, s), node)


def scripts_on(e: Elaborator, found: list[Alt], node: sx.Scripted) -> list[Alt]:
    """The scripts of a node applied to readings of its base."""
    from .scripts import entry_exprs, script_items

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


def _norm_power(e: Elaborator, node: sx.Scripted, s: Solution) -> list[Alt]:
    """The squared 2-norm of a column is v^T v."""
    norm = node.base
    assert isinstance(norm, sx.Norm)
    two = len(node.sups) == 1 and index_expr(node.sups[0]) == 2
    label = not node.subs or index_expr(node.subs[0]) == 2
    if not two or not label or norm.kind != "‖":
        raise e.unsupported("norms are not understood here yet, except the square of one", node)
    out: list[Alt] = []
    for d, at in e.alts(norm.body, s):
        rows, cols = at.shape(d.shape)
        if cols == ONE:
            out.append((e.draft("times", (transposed(e, d, node), d), SCALAR, node), at))
        elif rows == ONE:
            out.append((e.draft("times", (d, transposed(e, d, node)), SCALAR, node), at))
        else:
            raise e.unsupported("the norm of a matrix is not understood here yet", node)
    return out


def _norm(e: Elaborator, node: sx.Norm, s: Solution) -> list[Alt]:
    raise e.unsupported("norms are not understood here yet, except the square of one", node)


# ---------------------------------------------------------------- sums, quotients, roots


def negated(e: Elaborator, d: Draft, node: sx.Node | Draft) -> Draft:
    if d.op == "const":
        return e.draft("const", (-d.args[0],), SCALAR, node)
    if d.op == "scale" and d.args[0].op == "const":
        flipped = negated(e, d.args[0], d.args[0])
        return d.args[1] if flipped.args[0] == 1 else e.draft("scale", (flipped, d.args[1]), d.shape, node)
    minus = e.draft("const", (Integer(-1),), SCALAR, node)
    return e.draft("scale", (minus, d), d.shape, node)


def spread(e: Elaborator, d: Draft, shape: Shape) -> Draft:
    """A scalar as a matrix with that entry everywhere; 0 fits every shape."""
    if d.op == "const" and d.args[0] == 0:
        return e.draft("zero", (), shape, d)
    ones = e.draft("ones", (), shape, d)
    if d.op == "const" and d.args[0] == 1:
        return ones
    if d.op == "scale" and d.args[0].op == "const" and d.args[1].op == "ones":
        return d
    return e.draft("scale", (d, ones), shape, d)


def can_spread(d: Draft, shape: Shape, s: Solution) -> bool:
    """Whether a scalar acts entrywise there: 0 everywhere, anything else in vectors."""
    return d.is_zero or ONE in s.shape(shape)


def matched(e: Elaborator, a: Draft, b: Draft, s: Solution) -> tuple[Draft, Draft, Solution] | None:
    """Two operands brought to one shape; None if they cannot be."""
    first, second = s.is_scalar(a.shape), s.is_scalar(b.shape)
    if first and not second and can_spread(a, b.shape, s):
        return spread(e, a, b.shape), b, s
    if second and not first and can_spread(b, a.shape, s):
        return a, spread(e, b, a.shape), s
    solution = s.unify_shapes(a.shape, b.shape, b.at)
    return None if solution is None else (a, b, solution)


def _sum(e: Elaborator, node: sx.Sum, s: Solution) -> list[Alt]:
    if len(node.terms) > _MAX_TERMS:
        raise e.fail(f"a sum of more than {_MAX_TERMS} terms", node)
    states: list[tuple[list[Draft], Solution]] = [([], s)]
    for sign, term in zip(node.signs, node.terms, strict=True):
        if sign == r"\pm":
            raise e.unsupported(r"\pm is not understood", term)
        states = [x for done, at in states for x in _with_term(e, done, sign, term, at)]
        states = _distinct_states(states)
    out: list[Alt] = []
    for done, at in states:
        one = done[0] if len(done) == 1 else e.draft("plus", done, done[0].shape, node)
        out.append((one, at))
    return out


def _distinct_states(
    states: list[tuple[list[Draft], Solution]]
) -> list[tuple[list[Draft], Solution]]:
    kept = distinct([(done[0], at) for done, at in states])
    heads = {id(d) for d, _ in kept}
    return [x for x in states if id(x[0][0]) in heads] if len(kept) < len(states) else states


def _with_term(
    e: Elaborator, done: list[Draft], sign: str, term: sx.Node, s: Solution
) -> Iterator[tuple[list[Draft], Solution]]:
    for d, at in e.alts(term, s):
        d = negated(e, d, d) if sign == "-" else d
        if not done:
            yield [d], at
            continue
        fit = matched(e, done[0], d, at)
        if fit is None:
            e.clash("add" if sign == "+" else "subtract", done[-1], d, at)
            continue
        head, last, solution = fit
        if head is not done[0]:
            done = [spread(e, x, last.shape) for x in done]
        yield [*done, last], solution


def _quotient(e: Elaborator, node: sx.Quotient, s: Solution) -> list[Alt]:
    out: list[Alt] = []
    for above, s1 in e.alts(node.above, s):
        for below, s2 in e.alts(node.below, s1):
            out += divided(e, above, below, s2, node)
    return out


def divided(e: Elaborator, a: Draft, b: Draft, s: Solution, node: sx.Node) -> list[Alt]:
    """a / b: by a number exactly, by a scalar, or entry by entry."""
    if b.op == "const":
        if b.args[0] == 0:
            raise e.fail("division by zero", node)
        inverse = 1 / b.args[0]
        if a.op == "const":
            return [(e.draft("const", (a.args[0] * inverse,), SCALAR, node), s)]
        return [(e.draft("scale", (e.draft("const", (inverse,), SCALAR, b), a), a.shape, node), s)]
    recip = e.draft("map", ("recip", 0, b), b.shape, b)
    if a.op == "const" and a.args[0] == 1:
        return [(e.draft("map", ("recip", 0, b), b.shape, node), s)]
    if s.is_scalar(b.shape) or a.op == "const":
        first, second = (recip, a) if s.is_scalar(b.shape) else (a, recip)
        return [(e.draft("scale", (first, second), second.shape, node), s)]
    fit = matched(e, a, recip, s)
    if fit is None:
        e.clash("divide", a, b, s)
        return []
    return [(e.draft("hadamard", fit[:2], fit[0].shape, node), fit[2])]


def _root(e: Elaborator, node: sx.Root, s: Solution) -> list[Alt]:
    if node.degree is not None and index_expr(node.degree) != 2:
        raise e.unsupported("only square roots are understood", node)
    return [(e.draft("map", ("sqrt", 0, d), d.shape, node), at) for d, at in e.alts(node.body, s)]


def _change(e: Elaborator, node: sx.Change, s: Solution) -> list[Alt]:
    return [(e.draft("change", (d,), d.shape, node), at) for d, at in e.alts(node.y, s)]


Elaborator.handlers.update({
    sx.Num: _num, sx.Sym: _symbol, sx.Scripted: _scripted, sx.Norm: _norm, sx.Sum: _sum,
    sx.Quotient: _quotient, sx.Root: _root, sx.Change: _change,
})  # type: ignore[arg-type]  # fmt: skip
