"""What is said of a claim, in English, which can also be said in another language."""

from __future__ import annotations

from symbptt.notation.choices import NOTES, Note
from symbptt.report.words import load


class Said(str):
    """An English sentence that knows its key in the word lists and what its slots hold."""

    key: str
    slots: dict[str, str]

    def in_(self, lang: str) -> str:
        """The sentence in a language, with what stands in its slots in that language too."""
        slots = {name: in_language(text, lang) for name, text in self.slots.items()}
        return load(lang).say(self.key).format(**slots)


def sentence(key: str, **slots: str) -> Said:
    """The sentence of a key with its slots filled."""
    text = Said(load("en").say(key).format(**slots))
    text.key, text.slots = key, slots
    return text


def phrase(key: str, **slots: str) -> Said:
    """How something was read: a sentence of the list ``reading``."""
    return sentence(f"reading.{key}", **slots)


def said(note: Note) -> Said:
    """The sentence of a note of the reader."""
    return phrase(note.id, **dict(zip(NOTES[note.id], note.slots, strict=True)))


def in_language(text: str, lang: str) -> str:
    """A text in a language, if it is known there; messages of errors stay as they are."""
    if isinstance(text, Said):
        return text.in_(lang)
    words, key = load(lang), f"said.{text}"
    return words.say(key) if key in words.known else text


def all_of(parts: tuple[str, ...] | list[str]) -> str:
    """Sentences beside each other."""
    if not parts or not isinstance(parts[0], Said):
        return "; ".join(parts)
    rest = all_of(parts[1:])
    return sentence("judged.both", first=parts[0], second=rest) if rest else parts[0]
