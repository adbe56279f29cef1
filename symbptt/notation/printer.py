"""Terms as text: one printer, driven by the precedence table and by the templates of a target.

A construct prints its operands with the level that it needs of them; an operand that binds more
loosely is put in parentheses. So a printed term reads back as the same mathematics:

    Times(A, Plus(B, C))       A (B + C)
    Transposed(Times(A, B))    (A B)^{\\top}
    Times(Hadamard(a, b), c)   (a \\odot b) c
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Any

from sympy import Expr

from ..core import norms as nm
from ..core import powers as pw
from ..core import terms as tm
from ..core.functions import known
from ..core.terms import Term
from ..core.units import Unit
from .index import conditions_text, index_text, is_negative, named, number_text
from .symbols import Level, Name, split_name
from .target import Style, Target, fill

Printed = tuple[str, Level]
_LEAVES = (tm.Param, tm.Elem, tm.Meta, tm.Shock, tm.Identity, tm.Zero, tm.Ones)
_OPERATORS = {
    tm.Diag: "diag", tm.Softmax: "softmax", tm.Vec: "vec", tm.Trace: "tr", tm.Unvec: "unvec",
}  # fmt: skip
_SHOCK = r"\xi"
_OPENING = ("(", r"\left(", "[")
_SINGLE = re.compile(r"\\[A-Za-z]+|.")  # an index that needs no comma before the next


class Printer:
    """Prints terms in one target and style."""

    def __init__(self, target: Target, style: Style) -> None:
        self.target, self.style = target, style

    def text(self, term: Term, level: Level = Level.SUM) -> str:
        """The text of a term, in parentheses if it binds more loosely than ``level``."""
        text, own = self.printed(term)
        return self.target.group(text) if own < level else text

    def printed(self, term: Term) -> Printed:
        """The text of a term and how tightly it binds."""
        if type(term) in _OPERATORS:
            return self.applied(_OPERATORS[type(term)], term.args[0]), Level.ATOM
        text = _WRITERS[type(term)](self, term)
        return text if isinstance(text, tuple) else (text, self.target.level(type(term).__name__))

    def applied(self, operator: str, term: Term) -> str:
        """A named operator such as diag, applied."""
        return self.target.call(self.target.fill("operator", f=operator), self.text(term))

    def index(self, index: Expr) -> str:
        """An index as text."""
        return index_text(index, self.target)

    # ------------------------------------------------------------ leaves

    def leaf(self, term: tm.Param) -> str:
        return self.target.name(split_name(term.name))

    def element(self, term: tm.Elem) -> str:
        return self.indexed(split_name(term.name), self.index(term.index))

    def indexed(self, name: Name, index: str) -> str:
        """A name with a time index."""
        if self.style.brackets:
            return f"{self.target.name(name)}[{index}]"
        return self.target.name(name.indexed(index))

    def meta(self, term: tm.Meta) -> str:
        indices = ",".join(map(self.index, term.indices))
        return self.indexed(split_name(term.name), indices) if indices else self.leaf(term)

    def shock(self, term: tm.Shock) -> str:
        element = term.args[0]
        return self.indexed(Name(_SHOCK, sup=element.name), self.index(element.index))

    def constant(self, term: Term) -> str:
        """0, the matrix of ones, I; with sizes if the style asks for them."""
        text = self.target.templates[type(term).__name__]
        if not self.style.dimensions or term.is_scalar:
            if isinstance(term, tm.Ones) and term.shape[0] == 1 and not term.is_scalar:
                return self.target.fill("Transposed", a=text)
            return text
        sizes = [self.index(s) for s in term.shape]
        square = isinstance(term, tm.Identity) or term.is_column
        size = sizes[0] if square else self.target.templates["size_times"].join(sizes)
        return self.target.fill("sized", a=text, n=size)

    def unit(self, term: Unit) -> str:
        return self.indexed(Name("e"), self.index(term.index))

    def number(self, term: tm.Const) -> Printed:
        return number_text(term.value, self.target)

    # ------------------------------------------------------------ sums and products

    def summands(self, term: Term) -> list[tuple[bool, str]]:
        """The top-level summands: whether each has a minus, and its text without it."""
        return [self.signed(a) for a in (term.args if isinstance(term, tm.Plus) else (term,))]

    def signed(self, term: Term) -> tuple[bool, str]:
        """Whether a minus stands in front of the term, and the text after it, as a product."""
        negated = self.negated(term)
        return (False, self.text(term, Level.PRODUCT)) if negated is None else (True, negated)

    def negated(self, term: Term) -> str | None:
        """The text after the minus in front of a term; None where there is no minus."""
        number = term.args[0] if isinstance(term, tm.Scale) else term
        if not isinstance(number, tm.Const) or not is_negative(number.value):
            return None
        positive = tm.Const(-number.value)
        if number is term:
            return self.text(positive, Level.PRODUCT)
        if positive.value == 1:
            return self.text(term.args[1], Level.PRODUCT)
        return self.scaled(positive, term.args[1])

    def plus(self, term: tm.Plus) -> str:
        (minus, out), *rest = self.summands(term)
        out = f"-{out}" if minus else out
        return out + "".join(f" {'-' if minus else '+'} {text}" for minus, text in rest)

    def scale(self, term: tm.Scale) -> Printed:
        negated = self.negated(term)
        if negated is not None:
            return f"-{negated}", Level.SUM
        return self.scaled(*term.args), self.target.level("Scale")

    def scaled(self, factor: Term, term: Term) -> str:
        """A scalar in front of a term; a product after a number needs no parentheses."""
        number = isinstance(factor, tm.Const) and not isinstance(term, tm.Scale)
        free = number or isinstance(term, tm.Times)
        right = self.text(term, Level.PRODUCT if free else Level.PREFIX)
        return self.juxtaposed(factor, self.text(factor, Level.FACTOR), right)

    def juxtaposed(self, last: Term, left: str, right: str) -> str:
        """Two factors side by side; ``last`` is the last factor of the left one.

        Parentheses after the name of a scalar would look like an argument, as in ``L_t (a + b)``.
        """
        scalar = isinstance(last, tm.Param | tm.Elem) and last.is_scalar
        if scalar and right.startswith(_OPENING):
            return self.target.fill("dot", a=left, b=right)
        return self.target.join(left, right)

    def operands(self, term: Term) -> list[str]:
        """Factors: only the last may reach to the right."""
        *first, last = term.args
        return [*(self.text(a, Level.FACTOR) for a in first), self.text(last, Level.PREFIX)]

    def times(self, term: tm.Times) -> str:
        texts = self.operands(term)
        pairs = zip(term.args, texts[1:], strict=False)
        return reduce(lambda left, pair: self.juxtaposed(pair[0], left, pair[1]), pairs, texts[0])

    def infix(self, term: Term) -> str:
        return self.target.templates[type(term).__name__].join(self.operands(term))

    def ranged(self, term: tm.SumOver) -> str:
        return self.target.fill(
            type(term).__name__, i=self.index(term.bound), lo=self.index(term.lo),
            hi=self.index(term.hi), a=self.text(term.body, Level.PRODUCT),
        )  # fmt: skip

    def when(self, term: tm.When) -> str:
        conditions = conditions_text(term.conditions, self.target)
        return self.target.fill("When", c=conditions, a=self.text(term.args[0], Level.PRODUCT))

    # ------------------------------------------------------------ postfix, functions

    def base(self, term: Term) -> str:
        """An operand that a superscript is attached to."""
        text = self.text(term, Level.ATOM)
        scripted = isinstance(term, _LEAVES) and ("^" in text or "'" in text)
        return self.target.fill("protected", a=text) if scripted else text

    def postfix(self, term: Term) -> str:
        power = self.index(term.exponent) if isinstance(term, tm.Power) else ""
        return self.target.fill(type(term).__name__, a=self.base(term.args[0]), k=power)

    def entrywise(self, term: pw.EntrywisePower) -> str:
        """Of a column without index like a power; else with a sign that tells it from one."""
        base, k = self.base(term.args[0]), self.index(term.exponent)
        if term.is_column and isinstance(term.args[0], tm.Param):
            return self.target.fill("Power", a=base, k=k)
        single = term.exponent.is_Symbol or term.exponent.is_Integer
        return self.target.fill("EntrywisePower", a=base, k=k if single else f"({k})")

    def binomial(self, term: pw.Binomial) -> str:
        n, k = self.index(term.above), self.index(term.below)
        return self.target.fill("Binomial", n=n, k=k)

    def det(self, term: pw.Det) -> str:
        return self.target.call(self.target.templates["Det"], self.text(term.args[0]))

    def radius(self, term: pw.Radius) -> str:
        return self.target.call(self.target.templates["Radius"], self.text(term.args[0]))

    def map(self, term: tm.Map) -> Printed:
        order = term.order
        special = self.target.functions.get(term.fname)
        if special and not order and term.is_column:
            level = self.target.level("fraction")
            needed = Level.SUM if level > Level.PRODUCT else Level.ATOM
            return fill(special, a=self.text(term.arg, needed)), level
        return self.target.call(self.function(term.fname, order), self.text(term.arg)), Level.ATOM

    def function(self, fname: str, order: int) -> str:
        """The name of an elementwise function or of a derivative of it."""
        row = known(fname)
        if row:
            name = self.target.fill("function", latex=row.latex, name=row.name)
        else:
            name = self.target.name(named(fname))
            name = self.target.fill("protected", a=name) if order and "^" in name else name
        return name + ("'" * order if order <= 3 else self.target.fill("order", k=str(order)))

    def func(self, term: tm.Func) -> Printed:
        name = named(term.name)
        index = term.index
        head = self.target.name(name) if index is None else self.indexed(name, self.index(index))
        arguments = term.arguments
        if term.slot and len(arguments) == 1 and isinstance(arguments[0], tm.Param | tm.Elem):
            text = self.target.fill("total", y=head, x=self.variable(arguments[0]))
            return text, self.target.level("Partial")
        call = self.target.call(head, ", ".join(map(self.text, arguments)))
        if not term.slot:
            return call, Level.ATOM
        return self.target.fill("Slot", j=str(term.slot), a=call), self.target.level("Slot")

    # ------------------------------------------------------------ derivatives, entries, blocks

    def differential(self, term: tm.D) -> str:
        inner, text = term.args[0], self.text(term.args[0])
        if isinstance(inner, _LEAVES):
            return self.target.fill("D", a=text)
        return self.target.call(self.target.templates["differential"], text)

    def variable(self, term: Term) -> str:
        """What stands above or below a derivative's bar: a column, or the vec of a matrix."""
        if term.is_column:
            return self.text(term, Level.ATOM)
        if isinstance(term, _LEAVES):
            return self.target.fill("vec", a=self.text(term))
        return self.applied("vec", term)

    def partial(self, term: tm.Partial) -> str:
        y, x = term.args[:2]
        return self.target.fill(term.mode, y=self.variable(y), x=self.variable(x))

    def gradient(self, term: tm.Gradient) -> str:
        f, x = term.args
        return self.target.fill("Gradient", x=self.text(x), a=self.text(f, Level.ATOM))

    def entry(self, term: tm.Entry) -> str:
        inner = term.args[0]
        indices = [self.index(i) for i in ((term.row,) if inner.is_column else term.args[1:])]
        script = (" " if "\\" in indices[0] else "").join(indices)
        if not self.target.merged or not all(map(_SINGLE.fullmatch, indices)):
            script = ",".join(indices)
        leaf = isinstance(inner, tm.Param | tm.Elem | tm.Meta)
        if leaf and (name := self.entry_name(inner)) is not None:
            return self.target.name(name.indexed(script))
        text = self.text(inner)
        plain = leaf and not self.target.merged
        return self.target.fill("Entry", a=text if plain else self.target.group(text), i=script)

    def entry_name(self, term: Any) -> Name | None:
        """The name that takes the indices of an entry; None if they would be mistaken in it."""
        name = split_name(term.name)
        if not self.target.merged or name.sub:
            return None
        if isinstance(term, tm.Elem):
            return name.indexed(self.index(term.index)) if term.is_column else None
        if isinstance(term, tm.Meta):
            return None if term.indices else name
        capital = name == Name(name.base) and len(name.base) == 1 and not term.is_column
        return Name(name.base.lower()) if capital else name

    def norm(self, term: nm.Norm) -> str:
        """A norm; of a scalar it is the absolute value."""
        inner = term.args[0]
        key = "absolute" if inner.is_scalar else "largest" if term.kind == "inf" else "norm"
        text = self.text(inner)
        bars = any(c in _BARS for c in (text[0], text[-1]))  # bars beside bars tell no pairs
        return self.target.enclose(key, self.target.group(text) if bars else text)

    def supremum(self, term: nm.Sup) -> str:
        name = self.function(term.fname, term.order)
        return self.target.fill("Sup", a=self.target.enclose("absolute", name))

    def extremum(self, term: nm.Min | nm.Max) -> str:
        name = self.target.templates[type(term).__name__]
        return self.target.call(name, ", ".join(map(self.text, term.args)))

    def block(self, term: tm.Block) -> str:
        m, n = term.grid
        rows = ([self.text(term.block(i, j)) for j in range(n)] for i in range(m))
        return self.matrix([*rows])

    def matrix(self, rows: list[list[str]]) -> str:
        """Rows of cells as a matrix."""
        cell, row = (self.target.templates[k] for k in ("cell", "row"))
        return self.target.fill("Block", a=row.join(cell.join(r) for r in rows))


_BARS = "|‖"
_WRITERS: dict[type[Term], Callable[[Printer, Any], str | Printed]] = {
    tm.Param: Printer.leaf, tm.Elem: Printer.element, tm.Meta: Printer.meta,
    tm.Shock: Printer.shock, tm.Const: Printer.number,
    **dict.fromkeys((tm.Zero, tm.Ones, tm.Identity), Printer.constant),
    tm.Plus: Printer.plus, tm.Scale: Printer.scale, tm.Times: Printer.times, tm.When: Printer.when,
    **dict.fromkeys((tm.Hadamard, tm.Kron), Printer.infix),
    **dict.fromkeys((tm.SumOver, tm.OrderedProduct), Printer.ranged),
    **dict.fromkeys((tm.Transposed, tm.Inverse, tm.Power), Printer.postfix),
    tm.Map: Printer.map, tm.Func: Printer.func, tm.D: Printer.differential,
    tm.Partial: Printer.partial, tm.Gradient: Printer.gradient, tm.Entry: Printer.entry,
    pw.EntrywisePower: Printer.entrywise, pw.Binomial: Printer.binomial,
    pw.Radius: Printer.radius, pw.Det: Printer.det, Unit: Printer.unit,
    tm.Block: Printer.block, nm.Norm: Printer.norm,
    nm.Sup: Printer.supremum,
    nm.Min: Printer.extremum, nm.Max: Printer.extremum,
}  # fmt: skip
