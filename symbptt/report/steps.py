"""The steps of a chain as lines that a reader wants: one line for each reason, no bookkeeping.

- Steps in a row with one reason are one line.
- Dropping zeros, units and decided conditions belongs to the step before.
- Terms that do not vary are left out in the line where they arise, and named in its reason.
- A line that reads like the one before is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sympy import Expr, Symbol

from symbptt.core.indices import entails
from symbptt.core.terms import Elem, Term
from symbptt.core.theory import Theory
from symbptt.core.traverse import context, subterm
from symbptt.proof.objects import Step

from .document import Content, Phrase, ProofLine, Text, phrase
from .pen import Pen

Facts = tuple[Expr, ...]
Refer = Callable[[Step], Content]
_ENTRIES = "entry-"
_JOINING = frozenset({"series-last", "product-last"})  # what they split off is joined in reverse
_TAKE_APART = frozenset({"d-sum", "d-product"})


@dataclass(frozen=True)
class Line:
    """A term of a chain and why it equals the one before; ``rule`` if that is one rule."""

    term: Term
    reasons: tuple[Content, ...]
    rule: str = ""


@dataclass
class _Draft:
    """A line in the making; ``fixed`` are the terms left out in it because they do not vary."""

    term: Term
    reasons: list[Content] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)
    kind: str = ""
    fixed: list[Term] = field(default_factory=list)


class Chains:
    """Tells chains of one theorem: in its theory, under its facts, with the names of its lemmas.

    ``kind`` says which steps do the same kind of thing with different lemmas; in a row they are one line.
    """

    def __init__(
        self, theory: Theory, facts: Facts, pen: Pen, refer: Refer, kind: Callable[[Step], str]
    ) -> None:
        self.theory, self.facts, self.pen = theory, (*theory.facts, *facts), pen
        self.refer, self.kind = refer, kind

    def lines(self, start: Term, steps: Iterable[Step]) -> list[Line]:
        """The lines after the first."""
        drafts: list[_Draft] = []
        before = start
        for step in steps:
            self._take(drafts, step, before)
            before = step.result
        return self._merged(start, drafts)

    def _take(self, drafts: list[_Draft], step: Step, before: Term) -> None:
        silent = step.by == "vanish" or (step.by == "algebra" and not step.reason)
        if not drafts or not (silent or self._joins(drafts[-1], step)):
            drafts.append(_Draft(step.result))
        draft = drafts[-1]
        draft.term = step.result
        if step.by == "vanish":
            draft.fixed.append(self._fixed(before, step))
        elif not silent or not (draft.reasons or draft.fixed):
            draft.rules.add(step.name if step.by == "rule" else "")
            draft.kind = self.kind(step)
            if (reason := self.reason(step)) not in draft.reasons:
                draft.reasons.append(reason)

    def _joins(self, draft: _Draft, step: Step) -> bool:
        """Whether the step belongs to the line: it has the same reason, or both take d apart."""
        if step.by == "rule" and step.name in _TAKE_APART and draft.rules <= _TAKE_APART:
            return True
        kind = self.kind(step)
        return draft.reasons == [self.reason(step)] or (kind != "" and kind == draft.kind)

    def _fixed(self, line: Term, step: Step) -> Term:
        """What d vanishes of; an element whose index can have one value only is named by it."""
        target = subterm(line, step.path).args[0]
        if not isinstance(target, Elem):
            return target
        index = only_value(target.index, (*self.facts, *context(line, step.path)[0]))
        return target if index is None else target.at(index)

    def _merged(self, start: Term, drafts: list[_Draft]) -> list[Line]:
        lines: list[Line] = []
        text = self.pen.term(start)
        for draft in drafts:
            new = self.pen.term(draft.term)
            if new == text:
                continue
            text = new
            reasons = tuple(draft.reasons)
            if draft.fixed:
                names = dict.fromkeys(self.pen.term(x) for x in draft.fixed)
                reasons = (*reasons, (fixed(tuple(names), self.pen),))
            (rule, *more) = draft.rules or {""}
            lines.append(Line(draft.term, reasons, "" if more or draft.fixed else rule))
        return lines

    # ------------------------------------------------------------ reasons

    def reason(self, step: Step) -> Content:
        """Why a step holds, in words."""
        match step.by:
            case "rule" if step.name.startswith(_ENTRIES):
                return (Phrase("step.entries"),)
            case "rule" if step.reverse and step.name in _JOINING:
                return (Phrase(f"step.{step.name}"),)
            case "rule":
                return (Phrase(f"rule.{step.name}"),)
            case "unfold" | "fold":
                return (phrase("reason.unfold", symbol=self.pen.inline(self._head(step))),)
            case "shock":
                head = self._head(step)
                return (phrase("step.shock", symbol=self.pen.inline(head)),)
            case "lemma":
                return self.refer(step)
            case "hypothesis":
                return (Phrase("reason.hypothesis"),)
            case "vanish":
                return (Phrase("reason.vanish"),)
            case _:
                word = step.reason.replace(" ", "-") or "collect"
                return (Phrase(f"step.{word}"),)

    def _head(self, step: Step) -> Term:
        """The left side of a definition at the index of its use."""
        head = self.theory.defined(step.name)[0].head
        index = dict(step.bind).get("index")
        return head if index is None or not isinstance(head, Elem) else head.at(index)


def fixed(names: tuple[str, ...], pen: Pen) -> Phrase:
    """That some terms do not vary."""
    return phrase("step.fixed", terms=listed(tuple(map(pen.math, names))))


def listed(items: Content) -> Content:
    """Things in a row, with commas only: fit for a margin."""
    out: Content = ()
    for item in items:
        out = (*out, Phrase("list.between"), item) if out else (item,)
    return out


def only_value(index: Expr, facts: Facts) -> Expr | None:
    """The number that an index must be under the facts, if there is one."""
    if not isinstance(index, Symbol) and not index.free_symbols:
        return None
    symbols = index.free_symbols
    for f in facts:
        if not f.free_symbols <= symbols or len(f.free_symbols) != 1:
            continue
        (s,) = f.free_symbols
        if abs(f.coeff(s)) != 1:
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
            "=", pen.term(line.term), joined(line.reasons) or None, line.rule, pen.summands(line.term)
        )
        for line in lines
    ]


def joined(reasons: tuple[Content, ...]) -> Content:
    """Several reasons of one line."""
    out: Content = ()
    for reason in reasons:
        out = (*out, Text("; "), *reason) if out else reason
    return out


__all__ = ["Chains", "Line", "continued", "fixed", "listed", "proof_lines"]
