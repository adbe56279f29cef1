"""Deciding what a claim says: refuted at a sample, proved and checked by the kernel, or equal.

Samples come first: what is false is refuted by the first of them, without a search for a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbptt.calculus import effort
from symbptt.calculus.derive import Result
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.models.claim import Link
from symbptt.models.entries import entrywise
from symbptt.proof import kernel
from symbptt.proving import prove_link

from .counterexample import refutation
from .elaborate import Part, Question, Reading
from .limits import OutOfTime, at_most
from .precise import holds
from .probing import TRIALS, Probe, Sample, fails_for_numbers, probe
from .ranges import Extent, Facts, extents
from .setting import Setting
from .verdict import Counterexample

_EFFORT = 20_000  # nodes of lines compared in a search: several times what any proof has taken
_SECONDS = 2.5  # of processor time for a proof and its check, so that a claim has some left
_FIRST = 2  # trials before a proof is sought: enough to refute almost all that is false


@dataclass(frozen=True)
class Outcome:
    """What is known of a question: "proved", "equal", "different" or "open", and by what."""

    kind: str
    proof: Result | None = None
    sample: Sample | None = None
    example: Counterexample | None = None
    reason: str = ""
    bound: bool = False  # of an inequality


@dataclass(frozen=True)
class Judged:
    """The outcomes for the questions of one part, in order, where ``extent`` says."""

    extent: Extent
    outcomes: tuple[Outcome, ...]

    @property
    def holds(self) -> bool:
        """Whether every question is proved or equal."""
        return all(o.kind in ("proved", "equal") for o in self.outcomes)

    @property
    def refuted(self) -> bool:
        """Whether some question is false."""
        return any(o.kind == "different" for o in self.outcomes)

    @property
    def vague(self) -> bool:
        """Whether an inequality is neither proved nor refuted, and nothing else is false."""
        return not self.refuted and any(o.kind == "open" and o.bound for o in self.outcomes)

    @property
    def proved(self) -> bool:
        """Whether every question is proved."""
        return all(o.kind == "proved" for o in self.outcomes)


@dataclass(frozen=True)
class Decision:
    """What is known of the parts of a claim."""

    parts: tuple[Judged, ...]

    @property
    def holds(self) -> bool:
        """Whether all of it holds."""
        return all(p.holds for p in self.parts)

    @property
    def refuted(self) -> bool:
        """Whether something in it is false."""
        return any(p.refuted for p in self.parts)


def decide(reading: Reading, proofs: bool = True) -> Decision:
    """Decides every question; without ``proofs`` by samples alone.

    SymbpttError where there is nothing to judge, because the indices contradict each other.
    """
    return Decision(tuple(_part(reading.setting, part, proofs) for part in reading.parts))


def turned_in_vain(reading: Reading, decision: Decision) -> bool:
    """Whether no other layout, nor order of factors, makes the claim hold."""
    return any(
        judged.refuted and fails_for_numbers(reading.setting, part.questions, judged.extent.facts)
        for part, judged in zip(reading.parts, decision.parts, strict=True)
    )


def _part(setting: Setting, part: Part, proofs: bool) -> Judged:
    """The part at the widest extent at which it is proved, else holds, else the widest one."""
    if not part.questions:
        return Judged(Extent(part.facts), ())
    sides = tuple(dict.fromkeys(s for q in part.questions for s in (q.left, q.right)))
    first: Judged | None = None
    bound = any(q.relation not in ("=", "approx") for q in part.questions)
    for extent in extents(setting.problem.theory, sides, (*part.facts, *setting.facts), bound):
        if extent.spare and first is not None and first.refuted:
            continue
        judged = _at(setting, part.questions, extent, proofs)
        if judged.proved or (judged.holds and not proofs):
            return judged
        if first is None or not (first.holds or first.vague):
            worse = not (judged.holds or judged.refuted or judged.vague)
            first = first if worse and first is not None else judged  # the last that fails
    assert first is not None
    return first


def _at(
    setting: Setting, questions: Sequence[Question], extent: Extent, proofs: bool
) -> Judged:  # fmt: skip
    found, obstacle = None, ""
    try:
        found = probe(setting, questions, extent.facts, range(_FIRST))
    except SymbpttError as error:
        obstacle = error.message
    if found is not None and any(q.exists for q in questions):
        found, obstacle = None, "what is said to exist was not found"
    differs = found.differs if found is not None else [None] * len(questions)
    if len(questions) == 1 and differs[0] is not None:
        return Judged(extent, (Outcome("different", sample=differs[0]),))
    proved = [
        _proof(setting, q, extent) if proofs and d is None else None
        for q, d in zip(questions, differs, strict=True)
    ]
    if found is None:
        return Judged(
            extent,
            tuple(Outcome("proved", p) if p else Outcome("open", reason=obstacle) for p in proved),
        )
    if not all(proved):
        found = probe(setting, questions, extent.facts, range(_FIRST, TRIALS), found)
    return Judged(extent, _outcomes(setting, questions, extent, found, proved))


def refuted(setting: Setting, question: Question, facts: Facts) -> bool:
    """Whether the question is found to be false where the facts hold; not proved if not."""
    outcome = _at(setting, (question,), Extent(facts), False).outcomes[0]
    return outcome.kind == "different"


def _outcomes(
    setting: Setting,
    questions: Sequence[Question],
    extent: Extent,
    found: Probe,
    proved: Sequence[Result | None] = (),
) -> tuple[Outcome, ...]:
    out = []
    for i, question in enumerate(questions):
        proof = proved[i] if proved else None
        if found.differs[i] is not None:
            out.append(Outcome("different", sample=found.differs[i]))
        else:
            out.append(
                Outcome("proved", proof)
                if proof
                else _unproved(setting, question, extent, found, i)
            )
    return tuple(out)


def _unproved(
    setting: Setting, question: Question, extent: Extent, found: Probe, i: int
) -> Outcome:  # fmt: skip
    """What samples alone say, in the second precision too where there was rounding."""
    kept = found.kept[i]
    if question.relation != "approx":
        for sample in (*found.close[i], *([] if kept is None else [kept])):
            try:
                if not holds(question, sample):
                    return Outcome("different", sample=sample)
            except NotSupported:
                if sample is not kept:
                    reason = "the sides agree to many digits, but not to the last"
                    return Outcome("open", reason=reason, bound=question.relation != "=")
    if question.relation not in ("=", "approx"):
        example = refutation(setting, question, extent.facts)
        if example is not None:
            return Outcome("different", example=example)
        reason = "neither a proof nor a counterexample was found"
        return Outcome("open", reason=reason, bound=True)
    if not found.enough(i):
        why = "" if found.obstacle is None else f": {found.obstacle.message}"
        reason = f"there are too few values at which both sides can be compared{why}"
        return Outcome("open", reason=reason)
    return Outcome("equal")


def _proof(setting: Setting, question: Question, extent: Extent) -> Result | None:
    """A proof that the kernel accepts; None where none is found with the effort allowed."""
    if question.relation == "approx":
        return None
    left, right, facts = question.left, question.right, extent.facts
    try:
        if question.relation != "=":
            left, right, inside = entrywise(setting.model, left, right)
            facts = (*facts, *inside)
        link = Link(left, question.relation, right, facts)
        with effort.at_most(_EFFORT), at_most(_SECONDS):
            result = prove_link(setting.problem, link)
            kernel.check(result.development)
    except (OutOfTime, Exception):  # the search is not trusted: what stops it, there is no proof
        return None
    return result
