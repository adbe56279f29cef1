"""symbptt check: verdicts on claims."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from symbptt.answers.batch import BadLine, Claim, check_claims, read_lines
from symbptt.answers.clashes import clash_lines
from symbptt.answers.showing import kind_of
from symbptt.answers.verdict import Verdict
from symbptt.core.errors import SymbpttError

from .deriving import folded
from .progress import Progress
from .terminal import Paint, painter


def print_verdicts(path: Path, as_json: bool, workers: int, proof: bool = False) -> bool:
    """Prints the verdicts on the claims of a file as they come; whether all are accepted.

    With ``proof`` each proved claim is followed by its proof.
    """
    try:
        file = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise SymbpttError(f"{path}: cannot read it: {error.strerror}") from error
    fine = empty = True
    paint = painter()
    with file, Progress(_count(path), "checking") as progress:
        claims = (_told(path, claim, progress, proof) for claim in read_lines(file))
        for verdict in check_claims(claims, workers):
            fine = fine and verdict.accepted
            if as_json:
                progress.print(json.dumps(verdict.json(proof), ensure_ascii=False))
            else:
                progress.print(folded(shown(verdict, paint)))
            progress.advance()
            empty = False
    if empty:
        print(f"{path}: there are no claims", file=sys.stderr)
    return fine


def _count(path: Path) -> int | None:
    """How many claims there are, where that can be known before they are read."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _told(path: Path, claim: Claim | BadLine, progress: Progress, proof: bool) -> Claim | BadLine:
    """The claim; of a line that is none, a message goes out at once."""
    if isinstance(claim, BadLine):
        progress.complain(f"error: {path}:{claim.line}: {claim.message}")
        return claim
    return replace(claim, proof=proof)


def shown(verdict: Verdict, paint: Paint) -> str:
    """A verdict as a few lines of text."""
    lines = [f"{verdict.id or '-'}: {paint(kind_of(verdict.verdict), verdict.verdict)}"]
    if verdict.message:
        lines.append(f"    {verdict.message}")
    if verdict.clash is not None:
        lines += [f"    {line}" for line in clash_lines(verdict.clash)]
    read = (link.understood for link in verdict.links)
    lines += [f"    understood: {said.text()}" for said in read if said is not None]
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
    if verdict.proof is not None:
        lines += [f"    {line}".rstrip() for line in verdict.proof.explain().splitlines()]
    return "\n".join(lines)
