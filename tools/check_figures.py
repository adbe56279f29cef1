"""The figures that ``symbptt check`` must reach: mutants, rewritings, noise, speed.

``python tools/check_figures.py [mutants rewritings noise speed] [--each N]`` prints what was
reached, and every claim that broke a bound; it fails if there is one. ``--each`` is the number of
claims for each model.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from check_samples import Sample, misread, noisy_claims, right, unsound, wrong

from symbptt.answers.batch import SECONDS, Claim, judge_claim
from symbptt.answers.setting import setting_of
from symbptt.answers.verdict import Verdict
from symbptt.core.errors import SymbpttError
from symbptt.models.builtin import builtins

EACH = 110  # claims of a model, mutants and rewritings
NOISE, SEED = 10_000, 0
LEAST, ACCEPTED, RATE, MEDIAN = 2_000, 0.95, 100, 8.0


def _counted(kind: str, samples: list[tuple[Sample, Verdict]], seconds: float) -> None:
    print(f"{kind}: {len(samples)} claims, {seconds:.0f} s of CPU", dict(_kinds(samples)))


def _kinds(samples: list[tuple[Sample, Verdict]]) -> Counter[str]:
    return Counter(v.verdict for _, v in samples)


def _show(sample: Sample, verdict: Verdict) -> None:
    print(f"  {verdict.verdict} [{sample.name}, {sample.row}] {sample.text}")
    facts = ", ".join(f"{f} >= 0" for f in sample.setting.facts)
    print(f"    where {facts}; {verdict.message} {list(verdict.assuming)}", flush=True)


def _judged(source: object, each: int, refuse: object) -> list[tuple[Sample, Verdict]]:
    out = []
    for name in sorted(builtins()):
        for sample in source(name, each):  # type: ignore[operator]
            verdict = sample.verdict()
            out.append((sample, verdict))
            if refuse(verdict):  # type: ignore[operator]
                _show(sample, verdict)
    return out


def mutants(each: int) -> bool:
    """No mutant is accepted."""
    start = process_time()
    found = _judged(wrong, each, lambda v: v.accepted)
    _counted("mutants", found, process_time() - start)
    bad = [(s, v) for s, v in found if v.accepted and not misread(s, v)]
    told = sum(v.accepted for _, v in found) - len(bad)
    print(f"  accepted {len(bad)}; true by a reading that the verdict states: {told}")
    return len(found) >= LEAST and not bad


def rewritings(each: int) -> bool:
    """No rewriting is called wrong, nearly all are accepted."""
    start = process_time()
    found = _judged(right, each, lambda v: not v.accepted)
    _counted("rewritings", found, process_time() - start)
    accepted = sum(v.accepted for _, v in found)
    refused = sum(v.verdict in ("wrong", "ill-shaped") for _, v in found)
    print(f"  accepted {accepted / len(found):.1%}, called wrong {refused}")
    return len(found) >= LEAST and not refused and accepted >= ACCEPTED * len(found)


def fuzz(each: int) -> bool:
    """No crash, nothing false accepted, nothing that takes too long."""
    worst, verdicts, bad = 0.0, Counter[str](), 0
    for model, text in noisy_claims(NOISE, SEED):
        start, name = perf_counter(), model.split("\n", 1)[0]
        verdict = judge_claim(Claim(model, text))
        seconds = perf_counter() - start
        worst, verdicts[verdict.verdict] = max(worst, seconds), verdicts[verdict.verdict] + 1
        crashed = "could not be judged" in verdict.message
        slow = seconds > SECONDS or "too long" in verdict.message
        false = ""
        if verdict.verdict in ("proved", "equal"):
            try:
                false = unsound(setting_of(model), text, verdict)
            except SymbpttError as error:
                false = f"cannot be read again: {error.message}"
        if crashed or slow or false:
            bad += crashed or bool(false) or seconds > SECONDS
            print(f"  {verdict.verdict} [{name[:60]}] {seconds:.1f} s {text[:300]!r}")
            print(f"    {verdict.message} {false}", flush=True)
    print(f"noise: {NOISE} inputs, worst {worst:.2f} s", dict(verdicts), f"bad {bad}")
    return not bad


def speed(each: int) -> bool:
    """Claims a second in one process, true and false ones of the recurrent network mixed."""
    times: dict[str, list[float]] = {"right": [], "wrong": []}
    samples = {"right": list(right("rnn", each)), "wrong": list(wrong("rnn", each))}
    model = builtins()["rnn"].text
    for _ in range(2):  # the first time warms up
        for kind, found in samples.items():
            plain = [s for s in found if not s.setting.facts and s.setting.problem.length]
            texts = [s.text for s in plain]
            times[kind] = []
            for text in texts:
                start = process_time()
                judge_claim(Claim(model, text))
                times[kind].append(1000 * (process_time() - start))
        both = [*times["right"], *times["wrong"]]
        rate = 1000 * len(both) / sum(both)
        medians = {kind: round(statistics.median(found), 1) for kind, found in times.items()}
        median = statistics.median(both)
        print(f"speed: {len(both)} claims, {rate:.0f} a second, median {median:.1f} ms, {medians}")
    return rate >= RATE and median <= MEDIAN


PARTS = {"mutants": mutants, "rewritings": rewritings, "noise": fuzz, "speed": speed}


def main(arguments: list[str]) -> int:
    """Runs the parts that are named, or all."""
    each = EACH
    if "--each" in arguments:
        at = arguments.index("--each")
        each = int(arguments[at + 1])
        del arguments[at : at + 2]
    held = [PARTS[name](each) for name in arguments or PARTS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
