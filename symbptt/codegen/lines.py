"""Which lines of a module compute which equation: the comments of the module lead there.

Every equation is a comment in front of the lines that compute it; several equations that are
computed together stand in front of the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import ir

Span = tuple[int, int]


@dataclass(frozen=True)
class Formula:
    """An equation as text and as LaTeX, and the lines first..last (from 1) that compute it.

    ``key`` is what it defines, ``uses`` are the keys of what it refers to; ``function`` is the
    function of the module in which the lines stand.
    """

    text: str
    latex: str
    key: str
    uses: tuple[str, ...]
    function: str
    lines: Span


def formulas(program: ir.Program, source: str) -> tuple[Formula, ...]:
    """The equations of the module in the order of their lines; the program may be that without
    any passes, which keep its comments.
    """
    bodies = (program.forward, program.backward, program.loss)
    nodes = (n for body in bodies for n in ir.walk(body))
    notes = {_plain(n.text): n for n in nodes if isinstance(n, ir.Note) and n.key}
    lines = source.split("\n")
    starts = [i for i, x in enumerate(lines) if x.startswith("def ")]
    return tuple(f for i in starts for f in _in_function(i, lines, notes))


def needed(found: Iterable[Formula], key: str) -> tuple[Formula, ...]:
    """The equation that defines ``key``, and all on which it depends; none if there is none."""
    found = tuple(found)
    by_key: dict[str, list[Formula]] = {}
    for formula in found:
        by_key.setdefault(formula.key, []).append(formula)
    wanted, left = set(), [key]
    while left:
        name = left.pop()
        if name not in wanted:
            wanted.add(name)
            left += [use for formula in by_key.get(name, ()) for use in formula.uses]
    return tuple(f for f in found if f.key in wanted) if key in by_key else ()


def _in_function(start: int, lines: list[str], notes: dict[str, ir.Note]) -> Iterator[Formula]:
    """The equations of the function that begins there."""
    function, at = lines[start].removeprefix("def ").partition("(")[0], start + 1
    while at < len(lines) and (not lines[at] or lines[at][0] in " )"):
        if not lines[at].lstrip().startswith("# "):
            at += 1
            continue
        depth, here, text = _depth(lines[at]), [], ""
        while lines[at].lstrip().startswith("# "):
            line = lines[at].lstrip()[2:]
            text = f"{text} {line.strip()}" if line.startswith(" ") else line
            if _plain(text) in notes:
                here.append(notes[_plain(text)])
            at += 1
        last = at
        while _computes(lines[last], depth):
            last += 1
        for note in here if last > at else ():
            yield Formula(note.text, note.latex, note.key, note.uses, function, (at + 1, last))


def _computes(line: str, depth: int) -> bool:
    """Whether a line belongs to the comment before: neither empty, further out, nor a comment."""
    return bool(line) and _depth(line) >= depth and not line.lstrip().startswith("# ")


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(text: str) -> str:
    return " ".join(text.split())
