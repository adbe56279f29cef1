"""The verdict on one claim.

A claim is read the usual way. What holds there is proved or equal. What does not is read in every
other consistent way, then put under the assumptions that usually rescue such a claim; what is
then still false is wrong, with a counterexample and, where one is recognized, the mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

from symbptt.calculus.merging import merged
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.models.model import Model
from symbptt.notation.reader import read_syntax
from symbptt.notation.syntax import Relation
from symbptt.proving import ProvedStatement

from .assumptions import rescued
from .counterexample import of_sample, refutation
from .diagnosis import mistake_in
from .deciding import Decision, Judged, Outcome, decide, turned_in_vain
from .elaborate import Part, Question, Reading, Settled, elaborate
from .layouts import readings
from .limits import OutOfTime, at_most
from .notes import all_of, phrase, sentence
from .ranges import Extent
from .setting import Setting, parsed, setting_in, setting_of
from .verdict import KINDS, Counterexample, LinkVerdict, Understood, Verdict

_DIAGNOSIS = 1.5  # seconds: the verdict stands without it
_OF_OUTCOME = {
    "proved": "proved", "equal": "equal", "different": "wrong", "open": "not-understood",
}  # fmt: skip


def judge(
    model: str | Model, claim: str, given: Sequence[str] = (), id: str | None = None,
    quantity: str = "",
) -> Verdict:  # fmt: skip
    """The verdict on a claim about a model (its text, or one that has been read).

    With a ``quantity`` the claim may be a bare value for it. Never raises for bad input: what
    cannot be read, or neither proved nor refuted, is "not-understood" with a message and a place.
    """
    start = perf_counter()
    try:
        in_ = setting_of if isinstance(model, str) else setting_in
        verdict = judge_in(in_(model, tuple(given)), claim, quantity)  # type: ignore[arg-type]
    except SymbpttError as error:
        message = f"{error.message} ({error.hint})" if error.hint else error.message
        where = error.where
        own = where is not None and where.file != "model"
        place = (where.line, where.column) if own and where else (1, 1)
        message = message if own or where is None else f"in the model: {message}"
        verdict = Verdict("not-understood", message=message, position=place)
    except RecursionError:
        verdict = Verdict("not-understood", message="it is nested too deeply")
    if verdict.verdict == "not-understood" and verdict.position is None:
        verdict = replace(verdict, position=(1, 1))
    if verdict.proof is not None and given:
        verdict = replace(verdict, proof=_under(verdict.proof, model, tuple(given)))
    return replace(verdict, id=id, ms=1000 * (perf_counter() - start))


def _under(proof: ProvedStatement, model: str | Model, given: tuple[str, ...]) -> ProvedStatement:
    """The proof with the assumptions that it was found under."""
    plain = parsed(model) if isinstance(model, str) else model
    return replace(proof, given=given, told=given, plain=plain)


def judge_in(setting: Setting, claim: str, quantity: str = "") -> Verdict:
    """The verdict on a claim in a setting; SymbpttError for what is not understood."""
    value_of = quantity if quantity and not is_statement(setting, claim) else ""
    text = f"{value_of} = {claim}" if value_of else claim
    reading = elaborate(setting, text)
    if reading.clash is not None:
        return _otherwise(setting, text, reading) or _ill_shaped(reading)
    decision = decide(reading)
    if not decision.refuted:
        return _settled(reading, decision, text)
    if reading.varies:
        raise NotSupported(
            "this holds only if some of what d moves is held", hint="write it with derivatives"
        )
    return (
        _otherwise(setting, text, reading, decision)
        or _rescued(reading, decision)
        or _wrong(reading, decision)
    )


def is_statement(setting: Setting, claim: str) -> bool:
    """Whether a text relates something to something, and is not a bare value."""
    return any(isinstance(node, Relation) for node in read_syntax(claim, setting.model.scope))


# ---------------------------------------------------------------- verdicts


def _settled(reading: Reading, decision: Decision, text: str = "") -> Verdict:
    """What holds, or is open, as it was read."""
    links = _links(reading, decision)
    unsaid = tuple(dict.fromkeys(u for p in decision.parts for u in p.extent.unsaid))
    notes = reading.notes
    if not decision.holds:
        bad = next(x for x in links if x.verdict == "not-understood")
        return Verdict("not-understood", notes, (), links, message=bad.message,
                       position=bad.position)  # fmt: skip
    if any(p.extent.narrower for p in decision.parts):
        message = sentence("judged.narrower", range=", ".join(unsaid))
        return Verdict("assuming", notes, unsaid, links, message=message)
    if unsaid:
        notes = (*notes, phrase("range", range=", ".join(unsaid)))
    judged = [x.verdict for x in links if x.verdict != "definition"]
    if not judged:
        names = phrase("introduces", names=", ".join(reading.defined))
        return Verdict("definition", notes, (), links, message=names)
    worst = max(judged, key=KINDS.index)
    proof = _proof(reading, decision, text) if worst == "proved" else None
    return Verdict(worst, notes, (), links, proof=proof)


def _proof(reading: Reading, decision: Decision, text: str) -> ProvedStatement | None:
    """The theorems of all links as one development; None where there is nothing but shapes."""
    found = [o.proof for p in decision.parts for o in p.outcomes if o.proof is not None]
    if not found:
        return None
    return ProvedStatement(reading.setting.model, text, (), "", merged(found))


def _otherwise(
    setting: Setting, text: str, usual: Reading, first: Decision | None = None
) -> Verdict | None:
    """The verdict where one other consistent reading makes all of the claim hold."""
    vain: set[str] = set()
    if first is not None and usual.others and turned_in_vain(usual, first):
        vain.add(usual.choices.immediate)
    for kind, reading in readings(setting, text, usual, vain):
        try:
            decision = decide(reading, proofs=kind == "total")
        except SymbpttError:
            continue
        if decision.holds:
            settled = _settled(reading, decision)
            if kind == "total" or settled.verdict == "assuming":
                return settled
            said = [n for n in settled.reading if n not in usual.notes] or list(settled.reading)
            return replace(
                settled,
                verdict="layout",
                message=sentence("judged.other-layout", reading=all_of(said)),
            )
        if turned_in_vain(reading, decision):
            vain.add(reading.choices.immediate)
    return None


def _rescued(reading: Reading, decision: Decision) -> Verdict | None:
    """The verdict "assuming" where a usual assumption makes all of the claim hold."""
    found = rescued(reading)
    if found is None:
        return None
    assumed, other, under = found
    settled = _settled(other, under)
    question, extent, outcome = _first_false(reading, decision)
    example = _example(reading, question, extent, outcome)
    return replace(
        settled, verdict="assuming", assuming=(assumed, *settled.assuming), counterexample=example,
        message=sentence("judged.assuming", what=assumed),
    )  # fmt: skip


def _wrong(reading: Reading, decision: Decision) -> Verdict:
    question, extent, outcome = _first_false(reading, decision)
    example = _example(reading, question, extent, outcome)
    links = _links(reading, decision, {id(outcome): example})
    alone = sentence("judged.differ") if question.relation == "=" else sentence("judged.false")
    message = sentence("judged.link", link=question.text) if len(links) > 1 else alone
    try:
        with at_most(_DIAGNOSIS):
            mistake = mistake_in(reading.setting, question, extent.facts)
    except OutOfTime:
        mistake = None
    return Verdict("wrong", reading.notes, (), links, example, mistake, message)


def _example(
    reading: Reading, question: Question, extent: Extent, outcome: Outcome
) -> Counterexample | None:
    """The smallest counterexample; the sample that refuted it where no smaller one is found."""
    found = outcome.example or refutation(reading.setting, question, extent.facts)
    if found is None and outcome.sample is not None:
        found = of_sample(outcome.sample, question.left, question.right)
    return found


def _first_false(reading: Reading, decision: Decision) -> tuple[Question, Extent, Outcome]:
    return next(
        (question, judged.extent, outcome)
        for part, judged in zip(reading.parts, decision.parts, strict=True)
        for question, outcome in zip(part.questions, judged.outcomes, strict=True)
        if outcome.kind == "different"
    )


def _ill_shaped(reading: Reading) -> Verdict:
    clash = reading.clash
    assert clash is not None
    return Verdict("ill-shaped", reading.notes, message=clash.message, position=clash.position,
                   clash=clash.clash)  # fmt: skip


# ---------------------------------------------------------------- links


_Examples = dict[int, Counterexample | None]  # by the id of the outcome that they belong to


def _links(
    reading: Reading, decision: Decision, examples: _Examples | None = None
) -> tuple[LinkVerdict, ...]:
    """The links of all chains; ``examples`` are counterexamples that are known already."""
    pairs = zip(reading.parts, decision.parts, strict=True)
    return tuple(x for part, judged in pairs for x in _chain(part, judged, examples or {}))


def _chain(part: Part, judged: Judged, examples: _Examples) -> list[LinkVerdict]:
    """The links of one chain; one that holds after a false one carries its error on."""
    out: list[LinkVerdict] = []
    outcomes = iter(judged.outcomes)
    failed = False
    for item in part.items:
        if isinstance(item, Settled):
            out.append(LinkVerdict(item.verdict, item.text, message=item.message,
                                   position=item.position))  # fmt: skip
            continue
        link = _link(item, next(outcomes), examples)
        out.append(replace(link, carried=failed and link.verdict in ("proved", "equal")))
        failed = failed or link.verdict == "wrong"
    return out


def _link(question: Question, outcome: Outcome, examples: _Examples) -> LinkVerdict:
    example = examples.get(id(outcome), outcome.example)
    if example is None and outcome.sample is not None:
        example = of_sample(outcome.sample, question.left, question.right)
    understood = Understood(question.left, question.relation, question.right)
    kind = "equal" if question.follows and outcome.kind == "proved" else outcome.kind
    return LinkVerdict(_OF_OUTCOME[kind], question.text, (), example, outcome.reason,
                       understood=understood)  # fmt: skip
