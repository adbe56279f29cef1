"""Unambiguous texts of names and of index, size and number expressions, for canonical keys.

Equal texts mean equal expressions: a name that could be mistaken for something else is quoted, and
polynomials are multiplied out.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sympy import Expr

_PLAIN = re.compile(r"[@#]?[A-Za-z_][A-Za-z0-9_]*\Z")


@lru_cache(maxsize=65536)
def name_text(name: str) -> str:
    """The name, in quotes unless it is an identifier."""
    if _PLAIN.match(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache(maxsize=65536)
def expression_text(expr: Expr) -> str:
    """A sum of monomials with rational coefficients: the same text for equal polynomials."""
    parts = []
    for monomial, factor in expr.expand().as_coefficients_dict().items():
        powers = monomial.as_powers_dict().items() if monomial != 1 else ()
        text = "*".join(sorted(_power_text(base, exponent) for base, exponent in powers))
        parts.append(f"{factor}{text}")
    return "+".join(sorted(parts)) or "0"


def _power_text(base: Expr, exponent: Expr) -> str:
    if base.is_Symbol:
        text = name_text(base.name)
    elif base.is_Add:
        text = f"({expression_text(base)})"
    else:
        text = f"<{base}>"  # a number such as pi
    return text if exponent == 1 else f"{text}^{exponent}"
