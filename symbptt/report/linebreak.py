r"""Where a long formula may be broken, and breaking it into lines of a given width.

As a good typesetter does: before a binary operator of the top level; if a summand alone is too
wide, between its factors, with a dot; if a parenthesis alone is too wide, before an operator in it.
Nothing is broken inside a fraction, a script or a matrix.

>>> split_summands(r"a_{i+1} b + c(d - e) - f")
['a_{i+1} b', '+ c(d - e)', '- f']
>>> split_factors(r"\sum_{t=1}^T \frac{a}{b} \operatorname{diag}(v) W")
['\\sum_{t=1}^T \\frac{a}{b}', '\\operatorname{diag}(v) W']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from symbptt.report.atoms import BIG, GROUP, RELATION, SIGN, TIMES, WORD, Atom, parse

Measure = Callable[[str], float]

INDENT = 2.0
"""How far a continued line is moved to the right, in em."""

_TALL = re.compile(r"\\(d?frac|sum|prod|begin)")
_FRACTIONS = (r"\frac", r"\dfrac", r"\begin")


@dataclass(frozen=True)
class Line:
    """One line of a broken formula and how many steps it is indented."""

    latex: str
    indent: int = 0


# ---------------------------------------------------------------- where


def split_summands(latex: str) -> list[str]:
    """The summands of the top level, each but the first beginning with its sign."""
    return _split(parse(latex), _is_sign)


def split_relations(latex: str) -> list[str]:
    """The sides of an equation or a chain, each but the first beginning with its relation."""
    return _split(parse(latex), lambda before, atom: atom.kind == RELATION)


def split_factors(latex: str) -> list[str]:
    """The factors between which a product may be broken; a sum sign stays with what follows."""
    return _split(parse(latex), _is_factor)


def take_relation(side: str) -> tuple[str, str]:
    """A side taken apart into the relation that it begins with, if any, and the rest."""
    atoms = parse(side)
    if not atoms or atoms[0].kind != RELATION:
        return "", side
    return atoms[0].text.strip(), side[len(atoms[0].text) :].strip()


def begins_with_operator(latex: str) -> bool:
    """Whether a part begins with the operator or relation that ties it to what stands before."""
    atoms = parse(latex)
    return bool(atoms) and atoms[0].kind in (SIGN, TIMES, RELATION)


def _split(atoms: Sequence[Atom], breaks: Callable[[Atom, Atom], bool]) -> list[str]:
    """Cut a row wherever ``breaks(atom before, atom)`` says so."""
    parts = [""]
    for position, atom in enumerate(atoms):
        if position and breaks(atoms[position - 1], atom):
            parts.append("")
        parts[-1] += atom.text
    return [part.strip() for part in parts]


def _is_sign(before: Atom, atom: Atom) -> bool:
    """A plus or minus between two operands, not the sign of one."""
    return atom.kind == SIGN and before.kind not in (SIGN, TIMES, RELATION, BIG)


def _is_factor(before: Atom, atom: Atom) -> bool:
    """The beginning of a factor that may stand on a line of its own."""
    if before.kind in (SIGN, TIMES, RELATION, BIG, WORD):
        return False
    if atom.kind == GROUP:
        return before.kind == GROUP
    return atom.kind in (TIMES, BIG, WORD) or atom.text.startswith(_FRACTIONS)


# ---------------------------------------------------------------- breaking


def pieces(
    latex: str, room: float, measure: Measure, summands: Sequence[str] = ()
) -> list[list[str]]:
    """The summands, and of those wider than ``room`` the pieces, for a page that breaks by itself.

    Unlike lines the pieces get no dot: a browser may set two of them side by side.
    """
    return [
        [part for factor in split_factors(summand) for part in _opened(factor, room, measure)]
        if measure(summand) > room
        else [summand]
        for summand in summands or split_summands(latex)
    ]


def _opened(factor: str, room: float, measure: Measure) -> list[str]:
    return _open_group(factor, measure) if measure(factor) > room else [factor]


def break_lines(
    latex: str, room: float, measure: Measure, summands: Iterable[str] = ()
) -> list[Line]:
    """The formula as lines of at most ``room`` em, where that is possible."""
    if measure(latex) <= room:
        return [Line(latex)]
    parts = list(summands) or split_summands(latex)
    return _filled(parts, [_operator(p) for p in parts], room, measure, _break_product)


def _break_product(latex: str, room: float, measure: Measure) -> list[Line]:
    factors = split_factors(latex)
    starts = [_operator(f) if begins_with_operator(f) else rf"{{}}\cdot {f}" for f in factors]
    return _filled(factors, starts, room, measure, _break_group)


def _break_group(latex: str, room: float, measure: Measure) -> list[Line]:
    parts = _open_group(latex, measure)
    if len(parts) == 1:
        return [Line(latex)]
    return _filled(parts, [_operator(p) for p in parts], room, measure, _break_product)


def _open_group(latex: str, measure: Measure) -> list[str]:
    r"""The summands in the widest parenthesis; \left( becomes \biggl(, for lines must balance."""
    atoms = parse(latex)
    groups = [i for i, a in enumerate(atoms) if len(_split(a.inner, _is_sign)) > 1]
    if not groups:
        return [latex]
    chosen = max(groups, key=lambda i: measure(atoms[i].text))
    head, group, tail = atoms[:chosen], atoms[chosen], atoms[chosen + 1 :]
    size = r"\bigg" if _TALL.search(group.text) else r"\big"
    parts = _split(group.inner, _is_sign)
    parts[0] = _text(head) + group.opening.replace(r"\left", f"{size}l") + parts[0]
    parts[-1] += group.closing.replace(r"\right", f"{size}r") + group.tail + _text(tail)
    return parts


def _filled(
    parts: Sequence[str],
    starts: Sequence[str],
    room: float,
    measure: Measure,
    deeper: Callable[[str, float, Measure], list[Line]],
) -> list[Line]:
    """Fill lines with parts; ``starts`` is what a part looks like at the beginning of a line.

    Lines after the first are indented; a part that is too wide for a line is broken deeper. No
    more lines than needed, and those as even as possible.
    """
    if len(parts) == 1:
        return deeper(parts[0], room, measure)
    widths = [measure(start) for start in starts]
    fewest = len(_rows(widths, room))
    even = next(r for r in (room * k / 20 for k in range(8, 21)) if len(_rows(widths, r)) <= fewest)
    lines: list[Line] = []
    for row in _rows(widths, even):
        indent = 1 if lines else 0
        latex = " ".join([starts[row[0]] if lines else parts[row[0]], *(parts[i] for i in row[1:])])
        if len(row) > 1 or widths[row[0]] <= room - INDENT * indent:
            lines.append(Line(latex, indent))
        else:
            broken = deeper(latex, room - INDENT * indent, measure)
            lines += [Line(line.latex, line.indent + indent) for line in broken]
    return lines


def _rows(widths: Sequence[float], room: float) -> list[list[int]]:
    """Positions filled greedily into rows of a width; what is too wide has a row of its own."""
    rows: list[list[int]] = []
    used = 0.0
    for position, width in enumerate(widths):
        if rows and used + width <= room - (INDENT if len(rows) > 1 else 0):
            rows[-1].append(position)
            used += width
        else:
            rows.append([position])
            used = width
    return rows


def _text(atoms: Iterable[Atom]) -> str:
    return "".join(atom.text for atom in atoms)


def _operator(latex: str) -> str:
    """An operator at the beginning of a line keeps the space of a binary one."""
    return f"{{}}{latex}" if begins_with_operator(latex) else latex
