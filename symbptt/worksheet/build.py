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
from symbptt.report.document import Document, Picture
from symbptt.report.pictures import alone
from symbptt.report.render import to_html, to_markdown, to_tex
from symbptt.report.tex import TexResult, compile_tex
from symbptt.report.walking import walk

from .kinds import KINDS, TEXTS, Style, kind_of, name_of, other_kind
from .report import report
from .run import Progress, Run, run_sheet
from .sheet import Sheet

_AS_WRITTEN = Style()
_DRAWING = re.compile(r"<svg data-plot.*?</svg>", re.DOTALL)


@dataclass(frozen=True)
class Built:
    """What was made: files with their texts, the name of the printed ones, what TeX said."""

    run: Run
    files: dict[str, str]
    name: str
    tex: TexResult | None = None


def make_texts(
    sheet: Sheet, style: Style = _AS_WRITTEN, progress: Progress = lambda _: None
) -> Built:
    """The texts of all files of a worksheet by their names in its directory, nothing written."""
    run = run_sheet(sheet, progress)
    document = report(run, style)
    pictures = _pictures(document, run)
    name = name_of(sheet.name, document.kind)
    files = {
        f"{name}.tex": to_tex(document),
        f"{name}.html": to_html(document),
        f"{name}.md": to_markdown(document, pictures),
        **run.files,
    }
    return Built(run, dict(sorted(files.items())), name)


def _pictures(document: Document, run: Run) -> dict[str, str]:
    """The files of the pictures, for what cannot hold them itself; they join the assets."""
    names: dict[str, str] = {}
    for item in walk(document.blocks):
        if isinstance(item, Picture):
            names[item.svg] = f"figures/{item.name or f'picture-{len(names) + 1}'}.svg"
            run.assets[names[item.svg]] = alone(item.svg).encode()
    return names


def build_sheet(
    sheet: Sheet,
    folder: Path,
    only: tuple[str, ...] = KINDS,
    style: Style = _AS_WRITTEN,
    progress: Progress = lambda _: None,
) -> Built:
    """Writes the files of a worksheet of the kinds in ``only`` into ``folder``.

    Raises SymbpttError, with ``folder`` as it was, where anything goes wrong.
    """
    built = make_texts(sheet, style, progress)
    with _staging(folder) as stage:
        for name, text in built.files.items():
            if kind_of(name) in only:
                place = stage / name
                place.parent.mkdir(exist_ok=True)
                place.write_text(text, encoding="utf-8", newline="\n")
        if {"tex", "md", "pdf"} & {*only}:
            _write_assets(built.run, stage)
        tex = _pdf(built, stage, folder) if "pdf" in only else None
        whole = set(only) >= set(KINDS) and built.name == sheet.name
        if whole:
            _keep_others(folder, stage, sheet.name)
        _install(stage, folder, whole)
    if tex is not None and tex.pdf is not None:
        tex = replace(tex, pdf=folder / tex.pdf.name)
    return Built(built.run, built.files, built.name, tex)


def _pdf(built: Built, stage: Path, folder: Path) -> TexResult:
    """The PDF; where there is no TeX, that of an earlier build if its text was the same."""
    name = built.name
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


def _keep_others(folder: Path, stage: Path, name: str) -> None:
    """Slides and the like were asked for by themselves: a build of the report leaves them."""
    for file in sorted(folder.glob("*")) if folder.is_dir() else ():
        if other_kind(file.name, name):
            shutil.copyfile(file, stage / file.name)


def _install(stage: Path, folder: Path, whole: bool) -> None:
    """Moves the finished files into place; a build of everything replaces the directory."""
    if folder.exists() and not folder.is_dir():
        raise SymbpttError(f"{folder} is a file; the worksheet's directory is to stand there")
    if not whole and folder.exists():
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
    """The text files that differ from those in the directory: (there, here); None if missing.

    What reports of other kinds stand there is not their concern.
    """
    out: dict[str, tuple[str | None, str | None]] = {}
    there = {
        p.relative_to(folder).as_posix(): p
        for p in sorted(folder.rglob("*")) if p.is_file() and kind_of(p.name) in TEXTS
    } if folder.is_dir() else {}  # fmt: skip
    sheet = built.run.sheet.name
    beside = {name for name in there if other_kind(name, sheet)} if built.name == sheet else there
    for name in sorted({*built.files, *(there.keys() - beside)}):
        old = there[name].read_text(encoding="utf-8", errors="replace") if name in there else None
        new = built.files.get(name)
        if _comparable(old) != _comparable(new):
            out[name] = (old, new)
    return out


def _comparable(text: str | None) -> str | None:
    """A text without drawings: how a library draws may change, and the numbers are in a file."""
    return text and _DRAWING.sub("", text)
