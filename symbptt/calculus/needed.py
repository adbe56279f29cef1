"""Which theorems a proof uses."""

from __future__ import annotations

from collections.abc import Iterator

from symbptt.proof.objects import Chain, Identification, Induction, Proof, Theorem


def needed(theorem: Theorem, known: dict[str, Theorem]) -> list[Theorem]:
    """The theorems that the proof uses, in an order in which each uses earlier ones."""
    out: dict[str, Theorem] = {}

    def visit(th: Theorem) -> None:
        for id in _sources(th.proof):
            if id in known and id not in out:
                visit(known[id])
                out[id] = known[id]

    visit(theorem)
    return list(out.values())


def _sources(proof: Proof) -> Iterator[str]:
    """The theorems that a proof refers to."""
    if isinstance(proof, Identification):
        yield proof.source
    chains = (proof.base, proof.step) if isinstance(proof, Induction) else (proof,)
    for chain in chains:
        if isinstance(chain, Chain):
            yield from (s.name for s in chain.steps if s.by == "lemma")
