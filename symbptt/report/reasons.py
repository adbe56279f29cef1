"""Why a line of a proof holds, in words: definitions, rules, lemmas, and what does not vary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from symbptt.core.terms import Const, Elem, Ones, Term
from symbptt.core.theory import Theory
from symbptt.proof.objects import Step
from symbptt.rules import RULES

from .document import Content, Phrase, Text, phrase
from .pen import Pen

Refer = Callable[[Step], Content]
ENTRIES = "entry-"
GIVEN = Phrase("reason.given")
_JOINING = frozenset({"series-last", "product-last", "power-left", "power-next"})
"""What these rules split off is joined in reverse."""
_MANY = 4  # definitions that are no longer listed


class Reasons:
    """Names the reasons of one theorem's steps.

    ``refer`` names a lemma, ``is_given`` tells a value that was assumed from a definition.
    """

    def __init__(
        self, theory: Theory, pen: Pen, refer: Refer, is_given: Callable[[Step], bool]
    ) -> None:
        self.theory, self.pen, self.refer, self.is_given = theory, pen, refer, is_given

    def of(self, steps: Sequence[Step], fixed: Sequence[Term]) -> tuple[Content, ...]:
        """The reasons of a line that stands for several steps, without repetitions."""
        unfolded = [s for s in steps if s.by in ("unfold", "fold") and not self.is_given(s)]
        out: dict[Content, None] = {}
        for step in steps:
            if self.is_given(step):
                out[(GIVEN,)] = None
            elif step in unfolded:
                out[self._definitions(unfolded)] = None
            else:
                out[self._one(step)] = None
        if names := self._fixed_names(fixed):
            out[(phrase("step.fixed", terms=listed(names)),)] = None
        return tuple(out)

    def _fixed_names(self, fixed: Iterable[Term]) -> Content:
        """The terms that do not vary; that numbers do not goes without saying."""
        shown = [x for x in fixed if not isinstance(x, Const | Ones)]
        return tuple(self.pen.math(text) for text in dict.fromkeys(map(self.pen.term, shown)))

    def _definitions(self, steps: Sequence[Step]) -> Content:
        heads = tuple(dict.fromkeys(self.pen.inline(self.head(s)) for s in steps))
        if len(heads) == 1:
            return (phrase("reason.unfold", symbol=heads[0]),)
        if len(heads) >= _MANY:
            return (Phrase("step.all_definitions"),)
        return (phrase("step.definitions", symbols=listed(heads)),)

    def head(self, step: Step) -> Term:
        """The left side of a definition at the index of its use."""
        head = self.theory.defined(step.name)[0].head
        index = dict(step.bind).get("index")
        return head if index is None or not isinstance(head, Elem) else head.at(index)

    def _one(self, step: Step) -> Content:
        match step.by:
            case "rule" if step.name.startswith(ENTRIES):
                return (Phrase("step.entries"),)
            case "rule" if step.reverse and step.name in _JOINING:
                return (Phrase(f"step.{step.name}"),)
            case "rule":
                return (Phrase(f"rule.{step.name}"),)
            case "bound" if not step.name:
                return (Phrase("reason.hypothesis"),)
            case "bound" if step.name in RULES:
                return (Phrase(f"rule.{step.name}"),)
            case "shock":
                return (phrase("step.shock", symbol=self.pen.inline(self.head(step))),)
            case "lemma" | "bound":
                return self.refer(step)
            case "hypothesis":
                return (Phrase("reason.hypothesis"),)
            case _:
                return (Phrase(f"step.{step.reason.replace(' ', '-') or 'collect'}"),)


def listed(items: Content) -> Content:
    """Things in a row, with commas only: fit for a margin."""
    out: Content = ()
    for item in items:
        out = (*out, Phrase("list.between"), item) if out else (item,)
    return out


def listed_and(items: Content) -> Content:
    """a, b and c."""
    out: Content = ()
    for number, item in enumerate(items):
        if number:
            out = (*out, Phrase("list.last" if number == len(items) - 1 else "list.between"))
        out = (*out, item)
    return out


def joined(reasons: Iterable[Content]) -> Content:
    """Several reasons of one line."""
    out: Content = ()
    for reason in reasons:
        out = (*out, Text("; "), *reason) if out else reason
    return out
