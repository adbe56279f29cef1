"""What a user holds in hand: theorems with their proof, to be read as text, LaTeX or steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from symbptt.calculus.derive import Result
from symbptt.core.terms import Term
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check
from symbptt.proof.objects import Development, Theorem

from .document import Blocks, ProofLine, Text, TheoremBlock, phrase
from .pen import LATEX_PEN, UNICODE_PEN, Pen
from .plain import Paint, said, to_text, unpainted
from .ranges import ranges
from .sayings import reason_of
from .words import load


@dataclass(frozen=True)
class ShownStep:
    """A line of a proof: ``relation`` is empty for what a chain starts from."""

    theorem: str
    relation: str
    text: str
    latex: str
    reason: str

    def __str__(self) -> str:
        reason = f"    [{self.reason}]" if self.reason else ""
        return f"{self.relation or ' '} {self.text}{reason}"


class Shown(ABC):
    """Theorems with their proof, in every form in which they are read."""

    outcome: Result
    """What the calculus gave."""

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """The theorems that answer, in order."""
        return self.outcome.theorems

    @property
    def development(self) -> Development:
        """The theorems with all their lemmas."""
        return self.outcome.development

    @abstractmethod
    def blocks(self, pen: Pen = LATEX_PEN) -> Blocks:
        """Definitions, lemmas and theorems with their proofs."""

    @abstractmethod
    def latex(self) -> str:
        """What is shown, as one formula in LaTeX."""

    @abstractmethod
    def text(self) -> str:
        """What is shown, as one line of text."""

    @abstractmethod
    def json(self) -> dict[str, Any]:
        """Everything as data with stable keys."""

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    @property
    def headline(self) -> str:
        """What is shown, where there is one line for it."""
        return self.text()

    def verify(self) -> bool:
        """The kernel's verdict on the proof as it would be written to a file.

        True if it accepts; raises ProofError if it does not.
        """
        check(loads(dumps(self.development)))
        return True

    def explain(self, lang: str = "en", width: int = 100, paint: Paint = unpainted) -> str:
        """Everything as text, one line a step; ``paint`` may add colours."""
        return to_text(self.blocks(UNICODE_PEN), lang, width, paint)

    @cached_property
    def steps(self) -> tuple[ShownStep, ...]:
        """The lines of all proofs in order, each with its reason."""
        words = load("en")
        pairs = zip(_lines(self.blocks(UNICODE_PEN)), _lines(self.blocks()), strict=True)
        out = []
        for (block, plain), (_, typeset) in pairs:
            kind = phrase(f"theorem.{block.kind}")
            name = phrase("theorem.numbered", kind=kind, number=Text(block.number))
            out.append(ShownStep(said(name, words), plain.relation, plain.latex, typeset.latex,
                                 said(reason_of(plain), words)))  # fmt: skip
        return tuple(out)


def _lines(blocks: Blocks) -> Iterator[tuple[TheoremBlock, ProofLine]]:
    for block in blocks:
        if isinstance(block, TheoremBlock):
            yield from ((block, item) for item in block.proof if isinstance(item, ProofLine))


def theorem_data(theorem: Theorem) -> dict[str, Any]:
    """A theorem as data with stable keys."""
    return {
        "id": theorem.id,
        "title": theorem.title,
        "latex": LATEX_PEN.relation_of(theorem.relation, theorem.left, theorem.right),
        "text": UNICODE_PEN.relation_of(theorem.relation, theorem.left, theorem.right),
        "conditions": list(ranges(theorem.facts, LATEX_PEN)),
    }


def term_data(term: Term) -> dict[str, str]:
    """A term as data with stable keys."""
    return {"latex": LATEX_PEN.term(term), "text": UNICODE_PEN.term(term)}
