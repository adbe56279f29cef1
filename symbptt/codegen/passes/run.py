"""The passes by name, and how they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from symbptt.core.errors import SymbpttError

from .. import ir
from .adopt import adopt
from .blocks import blocks
from .buffers import buffers
from .cancel import cancel
from .chunk import chunk
from .classes import classes
from .compose import compose
from .constants import constants
from .context import Context
from .distribute import distribute
from .gather import gather
from .given import given
from .halves import halves
from .inline import inline
from .in_place import in_place
from .late import late
from .narrow import narrow
from .numbers import numbers
from .over import over
from .reuse import reuse
from .share import share
from .side_by_side import side_by_side
from .stack import stack
from .storage import storage, workspace
from .strips import strips
from .sums import sums
from .views import views


def _each(change: Callable[[ir.Body, Context], ir.Body]) -> Callable[..., ir.Program]:
    """A pass that changes each function of the module by itself."""

    def run(program: ir.Program, context: Context) -> ir.Program:
        return ir.Program(
            change(program.forward, context), change(program.backward, context),
            change(program.loss, context),
        )  # fmt: skip

    return run


def _of_loss(change: Callable[[ir.Body, Context], ir.Body]) -> Callable[..., ir.Program]:
    """A pass that changes the loss alone."""

    def run(program: ir.Program, context: Context) -> ir.Program:
        return replace(program, loss=change(program.loss, context))

    return run


_TABLE: dict[str, Callable[[ir.Program, Context], ir.Program]] = {
    "reuse": reuse,
    "compose": compose,
    "inline": inline,
    "share": share,
    "late": late,
    "cancel": _of_loss(cancel),
    "constants": _of_loss(constants),
    "classes": classes,
    "given": given,
    "distribute": _each(distribute),
    "narrow": _each(narrow),
    "in_place": in_place,
    "halves": _each(halves),
    "stack": _each(stack),
    "side_by_side": side_by_side,
    "chunk": _each(chunk),
    "strips": strips,
    "sums": _each(sums),
    "buffers": _each(buffers),
    "storage": storage,
    "workspace": _each(workspace),
    "over": _each(over),
    "adopt": adopt,
    "blocks": _each(blocks),
    "gather": _each(gather),
    "views": _each(views),
    "numbers": numbers,
}
UNPADDED = "unpadded"  # of the layout: it runs before there is a program
PASSES = (UNPADDED, *_TABLE)
DEFAULT = PASSES


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """The names of passes; SymbpttError for any other."""
    names = tuple(names)
    if unknown := set(names) - set(PASSES):
        raise SymbpttError(
            f"there is no pass {min(unknown)!r}", hint="the passes are " + ", ".join(PASSES)
        )
    return names


def optimise(program: ir.Program, context: Context, names: Iterable[str]) -> ir.Program:
    """The program after the named passes, in the order of the table."""
    names = checked(names)
    for name, change in _TABLE.items():
        if name in names:
            program = change(program, context)
    return program
