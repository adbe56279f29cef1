"""Stages of a proof search that need nothing but a line: each rewrites one."""

from __future__ import annotations

from symbptt.core.norms import Norm
from symbptt.core.powers import Radius
from symbptt.core.terms import Entry, Power
from symbptt.core.traverse import contains

from .builder import Builder
from .forms import push
from .moves import write_out


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
