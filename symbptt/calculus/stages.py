"""Stages of a proof search that need nothing but a line: each rewrites one."""

from __future__ import annotations

from symbptt.core.norms import Norm
from symbptt.core.powers import Radius
from symbptt.core.terms import Diag, Entry, Hadamard, Power, Term, Times
from symbptt.core.traverse import contains, find, rebuild

from .builder import Builder
from .forms import push
from .moves import write_out
from .simplify import is_log_slope, simplify_outputs


def nothing(build: Builder) -> None:
    """The side as it stands."""


def norms(build: Builder) -> None:
    """Spectral radii and norms of what they are known of."""
    if contains(build.line, Radius) or contains(build.line, Norm):
        push(build, "similar", Power)
        push(build, "radius", Radius)
        push(build, "radius", Norm)


def entries(build: Builder) -> None:
    """Entries of sums and products as sums of entries."""
    if contains(build.line, Entry):
        push(build, "similar", Power)
        push(build, "entry", Entry)
        write_out(build)


def outputs(build: Builder) -> None:
    """Slopes of losses times slopes of output functions; diag(u) w is read as u * w for them."""
    if next(find(build.line, is_log_slope), None) is not None:
        build.algebra(_entrywise(build.line), reason="distribute")
        simplify_outputs(build)
        build.tidy()


def _entrywise(term: Term) -> Term:
    term = rebuild(term, tuple(_entrywise(a) if isinstance(a, Term) else a for a in term.args))
    if isinstance(term, Times) and term.is_column:
        *before, left, right = term.args
        if isinstance(left, Diag):
            return Times(*before, Hadamard(left.args[0], right))
    return term
