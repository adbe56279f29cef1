"""What the terminal is like: how wide, with or without colours; and text painted for it.

Colours are an addition: nothing is said by them alone. There are none in a pipe or a file, with
--plain, with NO_COLOR, and on a dumb terminal; FORCE_COLOR asks for them, for pagers (less -R).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

import click

_NARROWEST, _WIDEST = 40, 120
_PIPE = 100  # the width of what is not shown on a terminal
_PLAIN = "symbptt.plain"
_STYLES: dict[str, dict[str, Any]] = {
    "head": {"bold": True},
    "relation": {"fg": "cyan"},
    "reason": {"dim": True},
    "error": {"fg": "red", "bold": True},
    "caret": {"fg": "red", "bold": True},
    "hint": {"fg": "cyan"},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "open": {"fg": "yellow"},
}
Paint = Callable[[str, str], str]


def choose_plain(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """The option --plain: everything as it is in a pipe."""
    if asked:
        context.meta[_PLAIN] = True


def is_shown(stream: TextIO | None = None) -> bool:
    """Whether somebody looks at a stream, by default stdout, on a terminal."""
    context = click.get_current_context(silent=True)
    plain = context is not None and context.meta.get(_PLAIN, False)
    return not plain and (stream or sys.stdout).isatty()


def has_colours(stream: TextIO | None = None) -> bool:
    """Whether a stream, by default stdout, gets colours."""
    context = click.get_current_context(silent=True)
    if os.environ.get("NO_COLOR") or (context is not None and context.meta.get(_PLAIN, False)):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def unpainted(role: str, text: str) -> str:
    """The text as it is."""
    return text


def painter(stream: TextIO | None = None) -> Paint:
    """What writes a text in the style of its role where there are colours."""
    if not has_colours(stream):
        return unpainted
    return lambda role, text: click.style(text, **_STYLES[role]) if text else text


def width(stream: TextIO | None = None) -> int:
    """The columns to fill: those of COLUMNS or of the terminal; a pipe has a fixed width."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked):
        return _within(int(asked))
    if not is_shown(stream):
        return _PIPE
    try:
        return _within(os.get_terminal_size((stream or sys.stdout).fileno()).columns or _PIPE)
    except OSError:
        return _PIPE


def _within(columns: int) -> int:
    return min(max(columns, _NARROWEST), _WIDEST)
