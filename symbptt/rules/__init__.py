"""The rules as data. ``RULES`` lists every row; ``rule(name)`` finds one, schema instances too."""

from __future__ import annotations

from functools import lru_cache

from symbptt.core.errors import ProofError

from . import algebra, bounds, differential, intervals, outputs, powers, series
from .rule import Rule, Schema

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "differential": differential.ROWS,
    "transpose": algebra.TRANSPOSE,
    "diagonal": algebra.DIAGONAL,
    "unit": algebra.UNITS,
    "vec": algebra.VEC,
    "gradient": algebra.GRADIENT,
    "entry": (*algebra.ENTRIES, *powers.ENTRIES),
    "series": series.SERIES,
    "case": series.CASES,
    "product": series.PRODUCTS,
    "power": series.POWERS,
    "similar": powers.SIMILAR,
    "entrywise": powers.ENTRYWISE,
    "binomial": powers.BINOMIALS,
    "output": outputs.ROWS,
    "norm": bounds.NORMS,
    "bound": bounds.BOUNDS,
    "supremum": bounds.SUPREMA,
    "radius": powers.RADII,
    "factor": powers.FACTORS,
    "interval": intervals.ROWS,
    "image": intervals.IMAGES,
}
RULES: dict[str, Rule] = {row.name: row for rows in FAMILIES.values() for row in rows}
SCHEMAS: dict[str, Schema] = {s.name: s for s in (*differential.SCHEMAS, *algebra.SCHEMAS)}


@lru_cache(maxsize=512)
def rule(name: str) -> Rule:
    """The rule of that name; ``name/arity`` for an instance of a schema."""
    if name in RULES:
        return RULES[name]
    base, _, arity = name.partition("/")
    schema = SCHEMAS.get(base)
    if schema is None or not arity.isdigit() or int(arity) not in schema.arities:
        raise ProofError(f"there is no rule {name!r}")
    return schema.make(int(arity))


__all__ = ["FAMILIES", "RULES", "SCHEMAS", "Rule", "Schema", "rule"]
