"""The words of a report in each language, from the TOML list beside this file.

A list maps dotted keys to phrases. A phrase may hold slots and formulas:

    [reason]
    unfold = "definition of {symbol}"
    linear = "$\\\\mathrm{d}$ is linear"

Keys are the same in every language; a missing key is an error, except for the names of rules: a
rule without words is called by its own name, so that a new row of the rules table needs no more.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from symbptt.report.document import Content, Emph, Inline, Math, Phrase, Ref, Text, content

LANGUAGES = ("en", "zh")
BOTH = "both"
CHOICES = (*LANGUAGES, BOTH)
_BETWEEN = " · "  # the languages of a phrase, where both are said
_PIECES = re.compile(r"\$(?P<math>[^$]+)\$|\{(?P<slot>\w+)\}")


class Words:
    """The word list of one language."""

    def __init__(self, lang: str, phrases: Mapping[str, str]) -> None:
        self.lang = lang
        self._phrases = phrases

    @property
    def spoken(self) -> tuple[Words, ...]:
        """The languages that a reader sees, each for itself."""
        return (self,)

    def say(self, key: str) -> str:
        """A phrase without slots, as plain text."""
        return self._phrases[key]

    def phrase(self, phrase: Phrase) -> Content:
        """A phrase with its slots filled, as inline content without phrases in it."""
        slots = dict(phrase.slots)
        template = self._template(phrase.key)
        pieces: list[Inline] = []
        end = 0
        for match in _PIECES.finditer(template):
            if match.start() > end:
                pieces.append(Text(template[end : match.start()]))
            end = match.end()
            if match["math"]:
                pieces.append(Math(match["math"]))
            else:
                pieces.extend(self.plain(content(slots[match["slot"]])))
        if end < len(template):
            pieces.append(Text(template[end:]))
        return tuple(pieces)

    def plain(self, items: Content) -> Content:
        """Inline content with its phrases said."""
        result: list[Inline] = []
        for item in items:
            result.extend(self.phrase(item) if isinstance(item, Phrase) else (item,))
        return tuple(result)

    def joined(self, items: Content) -> Content:
        """Several things in a row: ``a, b and c``."""
        pieces: list[Inline] = []
        for position, item in enumerate(items):
            if position:
                last = position == len(items) - 1
                pieces.append(Text(self.say("list.last" if last else "list.between")))
            pieces.append(item)
        return self.plain(tuple(pieces))

    @property
    def known(self) -> frozenset[str]:
        """Every key of the list."""
        return frozenset(self._phrases)

    def _template(self, key: str) -> str:
        if key.startswith("rule.") and key not in self._phrases:
            name = key.removeprefix("rule.").partition("/")[0]
            return self._phrases.get(f"rule.{name}", name.replace("-", " "))
        return self._phrases[key]


class BothWords(Words):
    """Every phrase in all languages, one after the other."""

    def __init__(self, spoken: tuple[Words, ...]) -> None:
        super().__init__(BOTH, {})
        self._spoken = spoken

    @property
    def spoken(self) -> tuple[Words, ...]:
        """The languages, in order."""
        return self._spoken

    def say(self, key: str) -> str:
        """A phrase without slots."""
        return _BETWEEN.join(dict.fromkeys(w.say(key) for w in self._spoken))

    def phrase(self, phrase: Phrase) -> Content:
        """A phrase with its slots filled; what reads the same in all languages once."""
        return self._said(w.phrase(phrase) for w in self._spoken)

    def joined(self, items: Content) -> Content:
        """Several things in a row."""
        return self._said(w.joined(items) for w in self._spoken)

    def _said(self, versions: Iterable[Content]) -> Content:
        out: Content = ()
        for version in dict.fromkeys(versions):
            out = (*out, Text(_BETWEEN), *version) if out else version
        return out


def speaks(items: Content) -> bool:
    """Whether some content holds words of the lists."""
    return any(
        isinstance(x, Phrase) or (isinstance(x, Ref | Emph) and speaks(x.content)) for x in items
    )


@lru_cache(maxsize=len(CHOICES))
def load(lang: str) -> Words:
    """The words of a language, or of both; ValueError if there is no list for it."""
    if lang == BOTH:
        return BothWords(tuple(map(load, LANGUAGES)))
    if lang not in LANGUAGES:
        raise ValueError(f"there are no words for the language {lang!r}, only {CHOICES}")
    text = (files(__package__) / f"{lang}.toml").read_text(encoding="utf-8")
    return Words(lang, dict(_flat(tomllib.loads(text))))


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, value))
    return rows
