"""Why a line of a proof holds, in words: definitions, rules, lemmas, and what does not vary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from symbptt.core.terms import Const, Elem, Ones, Term
from symbptt.core.theory import Theory
from symbptt.proof.objects import Step, Theorem
from symbptt.rules import RULES

from .document import Content, Inline, Phrase, Ref, Text, phrase, rule_target
from .lettering import letters
from .numbers import EquationNumbers, equation_target
from .pen import Pen
from .words import load

Refer = Callable[[Step], Content]
ENTRIES = "entry-"
GIVEN = Phrase("reason.given")
_JOINING = frozenset({"series-last", "product-last", "power-left", "power-next"})
"""What these rules split off is joined in reverse."""
_MANY = 4  # definitions that are no longer listed


class Reasons:
    """Names the reasons of one theorem's steps.

    ``refer`` names a lemma, ``is_given`` tells a value that was assumed from a definition,
    ``numbers`` are those of the equations that have been shown, ``signs`` the theorems that tell
    steps what is not negative.
    """

    def __init__(
        self, theory: Theory, pen: Pen, refer: Refer, is_given: Callable[[Step], bool],
        numbers: EquationNumbers, signs: Mapping[Step, Sequence[Theorem]],
    ) -> None:  # fmt: skip
        self.theory, self.pen, self.refer, self.is_given = theory, pen, refer, is_given
        self.numbers, self.signs = numbers, signs

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
            out |= dict.fromkeys(self._signs(step))
        if names := self._fixed_names(fixed):
            out[(phrase("step.fixed", terms=listed(names)),)] = None
        read: dict[Content, Content] = {}
        for reason in out:
            read.setdefault(_read(reason), reason)
        return tuple(read.values())

    def kernel(self, step: Step) -> Content:
        """The reason of one step alone, with a link to what it applies, whatever its kind."""
        match step.by:
            case "unfold" | "fold":
                reason: Content = (GIVEN,) if self.is_given(step) else self._definitions([step])
            case "vanish" | "algebra":
                reason = kind(step.by)
            case "rule":
                reason = (ruled(step.name),)
            case _:
                reason = self._one(step)
        return joined((reason, *self._signs(step)))

    def _signs(self, step: Step) -> Iterator[Content]:
        """The theorems that tell a step a sign."""
        for theorem in self.signs.get(step, ()):
            yield self.refer(replace(step, by="lemma", name=theorem.id, bind=()))

    def _fixed_names(self, fixed: Iterable[Term]) -> Content:
        """The terms that do not vary; that numbers do not goes without saying."""
        shown = [x for x in fixed if not isinstance(x, Const | Ones)]
        return tuple(self.pen.math(text) for text in dict.fromkeys(map(self.pen.term, shown)))

    def _definitions(self, steps: Sequence[Step]) -> Content:
        """The definitions by their heads; where there is one, with the number of its equation."""
        heads = dict(reversed([(self.head(s), s) for s in steps]))
        shown = tuple(self._linked(self.pen.inline(h), s) for h, s in reversed(heads.items()))
        number = self._number(steps[0])
        if len(shown) == 1 and number:
            place = Ref((Text(f"({number})"),), equation_target(number))
            return (phrase("reason.unfold_numbered", symbol=self.pen.inline(self.head(steps[0])),
                           number=place),)  # fmt: skip
        if len(shown) == 1:
            return (phrase("reason.unfold", symbol=shown[0]),)
        if len(shown) >= _MANY:
            return (Phrase("step.all_definitions"),)
        return (phrase("step.definitions", symbols=listed(shown)),)

    def _linked(self, symbol: Inline, step: Step) -> Inline:
        number = self._number(step)
        return Ref((symbol,), equation_target(number)) if number else symbol

    def _number(self, step: Step) -> str:
        """The number of the equation with the definition, the first where it has cases."""
        numbers = filter(None, map(self.numbers.of, self.theory.defined(step.name)))
        return min(numbers, key=int, default="")

    def head(self, step: Step) -> Term:
        """The left side of a definition at the index of its use."""
        head = self.theory.defined(step.name)[0].head
        index = dict(step.bind).get("index")
        if index is None or not isinstance(head, Elem):
            return head
        return head.at(index.xreplace(letters(step.result)))

    def _one(self, step: Step) -> Content:
        match step.by:
            case "rule" if step.name.startswith(ENTRIES):
                return (Ref((Phrase("step.entries"),), rule_target("entries")),)
            case "rule" if step.reverse and step.name in _JOINING:
                return (Ref((Phrase(f"step.{step.name}"),), rule_target(step.name)),)
            case "rule":
                return (ruled(step.name),)
            case "bound" if not step.name:
                return kind("hypothesis")
            case "bound" if step.name in RULES:
                return (ruled(step.name),)
            case "shock":
                said = phrase("step.shock", symbol=self.pen.inline(self.head(step)))
                return (Ref((said,), rule_target("shock")),)
            case "lemma" | "bound":
                return self.refer(step)
            case "hypothesis":
                return kind("hypothesis")
            case _:
                word = Phrase(f"step.{step.reason.replace(' ', '-') or 'collect'}")
                return (Ref((word,), rule_target("algebra")),)


def ruled(name: str) -> Ref:
    """A rule by its words; an instance of a schema refers to the schema."""
    base = name if name in RULES else name.partition("/")[0]
    return Ref((Phrase(f"rule.{name}"),), rule_target(base))


def kind(name: str) -> Content:
    """A kind of step that is no row of the table."""
    return (Ref((Phrase(f"kernel.{name}"),), rule_target(name)),)


def _read(reason: Content) -> Content:
    """A reason as it is read: rules may share their words."""
    flat = tuple(x for item in reason for x in (item.content if isinstance(item, Ref) else (item,)))
    return load("en").plain(flat)


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
