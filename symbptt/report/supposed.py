"""What a model is assumed besides its own equations: how proofs name it when they use it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symbptt.core.indices import entails
from symbptt.core.theory import Assumption, Definition, Theory
from symbptt.proof.objects import Assumed, Step, Theorem


@dataclass(frozen=True)
class Supposed:
    """The assumptions of a statement, as formulas, and the theory of the model without them."""

    given: tuple[str, ...] = ()
    plain: Theory | None = None

    def is_given(self, step: Step, theory: Theory) -> bool:
        """Whether a step puts in a value that was assumed for a quantity of the model."""
        if self.plain is None or not self.given or step.by not in ("unfold", "fold"):
            return False
        leaves = {leaf.key for leaf in self.plain.leaves()}
        if not self.plain.defined(step.name) and step.name not in leaves:
            return False
        found = theory.defined(step.name)
        new = [d for d in found if d not in self.plain.defined(step.name)]
        return bool(new) and (new == list(found) or any(_is_at(d, step, theory) for d in new))

    def is_assumption(self, theorem: Theorem, theories: Iterable[Theory]) -> bool:
        """Whether a theorem only repeats what was assumed."""
        if self.plain is None or not isinstance(theorem.proof, Assumed):
            return False
        new = {_sides(a) for t in theories for a in t.assumptions}
        return _sides(theorem) in new - {_sides(a) for a in self.plain.assumptions}


def _sides(one: Assumption | Theorem) -> tuple[object, ...]:
    return one.left, one.relation, one.right


def _is_at(d: Definition, step: Step, theory: Theory) -> bool:
    """Whether the definition is certainly the one that holds at the index of the step."""
    index = dict(step.bind).get("index")
    if d.index is None or index is None:
        return True
    return all(entails(theory.facts, f.xreplace({d.index: index})) for f in d.facts)
