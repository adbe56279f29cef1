"""Several developments of one problem as one: what they share stands in it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symbptt.core.errors import NotSupported
from symbptt.proof.objects import Assumed, Chain, Development, Identification, Proof, Theorem

from .derive import Result

_NAMING = ("lemma", "bound")  # kinds of steps whose name may be that of a theorem


def merged(results: Sequence[Result]) -> Result:
    """One development that answers everything the results answer, in order.

    Theorems of one id that differ are renamed.
    """
    if len(results) == 1:
        return results[0]
    theory = max((r.development.theory for r in results), key=lambda t: len(t.definitions))
    theorems: dict[str, Theorem] = {}
    answers: list[str] = []
    for number, result in enumerate(results, 1):
        if not set(result.development.theory.definitions) <= set(theory.definitions):
            raise NotSupported("the parts of the statement need different definitions")
        names: dict[str, str] = {}
        for theorem in result.development.theorems:
            new = _renamed(theorem, names)
            if theorems.get(new.id, new) != new:
                names[theorem.id] = f"{theorem.id}:{number}"
                new = replace(new, id=names[theorem.id])
            theorems[new.id] = new
        answers += [names.get(a, a) for a in result.answers]
    return Result(Development(theory, tuple(theorems.values())), tuple(dict.fromkeys(answers)))


def _renamed(theorem: Theorem, names: dict[str, str]) -> Theorem:
    return replace(theorem, proof=_proof(theorem.proof, names)) if names else theorem


def _proof(proof: Proof, names: dict[str, str]) -> Proof:
    if isinstance(proof, Assumed):
        return proof
    if isinstance(proof, Identification):
        return replace(proof, source=names.get(proof.source, proof.source))
    if isinstance(proof, Chain):
        return _chain(proof, names)
    return replace(proof, base=_chain(proof.base, names), step=_chain(proof.step, names))


def _chain(chain: Chain, names: dict[str, str]) -> Chain:
    steps = (
        replace(s, name=names.get(s.name, s.name)) if s.by in _NAMING else s for s in chain.steps
    )
    return Chain(tuple(steps))
