"""Blocks as lines of text for a terminal: formulas in one line, reasons at the right margin.

>>> print(to_text((Prose((Text("By induction."),)),), "en"))
By induction.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

from symbptt.notation.tables import COMMANDS, OPERATORS

from .document import (
    Block, Code, Display, Emph, Equations, Heading, Items, Link, Math, Picture, ProofLine, Prose,
    Quote, Ref, RuleEntry, Saying, SymbolsTable, Table, Text, TheoremBlock, content, phrase,
)  # fmt: skip
from .folding import cells, fold
from .sayings import conditions_of, reason_of
from .words import Words, load

WIDTH = 100
Paint = Callable[[str, str], str]
"""Writes a text in the style of its role: head, relation or reason."""
_NARROWEST = 10  # a column of a table
_INDENT = "    "
_SIGNS = {command: char for char, command in reversed(OPERATORS.items())} | COMMANDS
_FONT = re.compile(r"\\(?:mathrm|operatorname|mathbf)\{([^{}]*)\}")
_COMMAND = re.compile(r"\\[A-Za-z]+ ?|\\,")


def unpainted(role: str, text: str) -> str:
    """The text as it is."""
    return text


def to_text(
    blocks: Iterable[Block], lang: str = "en", width: int = WIDTH, paint: Paint = unpainted
) -> str:
    """The blocks as text, an empty line between two of them."""
    writer = _Writer(load(lang), width, paint)
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
        case Emph(inner, _) | Link(inner, _) | Ref(inner, _):
            return said(inner, words)
        case _:
            return ""


def _formula(latex: str) -> str:
    r"""The few formulas of the word lists: \mathrm{d}, \odot, ..."""
    latex = _FONT.sub(r"\1", latex)
    return _COMMAND.sub(lambda m: _SIGNS.get(m[0].strip(), ""), latex)


def _columns(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Rows of cells as lines; the widest columns are folded where there is not enough room."""
    wide = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    while sum(wide) + 2 * (len(wide) - 1) > width and max(wide) > _NARROWEST:
        wide[wide.index(max(wide))] -= 1
    folded = [[fold(x, w, " ") for x, w in zip(row, wide, strict=True)] for row in rows]
    wide = [max(cells(x) for part in column for x in part) for column in zip(*folded, strict=True)]
    return [
        "  ".join(x + " " * (w - cells(x)) for x, w in zip(line, wide, strict=True)).rstrip()
        for row in folded
        for line in zip_longest(*row, fillvalue="")
    ]


class _Writer:
    """Writes blocks as lists of lines."""

    def __init__(self, words: Words, width: int, paint: Paint) -> None:
        self.words, self.width, self.paint = words, width, paint

    def block(self, block: Block) -> list[str]:
        match block:
            case TheoremBlock():
                return list(self._theorem(block))
            case Heading(_, title, _):
                return [self.paint("head", said(title, self.words))]
            case Prose(text):
                return textwrap.wrap(said(text, self.words), self.width, break_long_words=False)
            case Equations(rows):
                lines = [(r.left, f"= {r.right}", r.where, f"({r.number})") for r in rows]
                return [_INDENT + line for line in _columns(lines, self.width - len(_INDENT))]
            case RuleEntry(key, _, name, latex, notes):
                called = f"{said(name, self.words)} [{key}]"
                return [f"{called}:  {latex}", *(_INDENT + said(n, self.words) for n in notes)]
            case Display(latex, _, summands):
                if "\n" in latex:  # a matrix
                    return [_INDENT + row for row in latex.split("\n")]
                return self._filled(_INDENT, latex, summands)
            case Items(items):
                inside = [" ".join(line for b in item for line in self.block(b)) for item in items]
                return [line for text in inside for line in self._wrapped(f"- {text}")]
            case Quote(blocks):
                return [_INDENT + line for b in blocks for line in self.block(b)]
            case SymbolsTable(rows):
                cells_of = [(r.latex, r.shape, said(r.meaning, self.words)) for r in rows]
                return _columns(cells_of, self.width)
            case Table(head, rows):
                told = [tuple(said(x, self.words) for x in row) for row in (head, *rows)]
                return _columns(told, self.width)
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
        conditions = said(conditions_of(block, self.words), self.words)
        first, *more = self._wrapped(f"{head}{called}. {conditions}".rstrip())
        yield first.replace(head, self.paint("head", head), 1)
        yield from more
        inner = _Writer(self.words, self.width - 2, self.paint)
        for b in block.statement:
            yield from (f"  {line}" for line in inner.block(b))
        if not block.proof:
            return
        yield f"  {self.words.say('proof.proof')}."
        for item in block.proof:
            if isinstance(item, ProofLine):
                yield from self._line(item)
            else:
                yield from (f"  {line}" for line in inner.block(item))

    def _line(self, line: ProofLine) -> list[str]:
        """A step, its reason at the right margin or, where there is no room, below."""
        start = f"{_INDENT}{_INDENT}{line.relation} " if line.relation else f"{_INDENT}  "
        rows = self._filled(start, line.latex, line.summands)
        reason = said(reason_of(line), self.words)
        room = self.width - cells(rows[-1]) - cells(reason) - 2
        if line.relation:
            rows[0] = rows[0].replace(line.relation, self.paint("relation", line.relation), 1)
        if reason and room >= 2:
            rows[-1] += " " * room + self.paint("reason", f"[{reason}]")
        elif reason:
            below = textwrap.wrap(f"[{reason}]", self.width - 8, break_long_words=False)
            room = max(0, self.width - max(map(cells, below)))
            rows += [" " * room + self.paint("reason", text) for text in below]
        return rows

    def _wrapped(self, text: str) -> list[str]:
        return textwrap.wrap(text, self.width, subsequent_indent="  ", break_long_words=False)

    def _filled(self, start: str, text: str, summands: Sequence[str]) -> list[str]:
        """A formula, broken before its top-level summands if it is too long, else where it may."""
        indent = " " * (cells(start) + 2)
        if cells(start + text) <= self.width:
            return [start + text]
        if not summands or not text.endswith(" ".join(summands)):
            return fold(start + text, self.width, indent)
        rows = [start + text.removesuffix(" ".join(summands)) + summands[0]]
        for summand in summands[1:]:
            if cells(rows[-1]) + 1 + cells(summand) <= self.width:
                rows[-1] += f" {summand}"
            else:
                rows.append(indent + summand)
        return [x for row in rows for x in fold(row, self.width, f"{indent}  ")]
