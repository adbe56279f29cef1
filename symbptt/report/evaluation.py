"""An evaluated expression as a derivation: what was given and computed, and how it was checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import CRootOf, Expr, ImmutableMatrix

from symbptt.core.terms import Identity, Inverse, Term, Times, Transposed
from symbptt.spectral.growth import Growth, Kind
from symbptt.spectral.stages import Evaluation, Remark, Stage
from symbptt.spectral.written import (
    decimal, latex, matrix_latex, matrix_text, rows_latex, rows_text, text,
)  # fmt: skip

from .document import Block, Content, Display, Phrase, Prose, content, phrase
from .pen import Pen
from .reasons import listed
from .sentences import spaced

_WIDEST = 90  # characters of the widest row of a matrix on a line
_LINE, _NAME = 70, 8  # characters of the values on a line, and what a name and its sign take


def evaluation_blocks(evaluation: Evaluation, pen: Pen) -> Iterator[Block]:
    """The stages in order, and the result as decimals unless it is made of integers."""
    if any(stage.kind == "given" for stage in evaluation.stages):
        yield Prose((Phrase("evaluate.given"),))
    if evaluation.numbers:
        texts = (pen.equation_of_texts(pen.index(x), str(v)) for x, v in evaluation.numbers)
        yield Display(_between(pen).join(texts))
    for stage in _joined(evaluation.stages, pen):
        if isinstance(stage, Display):
            yield stage
            continue
        before = [_remark(r, pen) for r in stage.remarks if r.key not in _AFTER]
        after = [_remark(r, pen) for r in stage.remarks if r.key in _AFTER]
        if before:
            yield Prose(spaced(before))
        yield from _displays(stage, pen)
        if after:
            yield Prose(spaced(after))
    rows = evaluation.decimals
    if rows is not None and not all(x.is_Integer for x in evaluation.value):
        digits = pen.math(str(evaluation.digits))
        yield Prose((phrase("evaluate.decimals", digits=digits),))
        sign = r" \approx " if pen.on_page else " ≈ "
        shown = (rows_latex if pen.on_page else rows_text)(rows)
        yield Display(pen.term(evaluation.term) + sign + shown)


def given_blocks(evaluation: Evaluation, pen: Pen) -> Iterator[Block]:
    """What is given, without anything that is computed from it."""
    given = [stage for stage in evaluation.stages if stage.kind == "given"]
    if given:
        yield Prose((Phrase("evaluate.given"),))
    for stage in _joined(given, pen):
        if isinstance(stage, Display):
            yield stage
        else:
            yield from _displays(stage, pen)


def _joined(stages: Sequence[Stage], pen: Pen) -> Iterator[Stage | Display]:
    """The stages, but small values that are given one after the other share lines."""
    line: list[str] = []
    width = 0
    for stage in stages:
        small = stage.kind == "given" and stage.formula is None and not stage.remarks
        size = _width(stage.value)
        if line and (not small or width + size > _LINE):
            yield Display(_between(pen).join(line))
            line, width = [], 0
        if small and size <= _LINE:
            line.append(pen.equation_of_texts(pen.term(stage.left), matrix(stage.value, pen)))
            width += size + _NAME
        else:
            yield stage
    if line:
        yield Display(_between(pen).join(line))


def _between(pen: Pen) -> str:
    return r",\quad " if pen.on_page else ", "


_AFTER = {"direct", "inverse", "orthogonal", "involution", "induction", "from_one"}


def _displays(stage: Stage, pen: Pen) -> Iterator[Block]:
    """``left = formula = value``; entry by entry where the matrix is too wide for a line."""
    sides = [pen.term(stage.left)]
    if stage.formula is not None:
        sides.append(pen.term(stage.formula))
    value = stage.value if stage.shown is None else stage.shown
    if stage.kind == "form":
        yield Display(pen.equation_of_texts(*sides))
    elif not pen.on_page or _width(value) <= _WIDEST:
        yield Display(pen.equation_of_texts(*sides, matrix(value, pen)))
    else:
        if len(sides) > 1:
            yield Display(pen.equation_of_texts(*sides))
        for i in range(value.rows):
            for j in range(value.cols):
                left = rf"\left({sides[0]}\right)_{{{i + 1}{j + 1}}}"
                yield Display(pen.equation_of_texts(left, latex(value[i, j])))


def matrix(value: ImmutableMatrix, pen: Pen) -> str:
    """An exact matrix as a formula."""
    return (matrix_latex if pen.on_page else matrix_text)(value)


def number(value: Expr, pen: Pen) -> str:
    """An exact number as a formula."""
    return (latex if pen.on_page else text)(value)


def _width(value: ImmutableMatrix) -> int:
    return max(sum(len(text(x)) + 2 for x in value.row(i)) for i in range(value.rows))


def _remark(remark: Remark, pen: Pen) -> Content:
    """A remark as a sentence."""
    about = remark.about

    def shown(x: Term | Expr) -> str:
        return pen.term(x) if isinstance(x, Term) else number(x, pen)

    key = f"evaluate.{remark.key}"
    if remark.key == "inverse":
        base, inverse = about
        one = Identity(base.shape[0])
        check = pen.equation_of_texts(pen.term(Times(base, inverse)), pen.term(one))
        return (phrase(key, matrix=pen.math(shown(base)), check=pen.math(check)),)
    if remark.key == "orthogonal":
        base = about[0]
        check = pen.equation_of_texts(
            pen.term(Times(Transposed(base), base)), pen.term(Identity(base.shape[0]))
        )
        return (phrase(key, matrix=pen.math(shown(base)), check=pen.math(check)),)
    if remark.key == "involution":
        check = pen.equation_of_texts(shown(Inverse(about[0])), shown(about[0]))
        return (phrase(key, check=pen.math(check)),)
    if remark.key == "eigenvalues":
        triples = zip(about[1::3], about[2::3], about[3::3], strict=True)
        found = tuple(_eigenvalue(v, a, g, pen) for v, a, g in triples)
        return (phrase(key, matrix=pen.math(shown(about[0])), values=listed(found)),)
    if remark.key in ("nonzero", "zero"):
        sign = {"nonzero": r" \ne 0" if pen.on_page else " ≠ 0", "zero": " = 0"}[remark.key]
        facts = tuple(pen.math(shown(x) + sign) for x in about)
        return (phrase(key, conditions=listed(facts)),)
    return (phrase(key, matrix=pen.math(shown(about[0]))),)


def _eigenvalue(value: Expr, algebraic: Expr, geometric: Expr, pen: Pen) -> Phrase:
    return phrase(
        "evaluate.eigenvalue", value=pen.math(number(value, pen)),
        algebraic=pen.math(str(algebraic)), geometric=pen.math(str(geometric)),
    )  # fmt: skip


# ---------------------------------------------------------------- how powers grow

_NEAR = 6  # digits of an approximate number


def growth_blocks(growth: Growth, name: str, pen: Pen) -> Iterator[Block]:
    """The verdict on a matrix with its reasons."""
    on_page = pen.on_page
    rho = (rf"\rho({name})" if on_page else f"ρ({name})") + " = " + _both(growth.radius, pen)
    norm = (rf"\|{name}\|_2" if on_page else f"‖{name}‖₂") + " = " + _both(growth.norm, pen)
    yield Display(pen.equation_of_texts(name, matrix(growth.matrix, pen)))
    values = tuple(_eigenvalue(*_shortened(e.counted), pen) for e in growth.eigenvalues)
    yield Prose((phrase("evaluate.eigenvalues", matrix=pen.math(name), values=listed(values)),))
    yield Prose((phrase(f"growth.{growth.kind}", radius=pen.math(rho), matrix=pen.math(name),
                        degree=pen.math(str(growth.degree))),))  # fmt: skip
    if growth.kind in (Kind.bounded, Kind.polynomial):
        yield Prose(spaced([_circle(f.geometric, f.times, pen) for f in growth.circle]))
    key = "growth.normal" if growth.normal else "growth.not_normal"
    said = [content(phrase(key, matrix=pen.math(name), norm=pen.math(norm)))]
    if growth.peak is not None and growth.peak.exponent:
        peak = growth.peak
        power, until = (_power(name, n, pen) for n in (peak.exponent, peak.until))
        bars = (r"\|", r"\|_2") if on_page else ("‖", "‖₂")
        largest = f"{bars[0]}{power}{bars[1]} = {_both(peak.norm, pen)}"
        below = f"{bars[0]}{until}{bars[1]} " + (r"\le 1" if on_page else "≤ 1")
        said.append(
            content(phrase("growth.peak", largest=pen.math(largest), below=pen.math(below)))
        )
    yield Prose(spaced(said))


def _power(name: str, exponent: int, pen: Pen) -> str:
    if exponent == 1:
        return name
    return f"{name}^{{{exponent}}}" if pen.on_page else f"{name}^{exponent}"


def _both(value: Expr, pen: Pen) -> str:
    """An exact number with its decimals, where they say more."""
    near = decimal(value, _NEAR)
    sign = r" \approx " if pen.on_page else " ≈ "
    if value.is_Integer:
        return str(value)
    if value.has(CRootOf):
        return f"{near}" + (r"\ldots" if pen.on_page else "...")
    return f"{number(value, pen)}{sign}{near}"


def _shortened(counted: tuple[Expr, Expr, Expr]) -> tuple[Expr, Expr, Expr]:
    """Roots without radicals as decimals."""
    value, *counts = counted
    return (value.evalf(_NEAR) if value.has(CRootOf) else value, *counts)


def _circle(geometric: int, algebraic: int, pen: Pen) -> Content:
    key = "growth.semisimple" if geometric == algebraic else "growth.defective"
    return (phrase(key, algebraic=pen.math(str(algebraic)), geometric=pen.math(str(geometric))),)
