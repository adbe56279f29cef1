"""```{code} MODULE: a module for a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.codegen.lines import Formula
from symbptt.module import numpy_module
from symbptt.report.document import Block, Code, Items, Math, Prose, Saying, Table, phrase

from ..directive import Directive, check_options
from ..question import Question, question
from ..reading import Reading
from ..report import Telling
from ..run import Run
from ..sheet import Item

_MODULE = re.compile(r"[a-z][a-z0-9_]*")
_FUNCTIONS = re.compile(r"^def ([a-z]\w*)\(", re.MULTILINE)
_DESCRIBED = ("forward", "backward", "loss_and_grads", "init_params")


class _Formulas(dict[str, tuple[Formula, ...]]):
    """The formulas of the modules by file."""


@dataclass(frozen=True)
class CodeBlock(Item):
    """A module to write for a target; ``wrt`` as in ``numpy_module``."""

    module: str
    model: str
    wrt: tuple[str, ...]
    target: str
    where: Where

    @property
    def file(self) -> str:
        """The file that is written."""
        return f"{self.module}.py"

    def prepare(self, run: Run) -> None:
        """Generates the module."""
        model = run.model(self.model, self.where, told=False)
        try:
            module = numpy_module(model, run.sheet.source, self.target, wrt=self.wrt)
        except SymbpttError as error:
            raise error.at(self.where) from None
        run.files[self.file] = module.source
        run.notes_of(_Formulas)[self.file] = module.formulas

    def tell(self, telling: Telling) -> Iterator[Block]:
        """What the module offers, not its text."""
        source = telling.run.files[self.file]
        lines = source.count("\n")
        made = phrase("code.module", file=Code(self.file), lines=Code(str(lines)))
        offered = [name for name in _FUNCTIONS.findall(source) if name in _DESCRIBED]
        yield Prose((made,))
        yield Items(tuple((Prose((phrase(f"code.{n}", name=Code(n)),)),) for n in offered))
        yield Prose((phrase("code.formulas"),))
        head = (phrase("code.formula"), phrase("code.lines"))
        yield Table(head, tuple(map(_row, telling.run.notes_of(_Formulas)[self.file])))

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The program that is to be written."""
        yield question((Prose((phrase("ask.code", file=Code(self.file)),)),))


def _row(formula: Formula) -> tuple[Saying, ...]:
    """A formula and the lines that compute it."""
    first, last = formula.lines
    return Math(formula.latex), Code(str(first) if first == last else f"{first}-{last}")


def read(d: Directive, reading: Reading) -> CodeBlock:
    """The options: :wrt: lists parameters and inputs, :target: is what computes."""
    check_options(d, {"model", "wrt", "target"})
    if not _MODULE.fullmatch(d.argument):
        raise ReadError("a module needs a name of small letters, digits and _", d.where,
                        "for example ```{code} rnn")  # fmt: skip
    reading.take_file(f"{d.argument}.py", f"module {d.argument}", d)
    wrt = tuple(filter(None, re.split(r"[,\s]+", d.options.get("wrt", ""))))
    target = d.options.get("target", "numpy")
    return CodeBlock(d.argument, reading.model_for(d), wrt, target, d.where)
