"""A worksheet as data: prose, models, statements and code, in the order of the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from symbptt.core.errors import Where


@dataclass(frozen=True)
class Prose:
    """A piece of Markdown."""

    markdown: str
    line: int


@dataclass(frozen=True)
class ModelBlock:
    """A model; ``lines`` are its statements, each with the line of the file on which it stands.

    ``extends`` names the model, of the sheet or built in, whose statements it starts from.
    """

    name: str
    lines: tuple[tuple[str, int], ...]
    extends: str
    where: Where


@dataclass(frozen=True)
class DeriveBlock:
    """A quantity to derive."""

    id: str
    quantity: str
    model: str
    form: str | None
    length: int | None
    layout: str | None
    entries: bool
    where: Where


@dataclass(frozen=True)
class CodeBlock:
    """A NumPy module to write; ``wrt`` names parameters (all where empty)."""

    module: str
    model: str
    wrt: tuple[str, ...]
    where: Where


Item = Prose | ModelBlock | DeriveBlock | CodeBlock


@dataclass(frozen=True)
class Sheet:
    """A worksheet. ``name`` is that of its file, ``path`` how it was called."""

    name: str
    path: str
    title: str
    lang: str
    items: tuple[Item, ...] = field(default=())

    @property
    def source(self) -> str:
        """How files made from the worksheet name it: the same wherever the project lies."""
        place = Path(self.path)
        if place.is_absolute():
            here = Path.cwd()
            place = place.relative_to(here) if place.is_relative_to(here) else Path(place.name)
        return "" if place == Path() else place.as_posix()
