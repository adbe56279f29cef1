"""A stream of tokens, and what the parser asks of it."""

from __future__ import annotations

from ..core.errors import ReadError
from . import syntax as sx
from . import vocabulary as v
from .source import Source
from .tokens import Token

_MAX_DEPTH = 80  # factors and their parts inside each other
FACTOR_STARTS = frozenset(
    ("num", "sym", "open", "lbrace", "frac", "short", "sqrt", "binom", "accent", "big", "partial",
     "nabla", "dots", "begin", "label", "text", "stacked", "substack")
)  # fmt: skip
_TAKES_ARGUMENT = frozenset(
    ("sub", "sup", "frac", "sqrt", "binom", "accent", "label", "stacked", "substack")
)
SOFT = ("nl", "quad")
_AHEAD = 4


class Stream:
    """Tokens with a position; parsers of larger pieces are added by the classes built on it."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source = source
        # the last token stands several times, so that looking ahead needs no test for the end
        self.tokens = [*_without_crossing_braces(tokens), *(tokens[-1:] * _AHEAD)]
        self.i = 0
        self.depth = 0
        self.bars: list[str] = []  # open bars, "" for a bracket around

    @property
    def tok(self) -> Token:
        return self.tokens[self.i]

    def take(self) -> Token:
        token = self.tokens[self.i]
        self.i += 1
        return token

    @property
    def last_end(self) -> int:
        return self.tokens[self.i - 1].end

    def skip(self, *kinds: str) -> bool:
        """Skips tokens of the kinds; whether there was one."""
        start = self.i
        while self.tok.kind in kinds:
            self.i += 1
        return self.i > start

    def fail(self, message: str, token: Token | None = None, hint: str = "") -> ReadError:
        return self.source.fail(message, (token or self.tok).at, hint)

    def expected(self, what: str) -> ReadError:
        """The error for a token that does not fit here."""
        token = self.tok
        if token.kind in ("end", "nl"):
            return self.source.fail(f"the text ends where {what} is expected", max(token.at, 0))
        if token.kind == "close":
            return self.fail(f"{what} is expected before this {token.text}")
        shown = self.source.text[token.at : token.end] or token.text
        return self.fail(f"{what} is expected, not {shown}")

    def starts_factor(self) -> bool:
        """Whether the next token begins a factor."""
        token = self.tok
        if token.kind == "bar":
            return not (self.bars and self.bars[-1] == token.text)
        if token.kind == "text":
            return not is_connective(token.text)
        if token.kind == "stacked":
            return self.stacked_relation() is None
        return token.kind in FACTOR_STARTS

    def descend(self) -> None:
        """Counts a level of nesting; the caller counts it back."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fail(f"the formula is nested more than {_MAX_DEPTH} deep")

    def stacked_relation(self) -> str | None:
        """The relation under a label such as ``\\stackrel{def}{=}``, looked at without moving."""
        start = self.i
        self.i += 1
        self.script_label()
        inside = self.tokens[self.i + 1] if self.tok.kind == "lbrace" else self.tok
        self.i = start
        return inside.text if inside.kind == "rel" else None

    def script_label(self) -> None:
        """Skips a label, whatever is in it."""
        if self.tok.kind != "lbrace":
            self.i += self.tok.kind != "end"
            return
        open_braces = 0
        while True:
            token = self.take()
            open_braces += (token.kind == "lbrace") - (token.kind == "rbrace")
            if not open_braces:
                return

    def statement(self) -> sx.Node:
        """One relation or formula."""
        raise NotImplementedError

    def product(self) -> sx.Node:
        """A chain of factors."""
        raise NotImplementedError

    def factor(self) -> sx.Node:
        """One factor with its scripts, or a prefix operator with what it takes."""
        raise NotImplementedError

    def primary(self) -> sx.Node:
        """A factor without its scripts."""
        raise NotImplementedError


def is_connective(text: str) -> bool:
    """Whether words join statements ("where", "for all") rather than belong to a formula."""
    words = text.strip().strip(",.:;()").lower()
    return words in v.CONNECTIVES or words.split(" ")[0] in v.CONNECTIVES


def _without_crossing_braces(tokens: list[Token]) -> list[Token]:
    """Drops braces that group nothing: those in which a bracket opens and does not close."""
    stack: list[tuple[int, int]] = []
    depth, drop = 0, set()
    for i, token in enumerate(tokens):
        if token.kind == "lbrace":
            stack.append((i, depth))
        elif token.kind == "rbrace" and stack:
            start, before = stack.pop()
            if before != depth and (start == 0 or tokens[start - 1].kind not in _TAKES_ARGUMENT):
                drop |= {start, i}
        elif token.kind in ("open", "close"):
            depth += 1 if token.kind == "open" else -1
    return [t for i, t in enumerate(tokens) if i not in drop] if drop else tokens
