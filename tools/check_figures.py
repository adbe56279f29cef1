"""The figures that ``symbptt check`` must reach: mutants, rewritings, noise, speed.

``python tools/check_figures.py [mutants rewritings noise speed]`` prints what was reached, and
every claim that broke a bound; it fails if there is one. Models and pieces of the noise are shared
among ``--workers`` processes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from check_samples import Sample, misread, noisy_claims, right, unsound, wrong

from symbptt.answers.batch import SECONDS, Claim, judge_claim
from symbptt.answers.limits import OutOfTime, at_most
from symbptt.answers.setting import setting_of
from symbptt.answers.verdict import Verdict
from symbptt.core.errors import SymbpttError
from symbptt.models.builtin import builtins

EACH = 110  # claims of a model, mutants and rewritings
NOISE, PIECE = 10_000, 500  # noisy inputs, and how many of them are drawn together
LEAST, ACCEPTED, RATE, MEDIAN = 2_000, 0.95, 100, 8.0


@dataclass(frozen=True)
class Row:
    """What was said of a claim; ``bad`` if it must not be said, ``shown`` if it is printed."""

    verdict: str
    seconds: float
    accepted: bool = False
    bad: str = ""
    shown: str = ""


def _judged(kind: str, each: int, name: str) -> list[Row]:
    """The verdicts on the samples of one model, each within its time."""
    out = []
    for sample in (wrong if kind == "mutants" else right)(name, each):
        start = process_time()
        try:
            with at_most(SECONDS):
                verdict = sample.verdict()
        except OutOfTime:
            verdict = Verdict("not-understood", message="it took too long")
        bad = _bad_mutant(sample, verdict) if kind == "mutants" else _bad_rewriting(verdict)
        seen = bad or (kind == "rewritings" and not verdict.accepted)
        shown = _shown(sample, verdict) if seen else ""
        out.append(Row(verdict.verdict, process_time() - start, verdict.accepted, bad, shown))
    return out


def _bad_mutant(sample: Sample, verdict: Verdict) -> str:
    return "accepted" if verdict.accepted and not misread(sample, verdict) else ""


def _bad_rewriting(verdict: Verdict) -> str:
    return verdict.verdict if verdict.verdict in ("wrong", "ill-shaped") else ""


def _shown(sample: Sample, verdict: Verdict) -> str:
    facts = ", ".join(f"{f} >= 0" for f in sample.setting.facts)
    return (
        f"  {verdict.verdict} [{sample.name}, {sample.row}] {sample.text}\n"
        f"    where {facts}; {verdict.message} {list(verdict.assuming)}"
    )


def _noisy(seed: int) -> list[Row]:
    """The verdicts on a piece of the noise."""
    out = []
    for model, text in noisy_claims(PIECE, seed):
        start = process_time()
        verdict = judge_claim(Claim(model, text))
        seconds, bad = process_time() - start, ""
        if "could not be judged" in verdict.message or seconds > SECONDS:
            bad = verdict.message or "slow"
        elif verdict.verdict in ("proved", "equal"):
            try:
                bad = unsound(setting_of(model), text, verdict)
            except SymbpttError as error:
                bad = f"cannot be read again: {error.message}"
        shown = f"  {verdict.verdict} {model[:60]!r} {text[:300]!r}\n    {bad}" if bad else ""
        out.append(Row(verdict.verdict, seconds, verdict.accepted, bad, shown))
    return out


def _told(kind: str, pieces: Iterable[list[Row]]) -> list[Row]:
    """All rows, those to be shown printed as they come, then the counts."""
    rows = []
    for piece in pieces:
        rows += piece
        for row in piece:
            if row.shown:
                print(row.shown, flush=True)
    counts = dict(Counter(r.verdict for r in rows))
    worst = max(r.seconds for r in rows)
    print(f"{kind}: {len(rows)} claims, {sum(r.seconds for r in rows):.0f} s of CPU, "
          f"{worst:.1f} s at most", counts)  # fmt: skip
    return rows


def samples(kind: str, each: int, pool: ProcessPoolExecutor) -> bool:
    """No mutant is accepted; no rewriting is called wrong, and nearly all are accepted."""
    rows = _told(kind, pool.map(partial(_judged, kind, each), sorted(builtins())))
    bad, share = sum(bool(r.bad) for r in rows), sum(r.accepted for r in rows) / len(rows)
    print(f"  {bad} bad, {share:.1%} accepted")
    return len(rows) >= LEAST and not bad and (kind == "mutants" or share >= ACCEPTED)


def fuzz(each: int, pool: ProcessPoolExecutor) -> bool:
    """No crash, nothing false accepted, nothing that takes too long."""
    rows = _told("noise", pool.map(_noisy, range(NOISE // PIECE)))
    return not any(r.bad for r in rows)


def _plain(found: Iterator[Sample]) -> list[str]:
    """The texts of samples that need nothing but their model."""
    return [s.text for s in found if not s.setting.facts and s.setting.problem.length]


def speed(each: int, pool: ProcessPoolExecutor) -> bool:
    """Claims a second in one process, true and false ones of the recurrent network mixed."""
    texts = {"right": _plain(right("rnn", each)), "wrong": _plain(wrong("rnn", each))}
    model = builtins()["rnn"].text
    times: dict[str, list[float]] = {}
    for _ in range(2):  # the first time warms up
        for kind, found in texts.items():
            times[kind] = []
            for text in found:
                start = process_time()
                judge_claim(Claim(model, text))
                times[kind].append(1000 * (process_time() - start))
        both = [*times["right"], *times["wrong"]]
        rate = 1000 * len(both) / sum(both)
        medians = {kind: round(statistics.median(found), 1) for kind, found in times.items()}
        median = statistics.median(both)
        print(f"speed: {len(both)} claims, {rate:.0f} a second, median {median:.1f} ms, {medians}")
    return rate >= RATE and median <= MEDIAN


PARTS = {
    "mutants": partial(samples, "mutants"), "rewritings": partial(samples, "rewritings"),
    "noise": fuzz, "speed": speed,
}  # fmt: skip


def main() -> int:
    """Runs the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all if none is named")
    parser.add_argument("--each", type=int, default=EACH, help="claims for each model")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.workers) as pool:
        held = [PARTS[name](asked.each, pool) for name in asked.parts or PARTS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
