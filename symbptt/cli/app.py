"""The commands ``build``, ``check``, ``code``, ``derive``, ``graph``, ``prove``, ``ranges``, and
the lists.

SymPy is imported only inside the commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import typer

from symbptt import __version__

from .help import Command, Group
from .options import (
    CodeOption, Detail, Form, GivenOption, JsonOption, Kind, Lang, LatexOption, Layout, ModelOption,
    NamesOption, ProofJsonOption, ShapesOption, SheetOption, SheetsArgument, StepsOption, Target,
    one_of,
)  # fmt: skip

app = typer.Typer(
    name="symbptt",
    cls=Group,
    no_args_is_help=True,
    suggest_commands=False,  # click makes suggestions itself
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


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

    A model is a text file, a block of a worksheet, or built in (symbptt models). What is asked is
    LaTeX or plain text, such as dL/dW or \\partial h_t/\\partial h_k. Nothing is printed before
    the kernel has checked its proof.
    """


@app.command(cls=Command)
def build(
    sheets: SheetsArgument = None,
    out: Annotated[
        Path, typer.Option(help="Where the files go, in a directory for each worksheet.")
    ] = Path("generated"),
    only: Annotated[
        str, typer.Option(metavar="KINDS", help="Some of py,json,tex,html,md,pdf, with commas.")
    ] = "",
    lang: Annotated[
        Lang | None, typer.Option(help="The language of the report, instead of the worksheet's.")
    ] = None,
    detail: Annotated[
        Detail | None,
        typer.Option(help="What each proof uses, the proofs, or every step of the kernel too."),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option(help="The report, its questions, a sheet with room for answers, or slides."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; show what differs from --out.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Build also what has not changed.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, max=64, help="Worksheets at once; by default a core each."
        ),
    ] = None,
) -> None:
    """Build worksheets: report, NumPy modules, proofs.

    A worksheet that has not changed since it was built, by this version, is passed over.
    """
    from symbptt.worksheet.kinds import Style

    from .building import build_all, default_jobs, kinds_of

    try:
        kinds = kinds_of(only)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--only") from error
    style = Style(*(None if x is None else x.value for x in (lang, detail, kind)))
    fine = build_all(sheets, out, kinds, style, check, jobs or default_jobs(), force)
    raise typer.Exit(0 if fine else 1)


@app.command(cls=Command)
def derive(
    quantity: Annotated[
        str, typer.Argument(metavar="QUANTITY", help=r"For example \partial h_t/\partial h_k.")
    ],
    model: ModelOption,
    form: Annotated[
        Form | None, typer.Option(help="The form of a gradient; paths or direct of a Jacobian.")
    ] = None,
    T: Annotated[
        int | None, typer.Option("--T", min=1, max=9999, help="The number of steps.")
    ] = None,
    layout: Annotated[Layout | None, typer.Option(help="How Jacobians are laid out.")] = None,
    window: Annotated[
        str | None,
        typer.Option(metavar="K", help="How many steps the form truncated looks back."),
    ] = None,
    steps: StepsOption = False,
    latex: LatexOption = False,
    json: ProofJsonOption = False,
    code: CodeOption = False,
) -> None:
    """Derive one quantity; the kernel checks the proof before anything is printed."""
    one_of(latex, json, code)
    from .deriving import print_derivation

    print_derivation(
        quantity, model, None if form is None else form.value, T,
        None if layout is None else layout.value, steps, latex, json, window, code,
    )  # fmt: skip


@app.command(cls=Command)
def code(
    model: ModelOption,
    target: Annotated[Target, typer.Option(help="What the module computes with.")] = Target.numpy,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the module there.")
    ] = None,
    wrt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A parameter, input or state to give the gradient by; all by default.",
        ),
    ] = None,
) -> None:
    """The module of a model: values, gradients by back-propagation through time, its loss."""
    from .coding import print_code

    print_code(model, target.value, out, wrt or ())


@app.command(cls=Command)
def prove(
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help=r"For example M^k = Q \Lambda^k Q^{-1}.")
    ],
    model: ShapesOption,
    given: GivenOption = None,
    by: Annotated[str, typer.Option(help="How, for example: induction on t from 0.")] = "",
    steps: StepsOption = False,
    latex: LatexOption = False,
    json: ProofJsonOption = False,
) -> None:
    """Prove an equation or inequality, or refute it by a counterexample.

    The kernel checks a proof before anything is printed. What is false is an error.
    """
    one_of(latex, json)
    from .proving import print_proof

    if not print_proof(statement, model, given or (), by, steps, latex, json):
        raise typer.Exit(1)


@app.command(cls=Command)
def check(
    answers: Annotated[
        Path | None,
        typer.Argument(metavar="[ANSWERS.md]", help="A homework: Markdown with LaTeX."),
    ] = None,
    sheet: SheetOption = None,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write the marked homework as one page.")
    ] = None,
    claims: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Claims, one JSON object a line; - is stdin."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, claims one a line.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes at work on claims.")] = 1,
    proof: Annotated[
        bool, typer.Option("--proof", help="Print the proof of what is proved.")
    ] = False,
) -> None:
    """Judge a homework against its worksheet, or claims about models.

    Each formula is proved, or refuted by an example.
    """
    if claims is not None:
        if answers is not None or sheet is not None or html is not None:
            raise typer.BadParameter("either claims or a homework", param_hint="--claims")
        from .checking import print_verdicts

        raise typer.Exit(0 if print_verdicts(claims, json, workers, proof) else 1)
    if answers is None or sheet is None:
        raise click.UsageError("Say check ANSWERS.md --sheet SHEET.md, or check --claims FILE.",
                               click.get_current_context())  # fmt: skip
    from .marking import print_marks

    raise typer.Exit(0 if print_marks(answers, sheet, html, json, proof) else 1)


@app.command(cls=Command)
def graph(
    model: ModelOption,
    operations: Annotated[
        bool, typer.Option("--operations", help="A node for every operation.")
    ] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="Print the picture (TikZ) and the tables as LaTeX.")
    ] = False,
    json: JsonOption = False,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the picture as SVG.")
    ] = None,
) -> None:
    """Show the computation graph of a model: its nodes, their rules, and back-propagation."""
    if latex + json + (svg is not None) > 1:
        raise typer.BadParameter("one of them only", param_hint="--latex, --json, --svg")
    from .graphing import print_graph

    print_graph(model, operations, json, latex, svg)


@app.command(cls=Command)
def evaluate(
    expression: Annotated[str, typer.Argument(metavar="EXPRESSION", help="For example W^{30}.")],
    given: Annotated[
        str,
        typer.Option(
            "--with", metavar="VALUES", help="For example 'W = [[0, 1], [1, 0.5]]; n = 3'."
        ),
    ] = "",
    model: NamesOption = "",
    digits: Annotated[
        int, typer.Option(min=0, max=100, help="Digits after the decimal point.")
    ] = 4,
    json: JsonOption = False,
) -> None:
    """Evaluate an expression at given values, exactly, with all intermediate matrices."""
    from .evaluating import print_evaluation

    print_evaluation(expression, given, model, digits, json)


@app.command(cls=Command)
def classify(
    matrix: Annotated[
        str,
        typer.Argument(
            metavar="MATRIX", help="For example '[[1/2, 1], [0, 0.5]]', or a .csv or .npy file."
        ),
    ],
    power: Annotated[
        int | None, typer.Option(min=0, help="Of a file: this power too, with its error.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say how the powers of a matrix grow, with reasons.

    Decimals are exact rationals. A file holds floats, of any size: what is said of them holds for
    every matrix that rounds to them.
    """
    if matrix.endswith((".csv", ".npy")):
        from .floats import print_floats

        print_floats(Path(matrix), power, json)
        return
    if power is not None:
        raise typer.BadParameter("use symbptt evaluate 'W^n' --with ...", param_hint="--power")
    from .evaluating import print_growth

    print_growth(matrix, json)


@app.command(cls=Command)
def ranges(
    model: ModelOption,
    given: GivenOption = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="Show the proofs, every step with its reason.")
    ] = False,
    latex: LatexOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with the proofs.")] = False,
) -> None:
    """Show where the entries of a model's sequences lie, and which can be negative."""
    one_of(latex, json)
    from .ranging import print_ranges

    print_ranges(model, given or (), steps, latex, json)


@app.command(cls=Command)
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where it listens; 0 takes any that is free.")
    ] = 8017,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Open a page to try it all, on this machine only; nothing that is typed there is kept."""
    from .serving import serve_page

    serve_page(port, browser)


@app.command(cls=Command)
def models() -> None:
    """List the built-in models."""
    from .listing import print_models

    print_models()


@app.command(cls=Command)
def rules() -> None:
    """List the rules that proofs may use."""
    from .listing import print_rules

    print_rules()


@app.command(cls=Command)
def mistakes() -> None:
    """List the common mistakes that wrong answers are compared with."""
    from .listing import print_mistakes

    print_mistakes()
