"""symbptt prove."""

from __future__ import annotations

import json
from collections.abc import Sequence

from symbptt.core.errors import NotSupported
from symbptt.proving import prove_statement
from symbptt.refuting import Counterexample, refute_unproved
from symbptt.report.document import Display
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN
from symbptt.report.plain import to_text

from .deriving import find_model, shown
from .failing import named
from .terminal import painter, width


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
    texts = {"STATEMENT": statement, "--given": given, "--by": by}
    try:
        with named(texts):
            proved = prove_statement(about, statement, given, by)
    except NotSupported as failure:
        with named(texts):
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
    return to_text(found.blocks(UNICODE_PEN), width=width(), paint=painter())
