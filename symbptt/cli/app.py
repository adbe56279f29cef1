"""The commands ``build``, ``derive``, ``models`` and ``rules``.

Exit status: 0 all fine; 1 something is wrong with the input, or out of date; 2 wrong usage. Errors
in the input are one message with file, line and caret. SymPy is imported only inside the commands.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from symbptt import __version__

app = typer.Typer(
    name="symbptt",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


class Form(StrEnum):
    """The forms of a gradient."""

    gradient = "gradient"
    sum = "sum"
    adjoint = "adjoint"
    expanded = "expanded"
    components = "components"
    kronecker = "kronecker"


class Layout(StrEnum):
    """How Jacobians are laid out."""

    numerator = "numerator"
    denominator = "denominator"


class Lang(StrEnum):
    """The languages of a report."""

    en = "en"
    zh = "zh"


def _show_version(asked: bool) -> None:
    if asked:
        print(f"symbptt {__version__}")
        raise typer.Exit


@app.callback()
def symbptt(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Gradients of recurrent networks: derived in matrix notation, proved step by step, printed,
    and turned into NumPy code.

    \b
      symbptt build
      symbptt derive "dL/dW" --model rnn --steps
      symbptt derive "\\partial h_t / \\partial h_k" --model rnn --latex
      symbptt derive "dL/dW" --model my-model.txt --form expanded --T 3
    """


@app.command()
def build(
    sheets: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SHEET]...", help="Worksheets; by default all of derivations/."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Where the files go, in a directory for each worksheet.")
    ] = Path("generated"),
    only: Annotated[
        str, typer.Option(metavar="KINDS", help="Some of py,json,tex,html,pdf, with commas.")
    ] = "",
    lang: Annotated[
        Lang | None, typer.Option(help="The language of the report, instead of the worksheet's.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; show what differs from --out.")
    ] = False,
) -> None:
    """Build worksheets: report, NumPy modules, proofs."""
    from .building import build_all, kinds_of

    try:
        kinds = kinds_of(only)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--only") from error
    fine = build_all(sheets, out, kinds, None if lang is None else lang.value, check)
    raise typer.Exit(0 if fine else 1)


@app.command()
def derive(
    quantity: Annotated[
        str, typer.Argument(metavar="QUANTITY", help=r"For example \partial h_t/\partial h_k.")
    ],
    model: Annotated[
        str,
        typer.Option(metavar="FILE|NAME", help="A model file, a worksheet, or a built-in model."),
    ],
    form: Annotated[Form | None, typer.Option(help="The form of a gradient.")] = None,
    T: Annotated[
        int | None, typer.Option("--T", min=1, max=9999, help="The number of steps.")
    ] = None,
    layout: Annotated[Layout | None, typer.Option(help="How Jacobians are laid out.")] = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="Show every step with its reason.")
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with the proof.")
    ] = False,
) -> None:
    """Derive one quantity; the kernel checks the proof before anything is printed."""
    if latex and json:
        raise typer.BadParameter("either LaTeX or JSON", param_hint="--latex, --json")
    from .deriving import print_derivation

    print_derivation(
        quantity, model, None if form is None else form.value, T,
        None if layout is None else layout.value, steps, latex, json,
    )  # fmt: skip


@app.command()
def models() -> None:
    """List the built-in models."""
    from .listing import print_models

    print_models()


@app.command()
def rules() -> None:
    """List the rules that proofs may use."""
    from .listing import print_rules

    print_rules()


def main() -> None:
    """Runs the command line and exits."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except RecursionError:
        print("error: the input is nested too deeply", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        from symbptt.core.errors import SymbpttError

        if not isinstance(error, SymbpttError):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
