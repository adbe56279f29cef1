r"""Answers in Markdown, taken apart into prose, displays and what they state.

Formulas stand between ``$``, ``$$``, ``\( \)``, ``\[ \]``, or in an environment such as align. A
display may state several things, one a row; rows that begin with a relation go on with a chain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.notation.source import Source, checked_source
from symbptt.report.linebreak import split_relations, take_relation

from .places import Place, after_line

MAX_CHARACTERS = 1_000_000
_ENVIRONMENTS = r"(?:align|equation|gather|eqnarray|multline|aligned|gathered|split)\*?"
_MATH = re.compile(
    r"(?P<fence>^[ ]{0,3}(?P<ticks>`{3,}|~{3,})[^\n]*\n.*?(?:^[ ]{0,3}(?P=ticks)[^\n]*$|\Z))"
    r"|(?P<code>(?P<tick>`+)[^`\n]+(?P=tick))"
    r"|(?P<escaped>\\[\\$])"
    r"|\$\$(?P<display>.*?)\$\$|\\\[(?P<bracket>.*?)\\\]"
    rf"|(?P<bare>\\begin\{{(?P<name>{_ENVIRONMENTS})\}}.*?\\end\{{(?P=name)\}})"
    r"|\$(?P<inline>(?:\\.|[^$\\\n]|\n(?!\s*\n))+?)\$|\\\((?P<round>.*?)\\\)"
    r"|(?P<open>\$\$|\\\[)",
    re.DOTALL | re.MULTILINE,
)  # fmt: skip
_BEGIN = re.compile(rf"\\begin\{{{_ENVIRONMENTS}\}}(?:\{{[^{{}}]*\}})?|\\end\{{{_ENVIRONMENTS}\}}")
_PASSED = re.compile(r"\\(?:tag\*?|label)\{[^{}]*\}|\\(?:nonumber|notag)\b")
_TOKEN = re.compile(r"\\begin\{[^{}]*\}|\\end\{[^{}]*\}|\\\\(?:\[[^\]]*\])?|\\.|[{}&]", re.DOTALL)
_END = " \t\r\n.,;。，；、:："
_RELATION = re.compile(
    r"\s*(?:=|:=|<|>|≤|≥|\\(?:le|ge|leq|geq|approx|equiv|in|propto|triangleq|lt|gt)(?![A-Za-z]))"
)
_OPERATOR = re.compile(r"\s*(?:[-+]|\\(?:cdot|times|odot|pm|quad)(?![A-Za-z]))")


@dataclass(frozen=True)
class Stated:
    """A claim, or an inline formula; ``start`` is where its text begins in the file.

    ``before`` is put in front of a display that goes on with the chain of the one above.
    """

    text: str
    start: int
    place: Place
    display: bool
    before: str = ""

    @property
    def claim(self) -> str:
        """What is judged."""
        return f"{self.before}{self.text}"


@dataclass(frozen=True)
class Piece:
    """A display with what it states, or prose with the formulas in it."""

    text: str
    display: bool
    stated: tuple[Stated, ...]


@dataclass(frozen=True)
class Answers:
    """A document; ``pieces`` in order."""

    source: Source
    pieces: tuple[Piece, ...]

    @property
    def stated(self) -> tuple[Stated, ...]:
        """All formulas in order."""
        return tuple(s for p in self.pieces for s in p.stated)


def read_answers(text: str, path: str = "") -> Answers:
    """The answers in a text; ReadError, with the place, for what is no text or not closed."""
    source = checked_source(text.replace("\r\n", "\n"), path, MAX_CHARACTERS)
    if not source.text.strip():
        raise source.fail("the answers are empty", 0)
    return Answers(source, tuple(_Reader(source).pieces()))


class _Reader:
    """Goes through a text once."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.place, self.last = Place(), ""
        self.seen = 0  # up to where headings have been looked for

    def pieces(self) -> Iterator[Piece]:
        begin, inline = 0, list[Stated]()
        for match in _MATH.finditer(self.text):
            if match["open"]:
                raise self.source.fail("this formula is not closed", match.start(),
                                       f"close it by {_closing(match['open'])}")  # fmt: skip
            self.move_to(match.start())
            if match["fence"] or match["code"] or match["escaped"]:
                self.seen = match.end()
                continue
            group = next(g for g in ("display", "bracket", "bare", "inline", "round")
                         if match[g] is not None)  # fmt: skip
            self.seen = match.end()
            if group in ("inline", "round"):
                inline.append(Stated(match[group].rstrip(_END), match.start(group), self.place,
                                     False))  # fmt: skip
                continue
            if self.text[begin : match.start()].strip():
                yield Piece(self.text[begin : match.start()], False, tuple(inline))
            claims = tuple(self.claims(match[group], match.start(group)))
            yield Piece(match[group], True, claims)
            begin, inline = match.end(), []
        if self.text[begin:].strip():
            yield Piece(self.text[begin:], False, tuple(inline))

    def move_to(self, end: int) -> None:
        """Looks for headings and labels in the lines that begin before ``end``."""
        while self.seen < end:
            stop = self.text.find("\n", self.seen)
            stop = len(self.text) if stop < 0 else stop
            at_start = self.seen == 0 or self.text[self.seen - 1] == "\n"
            if at_start:
                self.note(self.text[self.seen : stop])
            self.seen = min(stop + 1, max(end, self.seen + 1)) if stop >= end else stop + 1

    def note(self, line: str) -> None:
        place = after_line(self.place, line)
        if place != self.place:
            self.place, self.last = place, ""

    def claims(self, text: str, start: int) -> Iterator[Stated]:
        """What a display states."""
        for shown, at in _statements(text):
            before = ""
            if _RELATION.match(shown) and self.last:
                before = f"{self.last} "
            claim = Stated(shown, start + at, self.place, True, before)
            self.last = _last_side(claim.claim)
            yield claim


def _closing(opening: str) -> str:
    return "$$" if opening == "$$" else r"\]"


def _last_side(claim: str) -> str:
    """What stands behind the last relation of a chain."""
    last = split_relations(claim)[-1]
    return take_relation(last)[1].strip()


def _statements(text: str) -> Iterator[tuple[str, int]]:
    """The statements of a display with where they begin; characters keep their places."""
    text = _PASSED.sub(_blank, _BEGIN.sub(_blank, text))
    rows, begin, depth, out = [], 0, 0, list(text)
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "{" or token.startswith(r"\begin"):
            depth += 1
        elif token == "}" or token.startswith(r"\end{"):
            depth -= 1
        elif depth == 0 and token == "&":
            out[match.start()] = " "
        elif depth == 0 and token.startswith(r"\\"):
            out[match.start() : match.end()] = " " * len(token)
            rows.append((begin, match.start()))
            begin = match.end()
    rows.append((begin, len(text)))
    shown = "".join(out)
    joined: list[tuple[int, int]] = []
    for low, high in rows:
        row = shown[low:high]
        if not row.strip():
            continue
        if joined and (_RELATION.match(row) or _OPERATOR.match(row)):
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    for low, high in joined:
        row = shown[low:high].rstrip(_END)
        body = row.lstrip()
        if body:
            yield body, low + len(row) - len(body)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
