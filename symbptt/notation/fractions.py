"""Parsing fractions and derivatives: \\frac{\\partial L}{\\partial W}, dL/dW, \\nabla_W L."""

from __future__ import annotations

from fractions import Fraction

from . import syntax as sx
from .groups import Groups
from .tokens import Token

_INDICES = {("sym",), ("num",), ("sym", "add", "num")}  # t, 3, t - 1
_SECOND = 24  # tokens in which a second variable may begin
_MARKS = {"+": "+", r"\circ": "°"}


class Fractions(Groups):
    """Parsers of fractions and differential operators."""

    def fraction(self) -> sx.Node:
        """``\\frac{a}{b}``, among them derivatives."""
        opening = self.take()
        above = self.part()
        divisor = self.divisor()
        below = self.part()
        derivative = self.derivative(opening.at, above, below)
        if derivative is not None and divisor is not None:
            return sx.Quotient(opening.at, self.last_end, derivative, divisor)
        if derivative is not None:
            return derivative
        (_, over), (partial, under) = above, below
        if over is None or under is None or above[0] or partial:
            raise self.fail(
                r"\partial stands on one side of this fraction only", opening,
                r"a derivative is \frac{\partial y}{\partial x}",
            )  # fmt: skip
        return sx.Quotient(opening.at, self.last_end, over, under)

    def short(self) -> sx.Node:
        """``\\pdv{L}{W}`` and ``\\dv{L}{W}``."""
        opening = self.take()
        above, below = self.argument(), self.argument()
        y = None if isinstance(above, sx.Words) else above
        return sx.Derivative(opening.at, self.last_end, y, below, letter=opening.text)

    def part(self) -> tuple[str, sx.Node | None]:
        """One argument of a fraction: \\partial with its mark, or "", and the rest."""
        braced = self.tok.kind == "lbrace"
        if self.tokens[self.i + braced].kind != "partial":
            return "", self.argument()
        self.i += 1 + braced
        mark = r"\partial" + self.mark()
        if not braced or self.tok.kind == "rbrace":
            self.i += braced
            return mark, None
        if any(t.kind == "partial" for t in self.tokens[self.i : self.i + _SECOND]):
            both = self.two_variables()
            if both is not None:
                return mark, both
        self.bars.append("")
        node = self.product()
        self.bars.pop()
        self.close_brace()
        return mark, node

    def two_variables(self) -> sx.Node | None:
        """The x and y of ``{\\partial x \\partial y}``; None for anything else."""
        start = self.i
        first = self.element() if self.starts_factor() else None
        if first is not None and self.tok.kind == "partial":
            self.i += 1
            second = self.element()
            if self.tok.kind == "rbrace":
                self.i += 1
                return sx.Listing(first.at, second.end, (first, second))
        self.i = start
        return None

    def divisor(self) -> sx.Node | None:
        """The c of ``{c \\cdot \\partial x}``, taken out of the tokens."""
        stop = self.i + 1
        while self.tokens[stop].kind in ("sym", "num"):
            stop += 1
        last = stop + (self.tokens[stop].kind == "mul")
        if self.tok.kind != "lbrace" or stop == self.i + 1 or self.tokens[last].kind != "partial":
            return None
        factors = tuple(
            sx.Num(t.at, t.end, Fraction(t.text), t.text) if t.kind == "num"
            else sx.Sym(t.at, t.end, t.text)
            for t in self.tokens[self.i + 1 : stop]
        )  # fmt: skip
        self.tokens = [*self.tokens[: self.i + 1], *self.tokens[last:]]
        return _juxtaposed(list(factors))

    def mark(self) -> str:
        """The superscript of \\partial: "+", "°" or an order."""
        if self.tok.kind != "sup":
            return ""
        at = self.take()
        script = self.script()
        if isinstance(script, sx.Sym) and script.base in _MARKS:
            return _MARKS[script.base]
        if isinstance(script, sx.Num):
            return script.text
        raise self.fail(r"\partial takes only +, \circ or an order as superscript", at)

    def derivative(
        self, at: int, above: tuple[str, sx.Node | None], below: tuple[str, sx.Node | None]
    ) -> sx.Node | None:
        """The derivative that a fraction is; None if it is none."""
        letter = r"\partial"
        if not above[0] and not below[0] and above[1] is not None and below[1] is not None:
            over, under = _after_d(above[1]), _after_d(below[1])
            if over is None or under is None or over[0][0] != under[0][0]:
                return None
            letter, above, below = over[0][0], over, under
        if not above[0] or not below[0] or below[1] is None:
            return None
        mark = above[0].removeprefix(letter)
        order = int(mark) if mark.isdigit() else 1
        kind = mark if mark in _MARKS.values() else ""
        return sx.Derivative(at, self.last_end, above[1], below[1], kind, order, letter)

    def partial(self) -> sx.Node:
        """``\\partial y/\\partial x``, ``\\partial_x y``."""
        opening = self.take()
        mark = self.mark()
        if self.tok.kind == "sub":
            return self.slot_derivative(opening, mark)
        factors: list[sx.Node] = []
        while self.tok.kind != "partial" and self.starts_factor():
            factors.append(self.postfix(self.primary()))
        divided = self.tok.kind in ("slash", "over")
        if not divided or self.tokens[self.i + 1].kind != "partial":
            raise self.fail(
                r"\partial stands in a derivative only", opening,
                r"write \frac{\partial y}{\partial x} or \partial y/\partial x",
            )  # fmt: skip
        self.i += 2
        y = _juxtaposed(factors)
        x = self.element()
        order = int(mark) if mark.isdigit() else 1
        kind = mark if mark in _MARKS.values() else ""
        return sx.Derivative(opening.at, self.last_end, y, x, kind, order)

    def slot_derivative(self, opening: Token, mark: str) -> sx.Node:
        self.i += 1
        x = self.script()
        y = self.called() if self.starts_factor() else None
        if x is None:
            raise self.expected("a variable")
        return sx.Derivative(opening.at, self.last_end, y, x, mark, slot=True)

    def called(self) -> sx.Node:
        """A factor, with the arguments that follow a symbol."""
        node = self.factor()
        opens = self.tok.kind == "open" and self.tok.text in "(["
        if opens and isinstance(sx.base_of(node), sx.Sym) and not self.tok.gap:
            arguments = self.brackets()
            return sx.Product(node.at, arguments.end, (node, arguments), ("",))
        return node

    def nabla(self) -> sx.Node:
        """``\\nabla_x y``."""
        opening = self.take()
        x, order = None, 1
        while self.tok.kind in ("sub", "sup"):
            kind = self.take().kind
            script = self.script(kind == "sup")
            if kind == "sub":
                x = script
            elif not (isinstance(script, sx.Num) and script.value == 2):
                raise self.fail(r"\nabla takes only 2 as superscript", opening)
            else:
                order = 2
        y = self.called() if self.starts_factor() else None
        return sx.Nabla(opening.at, self.last_end, y, x, order)

    def letter_d(self) -> sx.Node:
        """The letter d: a symbol, d y/d x, or (upright) the differential d y."""
        start, token = self.i, self.take()
        found = self.d_quotient(token)
        if found is not None:
            return found
        self.i = start + 1
        if token.text != "d" and self.starts_factor():
            inner = self.postfix(self.primary())
            return sx.Change(token.at, inner.end, inner)
        self.i = start
        token = self.take()
        return self.postfix(sx.Sym(token.at, token.end, "d"))

    def d_quotient(self, opening: Token) -> sx.Node | None:
        """``dy/dx`` or ``d/dx``, if it stands here."""
        mark = (
            self.mark() if self.tok.kind == "sup" and self.tokens[self.i + 1].kind == "add" else ""
        )
        y = None
        if self.tok.kind != "slash":
            if self.tok.kind not in ("sym", "accent", "open", "lbrace"):
                return None
            y = self.element()
        letter = self.tokens[self.i + 1] if self.tok.kind == "slash" else None
        if letter is None or letter.kind != "sym" or letter.text not in ("d", r"\mathrm{d}"):
            return None
        self.i += 2
        if self.tok.kind not in ("sym", "accent", "open", "lbrace"):
            return None
        x = self.element()
        return sx.Derivative(opening.at, self.last_end, y, x, mark, letter="d")

    def element(self) -> sx.Node:
        """A symbol with its scripts, and with an index in brackets right behind it: ``h[t-1]``."""
        node = self.postfix(self.primary())
        if not isinstance(sx.base_of(node), sx.Sym) or not self.index_follows():
            return node
        bracket = self.brackets()
        return sx.Product(node.at, bracket.end, (node, bracket), ("",))

    def index_follows(self) -> bool:
        """Whether a bracket follows that holds an index such as t or t - 1."""
        opening = self.tok
        if opening.kind != "open" or opening.text not in "([" or opening.gap:
            return False
        inside = []
        for token in self.tokens[self.i + 1 : self.i + 5]:
            if token.kind == "close":
                return tuple(inside) in _INDICES
            inside.append(token.kind)
        return False


def _juxtaposed(factors: list[sx.Node]) -> sx.Node | None:
    if len(factors) < 2:
        return factors[0] if factors else None
    return sx.Product(factors[0].at, factors[-1].end, tuple(factors), ("",) * (len(factors) - 1))


def _after_d(node: sx.Node) -> tuple[str, sx.Node | None] | None:
    """What follows the letter d in one side of dL/dW, with the superscript of d; None without d."""
    if isinstance(node, sx.Change):
        return "d", node.y
    factors = node.factors if isinstance(node, sx.Product) and set(node.ops) == {""} else (node,)
    head, rest = factors[0], list(factors[1:])
    if isinstance(head, sx.Scripted) and not head.subs and len(head.sups) == 1:
        power = head.sups[0]
        digits = power.text if isinstance(power, sx.Num) else getattr(power, "base", "?")
        head = head.base
    else:
        digits = ""
    if not isinstance(head, sx.Sym) or head.accents or digits not in ("", "+", "2"):
        return None
    if head.base == r"\delta" and rest and not digits:  # \delta L/\delta W
        return "δ", _juxtaposed(rest)
    return ("d" + digits, _juxtaposed(rest)) if head.base in ("d", r"\mathrm{d}") else None
