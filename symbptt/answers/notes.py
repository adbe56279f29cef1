"""How a text was read, in words."""

from __future__ import annotations

from symbptt.notation.choices import NOTES, Note
from symbptt.report.words import load


def said(note: Note, lang: str = "en") -> str:
    """The sentence of a note."""
    return phrase(note.id, lang, **dict(zip(NOTES[note.id], note.slots, strict=True)))


def phrase(key: str, lang: str = "en", **slots: str) -> str:
    """A phrase of the list ``reading`` with its slots filled."""
    return load(lang).say(f"reading.{key}").format(**slots)
