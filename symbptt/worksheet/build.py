"""Building a worksheet: files are made in a temporary directory and moved into place at the end.

What is written depends only on the worksheet and the version, except the PDF.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from symbptt.core.errors import SymbpttError
from symbptt.report.render import to_html, to_tex
from symbptt.report.tex import TexResult, compile_tex

from .report import report
from .run import Progress, Run, run_sheet
from .sheet import Sheet

KINDS = ("py", "json", "tex", "html", "pdf")
TEXTS = ("py", "json", "tex", "html")
_DRAWING = re.compile(r"<svg data-plot.*?</svg>", re.DOTALL)


@dataclass(frozen=True)
class Built:
    """What was made: file names with their texts, and what TeX said."""

    run: Run
    files: dict[str, str]
    tex: TexResult | None = None


def make_texts(sheet: Sheet, lang: str | None = None, progress: Progress = lambda _: None) -> Built:
    """The texts of all files of a worksheet by their names in its directory, nothing written."""
    run = run_sheet(sheet, progress)
    document = report(run, lang)
    files = {
        f"{sheet.name}.tex": to_tex(document),
        f"{sheet.name}.html": to_html(document),
        **run.files,
    }
    return Built(run, dict(sorted(files.items())))


def build_sheet(
    sheet: Sheet,
    folder: Path,
    only: tuple[str, ...] = KINDS,
    lang: str | None = None,
    progress: Progress = lambda _: None,
) -> Built:
    """Writes the files of a worksheet of the kinds in ``only`` into ``folder``.

    Raises SymbpttError, with ``folder`` as it was, where anything goes wrong.
    """
    built = make_texts(sheet, lang, progress)
    with _staging(folder) as stage:
        for name, text in built.files.items():
            if kind_of(name) in only:
                place = stage / name
                place.parent.mkdir(exist_ok=True)
                place.write_text(text, encoding="utf-8", newline="\n")
        if {"tex", "pdf"} & {*only}:
            _write_assets(built.run, stage)
        tex = _pdf(built, stage, folder) if "pdf" in only else None
        _install(stage, folder, only)
    if tex is not None and tex.pdf is not None:
        tex = replace(tex, pdf=folder / tex.pdf.name)
    return Built(built.run, built.files, tex)


def kind_of(name: str) -> str:
    """The kind of a file: the end of its name."""
    return name.rpartition(".")[2]


def _pdf(built: Built, stage: Path, folder: Path) -> TexResult:
    """The PDF; where there is no TeX, that of an earlier build if its text was the same."""
    name = built.run.sheet.name
    text = built.files[f"{name}.tex"]
    with tempfile.TemporaryDirectory(prefix="symbptt-") as place:
        source = Path(place) / f"{name}.tex"
        source.write_text(text, encoding="utf-8", newline="\n")
        _write_assets(built.run, Path(place))
        result = compile_tex(source, stage / f"{name}.pdf")
    if result.error:
        raise SymbpttError(f"TeX refuses the report of {built.run.sheet.path}:\n{result.error}")
    old, before = folder / f"{name}.pdf", folder / f"{name}.tex"
    unchanged = before.exists() and before.read_text(encoding="utf-8") == text
    if not result.available and old.exists() and unchanged:
        shutil.copyfile(old, stage / old.name)
    return result


def _write_assets(run: Run, folder: Path) -> None:
    """The pictures that the LaTeX source includes, beside it."""
    for name, data in run.assets.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A directory beside the target, gone afterwards."""
    parent = folder.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
    except OSError as error:
        raise SymbpttError(f"{parent}: cannot write there: {error.strerror}") from error
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _install(stage: Path, folder: Path, only: tuple[str, ...]) -> None:
    """Moves the finished files into place; a build of everything replaces the directory."""
    if folder.exists() and not folder.is_dir():
        raise SymbpttError(f"{folder} is a file; the worksheet's directory is to stand there")
    if set(only) < set(KINDS) and folder.exists():
        for file in sorted(p for p in stage.rglob("*") if p.is_file()):
            target = folder / file.relative_to(stage)
            target.parent.mkdir(exist_ok=True)
            os.replace(file, target)
        return
    os.chmod(stage, 0o755)
    aside = stage.with_name(f"{stage.name}.old")
    if folder.exists():
        os.replace(folder, aside)
    os.replace(stage, folder)
    shutil.rmtree(aside, ignore_errors=True)


def differences(built: Built, folder: Path) -> dict[str, tuple[str | None, str | None]]:
    """The text files that differ from those in the directory: (there, here); None if missing."""
    out: dict[str, tuple[str | None, str | None]] = {}
    there = {
        p.relative_to(folder).as_posix(): p
        for p in sorted(folder.rglob("*")) if p.is_file() and kind_of(p.name) in TEXTS
    } if folder.is_dir() else {}  # fmt: skip
    for name in sorted({*there, *built.files}):
        old = there[name].read_text(encoding="utf-8", errors="replace") if name in there else None
        new = built.files.get(name)
        if _comparable(old) != _comparable(new):
            out[name] = (old, new)
    return out


def _comparable(text: str | None) -> str | None:
    """A text without drawings: how a library draws may change, and the numbers are in a file."""
    return text and _DRAWING.sub("", text)
