"""Claims as other documents write them: those that are judged are judged rightly.

``data/unseen_claims.jsonl`` has the formulas of lecture notes, papers, blogs and answers on sites
in their own notation, right ones and wrong variants, with the verdicts that are right. A claim may
be left undecided; what is decided must not be wrong.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from symbptt import Model, check
from symbptt.core.errors import SymbpttError
from symbptt.models.claims import read_claim
from symbptt.models.given import assume

CLAIMS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "unseen_claims.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
JUDGED = CLAIMS[::9]
ACCEPTING = {"proved", "equal", "layout", "assuming", "definition"}


def test_almost_all_are_read() -> None:
    """A claim with a verdict other than not-understood has a reading, but for a few."""
    models: dict[tuple[str, ...], Model] = {}
    unread = []
    wanted = [c for c in CLAIMS if "not-understood" not in c["accept"]]
    for claim in wanted:
        key = (claim["model"], *claim["given"])
        try:
            if key not in models:
                models[key] = assume(Model.parse(claim["model"]), claim["given"])[0]
            read_claim(claim["claim"], models[key])
        except SymbpttError:
            unread.append(claim["id"])
    assert len(unread) <= 0.02 * len(wanted), unread


@pytest.mark.parametrize("claim", JUDGED, ids=lambda c: c["id"])
def test_a_verdict_is_right(claim: dict[str, object]) -> None:
    found = check(str(claim["claim"]), model=str(claim["model"]), given=claim["given"])  # type: ignore[arg-type]
    accept = set(claim["accept"])  # type: ignore[call-overload]
    assert found.verdict in accept | {"not-understood"}
    if not accept & ACCEPTING:
        assert not found.accepted
