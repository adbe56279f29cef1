"""Words between formulas: what they do to the statement after them."""

from __future__ import annotations

from collections.abc import Set

from . import vocabulary as v
from .lexer import tokenize
from .parser import Parser
from .source import Source
from .stream import is_connective
from .tokens import Token


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SUPPOSE = _words(
    "if when given provided assuming assume suppose for 若 如果 当 假设 假定 设 对于 对"
)
"""Words after which a statement is supposed, not claimed."""
REFUSED = _words("or not never unless except neither nor either no")
_NEGATIVE = "不非无未否或除"
"""Words, and signs in Chinese words, that change a claim in a way that is not understood."""
_LEADING = _words("of in by to on between than from 的 中 对")
"""Words at the end of a piece of prose that tie it to the formula after it."""


def parsed(
    source: Source, words: Set[str], names: Set[str]
) -> tuple[tuple[object, ...], list[tuple[int, str]]]:
    """The statements of a text with prose between them, and where something is supposed.

    Prose separates statements; words that change a statement are refused.
    """
    tokens, marks = [], []
    depth = 0
    for i, token in enumerate(all_tokens := tokenize(source, words, names)):
        depth += (token.kind in ("open", "lbrace", "begin")) - (
            token.kind in ("close", "rbrace", "finish")
        )
        if token.kind != "text" or depth:
            tokens.append(token)
            continue
        _refuse(source, token, all_tokens[i + 1])
        first = _pieces(token.text)[0] if _pieces(token.text) else ""
        if first in SUPPOSE:
            marks.append((token.end, first))
        tokens.append(token if is_connective(token.text) else token._replace(kind="quad"))
    parser = Parser(source, tokens)
    statements = tuple(s for line in parser.text() for s in line)
    if not statements:
        raise source.fail("there is no formula here", 0)
    return statements, marks


def _pieces(text: str) -> list[str]:
    return [w for w in text.lower().replace(",", " ").replace(".", " ").replace(":", " ").split()]


def _refuse(source: Source, token: Token, after: Token) -> None:
    pieces = _pieces(token.text)
    found = next((w for w in pieces if w in REFUSED), None)
    if found is None:
        found = next((c for c in token.text if c in _NEGATIVE), None)
    tied = pieces and (pieces[-1] in _LEADING or pieces[-1][-1:] == "的")
    formula = after.kind not in ("end", "comma", "semi", "quad", "nl", "text", "quantifier")
    connective = is_connective(token.text) or (pieces and pieces[0] in v.CONNECTIVES)
    if found is not None or (tied and formula and not connective):
        shown = found or pieces[-1]
        raise source.fail(
            f"what {shown!r} says here is not understood", token.at,
            "state it as a formula, or leave the words out",
        )  # fmt: skip
