"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

ModelOption = Annotated[
    str, typer.Option(metavar="FILE|NAME", help="A model file, a worksheet, or a built-in model.")
]
GivenOption = Annotated[
    list[str] | None,
    typer.Option(metavar="STATEMENT", help="What is assumed; may be given several times."),
]
StepsOption = Annotated[bool, typer.Option("--steps", help="Show every step with its reason.")]
LatexOption = Annotated[bool, typer.Option("--latex", help="Print LaTeX.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ProofJsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, with the proof.")]


def one_of(latex: bool, json: bool) -> None:
    """Refuses two kinds of output at once."""
    if latex and json:
        raise typer.BadParameter("either LaTeX or JSON", param_hint="--latex, --json")
