"""What a claim says: what there is to decide, how it was read, and what it introduces.

The one place that knows how claims are read from text. Everything that is said becomes a relation
between two terms (a ``Question``), or is settled as it is read (``Settled``): shapes, definitions,
and what there is no term for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symbptt.core.errors import Clash, NotSupported, SymbpttError, Where
from symbptt.core.terms import D, Elem, Ones, Param, Scale, Term, show_shape
from symbptt.core.traverse import contains, nodes_of
from symbptt.models.abbreviating import opened
from symbptt.models.claim import Facts
from symbptt.models.claims import read_claim
from symbptt.models.model import Model
from symbptt.notation import claims as nc
from symbptt.notation.choices import Choices

from .notes import phrase, said
from .second import is_nested, unnested
from .setting import Setting, setting_in
from .tending import comparison
from .witness import bound_for

_LEFT, _RIGHT = re.compile(r"\\left(?![A-Za-z])"), re.compile(r"\\right(?![A-Za-z])")
_OPEN_SIZE = re.compile(r"\?\d")  # as sizes that nothing determines are written
_NAMING = re.compile(r"\\triangleq|:=|\\coloneqq|\\equiv")


@dataclass(frozen=True)
class Question:
    """Whether ``left relation right`` holds; with ``tolerance``, to so much,
    entry by entry or for all.

    ``relation`` is =, <, <=, >, >=, or "approx". ``exists``: the right side is one choice of what
    is said to exist, so that its failure refutes nothing; ``member``: it is an end of an interval.
    ``follows``: what is claimed follows from this, so that a proof of it is none of the claim.
    ``moved``: the sides with one rounded number in them moved by half a unit of its last place.
    """

    left: Term
    relation: str
    right: Term
    text: str = ""
    tolerance: tuple[tuple[Fraction, ...], ...] | None = None
    exists: bool = False
    member: bool = False
    follows: bool = False
    moved: tuple[tuple[Term, Term], ...] = ()


@dataclass(frozen=True)
class Settled:
    """What needs no decision: a verdict and why."""

    verdict: str
    message: str
    text: str = ""
    position: tuple[int, int] | None = None
    clash: Clash | None = None


Item = Question | Settled


@dataclass(frozen=True)
class Part:
    """A chain: its links in order, and the facts that it states of indices."""

    items: tuple[Item, ...]
    facts: Facts = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """What there is to decide."""
        return tuple(i for i in self.items if isinstance(i, Question))


@dataclass(frozen=True)
class Reading:
    """A claim as it was understood; ``setting`` has the names that it introduces.

    ``others`` are other consistent ways of reading the same text.
    """

    setting: Setting
    parts: tuple[Part, ...]
    choices: Choices
    notes: tuple[str, ...] = ()
    defined: tuple[str, ...] = ()
    others: tuple[Choices, ...] = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """All that there is to decide."""
        return tuple(q for p in self.parts for q in p.questions)

    @property
    def varies(self) -> bool:
        """Whether it is about differentials, without saying what is held."""
        sides = (side for q in self.questions for side in (q.left, q.right))
        return any(contains(side, D) for side in sides)

    @property
    def clash(self) -> Settled | None:
        """The first link whose shapes do not fit."""
        items = (i for p in self.parts for i in p.items)
        return next((i for i in items if getattr(i, "verdict", "") == "ill-shaped"), None)


def elaborate(
    setting: Setting, text: str, choices: Choices | None = None, value_of: str = ""
) -> Reading:
    """Reads a claim one way; SymbpttError where it is not understood.

    A bare value answers the question for the quantity ``value_of``.
    """
    whole = f"{value_of} = {text}" if value_of else text
    claim = read_claim(whole, setting.model, choices)
    model = claim.model
    assert isinstance(model, Model)
    same = model.theory is setting.model.theory  # and with it the problem and what it has derived
    here = replace(setting, model=model) if same else setting_in(model, facts=setting.facts)
    reader = _Reader(whole, model)
    parts = tuple(_once(here, reader.part(s)) for s in claim.statements)
    supposed = (f"if {s}" for s in claim.supposed)
    notes = tuple(dict.fromkeys((*map(said, claim.notes), *supposed, *reader.notes)))
    return Reading(
        here, parts, claim.choices, notes, claim.definitions, claim.other_choices()
    )  # fmt: skip


def _once(setting: Setting, part: Part) -> Part:
    """The part with second derivatives as derivatives of what the first ones are."""
    sides = [side for q in part.questions for side in (q.left, q.right)]
    if not any(map(is_nested, sides)):
        return part
    items, facts = [], part.facts
    for item in part.items:
        if isinstance(item, Question):
            left, first = unnested(setting, item.left)
            right, second = unnested(setting, item.right)
            item, facts = replace(item, left=left, right=right), (*facts, *first, *second)
        items.append(item)
    return Part(tuple(items), tuple(dict.fromkeys(facts)))


class _Reader:
    """Turns the links of a claim into items."""

    def __init__(self, text: str, model: Model) -> None:
        self.text, self.model = text, model
        self.notes: list[str] = []  # what a link is judged by

    def part(self, statement: nc.Statement) -> Part:
        if statement.value is not None:
            where = self.where(statement.at)
            raise NotSupported("this is a value, not a statement", where, "write an equation")
        items: list[Item] = []
        if self.names_something(statement):
            named = (Settled("definition", "", self.slice(x)) for x in statement.links)
            return Part(tuple(named), tuple(statement.facts))
        for i, link in enumerate(statement.links):
            if statement.exists:
                items.append(self.existing(link, statement.exists))
            elif statement.introduces and i == 0 and link.error is None:
                items.append(Settled("definition", "", self.slice(link)))
            else:
                items += self.link(link)
        return Part(tuple(items), tuple(statement.facts))

    def names_something(self, statement: nc.Statement) -> bool:
        """Whether ``a = b := V`` gives a name that has no equation yet to what stands there."""
        last = statement.links[-1].right if statement.links else None
        text = self.text[statement.at : statement.end]
        free = isinstance(last, Elem | Param) and not self.model.theory.defined(last.key)
        return free and _NAMING.search(text) is not None

    def link(self, link: nc.Link) -> Iterator[Item]:
        text = self.slice(link)
        if link.error is not None:
            if _OPEN_SIZE.search(link.error.message):
                raise NotSupported("nothing says how large all of its parts are", link.error.where)
            yield Settled("ill-shaped", _told(link.error), text, _place(link.error),
                          getattr(link.error, "clash", None))  # fmt: skip
            return
        left, right, relation = link.left, link.right, link.relation
        if isinstance(left, Term) and isinstance(right, nc.Space) and relation == "in":
            yield self.in_space(left, right, link)
        elif isinstance(left, Term) and isinstance(right, nc.Interval) and relation == "in":
            for end, strict, sign in (
                (right.low, right.open_low, ">"), (right.high, right.open_high, "<"),
            ):  # fmt: skip
                if end is not None:
                    op = sign if strict else sign + "="
                    yield Question(
                        self.open(left), op, _spread(self.open(end), left), text, member=True
                    )
        elif isinstance(left, Term) and isinstance(right, nc.Values) and relation == "in":
            yield self.in_values(left, right, link)
        elif isinstance(left, nc.Limit) and relation == "=":
            yield self.tending(left, right, link)
        elif isinstance(left, Term) and isinstance(right, Term):
            yield self.between(left, relation, right, link)
        else:
            raise NotSupported(f"{text} cannot be judged", self.where(link.at))

    def between(self, left: Term, relation: str, right: Term, link: nc.Link) -> Item:
        left, right, text = self.open(left), self.open(right), self.slice(link)
        moved = tuple((self.open(x), self.open(y)) for x, y in link.moved)
        if relation in ("=", "approx") and link.tolerance is not None:
            return Question(left, "approx", right, text, link.tolerance, moved=moved)
        if relation in ("=", "approx") and moved:
            return Question(left, "=", right, text, moved=moved)
        if relation == "propto":  # with the factor one; that another one fails is not shown
            return Question(left, "=", right, text, exists=True)
        if relation not in ("=", "<", "<=", ">", ">="):
            raise NotSupported(f"{text} cannot be judged", self.where(link.at))
        return Question(left, relation, right, text)

    def existing(self, link: nc.Link, names: Sequence[str]) -> Question:
        """That some number bounds the left side, with the number that does."""
        left, right = link.left, link.right
        bound = bound_for(self.open(left)) if isinstance(left, Term) else None
        if (
            len(names) != 1 or bound is None or link.relation != "<="
            or not (isinstance(right, Param) and right.name == names[0])
        ):  # fmt: skip
            raise NotSupported("what is said to exist is not found", self.where(link.at))
        assert isinstance(left, Term)
        return Question(self.open(left), "<=", bound, self.slice(link), exists=True)

    def tending(self, limit: nc.Limit, value: nc.Side | None, link: nc.Link) -> Question:
        """A limit by a relation that it follows from."""
        where = self.where(link.at)
        if value is None:
            raise NotSupported(f"{self.slice(link)} cannot be judged", where)
        whole = replace(limit, body=self.open(limit.body))
        found = comparison(whole, value, self.model.theory.assumptions)
        if found is None:
            hint = r"limits are judged where a number is given to be below one, as \|W\| < 1"
            raise NotSupported(f"{self.slice(link)} cannot be judged", where, hint)
        left, relation, right = found
        said = phrase("tends", what=self.slice(link), by=f"{left} {relation} {right}")
        self.notes.append(said)
        return Question(left, relation, right, self.slice(link), exists=True, follows=True)

    def in_space(self, left: Term, space: nc.Space, link: nc.Link) -> Item:
        text, wanted = self.slice(link), (space.rows, space.cols)
        if space.onehot:
            raise NotSupported(f"{text} cannot be judged", self.where(link.at))
        if left.shape == wanted:
            return Settled("proved", "", text)
        message = f"{left} is {show_shape(left.shape)}, not {show_shape(wanted)}"
        where = self.where(link.at)
        return Settled("ill-shaped", message, text, (where.line, where.column))

    def in_values(self, left: Term, values: nc.Values, link: nc.Link) -> Item:
        """A unit vector's entries are 0 or 1; other finite sets are not judged."""
        numbers = {str(v) for v in values.items}
        names = {x.name for _, x in nodes_of(left, Elem)}
        if numbers == {"0", "1"} and names and names <= set(self.model.onehot) and _is_entry(left):
            return Settled("proved", "", self.slice(link))
        raise NotSupported(f"{self.slice(link)} cannot be judged", self.where(link.at))

    def open(self, term: Term) -> Term:
        """The term with names of derivatives written out."""
        return opened(term, self.model.abbreviations)

    def slice(self, link: nc.Link) -> str:
        text = self.text[link.at : link.end].strip()
        opened = len(_RIGHT.findall(text)) - len(_LEFT.findall(text))
        return r"\left" + text if opened == 1 and text[:1] in ("(", "[", "|") else text

    def where(self, at: int) -> Where:
        before = self.text[:at]
        return Where(before.count("\n") + 1, at - before.rfind("\n"))


def _is_entry(term: Term) -> bool:
    return type(term).__name__ in ("Entry", "Elem")


def _spread(end: Term, like: Term) -> Term:
    """A scalar end of an interval at every entry."""
    if end.shape == like.shape or not end.is_scalar:
        return end
    ones = Ones(like.shape[0]) if like.is_column else Ones(*like.shape)
    return Scale(end, ones)


def _told(error: SymbpttError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _place(error: SymbpttError) -> tuple[int, int] | None:
    where = error.where
    return None if where is None or where.file else (where.line, where.column)
