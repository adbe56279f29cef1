"""The errors a user can cause: what, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Where:
    """A place in a source text: one-based line and column, and the line itself."""

    line: int
    column: int
    text: str = ""
    file: str = ""

    def caret(self) -> str:
        """The source line with a caret under the column; long lines are windowed around it."""
        start = max(0, self.column - 61)
        window = self.text[start : start + 100]
        return f"    {window}\n    {' ' * (self.column - 1 - start)}^" if self.text else ""


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


class ShapeError(SymbpttError):
    """Two shapes that do not fit; the message shows both and the terms they belong to."""


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
