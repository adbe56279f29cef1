r"""A formula as the row of atoms that TeX sees on its top level: enough to know where it may break.

An atom keeps its scripts and arguments. Parentheses of any kind are one atom with a row inside.

>>> [atom.text for atom in parse(r"\sum_{t=1}^{T} a_t \left(b + c\right)^2 - d")]
['\\sum_{t=1}^{T} ', 'a_t ', '\\left(b + c\\right)^2 ', '- ', 'd']
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_TOKEN = re.compile(r"\\[A-Za-z]+\*?\s*|\\.\s*|[^\s\\]\s*|\s+|\\", re.DOTALL)

SIGN, TIMES, RELATION, BIG, WORD, GROUP, ORD = (
    "sign", "times", "relation", "big", "word", "group", "ord",
)  # fmt: skip
_KINDS = {
    SIGN: r"+ - \pm \mp",
    TIMES: r"\cdot \times \odot \otimes \circ /",
    RELATION: r"= < > \le \leq \ge \geq \ne \neq \in \approx \equiv \propto \coloneqq \triangleq "
    r"\to \mapsto \sim \lt \gt \implies \iff",
    BIG: r"\sum \prod \int \lim \max \min \sup \inf",
    WORD: r"\operatorname \mathrm \operatorname*",
}
_KIND_OF = {text: kind for kind, texts in _KINDS.items() for text in texts.split()}
_PAIRS = {
    "(": ")", "[": "]", r"\{": r"\}", r"\lVert": r"\rVert", r"\lvert": r"\rvert", "|": "|",
    r"\langle": r"\rangle", r"\|": r"\|", "{": "}", r"\begin": r"\end",
}  # fmt: skip
_SIZED = {rf"\{size}l": rf"\{size}r" for size in ("big", "Big", "bigg", "Bigg")}
_SIZED[r"\left"] = r"\right"  # these take the delimiter as the next token
_PAIRS |= _SIZED
_FIRM = {"}", r"\end", *_SIZED.values()}
_DEEPEST = 40  # a row below that is not looked into
_SIZES = re.compile(r"\\[bB]igg?[lrm]?\s*")


@dataclass(frozen=True)
class Atom:
    """A piece that is never broken itself; ``opening + inner + closing`` if it is a group.

    ``tail`` is the scripts of a group.
    """

    text: str
    kind: str = ORD
    opening: str = ""
    inner: tuple[Atom, ...] = ()
    closing: str = ""
    tail: str = ""


def parse(latex: str) -> tuple[Atom, ...]:
    """The top-level atoms of a formula; their texts joined are the formula."""
    tokens = _TOKEN.findall(latex)
    return tuple(_Parser(tokens).row(len(tokens), 0))


def _partners(tokens: list[str]) -> dict[int, int]:
    """For every delimiter that is closed, the position of the closing one, in one pass."""
    partners: dict[int, int] = {}
    waiting: list[tuple[str, int]] = []  # the closing token expected, where it was opened
    expected: Counter[str] = Counter()
    for position, token in enumerate(map(str.strip, tokens)):
        if expected[token] and (token in _FIRM or waiting[-1][0] == token):
            while True:  # braces, \right and \end close whatever was left open inside
                closing, opened = waiting.pop()
                expected[closing] -= 1
                if closing == token:
                    break
            partners[opened] = position
        elif token in _PAIRS and not _takes_delimiter(tokens[position - 1 : position]):
            waiting.append((_PAIRS[token], position))
            expected[_PAIRS[token]] += 1
    return partners


def _takes_delimiter(before: list[str]) -> bool:
    return bool(before) and (
        before[0].strip() in (r"\left", r"\right") or _SIZES.fullmatch(before[0]) is not None
    )


class _Parser:
    """Reads tokens from left to right; a delimiter without partner is an ordinary atom."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.partners = _partners(tokens)
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position].strip() if self.position < len(self.tokens) else ""

    def take(self, end: int | None = None) -> str:
        """The text up to a position; without one, of one token (nothing at the end)."""
        begin, self.position = self.position, self.position + 1 if end is None else end
        return "".join(self.tokens[begin : self.position])

    def row(self, end: int, depth: int) -> list[Atom]:
        """The atoms up to a position."""
        atoms = []
        while self.position < end:
            atoms.append(self.atom(depth))
        return atoms

    def atom(self, depth: int) -> Atom:
        start, close = self.peek(), self.partners.get(self.position)
        if close is not None and start not in ("{", r"\begin") and depth < _DEEPEST:
            return self.group(start, close, depth)
        if close is not None:
            text = self.take(close + 1)
            text += self.braces() if start == r"\begin" else ""
        else:
            text = self.take()
            text += self.take() if _SIZES.fullmatch(text) else ""
            text += self.braces() if start[:1] == "\\" and start[1:2].isalpha() else ""
        kind = _KIND_OF.get(start, ORD)
        return Atom(text if kind in (SIGN, TIMES, RELATION) else text + self.scripts(), kind)

    def group(self, start: str, close: int, depth: int) -> Atom:
        """What is between two delimiters, with them and the scripts."""
        opening = self.take() + (self.take() if start in _SIZED else "")
        inner = tuple(self.row(close, depth + 1))
        closing = self.take() + (self.take() if start in _SIZED else "")
        tail = self.scripts()
        text = opening + "".join(a.text for a in inner) + closing + tail
        return Atom(text, GROUP, opening, inner, closing, tail)

    def braces(self) -> str:
        """The arguments {...}{...} of a command."""
        text = ""
        while self.peek() == "{" and self.position in self.partners:
            text += self.take(self.partners[self.position] + 1)
        return text

    def scripts(self) -> str:
        """Primes, subscripts and superscripts."""
        text = ""
        while self.peek() in ("^", "_", "'", r"\limits"):
            script = self.take()
            text += script
            if script.strip() in "^_":
                text += self.braces() or self.take()
        return text
