"""symbptt prove."""

from __future__ import annotations

from collections.abc import Sequence

from symbptt.proving import prove_statement

from .deriving import find_model, shown


def print_proof(
    statement: str,
    model: str,
    given: Sequence[str],
    by: str,
    steps: bool,
    latex: bool,
    as_json: bool,
) -> None:
    """Proves, checks, prints."""
    proved = prove_statement(find_model(model, equations=False), statement, given, by)
    print(shown(proved, steps, latex, as_json))
