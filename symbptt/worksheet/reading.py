"""What the reader of a block may ask: the headings passed, and the names given so far."""

from __future__ import annotations

from symbptt.core.errors import ReadError

from .directive import Directive
from .names import Numbering


class Reading:
    """The state of reading a worksheet from its beginning to a block."""

    def __init__(self) -> None:
        self.numbering = Numbering()
        self.models: list[str] = []
        self._files: set[str] = set()

    def id_for(self, d: Directive) -> str:
        """What a statement is called: by its option :id:, or by the headings above it."""
        return self.numbering.take(d.options.get("id"), d)

    def model_for(self, d: Directive) -> str:
        """The model that a block names, or the last one above."""
        name = d.options.get("model", "")
        if not name and not self.models:
            raise ReadError("there is no model above this block", d.where,
                            "put a ```{model} block before it, or say :model: NAME")  # fmt: skip
        return name or self.models[-1]

    def take_file(self, file: str, what: str, d: Directive) -> None:
        """Claims the name of a file that the block will make."""
        if file in self._files:
            raise ReadError(f"there is already a {what}", d.where)
        self._files.add(file)
