"""Near misses: hundreds of claims that are false, though they look true. None may be accepted.

They are off by one at one end, miss a term that only a third step or a third entry shows, hold
for n = 1, for symmetric matrices, for a zero initial state or in the mean alone, or differ in the
twentieth digit. A row of the file may allow "assuming": the claim is then true under an assumption.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from symbptt.answers import judge as judging
from symbptt.models.builtin import builtins

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "adversarial_claims.jsonl").open()
]
REFUSED = ("wrong", "ill-shaped", "not-understood")
DECIDED = 0.9  # at least that share is refuted, not merely left open
MODELS = sorted({row["model"] for row in ROWS})


@pytest.fixture(scope="module")
def verdicts() -> Counter[str]:
    return Counter()


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts alone: mistakes and the smallest counterexamples are tested elsewhere."""
    for name in ("mistake_in", "refutation"):
        monkeypatch.setattr(judging, name, lambda *args: None)


@pytest.mark.parametrize("model", MODELS)
def test_a_near_miss_is_not_accepted(model: str, verdicts: Counter[str]) -> None:
    text = builtins()[model].text
    for row in (r for r in ROWS if r["model"] == model):
        verdict = judging.judge(text, row["claim"], tuple(row.get("given", ())))
        verdicts[verdict.verdict] += 1
        allowed = row.get("accept", REFUSED)
        assert verdict.verdict in allowed, (row["claim"], verdict)
        if verdict.verdict == "wrong":
            assert verdict.counterexample is not None, row["claim"]
        if verdict.verdict == "ill-shaped":
            assert verdict.clash is not None or verdict.message, row["claim"]


def test_nearly_all_of_them_are_refuted(verdicts: Counter[str]) -> None:
    open_ = verdicts["not-understood"]
    assert sum(verdicts.values()) in (0, len(ROWS))
    assert open_ <= (1 - DECIDED) * len(ROWS), verdicts
