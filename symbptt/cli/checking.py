"""symbptt check: verdicts on claims."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from symbptt.answers.batch import BadLine, check_claims, read_lines
from symbptt.answers.verdict import Verdict
from symbptt.core.errors import SymbpttError


def print_verdicts(path: Path, as_json: bool, workers: int) -> bool:
    """Prints the verdicts on the claims of a file as they come; whether all are accepted."""
    try:
        file = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise SymbpttError(f"{path}: cannot read it: {error.strerror}") from error
    fine = True
    with file:
        claims = (_told(path, claim) for claim in read_lines(file))
        for verdict in check_claims(claims, workers):
            fine = fine and verdict.accepted
            print(json.dumps(verdict.json(), ensure_ascii=False) if as_json else shown(verdict))
            sys.stdout.flush()
    return fine


def _told(path: Path, claim: object) -> object:
    """The claim; of a line that is none, a message goes out at once."""
    if isinstance(claim, BadLine):
        print(f"error: {path}:{claim.line}: {claim.message}", file=sys.stderr)
    return claim


def shown(verdict: Verdict) -> str:
    """A verdict as a few lines of text."""
    lines = [f"{verdict.id or '-'}: {verdict.verdict}"]
    if verdict.message:
        lines.append(f"    {verdict.message}")
    lines += [f"    read: {note}" for note in verdict.reading]
    lines += [f"    assuming: {a}" for a in verdict.assuming]
    if verdict.mistake is not None:
        lines.append(f"    mistake: {verdict.mistake.message}")
    if verdict.counterexample is not None and not verdict.accepted:
        example = verdict.counterexample
        lines.append("    " + ", ".join(f"{k} = {v}" for k, v in example.dims.items()))
        lines += [f"    {name}(x) = {body}" for name, body in example.functions.items()]
        lines += [f"    {name} = {value}" for name, value in example.values.items()]
        lines += [f"    left {example.left}", f"    right {example.right}"]
    return "\n".join(lines)
