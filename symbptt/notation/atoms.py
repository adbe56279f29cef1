"""The lower half of the parser: factors, with the prefix operators and signs that take operands.

The parser is written by hand, not generated: juxtaposition makes almost every token a possible
operand, so an LALR grammar of this language is a list of conflicts, and a message such as "this (
is never closed" needs to know what was open. It also has no tables to build at import.
"""

from __future__ import annotations

from dataclasses import replace

from ..core.errors import SymbpttError
from . import syntax as sx
from .fractions import Fractions
from .repeats import has_dots, repeated
from .stream import FACTOR_STARTS

_MAX_ACCENTS = 3
_PLACEHOLDER_ENDS = frozenset(("close", "comma", "semi", "amp", "row", "finish", "end", "rbrace"))
_CAPITAL_SIGNS = {r"\Sigma": "sum", r"\Pi": "prod"}


class Atoms(Fractions):
    """Parsers of factors; the statement level is added in parser.py."""

    def factor(self) -> sx.Node:
        """One factor with its scripts, or a prefix operator with what it takes."""
        self.descend()
        token = self.tok
        if token.kind == "add":
            self.i += 1
            inner = self.factor()
            node: sx.Node = sx.Sum(token.at, inner.end, (token.text,), (inner,))
        elif token.kind == "big":
            node = self.big()
        elif token.kind == "partial":
            node = self.partial()
        elif token.kind == "nabla":
            node = self.nabla()
        elif token.kind == "sym" and token.text in ("d", r"\mathrm{d}"):
            node = self.letter_d()
        elif token.text in _CAPITAL_SIGNS and self.runs_over_index():
            node = self.big()
        else:
            node = self.postfix(self.primary())
        self.depth -= 1
        return node

    def primary(self) -> sx.Node:
        """A factor without its scripts."""
        token = self.tok
        parse = _PRIMARIES.get(token.kind)
        if parse is not None:
            self.descend()
            node = parse(self)
            self.depth -= 1
            return node
        if token.kind == "mul" and self.tokens[self.i + 1].kind in _PLACEHOLDER_ENDS:
            self.i += 1
            return sx.Dots(token.at, token.end, token.text)
        raise self.expected("a formula")

    def symbol(self) -> sx.Node:
        token = self.take()
        return sx.Sym(token.at, token.end, token.text)

    def dots(self) -> sx.Node:
        token = self.take()
        return sx.Dots(token.at, token.end, token.text)

    def words(self) -> sx.Node:
        token = self.take()
        return sx.Words(token.at, token.end, token.text.strip())

    def accent(self) -> sx.Node:
        """An accent over a symbol, or over a symbol with its scripts."""
        token = self.take()
        inner = self.argument()
        symbol = sx.base_of(inner)
        if not isinstance(symbol, sx.Sym):
            raise self.fail(f"{token.text} stands over something that is not a symbol", token)
        if len(symbol.accents) >= _MAX_ACCENTS:
            raise self.fail(f"more than {_MAX_ACCENTS} accents on one symbol", token)
        marked = sx.Sym(token.at, symbol.end, symbol.base, (*symbol.accents, token.text))
        if isinstance(inner, sx.Scripted):
            return replace(inner, at=token.at, base=marked)
        return replace(marked, end=self.last_end)

    def runs_over_index(self) -> bool:
        """Whether a capital sigma or pi is a sign: it has a range below, or was typed Σ_t."""
        token, after = self.tok, self.tokens[self.i + 1]
        if after.kind != "sub":
            return False
        end = self.i + 2
        if self.tokens[end].kind == "lbrace":
            while self.tokens[end].kind not in ("rbrace", "end"):
                end += 1
                if self.tokens[end].kind == "rel":
                    return True
        typed = self.source.text[token.at : token.at + 1] in "ΣΠ"
        following = self.tokens[min(end + 1, len(self.tokens) - 1)]
        return typed and following.kind in FACTOR_STARTS

    def big(self) -> sx.Node:
        """A sum, product, maximum or limit: its limits, then the term to the right."""
        token = self.take()
        if token.text in _CAPITAL_SIGNS:
            token = token._replace(text=_CAPITAL_SIGNS[token.text])
        sub: sx.Node | None = None
        sup: sx.Node | None = None
        while self.tok.kind in ("sub", "sup"):
            kind = self.take().kind
            script = self.script()
            if kind == "sub":
                sub = script
            else:
                sup = script
        bars = self.tok.kind in ("bar", "open") and self.tok.text in ("|", "‖")
        if token.text == "sup" and bars:  # \sup|f'| ends with its bars
            body: sx.Node = self.primary()
            return sx.Big(token.at, body.end, token.text, sub, sup, body)
        if token.text not in ("sum", "prod") and sub is None and self.tok.kind == "open":
            return sx.Sym(token.at, token.end, token.text)
        if self.tok.kind == "add":
            sign = self.take()
            term = self.product()
            body = sx.Sum(sign.at, term.end, (sign.text,), (term,))
        elif self.starts_factor():
            body = self.product()
        else:
            raise self.expected(f"a formula after the {token.text}")
        return sx.Big(token.at, body.end, token.text, sub, sup, body)

    def labelled(self) -> sx.Node:
        """``\\underbrace{a}_{label}``: a, or as much of it as the label says there is."""
        self.i += 1
        inner = self.argument()
        if self.tok.kind not in ("sub", "sup"):
            return inner
        self.i += 1
        return repeated(inner, self.count() if has_dots(inner) else self.script_label())

    def count(self) -> sx.Node | None:
        """The number in a label such as ``{t-k \\text{ times}}``; None if there is none."""
        start = self.i
        self.script_label()
        end = self.i
        label = [t for t in self.tokens[start:end] if t.kind != "text"]
        rest = self.tokens[end:]
        self.tokens, self.i = [*self.tokens[:start], *label, *rest], start
        try:
            number = self.script()
        except SymbpttError:
            number = None
        self.i = start + len(label)
        return number

    def stacked(self) -> sx.Node:
        self.i += 1
        self.script_label()
        return self.argument()

    def substack(self) -> sx.Node:
        self.i += 1
        return self.argument()

    def binomial(self) -> sx.Node:
        token = self.take()
        above, below = self.argument(), self.argument()
        return sx.Binomial(token.at, self.last_end, above, below)

    def root(self) -> sx.Node:
        token = self.take()
        degree = None
        if self.tok.kind == "open" and self.tok.text == "[":
            bracket = self.brackets()
            degree = bracket.only if isinstance(bracket, sx.Brackets) else None
        body = self.argument()
        return sx.Root(token.at, self.last_end, body, degree)


_PRIMARIES = {
    "num": Atoms.number, "sym": Atoms.symbol, "dots": Atoms.dots, "text": Atoms.words,
    "accent": Atoms.accent, "lbrace": Atoms.group, "open": Atoms.brackets, "bar": Atoms.norm,
    "begin": Atoms.grid, "frac": Atoms.fraction,
    "short": Atoms.short, "sqrt": Atoms.root, "binom": Atoms.binomial,
    "label": Atoms.labelled,
    "stacked": Atoms.stacked, "substack": Atoms.substack, "big": Atoms.big,
    "partial": Atoms.partial,
    "nabla": Atoms.nabla,
}  # fmt: skip
