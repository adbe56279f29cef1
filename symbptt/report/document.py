"""What a report says, as plain data: blocks of content that know nothing of LaTeX pages or HTML.

Whoever has theorems builds a ``Document``; ``render.to_tex`` and ``render.to_html`` print it. No
block holds a sentence: words come as ``Phrase``, a key of the word lists in ``words/`` with its
slots, so that a document is printed in either language. Formulas are LaTeX strings.

>>> Document("The layer", "en", (Prose((Text("Let "), Math("y = W x"), Text("."))),))
Document(title='The layer', lang='en', blocks=(Prose(content=(...)),), source='')
"""

from __future__ import annotations

from dataclasses import dataclass

# ---------------------------------------------------------------- inline content


@dataclass(frozen=True)
class Text:
    """Words of the worksheet's author, or a number: printed as they are."""

    text: str


@dataclass(frozen=True)
class Math:
    """A formula inside a line."""

    latex: str


@dataclass(frozen=True)
class Code:
    """A name or a piece of program text inside a line."""

    text: str


@dataclass(frozen=True)
class Emph:
    """Emphasis; ``strong`` for bold."""

    content: Content
    strong: bool = False


@dataclass(frozen=True)
class Link:
    """A link to an address."""

    content: Content
    url: str


@dataclass(frozen=True)
class Phrase:
    """A key of the word lists, such as ``reason.unfold``, and what stands in its slots.

    A slot that holds a phrase is said in the same language.
    """

    key: str
    slots: tuple[tuple[str, Saying], ...] = ()


Inline = Text | Math | Code | Emph | Link | Phrase
Content = tuple[Inline, ...]
Saying = Inline | Content
"""One piece, or several in a row."""


def content(saying: Saying) -> Content:
    """The pieces of a saying."""
    return saying if isinstance(saying, tuple) else (saying,)


def phrase(key: str, **slots: Saying) -> Phrase:
    """A phrase with its slots: ``phrase("reason.unfold", symbol=Math("h_t"))``."""
    return Phrase(key, tuple(slots.items()))


# ---------------------------------------------------------------- blocks


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is a section, 2 and 3 are below it."""

    level: int
    content: Content


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
    side, each with its sign; a formula that is too wide is broken before them.
    """

    latex: str
    tag: str = ""
    summands: tuple[str, ...] = ()


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
class TheoremBlock:
    """A theorem with its proof: lines of a chain, with paragraphs between them where needed.

    ``kind`` is theorem, lemma, proposition, corollary or definition. ``conditions`` are said before
    the statement ("for 1 <= t <= T").
    """

    kind: str
    number: str
    name: Content
    statement: Blocks
    conditions: Content = ()
    proof: tuple[ProofLine | Block, ...] = ()


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

    The SVG is embedded in pages as it is, so it must come from symbptt, not from a user.
    """

    tex: str
    svg: str
    caption: Content
    alt: str = ""


Block = (
    Heading
    | Prose
    | Items
    | Quote
    | Display
    | MatrixView
    | TheoremBlock
    | SymbolsTable
    | Table
    | CodeListing
    | Picture
)
Blocks = tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A report. ``lang`` is en or zh; ``source`` names the worksheet that it was made from."""

    title: str
    lang: str
    blocks: Blocks
    source: str = ""
