"""The built-in models: text files in ``cells/``, each with a comment that says what it is."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files

from ..core.errors import SymbpttError

_FOLDER = "cells"


@dataclass(frozen=True)
class Builtin:
    """A built-in model: its name, one sentence about it, where it comes from, its text."""

    name: str
    title: str
    source: str
    text: str


@lru_cache(maxsize=1)
def builtins() -> dict[str, Builtin]:
    """All built-in models by name."""
    out: dict[str, Builtin] = {}
    folder = files(__package__) / _FOLDER
    for entry in sorted(folder.iterdir(), key=lambda f: f.name):
        if entry.name.endswith(".txt"):
            model = _described(entry.name.removesuffix(".txt"), entry.read_text("utf-8"))
            out[model.name] = model
    return out


def _described(name: str, text: str) -> Builtin:
    """The model with its head comment: a title line and a line ``Source: ...``."""
    comments = [line[1:].strip() for line in text.splitlines() if line.startswith("%")]
    source = next((c for c in comments if c.startswith("Source:")), "Source:")
    return Builtin(name, comments[0], source.removeprefix("Source:").strip(), text)


def builtin_text(name: str) -> str:
    """The text of a built-in model."""
    table = builtins()
    if name not in table:
        near = get_close_matches(name, table, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise SymbpttError(
            f"there is no built-in model {name}", hint=f"{hint}the models are {', '.join(table)}"
        )
    return table[name].text
