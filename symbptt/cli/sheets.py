"""One worksheet of symbptt build: built, or compared with what stands there."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from symbptt.core.errors import SymbpttError
from symbptt.worksheet.build import Built, build_sheet, differences, make_texts
from symbptt.worksheet.kinds import Style, kind_of
from symbptt.worksheet.parallel import Tell
from symbptt.worksheet.reader import load_sheet
from symbptt.worksheet.run import Proved

_SHOWN = 60  # lines of a difference
_WIDE = 64


@dataclass(frozen=True)
class Task:
    """What is asked for; ``folder`` is where the files of the worksheet go."""

    path: Path
    folder: Path
    kinds: tuple[str, ...]
    style: Style
    check: bool


@dataclass
class Outcome:
    """What came of it: lines to print, complaints of TeX, a row of the table, or an error."""

    said: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    row: tuple[str, ...] = ()
    files: list[str] = field(default_factory=list)
    error: SymbpttError | None = None
    fine: bool = True


def do(task: Task, tell: Tell) -> Outcome:
    """Builds or compares; ``tell`` gets a line for each statement as soon as it is proved."""
    try:
        return _compare(task) if task.check else _build(task, tell)
    except SymbpttError as error:
        return Outcome(error=error, fine=False)


def _build(task: Task, tell: Tell) -> Outcome:
    start = perf_counter()
    sheet = load_sheet(task.path)
    built = build_sheet(sheet, task.folder, task.kinds, task.style, lambda p: tell(_line(p)))
    problems = [] if built.tex is None else [f"  TeX: {p.text}" for p in built.tex.problems]
    files = [p.relative_to(task.folder).as_posix() for p in task.folder.rglob("*") if p.is_file()]
    return Outcome(
        problems=problems,
        row=_row(built, task, perf_counter() - start),
        files=[f for f in files if kind_of(f) in task.kinds],
    )


def _line(proved: Proved) -> str:
    text = proved.derivation.headline
    shown = text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
    steps, ms = f"{proved.steps} steps", f"{1000 * proved.seconds:.0f} ms"
    return f"  {proved.block.id:<16} {shown:<{_WIDE}}  proved  {steps:>9}  {ms:>7}"


def _row(built: Built, task: Task, seconds: float) -> tuple[str, ...]:
    run = built.run
    reports: list[str] = [k for k in ("tex", "html", "md") if k in task.kinds]
    if built.tex is not None:
        reports.append("pdf" if built.tex.pdf is not None else "no pdf: TeX is not installed")
    steps = sum(p.steps for p in run.proved)
    modules = ", ".join(run.modules) if "py" in task.kinds else ""
    return (
        run.sheet.name, f"{len(run.proved)} proved", str(steps), modules or "-",
        ", ".join(reports) or "-", f"{seconds:.1f} s", f"{task.folder}/",
    )  # fmt: skip


def _compare(task: Task) -> Outcome:
    """Whether the directory holds what the worksheet gives; says what differs."""
    built = make_texts(load_sheet(task.path), task.style)
    found = differences(built, task.folder)
    said = []
    for name, (old, new) in found.items():
        said += _difference(task.folder / name, old, new)
    if found:
        said.append(f"{task.folder}/ is out of date: run `symbptt build {task.path}`")
    else:
        said.append(f"{task.folder}/ is up to date")
    return Outcome(said=said, fine=not found)


def _difference(path: Path, old: str | None, new: str | None) -> list[str]:
    if old is None or new is None:
        return [f"{path}: {'missing' if old is None else 'no longer made'}"]
    if kind_of(path.name) == "html":  # fonts and formulas in long lines
        return [f"{path}: differs"]
    lines = list(difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{path}", f"{path} (now)", lineterm=""
    ))  # fmt: skip
    more = [f"... and {len(lines) - _SHOWN} more lines"] if len(lines) > _SHOWN else []
    return [line[:200] for line in lines[:_SHOWN]] + more
