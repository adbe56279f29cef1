"""What the shell offers when TAB is pressed: models and worksheets. Nothing heavy is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_CELLS = Path(__file__).parents[1] / "models" / "cells"


def models(incomplete: str) -> list[tuple[str, str]]:
    """The built-in models, each with what it is, and files that may hold one."""
    return [*_built_in(incomplete), *((p, "") for p in _files(incomplete, (".txt", ".md")))]


def sheets(incomplete: str) -> list[tuple[str, str]]:
    """Worksheets: Markdown files here, or where the path leads that has been typed so far."""
    return [(path, "") for path in _files(incomplete or "derivations/", (".md",))]


def _built_in(incomplete: str) -> Iterator[tuple[str, str]]:
    for file in sorted(_CELLS.glob("*.txt")):
        if file.stem.startswith(incomplete):
            with file.open(encoding="utf-8") as lines:
                yield file.stem, next(lines, "").lstrip("% ").rstrip(" .\n")


def _files(incomplete: str, ends: tuple[str, ...]) -> Iterator[str]:
    """Files with one of the ends, and directories to go on in."""
    before, _, last = incomplete.rpartition("/")
    folder = Path(before or ("/" if incomplete.startswith("/") else "."))
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return
    start = incomplete.removesuffix(last)
    for path in found:
        if path.name.startswith(last) and (last or not path.name.startswith(".")):
            if path.is_dir():
                yield f"{start}{path.name}/"
            elif path.suffix in ends:
                yield f"{start}{path.name}"
