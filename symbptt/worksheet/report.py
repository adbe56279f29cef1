"""The report of a worksheet: each item in its place, with what they share told once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from symbptt.core.terms import Term
from symbptt.core.theory import Definition, Theory
from symbptt.report.compose import Composer
from symbptt.report.document import Block, Code, Document, Emph, Phrase, Prose, Text, phrase
from symbptt.report.pen import LATEX_PEN
from symbptt.report.preliminaries import conventions, equations, symbols
from symbptt.report.supposed import Supposed

from .run import Proved, Run

PROOFS = ("report", "file")  # where the proof of a statement can be read
_Group = tuple[str, tuple[str, ...]]


def report(run: Run, lang: str | None = None) -> Document:
    """The document of a worksheet that has been run; ``lang`` overrides that of its head."""
    telling = Telling(run)
    blocks = tuple(block for item in run.sheet.items for block in item.tell(telling))
    return Document(run.sheet.title, lang or run.sheet.lang, blocks, run.sheet.source)


class Telling:
    """What the items of a report share.

    There is one numbering for all, and one composer for each model and what is assumed of it.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        numbers = count(1)
        defined: dict[str, set[Definition]] = {name: set() for name in run.models}
        proved: dict[_Group, list[Proved]] = {(name, ()): [] for name in run.models}
        for p in run.proved:
            proved.setdefault((p.model, p.given), []).append(p)
        self._composers: dict[_Group, Composer] = {}
        for (name, given), ps in proved.items():
            model = ps[0].derivation.model if given else run.models[name]
            plain = run.models[name].theory
            before = (
                self._composers[name, ()] if given and _only_assumed(model.theory, plain) else None
            )
            self._composers[name, given] = Composer(
                model, [p.derivation.derived for p in ps], LATEX_PEN, numbers,
                Supposed(given, run.problem(name).theory), defined[name], before,
            )  # fmt: skip
        self._places = {p.block.id: (g, i) for g, ps in proved.items() for i, p in enumerate(ps)}
        self._shown: set[str] = set()

    def model(self, name: str) -> Iterator[Block]:
        """Equations and symbols, and before the first model the conventions; told once."""
        if name in self._shown:
            return
        model = self.run.models[name]
        if model.theory.definitions:
            yield equations(model, LATEX_PEN)
        yield symbols(model, self._adjoints(name), LATEX_PEN)
        if not self._shown:
            yield Prose((Emph((Phrase("convention.title"),), strong=True),))
            yield conventions(self._terms())
        self._shown.add(name)

    def _adjoints(self, name: str) -> list[Definition]:
        """The adjoints that occur in statements about a model, whatever they assume."""
        composers = [c for (model, _), c in self._composers.items() if model == name]
        return list(dict.fromkeys(d for c in composers for d in c.adjoints()))

    def statement(self, id: str, proof: str | None = None) -> Iterator[Block]:
        """The theorem of a block with its proof, after the definitions and lemmas it needs.

        With ``proof`` "file" the statements alone, and where the proof is.
        """
        group, number = self._places[id]
        if proof != "file":
            yield from self._composers[group].blocks(number)
            return
        yield from self._composers[group].summary(number)
        steps = str(self.run.statement(id).steps)
        file = Code(f"proofs/{id}.json")
        yield Prose((phrase("statement.in_file", steps=Text(steps), file=file),))

    def _terms(self) -> Iterator[Term]:
        for composer in self._composers.values():
            yield from composer.terms()


def _only_assumed(theory: Theory, plain: Theory) -> bool:
    """Whether the quantities are those of the plain theory: what holds there holds here."""
    return theory.definitions == plain.definitions and theory.givens == plain.givens
