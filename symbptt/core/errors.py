"""The errors a user can cause: what, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import combining, east_asian_width


@dataclass(frozen=True)
class Where:
    """A place in a source text: one-based line and column, and the line itself."""

    line: int
    column: int
    text: str = ""
    file: str = ""

    def caret(self, width: int = 100) -> str:
        """The source line with a caret under the column; long lines are windowed around it."""
        start = max(0, self.column - 1 - 3 * width // 5)
        window = self.text[start : start + width]
        before = self.text[start : self.column - 1].ljust(self.column - 1 - start)
        blank = "".join(map(_blank, before))
        return f"    {window}\n    {blank}^" if self.text else ""


def _blank(char: str) -> str:
    """As much space as a character takes in a terminal."""
    if char == "\t":
        return char
    if combining(char):
        return ""
    return "  " if east_asian_width(char) in "WF" else " "


class SymbpttError(Exception):
    """Base of every error that a user's input can raise; never shown as a traceback.

    ``message`` says what is wrong, ``where`` points at it, ``hint`` says what to do.
    """

    def __init__(self, message: str, where: Where | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def at(self, where: Where) -> SymbpttError:
        """The same error with a place, unless it already has one."""
        if self.where is None:
            self.where = where
        return self

    def __str__(self) -> str:
        parts = [self.message]
        if self.where is not None:
            file = f"{self.where.file}:" if self.where.file else ""
            place = f"{file}{self.where.line}:{self.where.column}"
            parts = [f"{place}: {self.message}", self.where.caret()]
        if self.hint:
            parts.append(f"    hint: {self.hint}")
        return "\n".join(p for p in parts if p)


@dataclass(frozen=True)
class Clash:
    """What does not fit: the pieces of a formula with their shapes, and which two of them clash.

    ``sign`` stands between the pieces; those at ``first`` and ``second`` clash.
    """

    sign: str
    pieces: tuple[tuple[str, str], ...]
    first: int
    second: int


class ShapeError(SymbpttError):
    """Two shapes that do not fit; the message shows both and the terms they belong to."""

    clash: Clash | None = None


class ReadError(SymbpttError):
    """Text that is not in the language."""


class ModelError(SymbpttError):
    """A model that reads but does not define a recurrence (circular, missing boundary, ...)."""


class IndexRangeError(SymbpttError):
    """An index that is not affine, or a definition used outside its range."""


class ProofError(SymbpttError):
    """A proof step that the kernel refuses."""


class NotSupported(SymbpttError):
    """An expression that the engine cannot handle; it is refused, never approximated."""
