"""Definitions that are numbers, such as f_t = 1 or i_t = 0, put in where their names stand."""

from __future__ import annotations

from symbptt.core.dependence import references
from symbptt.core.errors import ProofError
from symbptt.core.scope import DERIVATIVES
from symbptt.core.terms import Elem, Param
from symbptt.core.traverse import nodes_of, subterm

from .builder import Builder


def put_constants(build: Builder) -> None:
    """Unfolds what is defined without any other name, outside of derivatives; then tidies."""
    keys = {d.key for d in build.theory.definitions if not references(d.body)}
    stuck: set[Elem | Param] = set()
    while keys:
        for path, leaf in nodes_of(build.line, Elem, Param):
            above = (subterm(build.line, path[:i]) for i in range(len(path)))
            if (
                leaf.key in keys
                and leaf not in stuck
                and not any(isinstance(x, DERIVATIVES) for x in above)
            ):
                try:
                    build.unfold(path)
                except ProofError:  # a given boundary value of the same sequence
                    stuck.add(leaf)
                    continue
                break
        else:
            break
    if keys:
        build.tidy()
