"""Runs of letters as symbols: ``Wh`` is W h, ``tanh`` and declared names are one symbol."""

from __future__ import annotations

import re

from . import vocabulary as v
from .symbols import WORDS
from .tokens import Emitter


class Words(Emitter):
    """Splits runs of letters."""

    def latex_letters(self, text: str) -> bool:
        """Whether a short word of a LaTeX line is rather a product of letters."""
        return self.latex and len(text) < 3

    def script_pieces(self, run: str) -> list[str]:
        known = run in WORDS or run in v.FUNCTION_WORDS or not self.latex
        if run in self.words or (len(run) > 2 and known and run.isalpha()):
            return [run]
        return re.findall(r"\d+|[A-Za-z]", run)

    def split(self, run: str) -> list[str]:
        """A run of letters as symbols: known words as long as possible, else single letters."""
        if len(run) == 1 or self.is_word(run):
            return [run]
        if self.in_script:
            return self.script_pieces(run)
        out, at = [], 0
        while at < len(run):
            end = next((e for e in range(len(run), at + 1, -1) if self.is_part(run[at:e])), at + 1)
            out.append(run[at:end])
            at = end
        return out

    def looks_applied(self, run: str, end: int) -> bool:
        """Whether a lower-case word stands right before a parenthesis, as ``foo(x)`` does.

        It is one name then, so that a misspelt function is refused and not read letter by letter.
        """
        if run in v.LOSS_WORDS and self.text.startswith("(", end):
            return True
        word = len(run) > 2 and run.isascii() and run.islower() and not self.in_script
        return word and self.text.startswith("(", end) and len(self.split(run)[-1]) == 1

    def is_word(self, run: str) -> bool:
        if run in self.words:
            return True
        if self.in_script:
            return len(run) > 2 and (run in v.FUNCTION_WORDS or run in WORDS)
        return run in v.FUNCTION_WORDS or (run in WORDS and not self.latex_letters(run))

    def is_part(self, piece: str) -> bool:
        if piece in self.words:
            return True
        return (len(piece) > 2 and piece in v.FUNCTION_WORDS) or (len(piece) > 4 and piece in WORDS)
