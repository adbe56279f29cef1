"""A derivation in parts: statements at once, what proves them when somebody looks at it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symbptt.core.errors import NotSupported
from symbptt.derivation import AllGradients, ByParts, Derivation
from symbptt.report import words
from symbptt.report.document import (
    Block, Blocks, Display, Phrase, ProofLine, Text, TheoremBlock, phrase,
)  # fmt: skip
from symbptt.report.pen import LATEX_PEN
from symbptt.report.plain import said

from .typeset import fragment

_FOLDED = ("lemma", "assumption")
"""Kinds whose statements are shown with their proofs only."""


def result(derivation: Derivation) -> Blocks:
    """The answer itself, as one display."""
    if isinstance(derivation, AllGradients | ByParts):
        return (Display(derivation.latex()),)
    summands = LATEX_PEN.summands(derivation.result)
    return (Display(derivation.latex(), summands=summands),)


def steps_of(block: TheoremBlock) -> int:
    """The lines of its proof that are steps."""
    return sum(isinstance(x, ProofLine) and bool(x.relation) for x in block.proof)


def outline(blocks: Blocks, lang: str) -> list[dict[str, Any]]:
    """What the page shows of blocks before their proofs are asked for."""
    return [_told(block, number, lang) for number, block in enumerate(blocks)]


def one(blocks: Blocks, number: int, lang: str) -> dict[str, str]:
    """One block with its proof."""
    if number >= len(blocks):
        raise NotSupported("there is no such part")
    return {"html": fragment((blocks[number],), lang)}


def _told(block: Block, number: int, lang: str) -> dict[str, Any]:
    """The name of a block and its statement, which is left out where it is folded too."""
    if not isinstance(block, TheoremBlock):
        return {"number": number, "html": fragment((block,), lang), "steps": 0, "folded": False}
    vocabulary = words.load(lang)
    kind = Phrase(f"theorem.{block.kind}")
    folded = block.kind in _FOLDED
    statement = replace(block, proof=())
    return {
        "number": number,
        "name": said(phrase("theorem.numbered", kind=kind, number=Text(block.number)), vocabulary),
        "title": said(block.name, vocabulary) if block.name else "",
        "html": "" if folded else fragment((statement,), lang),
        "steps": steps_of(block),
        "proved": bool(block.proof),
        "folded": folded,
    }
