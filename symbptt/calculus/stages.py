"""Stages of a proof search that need nothing but the two lines: each rewrites both."""

from __future__ import annotations

from symbptt.core.norms import Norm
from symbptt.core.powers import Radius
from symbptt.core.terms import Entry, Power
from symbptt.core.traverse import contains

from .builder import Builder
from .forms import push
from .moves import split_nonempty, write_out


def nothing(a: Builder, b: Builder) -> None:
    """The sides as they stand."""


def split(a: Builder, b: Builder) -> None:
    """The last factor of every product."""
    for build in (a, b):
        split_nonempty(build)


def norms(a: Builder, b: Builder) -> None:
    """Spectral radii and norms of what they are known of."""
    for build in (a, b):
        if contains(build.line, Radius) or contains(build.line, Norm):
            push(build, "similar", Power)
            push(build, "radius", Radius)
            push(build, "radius", Norm)


def entries(a: Builder, b: Builder) -> None:
    """Entries of sums and products as sums of entries."""
    for build in (a, b):
        if contains(build.line, Entry):
            push(build, "similar", Power)
            push(build, "entry", Entry)
            write_out(build)
