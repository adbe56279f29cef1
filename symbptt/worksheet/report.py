"""The report of a worksheet: its prose, and at each block what the block gave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from symbptt.core.terms import Term
from symbptt.models.model import Model
from symbptt.report import markdown
from symbptt.report.compose import Composer
from symbptt.report.document import (
    Block, Blocks, Code, Display, Document, Emph, Items, Phrase, phrase,
)  # fmt: skip
from symbptt.report.document import Prose as Paragraph
from symbptt.report.pen import LATEX_PEN
from symbptt.report.preliminaries import conventions, equations, symbols

from .run import Proved, Run
from .sheet import CodeBlock, DeriveBlock, ModelBlock, Prose

_FUNCTIONS = re.compile(r"^def ([a-z]\w*)\(", re.MULTILINE)
_DESCRIBED = ("forward", "backward", "loss_and_grads", "init_params")


def report(run: Run, lang: str | None = None) -> Document:
    """The document of a worksheet that has been run; ``lang`` overrides that of its head."""
    return Document(
        run.sheet.title, lang or run.sheet.lang, tuple(_Reporter(run).blocks()), run.sheet.source
    )


class _Reporter:
    """Writes the items in order; one composer for each model, one numbering for all."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.numbers = count(1)
        self.proved: dict[str, list[Proved]] = {name: [] for name in run.models}
        for p in run.proved:
            self.proved[p.block.model].append(p)
        self.composers = {
            name: Composer(
                model, [p.derivation.derived for p in self.proved[name]], LATEX_PEN, self.numbers
            )
            for name, model in run.models.items()
        }
        self._shown: set[str] = set()
        self._told: dict[str, int] = {name: 0 for name in run.models}

    def blocks(self) -> Iterator[Block]:
        """Everything, conventions before the first model."""
        for item in self.run.sheet.items:
            match item:
                case Prose(text):
                    yield from markdown.blocks(text)
                case ModelBlock(name):
                    yield from self._model(name)
                case DeriveBlock(_, _, name):
                    yield from self._model(name)
                    yield from self._statement(name)
                case CodeBlock(module):
                    yield from _code(module, self.run.modules[module])

    def _model(self, name: str) -> Iterator[Block]:
        """Equations and symbols, where the model occurs for the first time."""
        if name in self._shown:
            return
        model: Model = self.run.models[name]
        yield equations(model, LATEX_PEN)
        yield symbols(model, self.composers[name].adjoints(), LATEX_PEN)
        if not self._shown:
            yield Paragraph((Emph((Phrase("convention.title"),), strong=True),))
            yield conventions(self._terms())
        self._shown.add(name)

    def _terms(self) -> Iterator[Term]:
        for composer in self.composers.values():
            yield from composer.terms()

    def _statement(self, name: str) -> Blocks:
        number = self._told[name]
        self._told[name] += 1
        told = self.composers[name].blocks(number)
        proved = self.proved[name][number]
        return (*told, *_layout(proved))


def _layout(proved: Proved) -> Blocks:
    """The result in another layout, where that makes a difference."""
    derivation = proved.derivation
    if derivation.result == derivation.main.right:
        return ()
    said = Paragraph((Phrase(f"layout.{derivation.layout}"),))
    summands = LATEX_PEN.summands(derivation.result)
    return said, Display(derivation.latex(), summands=summands)


def _code(module: str, source: str) -> Blocks:
    """What the module offers, not its text."""
    lines = source.count("\n")
    made = phrase("code.module", file=Code(f"{module}.py"), lines=Code(str(lines)))
    offered = [name for name in _FUNCTIONS.findall(source) if name in _DESCRIBED]
    items = tuple((Paragraph((phrase(f"code.{name}", name=Code(name)),)),) for name in offered)
    return Paragraph((made,)), Items(items)

