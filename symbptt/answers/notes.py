"""What is said of a claim, in English, which can also be said in another language."""

from __future__ import annotations

import re
from functools import lru_cache

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


def recognized(text: str) -> str:
    """A message that is one of the fixed phrases of the reader as a sentence that knows its key.

    Phrases with a hint in brackets are those of which both are known.
    """
    if isinstance(text, Said) or len(text) > _LONGEST:
        return text
    for pattern, key in _errors():
        match = pattern.fullmatch(text)
        if match is None:
            continue
        slots = {name: recognized(value) for name, value in match.groupdict().items()}
        if key != _HINTED or all(isinstance(x, Said) for x in slots.values()):
            return sentence(key, **slots)
    return text


_HINTED = "errors.hinted"
_LONGEST = 2_000  # characters of a message
_SLOT = re.compile(r"\\\{(\w+)\\\}")


@lru_cache(maxsize=1)
def _errors() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The fixed phrases as patterns, those with most words of their own first."""
    words = load("en")
    keys = [k for k in words.known if k.startswith("errors.")]
    keys.sort(key=lambda k: (k == _HINTED, -len(_SLOT.sub("", re.escape(words.say(k))))))
    patterns = (_SLOT.sub(r"(?P<\1>.+?)", re.escape(words.say(k))) for k in keys)
    return tuple((re.compile(p, re.DOTALL), k) for p, k in zip(patterns, keys, strict=True))


def in_language(text: str, lang: str) -> str:
    """A text in a language, as far as it is known there."""
    text = recognized(text)
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
