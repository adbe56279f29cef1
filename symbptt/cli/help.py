"""The pages that --help shows: the commands by what they are for, and examples for each."""

from __future__ import annotations

from typing import get_type_hints

import click
from typer.core import TyperCommand, TyperGroup

from .terminal import choose_plain, painter

SECTIONS: dict[str, tuple[str, ...]] = {
    "Derive and prove": ("derive", "prove", "ranges", "graph"),
    "Check answers": ("check",),
    "Worksheets": ("build", "serve"),
    "Generate code": ("code",),
    "Matrices of numbers": ("evaluate", "classify"),
    "What it knows": ("models", "rules", "mistakes"),
}
EXAMPLES: dict[str, tuple[str, ...]] = {
    "symbptt": (
        "symbptt derive dL/dW --model rnn",
        "symbptt derive 'dh_t/dh_k' --model lstm --steps | less",
        "symbptt prove 'C_t = f_t \\odot C_{t-1} + i_t \\odot \\tilde C_t' --model lstm",
        "symbptt check answers.md --sheet derivations/homework3.md --html marked.html",
        "symbptt build",
    ),
    "derive": (
        "symbptt derive dL/dW --model rnn",
        "symbptt derive '\\partial h_t/\\partial h_k' --model rnn --steps",
        "symbptt derive dL/dW --model rnn --form expanded --T 3 --latex",
        "symbptt derive dL/dW --model rnn --form truncated --window K",
        "symbptt derive dL/dW --model rnn --code",
        "symbptt derive dy/dx --model layer --layout denominator",
        "symbptt derive dh_t/dh_k --model 'derivations/homework3.md#rnn' --json",
    ),
    "prove": (
        "symbptt prove 'C_t = f_t \\odot C_{t-1} + i_t \\odot \\tilde C_t' --model lstm --steps",
        "symbptt prove 'W^k = Q \\Lambda^k Q^{-1}' --model shapes.txt "
        "--given 'W = Q \\Lambda Q^{-1}' --by 'induction on k from 0'",
    ),
    "check": (
        "symbptt check answers.md --sheet derivations/homework3.md --html marked.html",
        "symbptt check --claims claims.jsonl --workers 2 --json > verdicts.jsonl",
        'echo \'{"model": "y = W x", "claim": "dy/dx = W^T"}\' | symbptt check --claims -',
    ),
    "build": (
        "symbptt build",
        "symbptt build derivations/rnn.md --only tex,html --lang zh",
        "symbptt build --check",
        "symbptt build --force --jobs 1",
    ),
    "graph": ("symbptt graph --model rnn", "symbptt graph --model lstm --svg lstm.svg"),
    "ranges": ("symbptt ranges --model lstm", "symbptt ranges --model gru --steps"),
    "evaluate": (
        "symbptt evaluate 'W^{30}' --with 'W = [[0, 1], [1, 0.5]]'",
        "symbptt evaluate 'A B - B A' --with 'A = [[0, 1], [0, 0]]; B = [[1, 0], [0, 2]]'",
    ),
    "classify": (
        "symbptt classify '[[1/2, 1], [0, 0.5]]'",
        "symbptt classify weights.npy --power 50",
    ),
    "code": (
        "symbptt code --model lstm --out lstm.py",
        "symbptt code --model gru --target numba",
    ),
    "serve": ("symbptt serve", "symbptt serve --port 0 --no-browser"),
    "models": ("symbptt models", "symbptt models --plain | grep lstm"),
    "rules": ("symbptt rules | less -S",),
    "mistakes": ("symbptt mistakes | less -S",),
}
STATUS = (
    ("0", "all is fine"),
    ("1", "the input is wrong, a claim is not accepted, or a build is out of date"),
    ("2", "the command was called in a wrong way"),
)
ENVIRONMENT = (
    ("COLUMNS", "how wide the output is; otherwise the terminal, and 100 in a pipe"),
    ("NO_COLOR", "no colours"),
    ("FORCE_COLOR", "colours in a pipe too: FORCE_COLOR=1 symbptt ... | less -R"),
)


class _Formatter(click.HelpFormatter):
    """Headings stand out where there are colours."""

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{painter()('head', f'{heading}:')}\n")


class _Context(click.Context):
    formatter_class = _Formatter


_PLAIN = click.Option(
    ["--plain"], is_flag=True, expose_value=False, is_eager=True, callback=choose_plain,
    help="Print as in a pipe: no colours, no frames, no progress.",
)  # fmt: skip


def _examples(formatter: click.HelpFormatter, name: str) -> None:
    with formatter.section("Examples"):
        for example in EXAMPLES.get(name, ()):
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def _parameters(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Arguments and options, with what click says of them: Typer's way loads rich."""
    arguments, options = [], []
    for param in command.get_params(ctx):
        if isinstance(param, click.Option):
            if (record := click.Option.get_help_record(param, ctx)) is not None:
                options.append(record)
        else:
            arguments.append((param.make_metavar(ctx), _help_of(command, param)))
    for title, rows in (("Arguments", arguments), ("Options", options)):
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def _help_of(command: click.Command, argument: click.Parameter) -> str:
    """The help of an argument as it is declared: click from 8.5 on drops what Typer gives it."""
    function = getattr(command.callback, "__wrapped__", command.callback)
    declared = get_type_hints(function, include_extras=True)[argument.name or ""]
    return str(declared.__metadata__[0].help or "")


class Command(TyperCommand):
    """A command whose page ends with examples."""

    context_class = _Context

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """All commands have --plain."""
        *own, last = super().get_params(ctx)
        return [*own, _PLAIN, last]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Arguments, options, examples."""
        _parameters(self, ctx, formatter)
        if self.name in EXAMPLES:
            _examples(formatter, self.name)


class Group(TyperGroup):
    """All commands: what they are for, and what holds for all of them."""

    context_class = _Context

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples first, then the commands."""
        _examples(formatter, "symbptt")
        self.format_commands(ctx, formatter)
        _parameters(self, ctx, formatter)
        for title, rows in (("Exit status", STATUS), ("Environment", ENVIRONMENT)):
            with formatter.section(title):
                formatter.write_dl(rows)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by sections; one that no section has comes last."""
        known = {name for names in SECTIONS.values() for name in names}
        more = tuple(name for name in self.list_commands(ctx) if name not in known)
        wide = max(map(len, self.list_commands(ctx)))
        for title, names in {**SECTIONS, "More": more}.items():
            rows = [(name.ljust(wide), command.get_short_help_str(160))
                    for name in names if (command := self.get_command(ctx, name))]  # fmt: skip
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
