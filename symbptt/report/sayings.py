"""What a document leaves to be said in words, the same for every kind of page."""

from __future__ import annotations

from collections.abc import Sequence

from symbptt.report.document import (
    Block, Code, Content, Document, Phrase, ProofLine, Prose, Ref, Text, TheoremBlock, content,
    phrase, rule_target,
)  # fmt: skip
from symbptt.report.words import Words

Chain = tuple[ProofLine, ...]


def made_by(document: Document) -> Content:
    """Where the report comes from, for its foot."""
    if document.source:
        return (phrase("page.made", source=Code(document.source)),)
    return (Phrase("page.made_plain"),)


def is_safe(url: str) -> bool:
    """Whether a report may link to an address: nothing that runs or reads files."""
    return url.startswith(("https://", "http://", "mailto:", "#"))


def conditions_of(theorem: TheoremBlock, words: Words) -> Content:
    """The sentence that says for what a statement holds; nothing if it has no conditions."""
    if not theorem.conditions:
        return ()
    return (phrase("theorem.conditions", conditions=words.joined(theorem.conditions)),)


def reason_of(line: ProofLine) -> Content:
    """Why a line holds: its own reason, else the words of its rule."""
    if line.reason is not None:
        return content(line.reason)
    return (Ref((Phrase(f"rule.{line.rule}"),), rule_target(line.rule)),) if line.rule else ()


def sketch(proof: Sequence[ProofLine | Block], words: Words) -> Content:
    """What a proof uses, in order and once; its sentences where it has no lines."""
    lines = [item for item in proof if isinstance(item, ProofLine)]
    if not lines:
        return tuple(x for item in proof if isinstance(item, Prose) for x in item.content)
    used: dict[str, Content] = {}
    for line in lines:
        for reason in _apart(reason_of(line)):
            used.setdefault(str(words.plain(reason)), reason)
    shown: Content = ()
    for number, reason in enumerate(used.values()):
        shown = (*shown, *((Text("; "),) if number else ()), *reason)
    return (phrase("proof.sketch", reasons=shown),) if shown else (Phrase("proof.direct"),)


def _apart(reason: Content) -> list[Content]:
    """Several reasons of one line, each for itself."""
    out: list[Content] = [()]
    for item in reason:
        if item == Text("; "):
            out.append(())
        else:
            out[-1] = (*out[-1], item)
    return [part for part in out if part]


def proof_parts(proof: Sequence[ProofLine | Block]) -> list[Chain | Block]:
    """A proof as chains and the blocks between them; a line without relation begins a chain."""
    parts: list[Chain | Block] = []
    for item in proof:
        if not isinstance(item, ProofLine):
            parts.append(item)
        elif item.relation and parts and isinstance(parts[-1], tuple):
            parts[-1] = (*parts[-1], item)
        else:
            parts.append((item,))
    return parts
