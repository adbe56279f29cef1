"""Judging claims: true and false ones of recurrent networks, mixed, with their proofs.

The claims are the derived answers, their rewritings and their mutants, as the tests make them. They
come in one pass through one process, so that each is new, though what is known of its model is not.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from pathlib import Path
from time import perf_counter

from rich.table import Table

from symbptt.answers.batch import Claim, check_claims, judge_claim
from symbptt.answers.deciding import decide
from symbptt.answers.elaborate import elaborate
from symbptt.answers.setting import setting_of
from symbptt.answers.workers import collect_rarely
from symbptt.core.errors import SymbpttError
from symbptt.models import builtins

from .derivation import forget
from .figures import build

MODELS = ("rnn", "rnn-tanh", "rnn-softmax", "rnn-sigmoid")
EACH = 300  # true and false claims of each model at most: about 1,000 together
RATE, MEDIAN, PROBED, WORKERS = 100, 8.0, 1.0, 0.6

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


def mixed() -> tuple[list[Claim], list[Claim]]:
    """The claims in an order that mixes them, and those among them that are false."""
    from check_samples import right, wrong  # makes and evaluates all of them

    found = []
    for name in MODELS:
        for source in (right, wrong):
            samples = (s for s in source(name, EACH) if not s.setting.facts)
            plain = (s for s in samples if s.setting.problem.length is not None)
            found += [(Claim(builtins()[name].text, s.text), source is wrong) for s in plain]
    random.Random(0).shuffle(found)
    return [claim for claim, _ in found], [claim for claim, false in found if false]


def probing(claims: list[Claim]) -> list[float]:
    """Milliseconds to decide by samples alone, the claims having been read."""
    times = []
    for claim in claims:
        try:
            reading = elaborate(setting_of(claim.model), claim.claim)
            start = perf_counter()
            decide(reading, proofs=False)
        except SymbpttError:  # not understood: nothing to probe
            continue
        times.append(1000 * (perf_counter() - start))
    return times


def by_workers(claims: list[Claim], workers: int) -> float:
    """Seconds of wall time for all claims."""
    start = perf_counter()
    for _ in check_claims(claims, workers):
        pass
    return perf_counter() - start


def table() -> tuple[Table, bool]:
    """Wall time on one core; that with two workers in terms of that with one."""
    claims, false = mixed()
    forget()
    judge_claim(Claim(builtins()["layer"].text, "y = y"))  # imports
    collect_rarely()  # as a worker does, which judges the claims of a batch
    times = {}
    for claim in claims:
        start = perf_counter()
        judge_claim(claim)
        times[claim] = 1000 * (perf_counter() - start)
    each = sorted(times.values())
    wrong = statistics.median(times[c] for c in false)
    right = statistics.median(t for c, t in times.items() if c not in set(false))
    rows = [
        (f"a claim of {len(each)}, on average", statistics.mean(each), 1000 / RATE),
        ("median", statistics.median(each), MEDIAN),
        ("median of the true ones", right, MEDIAN),
        ("median of the false ones", wrong, MEDIAN),
        ("95 of 100 take at most", each[math.ceil(0.95 * len(each)) - 1], 5 * MEDIAN),
        ("median by samples alone", statistics.median(probing(claims)), PROBED),
        ("two workers, of one", by_workers(claims, 2) / by_workers(claims, 1), WORKERS),
    ]
    return build("judging claims about recurrent networks, with proofs", "ms", rows)
