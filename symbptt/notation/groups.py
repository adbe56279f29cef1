"""Parsing what has an end: groups, scripts, brackets, norms, matrices."""

from __future__ import annotations

from fractions import Fraction

from . import syntax as sx
from . import vocabulary as v
from .stream import SOFT, Stream, is_connective

_MAX_DIGITS = 60


class Groups(Stream):
    """Parsers of groups and of the scripts on a factor."""

    def group(self) -> sx.Node:
        """``{...}``: what is inside."""
        opening = self.take()
        if self.tok.kind == "rbrace":
            self.i += 1
            return (
                self.primary() if self.starts_factor() else sx.Words(opening.at, self.last_end, "")
            )
        self.bars.append("")
        items = self.items("rbrace")
        if self.tok.kind == "over" and len(items) == 1:
            self.i += 1
            below = self.statement()
            items = (sx.Quotient(opening.at, self.last_end, items[0], below),)
        self.bars.pop()
        self.close_brace()
        if len(items) == 1:
            return sx.placed(items[0], opening.at, self.last_end)
        return sx.Listing(opening.at, self.last_end, items)

    def close_brace(self) -> None:
        if self.tok.kind != "rbrace":
            raise self.expected("an operator or }")
        self.i += 1

    def items(self, *closers: str) -> tuple[sx.Node, ...]:
        """Formulas separated by commas up to a closing token."""
        out: list[sx.Node] = []
        while True:
            self.skip("comma", *SOFT)
            if self.tok.kind in closers:
                return tuple(out)
            out.append(self.statement())
            self.skip(*SOFT)
            if self.tok.kind != "comma":
                return tuple(out)

    def argument(self) -> sx.Node:
        """The argument of a command: a group or one token."""
        token = self.tok
        if token.kind == "num" and len(token.text) > 1 and token.text.isdigit():  # \frac12
            self.tokens[self.i] = token._replace(text=token.text[1:], at=token.at + 1)
            return sx.Num(token.at, token.at + 1, Fraction(token.text[0]), token.text[0])
        return self.group() if token.kind == "lbrace" else self.primary()

    def number(self) -> sx.Node:
        token = self.take()
        digits, _, exponent = token.text.lower().partition("e")
        if len(digits) > _MAX_DIGITS or len(exponent) > 4:
            raise self.fail("this number has too many digits", token)
        return sx.Num(token.at, token.end, Fraction(token.text), token.text)

    def postfix(self, node: sx.Node) -> sx.Node:
        """The node with the primes and scripts that follow."""
        subs: list[sx.Node] = []
        sups: list[sx.Node] = []
        primes = 0
        while self.tok.kind in ("sub", "sup", "prime") or self.is_dot_t():
            kind = self.take().kind
            if kind == "dot":
                token = self.take()
                sups.append(sx.Sym(token.at, token.end, "T"))
                continue
            if kind == "prime":
                primes += 1
                continue
            script = self.script(kind == "sup")
            if script is None:
                primes += kind == "sup"
            else:
                (subs if kind == "sub" else sups).append(script)
        if not subs and not sups and not primes:
            return node
        if isinstance(node, sx.Scripted):  # {h_t}^T
            subs, sups = [*node.subs, *subs], [*node.sups, *sups]
            primes, node = primes + node.primes, node.base
        return sx.Scripted(node.at, self.last_end, node, tuple(subs), tuple(sups), primes)

    def is_dot_t(self) -> bool:
        """Whether ``.T`` follows, the transpose as programs write it."""
        dot, letter, after = self.tokens[self.i : self.i + 3]
        touching = dot.kind == "dot" and not dot.gap and not letter.gap
        return touching and letter.text == "T" and after.kind not in ("sub", "sup", "prime")

    def script(self, high: bool = True) -> sx.Node | None:
        """What stands after ``_`` or ``^``; None for a prime."""
        token = self.tok
        if token.kind == "prime":
            self.skip("prime")
            return None
        if token.kind != "lbrace":
            return self.bare_script(high)
        inner = self.tokens[self.i + 1]
        if inner.kind == "prime":
            self.i += 1
            self.skip("prime")
            self.close_brace()
            return None
        if inner.kind in ("mul", "add", "rel", "big") and self.tokens[self.i + 2].kind == "rbrace":
            self.i += 3
            return sx.Sym(inner.at, inner.end, inner.text)
        if inner.kind == "mul":  # ^{\odot 2}, ^{*T}
            self.i += 2
            sign = sx.Sym(inner.at, inner.end, inner.text)
            rest = self.product()
            self.close_brace()
            return sx.Product(inner.at, rest.end, (sign, rest), ("",))
        node = self.group()
        return sx.placed(node, node.at + 1, node.end - 1) if token.end > token.at else node

    def bare_script(self, high: bool) -> sx.Node:
        """A script without braces."""
        token = self.tok
        signed = token.kind == "add" and self.tokens[self.i + 1].kind == "num"
        if token.kind in ("mul", "big") or (token.kind == "add" and not signed and high):
            self.i += 1
            return sx.Sym(token.at, token.end, token.text)
        if signed:  # W^-1
            self.i += 1
            number = self.number()
            return sx.Sum(token.at, number.end, (token.text,), (number,))
        return self.primary()

    def brackets(self) -> sx.Node:
        """( [ { or <, up to its partner; an interval may mix ( and ]."""
        opening = self.take()
        before = self.tokens[self.i - 2] if self.i > 1 else None
        tight = (
            not opening.gap
            and before is not None
            and before.kind in ("sym", "rbrace", "prime", "num")
        )
        self.bars.append("")
        rows = [self.items("close", "semi")]
        while self.tok.kind == "semi":
            self.i += 1
            rows.append(self.items("close", "semi"))
        self.bars.pop()
        closing = self.tok
        if closing.kind in ("end", "nl", "rel", "finish", "rbrace"):
            raise self.fail(
                f"this {opening.text} is never closed", opening, "add the closing bracket"
            )
        wanted = v.CLOSER_OF[opening.text]
        is_bar = closing.kind == "bar" and closing.text == wanted
        if closing.kind != "close" and not is_bar:
            raise self.expected(f"an operator or {wanted}")
        if closing.text != wanted and not _may_mix(opening.text, closing.text):
            raise self.fail(
                f"{closing.text} does not close {opening.text}", closing,
                f"the bracket was opened at column {self.source.where(opening.at).column}",
            )  # fmt: skip
        self.i += 1
        if opening.text in ("|", "‖") and len(rows) == 1 and len(rows[0]) == 1:
            return sx.Norm(opening.at, self.last_end, opening.text, rows[0][0])
        return sx.Brackets(
            opening.at, self.last_end, opening.text, closing.text, tuple(rows), tight
        )

    def norm(self) -> sx.Node:
        """``|a|`` or ``\\|a\\|``."""
        opening = self.take()
        self.bars.append(opening.text)
        body = self.statement()
        self.bars.pop()
        if self.tok.kind != "bar" or self.tok.text != opening.text:
            raise self.fail("this bar is never closed", opening, "add the second one")
        self.i += 1
        return sx.Norm(opening.at, self.last_end, opening.text, body)

    def grid(self) -> sx.Node:
        """A matrix environment."""
        opening = self.take()
        self.bars.append("")
        rows: list[tuple[sx.Node | None, ...]] = []
        row: list[sx.Node | None] = []
        while True:
            row.append(self.cell())
            token = self.take()
            if token.kind == "amp":
                continue
            if token.kind not in ("row", "finish"):
                self.i -= 1
                raise self.expected(r"&, \\ or \end")
            if token.kind == "row" or row != [None]:  # a last \\ starts no row
                rows.append(tuple(row))
            row = []
            if token.kind == "finish":
                self.bars.pop()
                return sx.Grid(opening.at, token.end, opening.text, tuple(rows))

    def cell(self) -> sx.Node | None:
        at = self.tok.at
        self.skip("text") if self.tok.kind == "text" and is_connective(self.tok.text) else None
        items = self.items("amp", "row", "finish")
        if len(items) > 1:
            return sx.Listing(at, self.last_end, items)
        return items[0] if items else None


def _may_mix(opening: str, closing: str) -> bool:
    return "." in (opening, closing) or {opening, closing} in ({"(", "]"}, {"[", ")"})
