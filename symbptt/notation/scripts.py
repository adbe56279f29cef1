"""What a script can be: an index, a part of a name, a transpose, a power."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from sympy import Expr, Integer

from ..core.indices import index_symbol
from . import syntax as sx
from .symbols import PLAIN_ACCENTS, Name

TRANSPOSES = frozenset({"T", r"\top", r"\intercal", r"\dagger"})
_MAX_INDEX = 10**6
_MAX_PARTS = 6  # scripts of one symbol


@dataclass(frozen=True)
class Item:
    """One script of a symbol, or one of several in the same place.

    ``text`` is its part of a name, ``expr`` its value as an index (None if it has none),
    ``wrapped`` whether it stands in brackets; ``high`` whether it is a superscript.
    """

    node: sx.Node
    text: str
    expr: Expr | None
    wrapped: bool
    high: bool

    @property
    def transposes(self) -> bool:
        return self.high and isinstance(self.node, sx.Sym) and self.node.base in TRANSPOSES

    @property
    def operates(self) -> bool:
        """Whether a superscript can act on what it stands at: transpose, inverse, power."""
        node = self.node
        if isinstance(node, sx.Sum) and node.signs == ("-",):
            return True
        if entrywise_exponent(node) is not None:
            return True
        return self.transposes or self.expr is not None or isinstance(node, sx.Quotient | sx.Num)

    def mentions(self, letters: Set[str]) -> bool:
        """Whether one of the letters occurs in the index."""
        return self.expr is not None and any(s.name in letters for s in self.expr.free_symbols)


def index_expr(node: sx.Node | None) -> Expr | None:
    """The value of a formula as an integer index; None if it cannot be one."""
    if isinstance(node, sx.Num):
        small = node.value.denominator == 1 and abs(node.value) <= _MAX_INDEX
        return Integer(int(node.value)) if small else None
    if isinstance(node, sx.Sym):
        letter = (len(node.base) == 1 and node.base.isalpha()) or node.base.startswith("\\")
        fit = letter and not node.accents and node.base not in NO_NAMES
        return index_symbol(node.base) if fit else None
    if isinstance(node, sx.Scripted):  # t', t_1, T_x
        if node.primes and not node.subs and not node.sups:
            primed = index_expr(node.base)
            letter = primed is not None and primed.is_Symbol
            return index_symbol(primed.name + "'" * node.primes) if letter else None
        plain = len(node.subs) == 1 and not node.sups and not node.primes
        inner = index_expr(node.base) if plain else None
        named = inner is not None and inner.is_Symbol and index_expr(node.subs[0]) is not None
        return index_symbol(script_text(node)) if named else None
    if isinstance(node, sx.Brackets):
        return index_expr(node.only) if node.open in "(<" else None
    if isinstance(node, sx.Sum):
        total: Expr = Integer(0)
        for sign, term in zip(node.signs, node.terms, strict=True):
            value = index_expr(term)
            if value is None or sign not in "+-":
                return None
            total += value if sign == "+" else -value
        return total
    if (
        isinstance(node, sx.Product)
        and isinstance(node.factors[0], sx.Num)
        and len(node.factors) == 2
    ):
        left, right = map(index_expr, node.factors)
        return None if left is None or right is None else left * right
    return None


NO_NAMES = frozenset(
    {r"\top", r"\intercal", r"\infty", r"\ones", r"\zeros", r"\R", "*", "+", r"\circ"}
)


def entrywise_exponent(node: sx.Node) -> sx.Node | None:
    """The k of a superscript ``\\odot k``."""
    if isinstance(node, sx.Product) and len(node.factors) == 2:
        sign, exponent = node.factors
        if isinstance(sign, sx.Sym) and sign.base in (r"\odot", r"\circ"):
            return exponent
    return None


def script_text(node: sx.Node) -> str:
    """A script as a part of a name."""
    if isinstance(node, sx.Num | sx.Words):
        return "".join(node.text.split())
    if isinstance(node, sx.Sym):
        return Name(node.base, node.accents).head
    if isinstance(node, sx.Scripted):
        sub, sup = (",".join(map(script_text, s)) for s in (node.subs, node.sups))
        head = script_text(node.base) + "'" * node.primes
        return f"{head}{f'^{{{sup}}}' if sup else ''}{f'_{{{sub}}}' if sub else ''}"
    if isinstance(node, sx.Product):
        out = ""
        for op, factor in zip(("", *node.ops), node.factors, strict=True):
            piece = f"{op} {script_text(factor)}" if op else script_text(factor)
            spaced = out and out[-1].isalpha() and "\\" in out and piece[:1].isalpha()
            out += f" {piece}" if spaced else piece
        return out
    if isinstance(node, sx.Sum):
        pairs = zip(node.signs, node.terms, strict=True)
        return "".join(s + script_text(t) for s, t in pairs).removeprefix("+")
    if isinstance(node, sx.Brackets):
        rows = ";".join(",".join(map(script_text, row)) for row in node.rows)
        opening, closing = (
            (r"\langle ", r"\rangle ") if node.open == "<" else (node.open, node.close)
        )
        if node.open == "{":
            return rows
        return f"{opening}{rows}{closing}"
    if isinstance(node, sx.Listing):
        return ",".join(map(script_text, node.items))
    return "".join(script_text(child) for child in sx.children(node))


def script_items(node: sx.Node, letters: Set[str]) -> list[Item]:
    """The scripts of a symbol in order, subscripts first; at most a handful.

    ``letters`` are those read as time: ``\\delta_{h_t}`` gives the part ``h`` and the time t.
    """
    if not isinstance(node, sx.Scripted):
        return []
    out: list[Item] = []
    for high, scripts in ((False, node.subs), (True, node.sups)):
        for script in scripts:
            for piece in _pieces(script, high):
                out += _items(piece, high, letters)
    return out[: _MAX_PARTS + 1]


def _pieces(script: sx.Node, high: bool) -> list[sx.Node]:
    if isinstance(script, sx.Listing):
        return [p for item in script.items for p in _pieces(item, high)]
    if isinstance(script, sx.Product) and set(script.ops) == {""}:
        last = script.factors[-1]
        bracketed = any(isinstance(f, sx.Brackets) for f in script.factors)
        turned = high and isinstance(last, sx.Sym) and last.base in TRANSPOSES
        power = isinstance(script.factors[0], sx.Sym) and script.factors[0].base in (
            r"\odot",
            r"\circ",
        )
        if (bracketed or turned) and not power:
            return list(script.factors)
    return [script]


def _items(node: sx.Node, high: bool, letters: Set[str]) -> list[Item]:
    if isinstance(node, sx.Scripted) and not node.primes:
        inner = script_items(node, letters)
        timed = [i for i in inner if i.mentions(letters) and not i.transposes]
        if len(timed) == 1 and len(inner) <= _MAX_PARTS:
            rest = [i for i in inner if i is not timed[0]]
            sub = ",".join(i.text for i in rest if not i.high)
            sup = ",".join(i.text for i in rest if i.high)
            text = Name(script_text(node.base), sub=sub, sup=sup).text
            return [Item(node, text, None, False, high), Item(node, "", timed[0].expr, True, high)]
    wrapped = isinstance(node, sx.Brackets)
    return [Item(node, script_text(node), index_expr(node), wrapped, high)]


def compose(base: sx.Sym, items: list[Item], primes: int) -> str:
    """The name that a symbol has with these scripts as parts of it."""
    accents, subs = base.accents, [i.text for i in items if not i.high]
    if subs and subs[0] in PLAIN_ACCENTS:
        accents, subs = (*accents, PLAIN_ACCENTS[subs[0]].command), subs[1:]
    sup = ",".join(i.text for i in items if i.high)
    return Name(base.base, accents, primes, sup, ",".join(subs)).text


def entry_exprs(items: list[Item], wanted: int = 0) -> list[Expr] | None:
    """The entries that subscripts give; ``ij``, ``1d`` and ``11`` are two where two are wanted."""
    out: list[Expr] = []
    for item in items:
        parts = _juxtaposed(item)
        if item.expr is not None and (len(items) > 1 or wanted != 2 or len(parts) != 2):
            out.append(item.expr)
        elif parts:
            out += parts
        else:
            return None
    return out


def _juxtaposed(item: Item) -> list[Expr]:
    """The indices that stand side by side in a subscript; empty if there are none."""
    if item.text.isdigit() and len(item.text) == 2:
        return [Integer(int(c)) for c in item.text]
    if isinstance(item.node, sx.Product) and set(item.node.ops) == {""}:
        parts = [index_expr(f) for f in item.node.factors]
        return [p for p in parts if p is not None] if None not in parts else []
    return []
