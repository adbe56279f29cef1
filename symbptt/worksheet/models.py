"""The models of a worksheet: their texts put together, read, and errors placed in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.models.builtin import builtins
from symbptt.models.model import Model

Lines = tuple[tuple[str, int], ...]
_RELATION = re.compile(r"=|\\in\b|:")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class ModelText:
    """A model as it is written; ``lines`` are its statements, each with its line of the file.

    ``extends`` names the model, of the sheet or built in, whose statements it starts from.
    """

    name: str
    lines: Lines
    extends: str
    where: Where


class Models:
    """The models read so far, by name; built-in ones are found too."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._lines: dict[str, Lines] = {}
        self._models: dict[str, Model] = {}

    def add(self, block: ModelText) -> Model:
        """Reads the model of a block."""
        lines = block.lines
        if block.extends:
            lines = extended(self._base(block), lines)
        self._lines[block.name] = lines
        model = self._parse(block, lines)
        self._models[block.name] = model
        return model

    def find(self, name: str, where: Where) -> Model:
        """The model of a name, of the sheet or built in."""
        if name not in self._models:
            if name not in builtins():
                known = dict.fromkeys([*self._models, *builtins()])
                hint = f"the models are {', '.join(known)}"
                raise ReadError(f"there is no model {name}", where, hint)
            self._models[name] = Model.named(name)
        return self._models[name]

    def _base(self, block: ModelText) -> Lines:
        if block.extends in self._lines:
            return self._lines[block.extends]
        self.find(block.extends, block.where)
        lines = builtins()[block.extends].text.split("\n")
        return tuple((text, block.where.line) for text in lines)

    def _parse(self, block: ModelText, lines: Lines) -> Model:
        """The model; a statement is read on its own line of the file, for messages name lines."""
        numbers = [line for _, line in lines]
        if sorted(set(numbers)) == numbers:
            rows = [""] * numbers[-1]
            for text, line in lines:
                rows[line - 1] = text
        else:  # what is built in has no lines in this file
            rows = [text for text, _ in lines]
        try:
            return Model.parse("\n".join(rows), block.name, self.file, equations=False)
        except SymbpttError as error:
            raise self._placed(error, block, lines, len(rows) == numbers[-1]) from None

    def _placed(
        self, error: SymbpttError, block: ModelText, lines: Lines, in_file: bool
    ) -> SymbpttError:
        if error.where is None:
            error.where = block.where
        elif not in_file and 0 < error.where.line <= len(lines):
            text, line = lines[error.where.line - 1]
            error.where = Where(line, error.where.column, text, self.file)
        return error


def extended(base: Lines, own: Lines) -> Lines:
    """The statements of a model with further ones; one about the same thing replaces the old."""
    replaced = {subject(text) for text, _ in own} - {""}
    return (*((t, n) for t, n in base if subject(t) not in replaced), *own)


def subject(statement: str) -> str:
    r"""What a statement is about: ``h_t =`` for an equation, ``h_t \in`` for a shape."""
    text = statement.partition("%")[0].strip()
    match = _RELATION.search(text)
    return "" if match is None else _SPACE.sub("", text[: match.end()])
