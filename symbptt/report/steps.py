"""The steps of a chain as lines that a reader wants: one line for each reason, no bookkeeping.

- Steps in a row of one kind are one line: definitions, sum and product rule, claims, entries.
- Dropping zeros, units and decided conditions belongs to the step before.
- Terms that do not vary are left out in the line where they arise, and named in its reason.
- A line that reads like the one before is left out.
- In a long computation a definition and the rules applied to what it gives are one line.
- A line that would fill half a page is left out, unless it is the last; the next has its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Symbol

from symbptt.core.indices import entails
from symbptt.core.scope import Scope
from symbptt.core.terms import Elem, Hadamard, Plus, Scale, Term, Times, Transposed, When, Zero
from symbptt.core.theory import Theory
from symbptt.core.traverse import context, find, rebuild, substitute, subterm
from symbptt.proof.objects import Step, Theorem
from symbptt.proof.order import Signs, increases

from .document import Content, ProofLine
from .lettering import letters
from .numbers import EquationNumbers
from .pen import Pen
from .reasons import ENTRIES, Reasons, Refer, joined

Facts = tuple[Expr, ...]
_APART = frozenset({"d-sum", "d-product", "d-hadamard", "d-scale", "d-transpose", "d-diag"})
_CHAIN = ("d-map", "d-function", "d-softmax")
_LONG = 8  # lines, from which on a computation is told more briefly
_GIANT = 100  # terms inside terms: more fill half a page


@dataclass(frozen=True)
class Line:
    """A term of a chain and why it equals the one before, or is larger; ``rule`` if that is one
    rule."""

    term: Term
    reasons: tuple[Content, ...]
    rule: str = ""
    relation: str = "="


@dataclass
class _Draft:
    """A line in the making: its steps, and the terms left out in it because they do not vary."""

    term: Term
    family: str
    steps: list[Step] = field(default_factory=list)
    fixed: list[Term] = field(default_factory=list)
    relation: str = "="

    def absorb(self, other: _Draft) -> None:
        """The next line becomes part of this one."""
        self.term = other.term
        self.steps += other.steps
        self.fixed += other.fixed


@dataclass(frozen=True)
class Uses:
    """What a chain uses.

    How a lemma is called; whether it is one of those of which several in a row are one line; the
    relation of the inequality that a step uses; whether a step puts in what was assumed; the
    numbers of equations; the theorems that tell signs to steps; and all that could.
    """

    refer: Refer
    is_claim: Callable[[Step], bool]
    relation: Callable[[Step], str]
    is_given: Callable[[Step], bool]
    numbers: EquationNumbers
    signs: Mapping[Step, Sequence[Theorem]] = field(default_factory=dict)
    known: tuple[Theorem, ...] = ()


class Chains:
    """Tells chains of one theorem: in its theory, under its facts, with the names of its lemmas."""

    def __init__(self, theory: Theory, facts: Facts, pen: Pen, uses: Uses) -> None:
        self.theory, self.facts, self.pen = theory, (*theory.facts, *facts), pen
        self.reasons = Reasons(theory, pen, uses.refer, uses.is_given, uses.numbers, uses.signs)
        self.uses = uses

    def lines(self, start: Term, steps: Iterable[Step]) -> list[Line]:
        """The lines after the first."""
        drafts: list[_Draft] = []
        before = start
        for step in steps:
            self._take(drafts, step, before)
            before = step.result
        if len(drafts) > _LONG:
            drafts = _compact(drafts)
        drafts = _without_giants(drafts)
        return self._read(start, drafts)

    def _take(self, drafts: list[_Draft], step: Step, before: Term) -> None:
        silent = step.by == "vanish" or (step.by == "algebra" and not step.reason)
        family = self._family(step)
        if not drafts or not (silent or drafts[-1].family == family):
            drafts.append(_Draft(step.result, family))
        drafts[-1].term = step.result
        if step.by == "bound" and drafts[-1].relation != "<":
            drafts[-1].relation = self._relation(before, step)
        if step.by == "vanish":
            drafts[-1].fixed.append(self._fixed(before, step))
        elif not silent or not (drafts[-1].steps or drafts[-1].fixed):
            drafts[-1].steps.append(step)

    def _relation(self, line: Term, step: Step) -> str:
        """< where the inequality is strict and the line increases strictly with it."""
        signs = Signs(Scope(self.theory), self.facts, self.uses.known)
        certain = increases(line, step.path, step.span, signs, step.reverse)
        return "<" if certain and self.uses.relation(step) == "<" else "<="

    def _family(self, step: Step) -> str:
        """Steps of one family in a row are one line."""
        if step.by in ("unfold", "fold"):
            return "unfold"
        if step.by == "lemma" and self.uses.is_claim(step):
            return "claim"
        if step.by == "rule" and step.name in _APART:
            return "apart"
        if step.by == "rule" and step.name.startswith(ENTRIES):
            return "entries"
        return f"{step.by} {step.name} {step.reason}"

    def _fixed(self, line: Term, step: Step) -> Term:
        """What d vanishes of; an element whose index can have one value only is named by it."""
        target = subterm(line, step.path).args[0]
        names = letters(line)
        if not isinstance(target, Elem) or names:
            return substitute(target, names)
        index = only_value(target.index, (*self.facts, *context(line, step.path)[0]))
        return target if index is None else target.at(index)

    def _read(self, start: Term, drafts: list[_Draft]) -> list[Line]:
        lines: list[Line] = []
        text, dropped = self.pen.term(start), False
        for draft in drafts:
            dropped = dropped or bool(draft.fixed)
            term = without_zeros(draft.term) if dropped else draft.term
            new = self.pen.term(term)
            if new == text:
                continue
            text = new
            rules = {s.name if s.by == "rule" else "" for s in draft.steps}
            rule = rules.pop() if len(rules) == 1 and not draft.fixed else ""
            reasons = self.reasons.of(draft.steps, draft.fixed)
            lines.append(Line(term, reasons, rule, draft.relation))
        return lines


def _compact(drafts: list[_Draft]) -> list[_Draft]:
    """What is done to a definition just used belongs to that line."""
    out: list[_Draft] = []
    for draft in drafts:
        rules = draft.family == "apart" or any(name in draft.family for name in _CHAIN)
        if rules and out and out[-1].family == "unfold":
            out[-1].absorb(draft)
        else:
            out.append(draft)
    return out


def _without_giants(drafts: list[_Draft]) -> list[_Draft]:
    out: list[_Draft] = []
    for draft in drafts:
        if out and sum(1 for _ in find(out[-1].term, lambda _: True)) > _GIANT:
            out[-1].absorb(draft)
        else:
            out.append(draft)
    return out


def without_zeros(term: Term) -> Term:
    """The term without zero summands, and zero where a factor is."""
    args = tuple(without_zeros(a) if isinstance(a, Term) else a for a in term.args)
    term = rebuild(term, args)
    zeros = [isinstance(a, Zero) for a in term.args]
    if isinstance(term, Plus) and any(zeros):
        kept = [a for a in term.args if not isinstance(a, Zero)]
        return Plus(*kept) if kept else Zero(*term.shape)
    if isinstance(term, Times | Hadamard | Scale | Transposed | When) and any(zeros):
        return Zero(*term.shape)
    return term


def only_value(index: Expr, facts: Facts) -> Expr | None:
    """The number that an index must be under the facts, if there is one."""
    for f in facts:
        if len(f.free_symbols) != 1 or not f.free_symbols <= index.free_symbols:
            continue
        (s,) = f.free_symbols
        if not isinstance(s, Symbol) or abs(f.coeff(s)) != 1:
            continue
        value = index.xreplace({s: s - f * f.coeff(s)}).expand()
        gap = (index - value).expand()
        if value.is_Integer and entails(facts, gap) and entails(facts, -gap):
            return value
    return None


def proof_lines(start: Term, lines: list[Line], pen: Pen) -> list[ProofLine]:
    """The chain as the document wants it; the first line is what one starts from."""
    return [ProofLine("", pen.term(start)), *continued(lines, pen)]


def continued(lines: list[Line], pen: Pen) -> list[ProofLine]:
    """Lines that go on from the one before."""
    return [
        ProofLine(
            pen.sign(x.relation).strip(),
            pen.term(x.term),
            joined(x.reasons) or None,
            x.rule,
            pen.summands(x.term),
        )
        for x in lines
    ]
