"""The upper half of the parser: statements, relations, sums and products.

>>> from .syntax import shown
>>> shown(parse(r"W h_{t-1} + b")[0])
'Sum([+ +] [Product([Sym(W) Scripted(Sym(h) [Sum([+ -] [Sym(t) Num(1 1)])])] [·]) Sym(b)])'
"""

from __future__ import annotations

from collections.abc import Set

from ..core.errors import ReadError
from . import syntax as sx
from .atoms import Atoms
from .lexer import tokenize
from .source import Source, checked_source
from .stream import is_connective

_MAX_SLASHES = 10
_BETWEEN = ("comma", "semi", "nl", "quad", "dot")


class Parser(Atoms):
    """Parses whole texts."""

    def text(self) -> list[tuple[sx.Node, ...]]:
        """Lines of statements; without line tokens there is one line."""
        lines: list[tuple[sx.Node, ...]] = []
        while self.tok.kind != "end":
            line = self.line()
            if line:
                lines.append(line)
        return lines

    def line(self) -> tuple[sx.Node, ...]:
        """Statements separated by commas, \\quad or connecting words, up to the end of the line."""
        out: list[sx.Node] = []
        while True:
            self.skip("comma", "semi", "quad", "dot")
            token = self.tok
            if token.kind == "text" and is_connective(token.text):
                self.i += 1
            elif token.kind in ("end", "nl"):
                self.skip("nl")
                return tuple(out)
            else:
                out.append(self.statement())
                self.after_statement()

    def after_statement(self) -> None:
        """Refuses what cannot follow a statement."""
        token = self.tok
        if token.kind in _BETWEEN or token.kind in ("end", "quantifier", "text"):
            return
        if token.kind == "close":
            raise self.fail(
                f"this {token.text} closes nothing", hint="remove it, or open it before"
            )
        raise self.expected("an operator")

    def statement(self) -> sx.Node:
        """A formula, a chain of relations, or something quantified."""
        if self.tok.kind == "quantifier":
            token = self.take()
            item = self.statement()
            return sx.Quantified(token.at, item.end, token.text, item)
        start = self.tok.at
        sides: list[sx.Node | None] = []
        ops: list[str] = []
        if self.tok.kind == "rel":
            sides.append(None)
        else:
            sides.append(self.sum())
        while (relation := self.relation()) is not None:
            ops.append(relation)
            self.skip_soft_rows()
            sides.append(self.sum())
        if not ops:
            assert sides[0] is not None
            return sides[0]
        return sx.Relation(start, self.last_end, tuple(sides), tuple(ops))

    def relation(self) -> str | None:
        """Takes the next relation, on this line or at the start of the next one."""
        self.join_lines("rel")
        if self.tok.kind == "stacked":
            found = self.stacked_relation()
            if found is not None:
                self.i += 1
                self.script_label()
                self.i += 3 if self.tok.kind == "lbrace" else 1
            return found
        return self.take().text if self.tok.kind == "rel" else None

    def join_lines(self, *kinds: str) -> None:
        """Skips line ends before a token that can only continue the statement."""
        ahead = self.i
        while self.tokens[ahead].kind in ("nl", "quad"):
            ahead += 1
        if ahead > self.i and self.tokens[ahead].kind in kinds:
            self.i = ahead

    def skip_soft_rows(self) -> None:
        """Skips \\\\ in front of an operand."""
        while self.tok.kind == "quad" or (self.tok.kind == "nl" and self.tok.text != "\n"):
            self.i += 1

    def sum(self) -> sx.Node:
        """Terms with signs."""
        start = self.tok.at
        signs: list[str] = [self.sign()]
        bare = self.tok.at == start
        terms = [self.product()]
        while True:
            self.join_lines("add")
            if self.tok.kind != "add":
                break
            signs.append(self.sign())
            terms.append(self.product())
        if bare and len(terms) == 1:
            return terms[0]
        return sx.Sum(start, self.last_end, tuple(signs), tuple(terms))

    def sign(self) -> str:
        """Takes the signs in front of a term."""
        sign = "+"
        while self.tok.kind == "add":
            text = self.take().text
            sign = text if text == r"\pm" else "-" if (text == "-") != (sign == "-") else "+"
            self.skip_soft_rows()
        return sign

    def product(self) -> sx.Node:
        """Factors, with / binding two neighbours."""
        factors = [self.factor()]
        ops: list[str] = []
        slashes = 0
        while True:
            self.join_lines("mul")
            token = self.tok
            if token.kind == "slash":
                slashes += 1
                if slashes > _MAX_SLASHES:
                    raise self.fail(f"more than {_MAX_SLASHES} divisions in one product")
                self.i += 1
                below = self.factor()
                factors[-1] = sx.Quotient(factors[-1].at, below.end, factors[-1], below)
            elif token.kind == "mul" or (token.kind == "dot" and self.dot_multiplies()):
                self.i += 1
                self.skip_soft_rows()
                ops.append("." if token.kind == "dot" else token.text)
                factors.append(self.factor())
            elif self.starts_factor():
                ops.append("")
                factors.append(self.factor())
            else:
                break
        if len(factors) == 1:
            return factors[0]
        return sx.Product(factors[0].at, factors[-1].end, tuple(factors), tuple(ops))

    def dot_multiplies(self) -> bool:
        """Whether a full stop stands between two factors."""
        self.i += 1
        found = self.starts_factor() and self.tok.kind != "text"
        self.i -= 1
        return found


def parse(
    text: str, words: Set[str] = frozenset(), names: Set[str] = frozenset(), file: str = ""
) -> tuple[sx.Node, ...]:
    """The statements of one formula or claim."""
    return parse_source(checked_source(text, file), words, names)


def parse_source(
    source: Source, words: Set[str] = frozenset(), names: Set[str] = frozenset()
) -> tuple[sx.Node, ...]:
    """The statements of a text that is one claim: line breaks are spaces."""
    parser = Parser(source, tokenize(source, words, names))
    statements = tuple(s for line in parser.text() for s in line)
    if not statements:
        raise ReadError("the formula is empty", source.where(0))
    return statements


def parse_lines(
    source: Source, words: Set[str] = frozenset(), names: Set[str] = frozenset()
) -> list[tuple[sx.Node, ...]]:
    """The statements of a text with one statement a line, line by line."""
    return Parser(source, tokenize(source, words, names, lines=True)).text()
