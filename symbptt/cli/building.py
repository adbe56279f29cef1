"""symbptt build: worksheets to files, with a line for each statement and a table at the end.

What has not changed since it was built is not built again, and several worksheets are built at
once; what is printed is in the order of the worksheets all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symbptt.core.errors import SymbpttError
from symbptt.worksheet.kinds import KINDS, Style
from symbptt.worksheet.parallel import work_on
from symbptt.worksheet.stamps import Stamps, key_of

from .failing import told
from .progress import Progress
from .tables import print_table

if TYPE_CHECKING:
    from .sheets import Outcome

_FOLDER = Path("derivations")
_HEAD = ("worksheet", "statements", "steps", "modules", "report", "time", "written to")
_BLOCK = re.compile(rb"^\s*[`:~]{3,}\s*\{", re.MULTILINE)


def kinds_of(only: str) -> tuple[str, ...]:
    """The kinds of files asked for; ValueError for an unknown one."""
    kinds = tuple(k.strip() for k in only.split(",") if k.strip()) or KINDS
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not one of {', '.join(KINDS)}")
    return kinds


def build_all(
    sheets: list[Path] | None,
    out: Path,
    kinds: tuple[str, ...],
    style: Style,
    check: bool,
    jobs: int = 1,
    force: bool = True,
) -> bool:
    """Builds or checks every worksheet, ``jobs`` at once; False if one of them failed.

    Without ``force`` the worksheets that would give what they gave before are passed over; a check
    trusts no notes of earlier builds.
    """
    paths = sheets or _all_sheets()
    _refuse_doubles(paths)
    if not check:
        _refuse_unwritable(out)
    stamps = Stamps()
    options = (kinds, style)
    keys = [key_of(path, options) for path in paths]
    known = [
        None if check or force else stamps.fresh(out / path.stem, key, options)
        for path, key in zip(paths, keys, strict=True)
    ]
    old = [number for number, found in enumerate(known) if found is None]
    with Progress(sum(_blocks(paths[n]) for n in old), "building") as progress:
        printer = _Printer(paths, progress, known)
        if old:
            from .sheets import Task, do

            tasks = [Task(paths[n], out / paths[n].stem, kinds, style, check) for n in old]

            def finish(place: int, outcome: Outcome) -> None:
                task, number = tasks[place], old[place]
                if outcome.row:
                    noted = {"row": outcome.row, "problems": outcome.problems}
                    stamps.keep(task.folder, keys[number], options, outcome.files, noted)
                printer.done(number, outcome)

            work_on(tasks, do, jobs, lambda place, line: printer.line(old[place], line), finish)
    if printer.rows:
        print()
        print_table(_HEAD, [printer.rows[n] for n in sorted(printer.rows)])
    return printer.fine


def default_jobs() -> int:
    """As many as there are cores for this process."""
    count = getattr(os, "sched_getaffinity", None)
    return len(count(0)) if count else os.cpu_count() or 1


def _all_sheets() -> list[Path]:
    found = sorted(_FOLDER.glob("*.md"))
    if not found:
        raise SymbpttError(
            f"there are no worksheets in {_FOLDER}/", hint="name one: symbptt build SHEET.md"
        )
    return found


def _refuse_doubles(paths: Iterable[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        if path.stem in seen:
            other = seen[path.stem]
            raise SymbpttError(f"{other} and {path} would be written to the same directory")
        seen[path.stem] = path


def _refuse_unwritable(out: Path) -> None:
    """Says before anything is proved that the results could not be written."""
    place = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    if not place.is_dir():
        raise SymbpttError(f"{out}: cannot write there: {place.name} is a file")
    if not os.access(place, os.W_OK):
        raise SymbpttError(f"{out}: cannot write there: Permission denied")


def _blocks(path: Path) -> int:
    """How much there is to do, roughly: the blocks of a worksheet, and its report."""
    try:
        return len(_BLOCK.findall(path.read_bytes())) + 1
    except OSError:
        return 1


class _Printer:
    """Prints what happens in the order of the worksheets: what comes early waits."""

    def __init__(
        self, paths: Sequence[Path], progress: Progress, known: Sequence[dict[str, Any] | None]
    ) -> None:
        self.paths, self.progress = paths, progress
        self.rows: dict[int, tuple[str, ...]] = {}
        self.fine = True
        self._at = 0
        self._counted = dict.fromkeys(range(len(paths)), 0)
        self._waiting: list[list[str]] = [[f"{path}"] for path in paths]
        self._ended: dict[int, Outcome | None] = {}
        for number, noted in enumerate(known):
            if noted is not None:
                self._unchanged(number, noted)
        self._flush()

    def _unchanged(self, number: int, noted: dict[str, Any]) -> None:
        """A worksheet that need not be built; complaints about it are repeated."""
        *row, _, folder = noted["row"]
        self.rows[number] = (*row, "unchanged", folder)
        self._waiting[number] = [f"{self.paths[number]}: unchanged", *noted["problems"]]
        self._ended[number] = None

    def line(self, number: int, line: str) -> None:
        """A line about a worksheet that is being built."""
        self._counted[number] += 1
        self.progress.advance(1, self.paths[number].stem)
        self._waiting[number].append(line)
        self._flush()

    def done(self, number: int, outcome: Outcome) -> None:
        """The end of a worksheet."""
        self.progress.advance(max(0, _blocks(self.paths[number]) - self._counted[number]))
        self.fine = self.fine and outcome.fine
        if outcome.row:
            self.rows[number] = outcome.row
        self._ended[number] = outcome
        self._flush()

    def _flush(self) -> None:
        while self._at < len(self.paths):
            waiting = self._waiting[self._at]
            for line in waiting:
                self.progress.print(line)
            waiting.clear()
            if self._at not in self._ended:
                return
            self._end(self._ended[self._at])
            self._at += 1

    def _end(self, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        for line in outcome.said:
            self.progress.print(line)
        for problem in outcome.problems:
            self.progress.complain(problem)
        if outcome.error is not None:
            self.progress.complain(told(outcome.error))
