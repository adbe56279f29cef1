"""Errors as they are printed: what is wrong, where it is, with a caret, and what to do."""

from __future__ import annotations

import re
import shlex
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import click

from symbptt.core.errors import SymbpttError, Where

from .terminal import Paint, is_shown, painter, unpainted, width

_QUOTED = re.compile(r"'([^']+)'|(?<!\w)(--?\w[\w-]*)")


def told(error: SymbpttError, plain: bool = False) -> str:
    """An error in the input, for stderr."""
    where = "" if error.where is None else _place(error.where)
    return _message(f"{where}{error.message}", error.where, error.hint, plain)


def told_usage(error: click.UsageError, arguments: Sequence[str]) -> str:
    """An error in how a command was called, with the call and a caret below what is wrong."""
    message = " ".join(error.format_message().split())
    command = "symbptt" if error.ctx is None else error.ctx.command_path
    usage = "" if error.ctx is None else f"{error.ctx.get_usage()}\n"
    where, hint = _in_call(message, arguments), f"see {command} --help"
    return usage + _message(message, where, hint, "--plain" in arguments)


def _place(where: Where) -> str:
    file = f"{where.file}:" if where.file else ""
    return f"{file}{where.line}:{where.column}: "


def _message(message: str, where: Where | None, hint: str, plain: bool) -> str:
    paint, columns = unpainted if plain else painter(sys.stderr), width(sys.stderr)
    lines = [f"{paint('error', 'error:')} {message}"]
    if where is not None and where.text:
        source, caret = where.caret(columns - 4).split("\n")
        lines += [source, paint("caret", caret)]
    if hint:
        lines.append(_hint(hint, paint, columns, is_shown(sys.stderr) and not plain))
    return "\n".join(lines)


def _hint(hint: str, paint: Paint, columns: int, folded: bool) -> str:
    text = f"    hint: {hint}"
    if folded:  # what a program reads stays on one line
        text = textwrap.fill(text, columns, subsequent_indent=" " * 10,
                             break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return paint("hint", text)


def _in_call(message: str, arguments: Sequence[str]) -> Where | None:
    """The call with the place of the argument that a message names; the last is more exact."""
    quoted = [a or b for a, b in _QUOTED.findall(message)]
    found = [n for text in quoted for n, a in enumerate(arguments) if a == text]
    if not found:
        return None
    before = shlex.join(("symbptt", *arguments[: found[-1]]))
    return Where(1, len(before) + 2, shlex.join(("symbptt", *arguments)))


@contextmanager
def named(texts: Mapping[str, str | Sequence[str]]) -> Iterator[None]:
    """Says of an error in one of the texts of a call which of them it is in."""
    try:
        yield
    except SymbpttError as error:
        where = error.where
        if where is not None:
            names = (n for n, text in texts.items() if _is_in(where, n, text))
            error.where = replace(where, file=next(names, where.file))
        raise


def _is_in(where: Where, name: str, text: str | Sequence[str]) -> bool:
    """Whether a place is in a text, which its option may name already."""
    if where.file:
        return name == f"--{where.file}"
    return any(where.text in t.split("\n") for t in ([text] if isinstance(text, str) else text))
