"""A text being read, and places in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from ..core.errors import ReadError, Where

MAX_LENGTH = 100_000  # characters of a model or a claim


@dataclass(frozen=True)
class Source:
    """A text with its file name; offsets into it become lines and columns on demand."""

    text: str
    file: str = ""
    _starts: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def where(self, offset: int) -> Where:
        """The place of a character."""
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        line = bisect_right(self._starts, min(offset, len(self.text))) - 1
        start = self._starts[line]
        end = self.text.find("\n", start)
        shown = self.text[start : end if end >= 0 else len(self.text)]
        return Where(line + 1, offset - start + 1, shown.rstrip("\r"), self.file)

    def fail(self, message: str, offset: int, hint: str = "") -> ReadError:
        """The error at a character."""
        return ReadError(message, self.where(offset), hint)

    def slice(self, start: int, end: int, limit: int = 60) -> str:
        """A piece of the text on one line, shortened for messages."""
        piece = " ".join(self.text[start:end].split())
        return piece if len(piece) <= limit else f"{piece[: limit - 3]}..."


def checked_source(text: str, file: str = "", limit: int = MAX_LENGTH) -> Source:
    """The text as a source; refuses what is too long or is not text."""
    if len(text) > limit:
        head = text[:200].split("\n", 1)[0]
        raise ReadError(
            f"the text has {len(text):,} characters, more than the {limit:,} that are read",
            Where(1, 1, head, file),
        )
    bad = next((i for i, c in enumerate(text) if c < " " and c not in "\n\r\t\f\v"), None)
    if bad is not None:
        raise Source(text, file).fail(f"the text contains the control character {text[bad]!r}", bad)
    return Source(text, file)
