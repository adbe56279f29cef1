"""A proof in the making, and statements at one value of an index."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sympy import Expr

from symbptt.core.theory import Frame
from symbptt.core.traverse import substitute
from symbptt.proof.objects import Chain, Induction, Step

from .document import Block, Content, ProofLine, Prose
from .plan import Node
from .sentences import spaced


@dataclass
class Told:
    """A proof in the making: its items, and the frame that has been described last."""

    items: list[ProofLine | Block] = field(default_factory=list)
    frame: Frame | None = None

    def say(self, *parts: Content) -> None:
        """Sentences, in the paragraph that has been begun if there is one."""
        last = self.items[-1] if self.items else None
        if isinstance(last, Prose) and any(parts):
            self.items[-1] = Prose(spaced((last.content, *parts)))
        elif any(parts):
            self.items.append(Prose(spaced(parts)))


def steps_of(node: Node) -> tuple[Step, ...]:
    """The steps of a chain; nothing for other proofs."""
    proof = node.theorem.proof
    return proof.steps if isinstance(proof, Chain) else ()


def at(node: Node, proof: Induction, value: Expr) -> Node:
    """The statement of an induction at one value of its variable."""
    theorem, mapping = node.theorem, {proof.variable: value}
    left, right = substitute(theorem.left, mapping), substitute(theorem.right, mapping)
    facts = tuple(substitute(f, mapping) for f in theorem.facts)
    return replace(node, theorem=replace(theorem, left=left, right=right, facts=facts))
