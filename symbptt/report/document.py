"""What a report says, as plain data: blocks of content that know nothing of LaTeX pages or HTML.

Whoever has theorems builds a ``Document``; ``render.to_tex`` and ``render.to_html`` print it. No
block holds a sentence: words come as ``Phrase``, a key of the word lists in ``words/`` with its
slots, so that a document is printed in either language. Formulas are LaTeX strings.

>>> Document("The layer", "en", (Prose((Text("Let "), Math("y = W x"), Text("."))),))
Document(title='The layer', lang='en', blocks=(Prose(...),), source='', ...)
"""

from __future__ import annotations

from dataclasses import dataclass

from .pieces import (
    Code, Content, Emph, Inline, Link, Math, Phrase, Ref, Saying, Text, content, phrase,
)  # fmt: skip

# ---------------------------------------------------------------- blocks


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is a section, 2 and 3 are below it. ``target`` as for a display."""

    level: int
    content: Content
    target: str = ""


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    content: Content


@dataclass(frozen=True)
class Items:
    """A list; each item is made of blocks."""

    items: tuple[Blocks, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Quote:
    """A block quotation."""

    blocks: Blocks


@dataclass(frozen=True)
class Display:
    """A formula on its own line, with an optional number.

    ``summands``, where the caller knows them, are the top-level summands of the last right-hand
    side, each with its sign; a formula that is too wide is broken before them. ``target`` is what
    references to it name, if there are any.
    """

    latex: str
    tag: str = ""
    summands: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True)
class MatrixView:
    """``left = side = side ...``, where the sides may be matrices written out, with dots."""

    left: str
    sides: tuple[str, ...]
    tag: str = ""


@dataclass(frozen=True)
class ProofLine:
    """One line of a chain. The first line of a chain has no relation: it is what one starts from.

    ``reason`` says why; without one it is the name of ``rule``, a row of the rules table.
    """

    relation: str
    latex: str
    reason: Saying | None = None
    rule: str = ""
    summands: tuple[str, ...] = ()


@dataclass(frozen=True)
class KernelStep:
    """A step as the kernel checks it: what is replaced by what, and why."""

    latex: str
    reason: Content


@dataclass(frozen=True)
class Replay:
    """The steps by which the kernel comes from one side of a statement to the other."""

    title: Content
    statement: str
    steps: tuple[KernelStep, ...]


@dataclass(frozen=True)
class TheoremBlock:
    """A theorem with its proof: lines of a chain, with paragraphs between them where needed.

    ``kind`` is theorem, lemma, proposition, corollary or definition. ``conditions`` are said before
    the statement ("for 1 <= t <= T"). ``replays`` are the steps behind the proof. ``alias`` is what
    the author calls it.
    """

    kind: str
    number: str
    name: Content
    statement: Blocks
    conditions: Content = ()
    proof: tuple[ProofLine | Block, ...] = ()
    replays: tuple[Replay, ...] = ()
    alias: str = ""

    @property
    def target(self) -> str:
        """What a reference to it names."""
        return f"{self.kind}-{self.number}"


@dataclass(frozen=True)
class EquationRow:
    """An equation with its number and the range in which it holds."""

    left: str
    right: str
    number: str
    where: str = ""
    summands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Equations:
    """Numbered equations below each other; a reference names them ``equation-NUMBER``."""

    rows: tuple[EquationRow, ...]


@dataclass(frozen=True)
class RuleEntry:
    """A row of the rules table, or a kind of step: what it is called, what it states, and when.

    ``key`` is its name in the table; ``notes`` are its shapes, conditions and source. A reference
    names it ``rule-KEY``.
    """

    key: str
    number: str
    name: Content
    latex: str
    notes: tuple[Content, ...] = ()

    @property
    def target(self) -> str:
        """What a reference to it names."""
        return rule_target(self.key)


def rule_target(name: str) -> str:
    """What a reference to a rule names."""
    return f"rule-{name.replace('/', '-')}"


@dataclass(frozen=True)
class SymbolRow:
    """A symbol, what it means, and its shape as a formula (empty for none)."""

    latex: str
    meaning: Saying
    shape: str = ""


@dataclass(frozen=True)
class SymbolsTable:
    """The symbols of a report and their shapes."""

    rows: tuple[SymbolRow, ...]


@dataclass(frozen=True)
class Table:
    """A table; the columns in ``wide`` (from 0) share the width that the others leave."""

    head: tuple[Saying, ...]
    rows: tuple[tuple[Saying, ...], ...]
    wide: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class CodeListing:
    """Program text."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture, as what draws it in LaTeX and as SVG, with its caption; ``alt`` says it in words.

    The SVG is embedded in pages as it is, so it must come from symbptt, not from a user. ``name``
    is that of its file, where it is one.
    """

    tex: str
    svg: str
    caption: Content
    alt: str = ""
    name: str = ""


@dataclass(frozen=True)
class AnswerSpace:
    """Room for an answer of so many lines."""

    lines: int


Block = (
    Heading
    | Prose
    | Items
    | Quote
    | Display
    | MatrixView
    | TheoremBlock
    | Equations
    | RuleEntry
    | SymbolsTable
    | Table
    | CodeListing
    | Picture
    | AnswerSpace
)
Blocks = tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A report. ``lang`` is en, zh or both; ``source`` names the worksheet that it was made from.

    ``detail``: brief, where a proof is what it uses; normal; or full, with every kernel step.
    ``kind``: report, questions, solution or slides.
    """

    title: str
    lang: str
    blocks: Blocks
    source: str = ""
    detail: str = "normal"
    kind: str = "report"


__all__ = [
    "AnswerSpace", "Block", "Blocks", "Code", "CodeListing", "Content", "Display", "Document",
    "Emph", "EquationRow", "Equations", "Heading", "Inline", "Items", "KernelStep", "Link", "Math",
    "MatrixView", "Phrase", "Picture", "ProofLine", "Prose", "Quote", "Ref", "Replay", "RuleEntry",
    "Saying", "SymbolRow", "SymbolsTable", "Table", "Text", "TheoremBlock", "content", "phrase",
    "rule_target",
]  # fmt: skip
