"""Blocks as lines of text for a terminal: formulas in one line, reasons at the right margin.

>>> print(to_text((Prose((Text("By induction."),)),), "en"))
By induction.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from symbptt.notation.tables import COMMANDS, OPERATORS

from .document import (
    Block, Code, Display, Emph, Heading, Items, Link, Math, Picture, ProofLine, Prose, Quote,
    Saying, SymbolsTable, Table, Text, TheoremBlock, content, phrase,
)  # fmt: skip
from .sayings import conditions_of, reason_of
from .words import Words, load

WIDTH = 100
_INDENT = "    "
_SIGNS = {command: char for char, command in reversed(OPERATORS.items())} | COMMANDS
_FONT = re.compile(r"\\(?:mathrm|operatorname|mathbf)\{([^{}]*)\}")
_COMMAND = re.compile(r"\\[A-Za-z]+ ?|\\,")


def to_text(blocks: Iterable[Block], lang: str = "en", width: int = WIDTH) -> str:
    """The blocks as text, an empty line between two of them."""
    writer = _Writer(load(lang), width)
    parts = ("\n".join(writer.block(b)).rstrip() for b in blocks)
    return "\n\n".join(p for p in parts if p)


def said(saying: Saying, words: Words) -> str:
    """A saying as plain text."""
    return "".join(_inline(item, words) for item in words.plain(content(saying)))


def _inline(item: object, words: Words) -> str:
    match item:
        case Text(text) | Code(text):
            return text
        case Math(latex):
            return _formula(latex)
        case Emph(inner, _) | Link(inner, _):
            return said(inner, words)
        case _:
            return ""


def _formula(latex: str) -> str:
    r"""The few formulas of the word lists: \mathrm{d}, \odot, ..."""
    latex = _FONT.sub(r"\1", latex)
    return _COMMAND.sub(lambda m: _SIGNS.get(m[0].strip(), ""), latex)


def cells(text: str) -> int:
    """The columns that a text takes in a terminal: two for a Chinese character."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, every column as wide as its widest cell."""
    wide = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    padded = ([x + " " * (w - cells(x)) for x, w in zip(row, wide, strict=True)] for row in rows)
    return ["  ".join(row).rstrip() for row in padded]


class _Writer:
    """Writes blocks as lists of lines."""

    def __init__(self, words: Words, width: int) -> None:
        self.words, self.width = words, width

    def block(self, block: Block) -> list[str]:
        match block:
            case TheoremBlock():
                return list(self._theorem(block))
            case Heading(_, title):
                return [said(title, self.words)]
            case Prose(text):
                return textwrap.wrap(said(text, self.words), self.width, break_long_words=False)
            case Display(latex, _, summands):
                rows = latex.split("\n")
                return [x for row in rows for x in self._filled(_INDENT, row, summands)]
            case Items(items):
                inside = [" ".join(line for b in item for line in self.block(b)) for item in items]
                return [f"- {text}" for text in inside]
            case Quote(blocks):
                return [_INDENT + line for b in blocks for line in self.block(b)]
            case SymbolsTable(rows):
                return _columns([(r.latex, r.shape, said(r.meaning, self.words)) for r in rows])
            case Table(head, rows):
                return _columns([tuple(said(x, self.words) for x in row) for row in (head, *rows)])
            case Picture(_, _, caption, alt):
                words = said(caption, self.words) or alt
                return textwrap.wrap(f"[{words}]", self.width, break_long_words=False)
            case _:
                return []

    def _theorem(self, block: TheoremBlock) -> Iterator[str]:
        kind = phrase(f"theorem.{block.kind}")
        head = said(phrase("theorem.numbered", kind=kind, number=Text(block.number)), self.words)
        name = said(block.name, self.words)
        called = f" ({name})" if name else ""
        yield f"{head}{called}. {said(conditions_of(block, self.words), self.words)}".rstrip()
        for b in block.statement:
            yield from (f"  {line}" for line in self.block(b))
        if not block.proof:
            return
        yield f"  {self.words.say('proof.proof')}."
        for item in block.proof:
            if isinstance(item, ProofLine):
                yield from self._line(item)
            else:
                yield from (f"  {line}" for line in self.block(item))

    def _line(self, line: ProofLine) -> list[str]:
        """A step, its reason at the right margin or, where there is no room, below."""
        start = f"{_INDENT}{_INDENT}{line.relation} " if line.relation else f"{_INDENT}  "
        rows = self._filled(start, line.latex, line.summands)
        if reason := said(reason_of(line), self.words):
            reason = f"[{reason}]"
            room = self.width - cells(rows[-1]) - cells(reason)
            if room >= 2:
                rows[-1] += " " * room + reason
            else:
                rows.append(" " * max(0, self.width - cells(reason)) + reason)
        return rows

    def _filled(self, start: str, text: str, summands: Sequence[str]) -> list[str]:
        """A formula, broken before its top-level summands if it is too long."""
        fits = len(start) + len(text) <= self.width
        if fits or not summands or not text.endswith(" ".join(summands)):
            return [start + text]
        head = text.removesuffix(" ".join(summands))
        rows = [start + head + summands[0]]
        for summand in summands[1:]:
            if len(rows[-1]) + 1 + len(summand) <= self.width:
                rows[-1] += f" {summand}"
            else:
                rows.append(" " * (len(start) + 2) + summand)
        return rows
