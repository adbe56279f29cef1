"""From a .tex file to a .pdf, with latexmk, and what TeX complained about on the way.

The run happens in a temporary directory and the PDF is moved into place at the end, so a failed or
interrupted run leaves nothing behind. The clock is fixed: the same .tex gives the same bytes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

_MAGIC = re.compile(r"^%\s*!TEX program\s*=\s*(\w+)", re.MULTILINE)
_ENGINES = {"pdflatex": "-pdf", "xelatex": "-pdfxe"}
_FIXED_CLOCK = {
    "SOURCE_DATE_EPOCH": "946684800",  # 2000-01-01; TeX takes dates and file identifiers from it
    "FORCE_SOURCE_DATE": "1",
    "TZ": "UTC",
}

_BOX = re.compile(
    r"^(?P<kind>Overfull|Underfull) \\(?P<box>[hv]box) "
    r"\((?:(?P<points>[\d.]+)pt too (?:wide|high)|badness (?P<badness>\d+))\)"
    r"(?: .*?at lines? (?P<line>\d+))?"
)
_UNDEFINED = re.compile(
    r"^LaTeX Warning: (?:Reference|Citation) .*undefined.*?(?:input line (?P<line>\d+))?\.?$"
)
_MISSING = re.compile(r"^Missing character: (?P<text>There is no .*)$")
_ERROR = re.compile(r"^(?:! |[^\s:]+:\d+: )")


@dataclass(frozen=True)
class TexProblem:
    """One complaint of TeX: ``kind`` is overfull, underfull, undefined or missing-character.

    ``amount`` is in points for an overfull box and the badness for an underfull one.
    """

    kind: str
    text: str
    amount: float = 0.0
    line: int | None = None


@dataclass(frozen=True)
class TexResult:
    """What a run gave. Without TeX on the machine ``available`` is False and nothing was done."""

    available: bool
    pdf: Path | None = None
    problems: tuple[TexProblem, ...] = ()
    error: str = ""

    @property
    def ok(self) -> bool:
        """A PDF was made and TeX had nothing to complain about."""
        return self.pdf is not None and not self.problems


def engine_of(source: str) -> str:
    """The engine that a source asks for in its line ``% !TEX program = ...``; pdflatex if none."""
    match = _MAGIC.search(source)
    engine = match[1] if match else "pdflatex"
    return engine if engine in _ENGINES else "pdflatex"


def has_tex(engine: str = "pdflatex") -> bool:
    """Whether latexmk and the engine are installed."""
    return shutil.which("latexmk") is not None and shutil.which(engine) is not None


def compile_tex(
    tex: Path,
    pdf: Path | None = None,
    *,
    overfull: float = 0.1,
    badness: int = 10_000,
    timeout: float = 180.0,
) -> TexResult:
    """Compile ``tex`` to ``pdf`` (by default beside it); figures are looked for beside ``tex``.

    Boxes count as problems from ``overfull`` points and from ``badness`` on.
    """
    pdf = pdf or tex.with_suffix(".pdf")
    source = tex.read_text(encoding="utf-8")
    engine = engine_of(source)
    if not has_tex(engine):
        return TexResult(available=False)
    with tempfile.TemporaryDirectory(prefix="symbptt-tex-") as folder:
        directory = Path(folder)
        (directory / "report.tex").write_text(source, encoding="utf-8")
        error = _run(directory, engine, tex.resolve().parent, timeout)
        log = _log(directory)
        problems = tuple(find_problems(log, overfull=overfull, badness=badness))
        made = directory / "report.pdf"
        if error or not made.exists():
            return TexResult(True, None, problems, find_error(log) or error or "no PDF was made")
        _move_into_place(made, pdf)
    return TexResult(True, pdf, problems)


def _run(directory: Path, engine: str, figures: Path, timeout: float) -> str:
    """Run latexmk in a directory; what went wrong, or nothing. A time-out ends the whole group."""
    command = ["latexmk", "-norc", "-g", _ENGINES[engine], "-interaction=nonstopmode"]
    command += ["-halt-on-error", "-file-line-error", "-no-shell-escape", "report.tex"]
    environment = os.environ | _FIXED_CLOCK
    environment |= {"TEXINPUTS": f".:{figures}:", "max_print_line": "10000", "openout_any": "p"}
    with subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"TeX was stopped after {timeout:g} seconds"
        except BaseException:  # an interrupt of ours does not reach the new session by itself
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode == 0:
        return ""
    lines = output.decode("utf-8", errors="replace").strip().splitlines()
    return "\n".join(lines[-5:]) or f"latexmk ended with status {process.returncode}"


def _log(directory: Path) -> str:
    path = directory / "report.log"
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _move_into_place(made: Path, pdf: Path) -> None:
    """Copy beside the target, then rename: a reader sees the old file or the new one."""
    pdf.parent.mkdir(parents=True, exist_ok=True)
    beside = pdf.with_name(f".{pdf.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(made, beside)
        os.replace(beside, pdf)
    finally:
        beside.unlink(missing_ok=True)


def find_problems(log: str, *, overfull: float = 0.1, badness: int = 10_000) -> list[TexProblem]:
    """The complaints in the log of one run, in order and without repetitions."""
    found: dict[TexProblem, None] = {}
    for line in log.splitlines():
        if match := _BOX.match(line):
            wide = match["kind"] == "Overfull"
            amount = float(match["points"] or match["badness"] or 0)
            if amount >= (overfull if wide else badness):
                number = int(match["line"]) if match["line"] else None
                found[TexProblem(match["kind"].lower(), line, amount, number)] = None
        elif match := _UNDEFINED.match(line):
            number = int(match["line"]) if match["line"] else None
            found[TexProblem("undefined", line, line=number)] = None
        elif match := _MISSING.match(line):
            found[TexProblem("missing-character", match["text"])] = None
    return list(found)


def find_error(log: str) -> str:
    """The first error in a log with the lines that show its place."""
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if _ERROR.match(line):
            context = takewhile(lambda text: not text.startswith("Here is how"), lines[number:])
            return "\n".join(text for text in islice(context, 6) if text.strip())
    return ""
