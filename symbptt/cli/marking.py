"""symbptt check ANSWERS.md --sheet SHEET.md: a homework with a verdict for every display."""

from __future__ import annotations

import json
import os
import tempfile
from functools import partial
from pathlib import Path

from symbptt.answers.showing import SIGNS, kind_of
from symbptt.core.errors import SymbpttError
from symbptt.homework.asked import asked_in
from symbptt.homework.marking import Judged, Marked, mark
from symbptt.homework.page import to_page
from symbptt.homework.reading import read_answers
from symbptt.worksheet.reader import load_sheet, read_text

from .tables import print_table
from .terminal import painter

_WIDE = 56


def print_marks(
    answers: Path, sheet: Path, html: Path | None, as_json: bool, proof: bool = False
) -> bool:
    """Prints verdicts and points, and writes the page; whether every display is accepted.

    With ``proof`` each proved display is followed by its proof.
    """
    asking = asked_in(load_sheet(sheet))
    document = read_answers(read_text(answers), str(answers))
    if as_json:
        marked = mark(document, asking)
        print(json.dumps(marked.json(proof), ensure_ascii=False, indent=1))
    else:
        print(f"{answers}", flush=True)
        marked = mark(document, asking, partial(_progress, proof=proof))
        print()
        _print_points(marked)
    if html is not None:
        _write(html, to_page(marked))
        if not as_json:
            print(f"\nwritten to {html}")
    return marked.accepted


def _progress(judged: Judged, proof: bool) -> None:
    v = judged.verdict
    place = str(judged.stated.place) or "-"
    kind = kind_of(v.verdict)
    sign = painter()(kind, f"{SIGNS[kind]} {v.verdict}")
    print(f"  {judged.line:>4}  {place:<5} {_short(judged.stated.claim):<{_WIDE}}  "
          f"{sign}", flush=True)  # fmt: skip
    said = [v.message] if v.message and v.verdict != "definition" else []
    said += [f"assuming: {a}" for a in v.assuming]
    if v.mistake is not None:
        said.append(f"mistake: {v.mistake.message}")
    if judged.carried is not None:
        said.append(f"it follows from line {judged.carried}: the error is carried forward")
    said += [f"the error is carried forward: {_short(x.text)}" for x in v.links if x.carried]
    if proof and v.proof is not None:
        said += v.proof.explain().splitlines()
    for text in said:
        print(f"              {text}".rstrip())


def _print_points(marked: Marked) -> None:
    rows = []
    for place, results in marked.exercises.items():
        for r in results:
            verdict = "not answered" if r.by is None else r.by.verdict.verdict
            line = "" if r.by is None else str(r.by.line)
            sign = "–" if r.by is None else SIGNS[kind_of(verdict)]
            rows.append((str(place) or "-", _short(r.question.text), line, f"{sign} {verdict}",
                         f"{r.points}/{r.question.points}"))  # fmt: skip
        got, of = sum(r.points for r in results), sum(r.question.points for r in results)
        rows.append((str(place) or "-", "", "", "sum", f"{got}/{of}"))
    got, of = marked.points
    rows.append(("total", "", "", "", f"{got}/{of}"))
    for expression in marked.asking.left_out:
        rows.append(("", _short(expression), "", "not judged", ""))
    print_table(("exercise", "asked", "line", "verdict", "points"), rows)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _WIDE else f"{flat[: _WIDE - 1]}…"


def _write(path: Path, text: str) -> None:
    """Writes a file as a whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise SymbpttError(f"{path}: cannot write it: {error.strerror}") from error
