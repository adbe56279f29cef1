"""What an evaluation leaves behind: its stages, as data."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, ImmutableMatrix, Symbol

from symbptt.core.terms import Term
from symbptt.notation.latex import LATEX
from symbptt.notation.printer import Printer
from symbptt.notation.target import Style

from .written import decimals, matrix_text


@dataclass(frozen=True)
class Remark:
    """Something that was checked or that holds: a key, and the expressions that it is about."""

    key: str
    about: tuple[Term | Expr, ...] = ()


@dataclass(frozen=True)
class Stage:
    """``left = formula = value``. ``shown`` is the value with its powers left standing.

    ``kind`` says how it came about: given, inverse, eigen, basis, form, middle, power, case,
    result. ``formula`` is None where it says no more than the value.
    """

    kind: str
    left: Term
    formula: Term | None
    value: ImmutableMatrix
    shown: ImmutableMatrix | None = None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """An evaluated expression with the stages that lead to it.

    ``numbers`` are the sizes, lengths and indices that were given or follow from what was given.
    """

    term: Term
    numbers: tuple[tuple[Symbol, int], ...]
    stages: tuple[Stage, ...]
    value: ImmutableMatrix
    digits: int

    @property
    def decimals(self) -> list[list[str]] | None:
        """The result as decimals; None where symbols are left."""
        return decimals(self.value, self.digits)

    def json(self) -> dict[str, object]:
        """The evaluation as data: formulas in LaTeX, exact numbers as text."""
        return {
            "expression": _latex(self.term), "digits": self.digits,
            "numbers": {str(symbol): value for symbol, value in self.numbers},
            "stages": [_stage_json(stage) for stage in self.stages],
            "exact": matrix_text(self.value), "decimals": self.decimals,
        }  # fmt: skip


def _stage_json(stage: Stage) -> dict[str, object]:
    return {
        "kind": stage.kind, "left": _latex(stage.left),
        "formula": None if stage.formula is None else _latex(stage.formula),
        "exact": matrix_text(stage.value),
        "remarks": [
            {"key": r.key, "about": [_latex(x) if isinstance(x, Term) else str(x)
                                     for x in r.about]}
            for r in stage.remarks
        ],
    }  # fmt: skip


def _latex(term: Term) -> str:
    return Printer(LATEX, Style()).text(term)
