"""The metavariables that the rule tables share."""

from __future__ import annotations

from symbptt.core.terms import Meta, index_symbol

m, n, p, q = (index_symbol(f"?{c}") for c in "mnpq")  # dimensions
a, b, k, s, i, j = (index_symbol(f"?{c}") for c in "abksij")  # indices
t, r, mid = index_symbol("?t"), index_symbol("?r"), index_symbol("?l")  # bound indices

A, A2 = Meta("A", m, n), Meta("B", m, n)  # two matrices of one shape
B = Meta("C", n, p)
C = Meta("D", p, q)
S, S2, S3 = Meta("S", n, n), Meta("Q", n, n), Meta("R", n, n)  # square
u, v = Meta("u", n), Meta("v", n)
w = Meta("w", m)
c, c2 = Meta("c", 1, 1), Meta("e", 1, 1)
F, G = Meta("F", m, n, t), Meta("G", m, n, t)  # depend on the index t
J = Meta("J", n, n, t)


def at(term: Meta, index: object) -> Meta:
    """The same metavariable at another index."""
    return Meta(term.name, *term.shape, index)
