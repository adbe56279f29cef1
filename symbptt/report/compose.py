"""From derivations of one model to the blocks of a report: definitions, lemmas, theorems, proofs.

``Composer(model, derivations).blocks(i)`` are the blocks of the i-th derivation, to be asked for in
order: definitions and lemmas that have not been shown yet, then the theorems that answer it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count, pairwise
from typing import Protocol

from sympy import Symbol

from symbptt.core.terms import Term
from symbptt.core.theory import Definition, Theory
from symbptt.proof.objects import Assumed, Theorem

from .definitions import by_cases, defined, definitions_of, mentioned
from .document import (
    Block, Blocks, Content, Display, Phrase, Prose, Ref, Text, TheoremBlock, phrase,
)  # fmt: skip
from .givens import given
from .gradients import gradient_table, rows_of
from .grouping import (
    alike, at_point, conditions_first, general_of, groups, is_link, linked, title_of,
)  # fmt: skip
from .matrix import has_entries, written_out
from .numbers import EquationNumbers, equation_target
from .pen import LATEX_PEN, Pen
from .plan import Derived, Key, Plan, Reference, all_steps
from .ranges import Facts
from .reasons import listed_and
from .sentences import range_sentence, spaced
from .supposed import Supposed
from .tell import Teller

_KINDS = {
    "one-step Jacobian": "proposition", "immediate derivative": "proposition",
    "the forms agree": "corollary", "components": "corollary", "Kronecker form": "corollary",
    "written out": "corollary", "direct derivative": "proposition", "path": "proposition",
    "left out": "corollary",
}  # fmt: skip


class Subject(Protocol):
    """What a report must know of a model."""

    @property
    def theory(self) -> Theory: ...
    @property
    def auto(self) -> tuple[str, ...]: ...
    @property
    def length(self) -> Symbol | None: ...


class Composer:
    """Tells the derivations of one model in order; nothing is defined, stated or proved twice.

    ``numbers`` counts definitions, lemmas and theorems together, over all models of a report.
    ``supposed`` are the assumptions under which the model stands; ``before`` tells of the same
    model without them: what it has told is not told again. ``told`` are the definitions that have
    been shown, where another composer has shown some. ``equations`` numbers what defines
    something, if that is to be numbered. With ``replayed`` every theorem has the kernel's steps.
    """

    def __init__(
        self,
        subject: Subject,
        derived: Sequence[Derived],
        pen: Pen = LATEX_PEN,
        numbers: Iterator[int] | None = None,
        supposed: Supposed | None = None,
        told: set[Definition] | None = None,
        before: Composer | None = None,
        equations: EquationNumbers | None = None,
        replayed: bool = False,
    ) -> None:
        self.supposed = supposed or Supposed()
        self.subject, self.pen, self.derived = subject, pen, tuple(derived)
        self.numbers = count(1) if numbers is None else numbers
        self.plan = Plan(list(derived), pen, subject.length)
        length = "" if subject.length is None else subject.length.name
        earlier = None if before is None else before.teller
        self.equations, self.replayed = equations, replayed
        self.teller: Teller = Teller(
            self.plan, pen, length, self.supposed, earlier, equations or EquationNumbers()
        )
        self._defined: set[Definition] = set() if told is None else told
        self._postponed: list[list[Reference]] = []

    def blocks(self, number: int) -> Blocks:
        """The blocks of one derivation: what it needs first, then its answers.

        That two forms agree is said when both have been shown, if a later derivation shows one.
        """
        out: list[Block] = []
        for group in groups(self.plan, self.plan.answers[number]):
            if self._waits_for_later(group, number):
                self._postponed.append(group)
                continue
            fresh = [r for r in group if r.key not in self.teller.names]
            if fresh:
                self._emit(out, [r.key for r in fresh])
                if self.derived[number].matrices and self.pen.on_page:
                    out += self._matrix(fresh[-1].key)
            else:
                out += self._repeated(group[-1], alone=not out)
        for group in list(self._postponed):
            if not self._waits_for_later(group, number):
                self._postponed.remove(group)
                self._emit(out, [r.key for r in group])
        if self.derived[number].table:
            out += self._table(number)
        return tuple(out)

    def summary(self, number: int) -> Blocks:
        """One derivation without proofs: definitions, statements, and gradients in a table."""
        out: list[Block] = []
        refs = self.plan.answers[number]
        theorems = [self.plan.nodes[r.key].theorem for r in refs]
        self._define(out, theorems)
        listed = {t for _, found in rows_of(theorems) for t in found}
        if not self.derived[number].table:
            listed = set()
        stated = [r for r in refs if self.plan.nodes[r.key].theorem not in listed]
        for group in groups(self.plan, stated):
            out.append(self._theorem([r.key for r in group], proved=False))
        table = gradient_table([t for t in theorems if t in listed], None, self.pen)
        return (*out, *([] if table is None else [table]))

    def _table(self, number: int) -> Blocks:
        """The gradients among the answers, each with the name of its theorem."""
        keys = {self.plan.nodes[r.key].theorem: r.key for r in self.plan.answers[number]}
        table = gradient_table(list(keys), lambda t: self.teller.names[keys[t]], self.pen)
        return () if table is None else (table,)

    def _waits_for_later(self, group: list[Reference], number: int) -> bool:
        nodes = [self.plan.nodes[r.key] for r in group]
        if any(node.theorem.title != "the forms agree" for node in nodes):
            return False
        later = {r.key for refs in self.plan.answers[number + 1 :] for r in refs}
        needed = {k for node in nodes for k in self.plan.needed(node.key)}
        return bool(later & needed - self.teller.names.keys())

    def terms(self) -> Iterator[Term]:
        """Every term that is shown."""
        for node in self.plan.nodes.values():
            yield from (node.theorem.left, node.theorem.right)
            yield from (step.result for step in all_steps(node.theorem))

    def adjoints(self) -> list[Definition]:
        """The definitions of the adjoints that occur."""
        own = {d.key for d in self.subject.theory.definitions}
        used = {key for term in self.terms() for key in mentioned(term)} - own
        return [d for d in self._widest.definitions if d.key in used]

    @cached_property
    def _widest(self) -> Theory:
        """The model's theory, with the adjoints where a derivation has them."""
        theories = [self.subject.theory, *(n.theory for n in self.plan.nodes.values())]
        return max(theories, key=lambda t: len(t.definitions))

    def _repeated(self, ref: Reference, alone: bool) -> Blocks:
        """A remark that the answer has been proved before, and where it stands alone the answer."""
        name: Content = self.teller.names[ref.key]
        if ref.length is not None:
            value = self.pen.equation_of_texts(self.teller.length, str(ref.length))
            name = (phrase("step.instance", reference=name, values=self.pen.math(value)),)
        theorem = self.plan.nodes[ref.key].theorem
        if alone:
            return Prose((phrase("statement.known", reference=name),)), self.teller.stated(theorem)
        shown = self.pen.math(self.pen.equation(theorem.left, theorem.right))
        return (Prose((phrase("statement.known_too", statement=shown, reference=name),)),)

    def _matrix(self, key: Key) -> Blocks:
        """The derivative as a matrix, where the theorem gives its entries."""
        node = self.plan.nodes[key]
        if not has_entries(node.theorem):
            return ()
        source = self.plan.nodes[node.order[0].key].theorem
        return Prose((Phrase("statement.matrices"),)), written_out(source, node.theorem)

    # ------------------------------------------------------------ blocks

    def _emit(self, out: list[Block], keys: list[Key]) -> None:
        """A block, after the definitions and lemmas that it needs."""
        needed = [k for key in keys for k in self.plan.needed(key)]
        for lemmas in alike(self.plan, [k for k in dict.fromkeys(needed) if k not in keys]):
            waiting = [k for k in lemmas if k not in self.teller.names]
            if waiting:
                self._emit(out, waiting)
        told = [*keys, *(k for key in keys for k in self.plan.inside(key))]
        self._define(out, [self.plan.nodes[k].theorem for k in told])
        out.append(self._theorem(keys))

    def _theorem(self, keys: list[Key], proved: bool = True) -> TheoremBlock:
        theorems = [self.plan.nodes[k].theorem for k in keys]
        asked = any(r.key in keys for rs in self.plan.answers for r in rs)
        kind = _KINDS.get(theorems[0].title, "theorem") if asked else "lemma"
        if isinstance(theorems[0].proof, Assumed):
            kind = "assumption"
        if kind == "corollary" and not self.plan.needed(keys[0]):
            kind = "theorem"
        number = Text(str(next(self.numbers)))
        name = phrase("theorem.numbered", kind=Phrase(f"theorem.{kind}"), number=number)
        conditions, statement = conditions_first(self._supposed(self._statement(keys, theorems)))
        for key in keys:
            self.teller.titles[key] = (Ref((name,), f"{kind}-{number.text}"),)
        return TheoremBlock(
            kind, number.text, title_of(theorems[-1], asked, self.pen), statement, conditions,
            self.teller.proof(*keys) if proved else (),
            self.teller.replays(*keys) if proved and self.replayed else (),
        )  # fmt: skip

    def _supposed(self, statement: list[Block]) -> list[Block]:
        """The statement after what is assumed of the model."""
        if not self.supposed.given:
            return statement
        assumed = listed_and(tuple(given(text, self.pen) for text in self.supposed.given))
        supposed: Content = (phrase("theorem.under", conditions=assumed),)
        first, *rest = statement
        if isinstance(first, Prose):
            return [Prose(spaced((supposed, first.content))), *rest]
        return [Prose(supposed), *statement]

    def _statement(self, keys: list[Key], theorems: list[Theorem]) -> list[Block]:
        first = theorems[0]
        if len(keys) > 1 and all(is_link(a, b) for a, b in pairwise(theorems)):
            return self._headed(first.facts, [linked(theorems, self.pen)])
        if len(keys) > 1 and all(t.left == first.left for t in theorems):
            sides = {self.pen.term(t.right): t.right for t in reversed(theorems)}
            display = self.teller.display(first.left, *sides.values())
            return self._headed(first.facts, [display])
        if len(keys) > 1 and (general := general_of(theorems)) is not None:
            return self._cases(theorems, general)
        return self.teller.statement(*keys)

    def _headed(self, facts: Facts, displays: list[Block]) -> list[Block]:
        head = range_sentence(facts, self.pen)
        return [Prose(head), *displays] if head else displays

    def _cases(self, theorems: list[Theorem], general: Term) -> list[Block]:
        """One recursion by cases: at the ends of the range, and between them."""
        common = set.intersection(*(set(t.facts) for t in theorems))
        cases = []
        for t in theorems:
            facts = tuple(f for f in t.facts if f not in common)
            cases.append((t.right, (*at_point(general, t.left), *facts)))
        shared = tuple(f for f in theorems[0].facts if f in common)
        return self._headed(shared, by_cases(general, cases, self.pen))

    # ------------------------------------------------------------ definitions

    def _define(self, out: list[Block], theorems: list[Theorem]) -> None:
        """Definitions of the abbreviations and adjoints that occur for the first time."""
        theory = self._widest
        found: set[str] = set()
        for t in theorems:
            for term in (t.left, t.right, *(s.result for s in all_steps(t))):
                found |= mentioned(term)
        own = {d.key for d in self.subject.theory.definitions}
        auto = {d.key for d in self.subject.theory.definitions if d.name in self.subject.auto}
        adjoints = {d.key for d in theory.definitions} - own
        for kind, keys in (("abbreviations", auto), ("adjoints", adjoints)):
            wanted = keys if kind == "adjoints" and found & keys else found & keys
            fresh = {k for k in wanted if not set(theory.defined(k)) <= self._defined}
            if fresh & found:
                self._defined |= {d for k in fresh for d in theory.defined(k)}
                out.append(self._definition(kind, definitions_of(fresh, theory), theory))

    def _definition(self, kind: str, definitions: list[Definition], theory: Theory) -> TheoremBlock:
        number = Text(str(next(self.numbers)))
        statement: list[Block] = []
        said: Content = ()
        for d in definitions:
            shown = self._numbered(d, defined(d, theory, self.pen))
            by_ranges = any(isinstance(b, Prose) for b in shown)
            head = () if by_ranges else range_sentence(d.facts, self.pen)
            if head and head != said:
                statement.append(Prose(head))
            statement += shown
            said = head
        single = kind == "abbreviations" and len(definitions) == 1
        name: Content = (Phrase("title.abbreviation" if single else f"title.{kind}"),)
        conditions, blocks = conditions_first(statement)
        return TheoremBlock("definition", number.text, name, blocks, conditions)

    def _numbered(self, definition: Definition, shown: list[Block]) -> list[Block]:
        """The displays of a definition, the first with the number of the equation."""
        place = next((i for i, b in enumerate(shown) if isinstance(b, Display)), None)
        if self.equations is None or place is None:
            return shown
        first, number = shown[place], self.equations.give(definition)
        assert isinstance(first, Display)
        numbered = replace(first, tag=number, target=equation_target(number))
        return [*shown[:place], numbered, *shown[place + 1 :]]


__all__ = ["Composer", "Derived"]
