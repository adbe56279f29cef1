"""```{model} NAME: a model in the model language, told by its equations and symbols."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.core.errors import ReadError, SymbpttError
from symbptt.graph import graph_of, picture_of
from symbptt.report.document import Block, Picture

from ..directive import Directive, check_options
from ..models import ModelText
from ..reading import Reading
from ..report import Telling
from ..run import Run
from ..sheet import Item

_NAME = re.compile(r"[A-Za-z][\w-]*")


@dataclass(frozen=True)
class ModelBlock(ModelText, Item):
    """A model of the worksheet; ``drawn`` if the report shows it unrolled."""

    drawn: bool = False

    def prepare(self, run: Run) -> None:
        """Reads the model."""
        run.add_model(self)
        if self.drawn:
            try:
                graph = graph_of(run.models[self.name])
            except SymbpttError as error:
                raise error.at(self.where) from None
            run.notes_of(_Pictures)[self.name] = picture_of(graph)

    def tell(self, telling: Telling) -> Iterator[Block]:
        """Equations and symbols, and the picture."""
        yield from telling.model(self.name)
        if self.drawn:
            yield telling.run.notes_of(_Pictures)[self.name]

    def ask(self, telling: Telling) -> Iterator[Block]:
        """The same, without what belongs to the answers."""
        yield from telling.model(self.name)


class _Pictures(dict[str, Picture]):
    """The pictures of models by their names."""


def read(d: Directive, reading: Reading) -> ModelBlock:
    """:extends: names the model whose statements this one starts from; :graph: draws it."""
    check_options(d, {"extends", "graph"})
    if not _NAME.fullmatch(d.argument):
        raise ReadError("a model needs a name of letters, digits, - and _", d.where,
                        "for example ```{model} rnn")  # fmt: skip
    if d.argument in reading.models:
        raise ReadError(f"there is already a model {d.argument}", d.where)
    extends = d.options.get("extends", "")
    if not extends and not any(text.strip() for text, _ in d.body):
        raise ReadError(f"the model {d.argument} is empty", d.where)
    reading.models.append(d.argument)
    return ModelBlock(d.argument, d.body, extends, d.where, d.flag("graph"))
