"""What stands inside a line of a report: words, formulas, references, phrases of the word lists."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True)
class Ref:
    """A reference to a place of the document: ``lemma-3``, ``rule-d-product``, ``equation-2``.

    Where the document has no such place, the content stands there without a link. Without content
    the place is called by its kind and number. Authors name statements by their ids.
    """

    content: Content
    target: str


Inline = Text | Math | Code | Emph | Link | Phrase | Ref
Content = tuple[Inline, ...]
Saying = Inline | Content
"""One piece, or several in a row."""


def content(saying: Saying) -> Content:
    """The pieces of a saying."""
    return saying if isinstance(saying, tuple) else (saying,)


def phrase(key: str, **slots: Saying) -> Phrase:
    """A phrase with its slots: ``phrase("reason.unfold", symbol=Math("h_t"))``."""
    return Phrase(key, tuple(slots.items()))
