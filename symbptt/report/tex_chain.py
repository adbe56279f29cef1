r"""Chains of equations as amsmath's align*, one step a line, with the reason at the right margin.

The reason is a \tag*: amsmath itself moves it below a line that leaves no room for it. Long lines
are broken before they reach TeX, by the widths that ``katex_render`` knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbptt.report.document import EquationRow
from symbptt.report.katex_render import width
from symbptt.report.linebreak import INDENT, Line, break_lines, split_relations, take_relation
from symbptt.report.numbers import equation_target
from symbptt.report.stacking import stacked

_RELATION = 1.4  # em; a relation with the space around it
_SPARE = 0.7  # em; what TeX may need beyond the width that KaTeX computes
_TOGETHER = 6  # lines of one step; between more a page may end
_GAP = 2.5  # em; between an equation and its range
_NUMBER = 3.0  # em; the number of an equation
_SHORT = 0.35  # the part of the line that a left-hand side may take before it gets its own line


@dataclass(frozen=True)
class Row:
    """One line of a chain, ready for LaTeX; ``reason`` is LaTeX text."""

    relation: str
    latex: str
    reason: str = ""
    summands: tuple[str, ...] = ()


def chain(rows: Sequence[Row], room: float, closing: str = "", label: str = "") -> str:
    """The rows as one align*; ``closing`` is put at the right end of the last one."""
    first, *rest = rows
    aligned_left = bool(rest) and not first.relation and not first.reason
    aligned_left = aligned_left and width(first.latex) <= _SHORT * room
    lines: list[str] = []
    if aligned_left:
        head, rows, indent = first.latex + " ", rest, ""
        room -= width(first.latex) + _RELATION
    else:
        head, indent = "", r"\quad "
        room -= 1 + _RELATION if len(rows) > 1 else 0
    for position, row in enumerate(rows):
        end = closing if position == len(rows) - 1 else ""
        tag = _tag(row.reason, end)
        tag += rf"\label{{{label}}}" if label and end else ""
        before = f"{indent}{row.relation} " if row.relation else ""
        broken = break_lines(row.latex, room, width, row.summands)
        texts = [_cell(line, before if not n else indent, room) for n, line in enumerate(broken)]
        texts[0] = f"{head}&{texts[0]}"
        texts[1:] = [f"&{text}" for text in texts[1:]]
        end_of_line = " \\\\*\n" if len(texts) <= _TOGETHER else " \\\\\n"
        lines.append(end_of_line.join(texts) + tag)
        head = ""
    body = " \\\\\n".join(lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def display(
    latex: str, room: float, tag: str = "", summands: tuple[str, ...] = (), label: str = ""
) -> str:
    """A formula in a display, as a chain if it is too wide for a line."""
    number = rf" \tag{{{tag}}}" if tag else ""
    number += rf"\label{{{label}}}" if label else ""
    left = room - (3 if tag else 0)
    if width(latex) <= left:
        return f"\\[\n{latex}{number}\n\\]"
    sides = split_relations(latex)
    rows = [Row(*take_relation(side)) for side in sides]
    if summands:
        rows[-1] = Row(rows[-1].relation, rows[-1].latex, summands=summands)
    if len(rows) == 1 and len(break_lines(latex, left, width, summands)) == 1:
        return f"\\[\n{shrunk(latex, left)}{number}\n\\]"
    return chain(rows, left, closing=f"({tag})" if tag else "", label=label)


def equations(rows: Sequence[EquationRow], room: float) -> str:
    """Numbered equations, aligned at their relation; the range stands in a column of its own."""
    left = max(width(row.left) for row in rows)
    where = max(width(row.where) + _GAP if row.where else 0 for row in rows)
    room -= left + _RELATION + where + _NUMBER
    lines = []
    for row in rows:
        broken = break_lines(row.right, room, width, row.summands)
        texts = [_cell(line, "= " if not n else r"\quad ", room) for n, line in enumerate(broken)]
        end = f"&\\qquad & {row.where}" if row.where else ""
        number = rf" {end} \tag{{{row.number}}}\label{{{equation_target(row.number)}}}"
        cells = [f"{row.left} &{texts[0]}", *(f"&{text}" for text in texts[1:])]
        lines.append(" \\\\*\n".join(cells) + number)
    body = " \\\\\n".join(lines)
    return f"\\begin{{alignat*}}{{2}}\n{body}\n\\end{{alignat*}}"


def shrunk(latex: str, room: float) -> str:
    """The last resort for what cannot be broken: matrices are made narrower, then all smaller."""
    narrow = stacked(latex)
    if width(narrow) <= room:
        return narrow
    return rf"\shrink{{{room - _SPARE:.1f}em}}{{{narrow}}}"


def _cell(line: Line, before: str, room: float) -> str:
    room -= INDENT * line.indent
    latex = line.latex if width(line.latex) <= room else shrunk(line.latex, room)
    return before + r"\qquad " * line.indent + latex


def _tag(reason: str, closing: str) -> str:
    texts = [rf"\reason{{{reason}}}" if reason else "", closing]
    tag = r"\quad ".join(text for text in texts if text)
    return rf" \tag*{{{tag}}}" if tag else ""
