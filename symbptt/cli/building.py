"""symbptt build: worksheets to files, with a line for each statement and a table at the end."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

from symbptt.core.errors import SymbpttError
from symbptt.worksheet.build import KINDS, Built, build_sheet, differences, kind_of, make_texts
from symbptt.worksheet.reader import load_sheet
from symbptt.worksheet.run import Proved

from .tables import print_table

_FOLDER = Path("derivations")
_HEAD = ("worksheet", "statements", "steps", "modules", "report", "time", "written to")
_SHOWN = 60  # lines of a difference
_WIDE = 64


def kinds_of(only: str) -> tuple[str, ...]:
    """The kinds of files asked for; ValueError for an unknown one."""
    kinds = tuple(k.strip() for k in only.split(",") if k.strip()) or KINDS
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not one of {', '.join(KINDS)}")
    return kinds


def build_all(
    sheets: list[Path] | None, out: Path, kinds: tuple[str, ...], lang: str | None, check: bool
) -> bool:
    """Builds or checks every worksheet; False if one of them failed."""
    rows: list[tuple[str, ...]] = []
    fine = True
    paths = sheets or _all_sheets()
    _refuse_doubles(paths)
    for path in paths:
        start = perf_counter()
        try:
            print(f"{path}", flush=True)
            if check:
                fine = _check(path, out / path.stem, lang) and fine
            else:
                built = build_sheet(load_sheet(path), out / path.stem, kinds, lang, _progress)
                rows.append(_summary(built, out / path.stem, kinds, perf_counter() - start))
        except SymbpttError as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            fine = False
    if rows:
        print()
        print_table(_HEAD, rows)
    return fine


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


def _progress(proved: Proved) -> None:
    text = proved.derivation.headline
    shown = text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
    steps, ms = f"{proved.steps} steps", f"{1000 * proved.seconds:.0f} ms"
    print(f"  {proved.block.id:<16} {shown:<{_WIDE}}  proved  {steps:>9}  {ms:>7}", flush=True)


def _summary(built: Built, folder: Path, kinds: tuple[str, ...], seconds: float) -> tuple[str, ...]:
    run = built.run
    reports = [k for k in ("tex", "html") if k in kinds]
    if built.tex is not None:
        reports.append("pdf" if built.tex.pdf is not None else "no pdf: TeX is not installed")
    for problem in built.tex.problems if built.tex is not None else ():
        print(f"  TeX: {problem.text}", file=sys.stderr)
    steps = sum(p.steps for p in run.proved)
    modules = ", ".join(run.modules) if "py" in kinds else ""
    return (
        run.sheet.name, f"{len(run.proved)} proved", str(steps), modules or "-",
        ", ".join(reports) or "-", f"{seconds:.1f} s", f"{folder}/",
    )  # fmt: skip


def _check(path: Path, folder: Path, lang: str | None) -> bool:
    """Whether the directory holds what the worksheet gives; prints what differs."""
    built = make_texts(load_sheet(path), lang)
    found = differences(built, folder)
    for name, (old, new) in found.items():
        _print_difference(folder / name, old, new)
    if found:
        print(f"{folder}/ is out of date: run `symbptt build {path}`")
    else:
        print(f"{folder}/ is up to date")
    return not found


def _print_difference(path: Path, old: str | None, new: str | None) -> None:
    if old is None or new is None:
        print(f"{path}: {'missing' if old is None else 'no longer made'}")
        return
    if kind_of(path.name) == "html":  # fonts and formulas in long lines
        print(f"{path}: differs")
        return
    lines = list(difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{path}", f"{path} (now)", lineterm=""
    ))  # fmt: skip
    print("\n".join(line[:200] for line in lines[:_SHOWN]))
    if len(lines) > _SHOWN:
        print(f"... and {len(lines) - _SHOWN} more lines")
