"""The report of a worksheet: each item in its place, with what they share told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from symbptt.core.terms import Term
from symbptt.core.theory import Definition, Theory
from symbptt.report.appendix import appendix
from symbptt.report.compose import Composer
from symbptt.report.document import (
    AnswerSpace, Block, Blocks, Code, Display, Document, Emph, MatrixView, Phrase, Prose, Text,
    TheoremBlock, phrase,
)  # fmt: skip
from symbptt.report.numbers import EquationNumbers
from symbptt.report.pen import LATEX_PEN
from symbptt.report.preliminaries import conventions, numbered, symbols
from symbptt.report.supposed import Supposed

from .kinds import Style
from .question import Question
from .run import Proved, Run

_AS_WRITTEN = Style()
_LEAST, _MOST = 5, 18  # lines for an answer
PROOFS = ("report", "file")  # where the proof of a statement can be read
_Group = tuple[str, tuple[str, ...]]


def report(run: Run, style: Style = _AS_WRITTEN) -> Document:
    """The document of a worksheet that has been run; ``style`` overrides what its head says."""
    sheet = run.sheet
    kind = style.kind or sheet.kind
    if kind in ("questions", "solution"):
        blocks = tuple(asked(run, kind))
    else:
        telling = Telling(run, kind)
        blocks = tuple(block for item in sheet.items for block in item.tell(telling))
        blocks += appendix(blocks, LATEX_PEN) if kind == "report" else ()
    detail = style.detail or sheet.detail or ("brief" if kind == "slides" else "normal")
    lang = style.lang or sheet.lang
    return Document(sheet.title, lang, blocks, sheet.source, detail, kind)


def asked(run: Run, kind: str) -> Iterator[Block]:
    """The questions of a worksheet, on a solution sheet with room for each answer.

    The room is measured by the answer of the report.
    """
    asking, telling = Telling(run, kind), Telling(run, "report")
    numbers = count(1)
    if kind == "solution":
        yield Prose((Phrase("ask.name"),))
    for item in run.sheet.items:
        answer = tuple(item.tell(telling))
        for block in item.ask(asking):
            if isinstance(block, Question):
                room = (AnswerSpace(lines_for(answer)),) if kind == "solution" else ()
                text, number = (*block.text, *room), str(next(numbers))
                id = getattr(item, "id", "")
                yield TheoremBlock("question", number, block.points, text, alias=id)
            else:
                yield block


def lines_for(blocks: Iterable[Block]) -> int:
    """How many lines an answer like this one takes, written by hand."""
    lines = 0
    for block in blocks:
        if isinstance(block, TheoremBlock) and block.kind != "definition":
            lines += 3 + sum(1 for item in block.proof)
        elif isinstance(block, Display | MatrixView):
            lines += 3
    return max(_LEAST, min(lines, _MOST))


class Telling:
    """What the items of a report share.

    There is one numbering for all, and one composer for each model and what is assumed of it.
    ``kind`` is that of the report.
    """

    def __init__(self, run: Run, kind: str = "report") -> None:
        self.run, self.kind = run, kind
        numbers = count(1)
        self._equations = EquationNumbers()
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
                self._equations, replayed=kind == "report",
            )  # fmt: skip
        self._places = {p.block.id: (g, i) for g, ps in proved.items() for i, p in enumerate(ps)}
        self._shown: set[str] = set()

    def model(self, name: str) -> Iterator[Block]:
        """Equations and symbols, and before the first model the conventions; told once."""
        if name in self._shown:
            return
        model = self.run.models[name]
        if model.theory.definitions:
            yield numbered(model, LATEX_PEN, self._equations)
        asking = self.kind in ("questions", "solution")  # the adjoints belong to the answers
        yield symbols(model, () if asking else self._adjoints(name), LATEX_PEN)
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
            yield from _named(self._composers[group].blocks(number), id)
            return
        yield from _named(self._composers[group].summary(number), id)
        steps = str(self.run.statement(id).steps)
        file = Code(f"proofs/{id}.json")
        yield Prose((phrase("statement.in_file", steps=Text(steps), file=file),))

    def _terms(self) -> Iterator[Term]:
        for composer in self._composers.values():
            yield from composer.terms()


def _named(blocks: Blocks, id: str) -> Blocks:
    """The last statement under the name that the author gave it."""
    last = next((b for b in reversed(blocks) if isinstance(b, TheoremBlock)), None)
    return tuple(replace(b, alias=id) if b is last else b for b in blocks)  # type: ignore[type-var]


def _only_assumed(theory: Theory, plain: Theory) -> bool:
    """Whether the quantities are those of the plain theory: what holds there holds here."""
    return theory.definitions == plain.definitions and theory.givens == plain.givens
