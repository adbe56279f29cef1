"""symbptt prove."""

from __future__ import annotations

import json
from collections.abc import Sequence

from symbptt.core.errors import NotSupported
from symbptt.proving import prove_statement
from symbptt.refuting import Counterexample, refute_unproved
from symbptt.report.document import Display
from symbptt.report.pen import LATEX_PEN

from .deriving import find_model, shown


def print_proof(
    statement: str,
    model: str,
    given: Sequence[str],
    by: str,
    steps: bool,
    latex: bool,
    as_json: bool,
) -> bool:
    """Proves, checks, prints; a statement without a proof is refuted. Whether it was proved."""
    about = find_model(model, equations=False)
    try:
        proved = prove_statement(about, statement, given, by)
    except NotSupported as failure:
        found = refute_unproved(about, statement, given, failure)
        print(_refutation(found, statement, given, latex, as_json))
        return False
    print(shown(proved, steps, latex, as_json))
    return True


def _refutation(
    found: Counterexample, statement: str, given: Sequence[str], latex: bool, as_json: bool
) -> str:
    """The counterexample in the form asked for."""
    if as_json:
        data = {"statement": statement, "given": list(given), "verdict": "false",
                "counterexample": found.json()}  # fmt: skip
        return json.dumps(data, ensure_ascii=False)
    if latex:
        return "\n".join(b.latex for b in found.blocks(LATEX_PEN) if isinstance(b, Display))
    return found.text()
