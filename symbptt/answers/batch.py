"""Many claims: JSON Lines in, verdicts out in order; what goes wrong costs only one claim."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter
from typing import Any

from .judge import judge
from .limits import OutOfTime, at_most
from .verdict import Verdict
from .workers import Lost, Workers

SECONDS = 5.0  # for one claim, of which the last part is for ending a worker that hangs
_SOFT = 4.0
_LONGEST = 200_000  # characters of a line
_AHEAD = 16  # claims given to an executor before the first verdict is waited for


@dataclass(frozen=True)
class Claim:
    """A line of a file of claims; with ``proof`` its verdict has the proof."""

    model: str
    claim: str
    given: tuple[str, ...] = ()
    id: str | None = None
    proof: bool = False


@dataclass(frozen=True)
class BadLine:
    """A line that is no claim; ``message`` says why."""

    line: int
    message: str
    id: str | None = None

    def verdict(self) -> Verdict:
        """What is said of it among verdicts."""
        return Verdict("not-understood", message=f"line {self.line}: {self.message}",
                       position=(self.line, 1), id=self.id)  # fmt: skip


def read_lines(lines: Iterable[str | bytes]) -> Iterator[Claim | BadLine]:
    """The claims of a file, blank lines passed over."""
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8") if isinstance(line, bytes) else line
            if text.strip():
                yield _claim(number, text)
        except UnicodeDecodeError:
            yield BadLine(number, "this is not UTF-8")


def _claim(number: int, text: str) -> Claim | BadLine:
    if len(text) > _LONGEST:
        return BadLine(number, f"longer than {_LONGEST} characters")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return BadLine(number, f"this is not JSON{where}")
    if not isinstance(data, dict):
        return BadLine(number, "a claim is a JSON object")
    id = data.get("id")
    name = id if isinstance(id, str) or id is None else str(id)
    for key in ("model", "claim"):
        if not isinstance(data.get(key), str):
            return BadLine(number, f'"{key}" must be a text', name)
    given = data.get("given") or []
    if not isinstance(given, list) or not all(isinstance(g, str) for g in given):
        return BadLine(number, '"given" must be a list of texts', name)
    return Claim(data["model"], data["claim"], tuple(given), name)


def judge_claim(claim: Claim | BadLine) -> Verdict:
    """The verdict on one claim, within its time; picklable, for executors."""
    if isinstance(claim, BadLine):
        return claim.verdict()
    start = perf_counter()
    try:
        with at_most(_SOFT):
            verdict = judge(claim.model, claim.claim, claim.given, claim.id)
            return verdict if claim.proof else replace(verdict, proof=None)
    except OutOfTime:
        verdict = _lost(claim, "it took too long")
    except MemoryError:
        verdict = _lost(claim, "it needs too much memory")
    except Exception as error:  # one claim must not end a batch
        verdict = _lost(claim, f"it could not be judged: {type(error).__name__}: {error}")
    return Verdict(**{**vars(verdict), "ms": 1000 * (perf_counter() - start)})


def check_claims(
    claims: Iterable[Claim | BadLine], workers: int = 1, executor: Executor | None = None
) -> Iterator[Verdict]:
    """The verdicts in order, as soon as they are there.

    Without an executor the claims go to worker processes of its own. A claim whose worker dies or
    hangs is "not-understood"; the others are judged.
    """
    if executor is not None:
        yield from _executed(claims, executor)
        return
    kept: deque[Claim | BadLine] = deque()
    asked = _kept(claims, kept)
    for answer in Workers(judge_claim, workers, SECONDS, _model_of).answers(asked):
        claim = kept.popleft()
        yield _lost(claim, str(answer)) if isinstance(answer, Lost) else answer


def _model_of(claim: Claim | BadLine) -> str | None:
    """The model, about which a worker finds out much for the first claim."""
    return claim.model if isinstance(claim, Claim) else None


def _kept(claims: Iterable[Claim | BadLine], kept: deque[Claim | BadLine]) -> Iterator[Any]:
    for claim in claims:
        kept.append(claim)
        yield claim


def _executed(claims: Iterable[Claim | BadLine], executor: Executor) -> Iterator[Verdict]:
    """Through the executor, a few ahead; when its pool breaks the rest goes to own workers."""
    source = iter(claims)
    waiting: deque[tuple[Claim | BadLine, Future[Verdict] | None]] = deque()
    broken = False
    while True:
        while len(waiting) < _AHEAD and not broken:
            claim = next(source, None)
            if claim is None:
                break
            try:
                waiting.append((claim, executor.submit(judge_claim, claim)))
            except (BrokenProcessPool, RuntimeError):
                waiting.append((claim, None))
                broken = True
        if broken:
            rest = chain((c for c, _ in waiting), source)
            yield from check_claims(rest)
            return
        if not waiting:
            return
        claim, future = waiting[0]
        assert future is not None
        try:
            verdict = future.result(timeout=SECONDS * _AHEAD)
        except BrokenProcessPool:
            broken = True
            continue
        except TimeoutError:
            future.cancel()
            verdict = _lost(claim, "it took too long")
        except Exception as error:
            verdict = _lost(claim, f"the worker failed: {type(error).__name__}")
        waiting.popleft()
        yield verdict


def _lost(claim: Claim | BadLine, why: str) -> Verdict:
    return Verdict("not-understood", message=why, position=(1, 1), id=claim.id)
