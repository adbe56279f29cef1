r"""Worksheets in a notebook: ``%load_ext symbptt`` gives the cell magic ``%%worksheet``.

    %%worksheet layer --lang en
    ```{model} layer
    y = \sigma(W x)
    ```
    ```{derive} \partial y/\partial x
    ```

The report stands below the cell. The statements are in ``layer`` afterwards, in order, and
``layer.modules`` has the NumPy modules. Errors in the input are shown without a traceback.
"""

from __future__ import annotations

import argparse
import shlex
from types import TracebackType
from typing import Any, NoReturn

from .api import Results, Worksheet
from .core.errors import SymbpttError
from .report.words import LANGUAGES


class _Parser(argparse.ArgumentParser):
    """Wrong options are errors of the cell; they do not end the notebook's process."""

    def error(self, message: str) -> NoReturn:
        raise SymbpttError(f"%%worksheet: {message}", hint=self.format_usage().strip())


def _parser() -> _Parser:
    parser = _Parser(prog="%%worksheet", add_help=False)
    parser.add_argument("name", nargs="?", default="", help="the variable for the statements")
    parser.add_argument("--lang", choices=LANGUAGES, help="the language of the report")
    return parser


def register(ipython: Any) -> None:
    """Adds the magic to an IPython shell, and the short form of errors."""

    def worksheet(line: str, cell: str) -> Results:
        """Builds a worksheet and shows its report: %%worksheet [NAME] [--lang en|zh]."""
        found = run_cell(line, cell)
        name = _parser().parse_args(shlex.split(line)).name
        if name:
            ipython.push({name: found})
        return found

    ipython.register_magic_function(worksheet, "cell", "worksheet")
    ipython.set_custom_exc((SymbpttError,), _show)


def run_cell(line: str, cell: str) -> Results:
    """The results of the worksheet in a cell; ``line`` has the name and the options."""
    asked = _parser().parse_args(shlex.split(line))
    if asked.name and not asked.name.isidentifier():
        raise SymbpttError(f"%%worksheet: {asked.name!r} is not a name for a variable")
    found = Worksheet.parse(cell, asked.name or "worksheet").run()
    found.lang = asked.lang
    return found


def _show(
    shell: Any, kind: type[SymbpttError], error: SymbpttError, trace: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:  # fmt: skip
    """An error in the input, as the command line says it."""
    lines = [f"error: {error}"]
    shell._showtraceback(kind, error, lines)
    return lines
