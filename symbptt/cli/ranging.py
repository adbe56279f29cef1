"""symbptt ranges."""

from __future__ import annotations

from collections.abc import Sequence

from symbptt.ranging import ranges_of
from symbptt.report.pen import UNICODE_PEN
from symbptt.report.plain import to_text

from .deriving import find_model, shown
from .failing import named
from .terminal import painter, width


def print_ranges(model: str, given: Sequence[str], steps: bool, latex: bool, as_json: bool) -> None:
    """Finds, proves, checks, prints: the table alone, or with all proofs."""
    about = find_model(model)
    with named({"--given": given}):
        found = ranges_of(about, given)
    if steps or latex or as_json:
        print(shown(found, steps, latex, as_json))
    else:
        print(to_text(found.summary(UNICODE_PEN), width=width(), paint=painter()))
