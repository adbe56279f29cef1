"""Options that several commands have, and the words that some of them take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from symbptt.worksheet.kinds import DETAILS, LANGS, REPORTS

from .completing import models, sheets


class Form(StrEnum):
    """The forms of a gradient, and those of a Jacobian: paths and direct."""

    gradient = "gradient"
    sum = "sum"
    adjoint = "adjoint"
    expanded = "expanded"
    components = "components"
    kronecker = "kronecker"
    truncated = "truncated"
    paths = "paths"
    direct = "direct"


class Layout(StrEnum):
    """How Jacobians are laid out."""

    numerator = "numerator"
    denominator = "denominator"


class Target(StrEnum):
    """What a generated module computes with."""

    numpy = "numpy"
    numba = "numba"
    array_api = "array-api"


# The choices of a worksheet's head, as options.
Lang = StrEnum("Lang", LANGS)
Detail = StrEnum("Detail", DETAILS)
Kind = StrEnum("Kind", REPORTS)

ModelOption = Annotated[
    str,
    typer.Option(
        metavar="FILE|NAME", autocompletion=models,
        help="A model file, a worksheet, or a built-in model.",
    ),
]  # fmt: skip
ShapesOption = Annotated[
    str,
    typer.Option(
        metavar="FILE|NAME", autocompletion=models,
        help="A model file, which may only declare shapes, a worksheet, or a built-in model.",
    ),
]  # fmt: skip
NamesOption = Annotated[
    str,
    typer.Option(
        metavar="FILE|NAME", autocompletion=models,
        help="The model whose names the expression has.",
    ),
]  # fmt: skip
SheetsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[SHEET]...", autocompletion=sheets,
        help="Worksheets; by default all of derivations/.",
    ),
]  # fmt: skip
SheetOption = Annotated[
    Path | None,
    typer.Option(
        metavar="SHEET.md", autocompletion=sheets, help="The worksheet that the homework answers."
    ),
]
GivenOption = Annotated[
    list[str] | None,
    typer.Option(metavar="STATEMENT", help="What is assumed; may be given several times."),
]
StepsOption = Annotated[bool, typer.Option("--steps", help="Show every step with its reason.")]
CodeOption = Annotated[
    bool, typer.Option("--code", help="Show the lines of the module that compute a gradient.")
]
LatexOption = Annotated[bool, typer.Option("--latex", help="Print LaTeX.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ProofJsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, with the proof.")]


def one_of(latex: bool, json: bool, code: bool = False) -> None:
    """Refuses two kinds of output at once."""
    if latex and json:
        raise typer.BadParameter("either LaTeX or JSON", param_hint="--latex, --json")
    if code and (latex or json):
        raise typer.BadParameter("lines of code go with text", param_hint="--code")
