"""TeX runs: what they make, what they report, and what they must not leave behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from symbptt.report import tex
from symbptt.report.tex import TexProblem, compile_tex, find_error, find_problems

needs_tex = pytest.mark.skipif(
    shutil.which("latexmk") is None or shutil.which("pdflatex") is None,
    reason="TeX is not installed",
)
needs_xetex = pytest.mark.skipif(
    shutil.which("latexmk") is None or shutil.which("xelatex") is None,
    reason="XeTeX is not installed",
)

ENGLISH = r"""\documentclass{article}
\usepackage{amsmath,hyperref}
\begin{document}
BODY
\end{document}
"""
CHINESE = r"""% !TEX program = xelatex
\documentclass[fontset=fandol]{ctexart}
\begin{document}
BODY
\end{document}
"""

LOG = r"""
Overfull \hbox (12.5pt too wide) in paragraph at lines 7--9
Overfull \hbox (0.04pt too wide) in paragraph at lines 10--11
Overfull \vbox (3.25pt too high) has occurred while \output is active []
Overfull \hbox (2.0pt too wide) detected at line 31
Underfull \hbox (badness 10000) in paragraph at lines 12--13
Underfull \vbox (badness 1348) has occurred while \output is active []
LaTeX Warning: Reference `eq:1' on page 1 undefined on input line 14.
LaTeX Warning: Citation `x' on page 1 undefined on input line 15.
LaTeX Warning: There were undefined references.
Missing character: There is no 中 in font ec-lmr10!
Missing character: There is no 中 in font ec-lmr10!
"""


def write(folder: Path, template: str, body: str) -> Path:
    path = folder / "sheet.tex"
    path.write_text(template.replace("BODY", body), encoding="utf-8")
    return path


def test_the_log_is_read() -> None:
    kinds = [(p.kind, p.amount, p.line) for p in find_problems(LOG)]
    assert kinds == [
        ("overfull", 12.5, 7),
        ("overfull", 3.25, None),
        ("overfull", 2.0, 31),
        ("underfull", 10000.0, 12),
        ("undefined", 0.0, 14),
        ("undefined", 0.0, 15),
        ("missing-character", 0.0, None),
    ]


def test_thresholds() -> None:
    assert len(find_problems(LOG, overfull=5, badness=1000)) == 1 + 2 + 3
    assert TexProblem("missing-character", "There is no 中 in font ec-lmr10!") in find_problems(LOG)
    assert find_problems("") == []


def test_the_first_error_is_quoted() -> None:
    log = "noise\n./report.tex:3: Undefined control sequence.\nl.3 \\foo\n\nHere is how much\nmore"
    assert find_error(log) == "./report.tex:3: Undefined control sequence.\nl.3 \\foo"
    assert find_error("all is well") == ""


def test_the_source_names_its_engine() -> None:
    assert tex.engine_of(CHINESE) == "xelatex"
    assert tex.engine_of(ENGLISH) == "pdflatex"
    assert tex.engine_of("% !TEX program = rm\n") == "pdflatex"


def test_without_tex_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    source = write(tmp_path, ENGLISH, "x")
    result = compile_tex(source)
    assert (result.available, result.pdf, result.ok) == (False, None, False)
    assert list(tmp_path.iterdir()) == [source]


@needs_tex
def test_a_good_source_gives_a_pdf_and_nothing_else(tmp_path: Path) -> None:
    result = compile_tex(write(tmp_path, ENGLISH, r"\section{A}\label{a} See \ref{a}: $x^2$."))
    assert result.ok
    assert result.pdf == tmp_path / "sheet.pdf"
    assert result.pdf.read_bytes().startswith(b"%PDF")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sheet.pdf", "sheet.tex"]


@needs_tex
def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    source = write(tmp_path, ENGLISH, r"\today, $x^2$")
    pdfs = [compile_tex(source, tmp_path / folder / "out.pdf").pdf for folder in ("a", "b")]
    first, second = (pdf.read_bytes() if pdf else b"" for pdf in pdfs)
    assert first == second != b""


@needs_xetex
def test_chinese_the_same_bytes_too(tmp_path: Path) -> None:
    source = write(tmp_path, CHINESE, "证明 $x^2$")
    pdfs = [compile_tex(source, tmp_path / folder / "out.pdf") for folder in ("a", "b")]
    assert all(result.ok for result in pdfs)
    first, second = (r.pdf.read_bytes() if r.pdf else b"" for r in pdfs)
    assert first == second != b""


@needs_tex
def test_an_error_leaves_the_old_pdf_alone(tmp_path: Path) -> None:
    source = write(tmp_path, ENGLISH, r"$\nosuchcommand$")
    (tmp_path / "sheet.pdf").write_bytes(b"old")
    result = compile_tex(source)
    assert result.available and not result.ok and result.pdf is None
    assert "Undefined control sequence" in result.error
    assert r"\nosuchcommand" in result.error
    assert (tmp_path / "sheet.pdf").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


@needs_tex
def test_problems_are_reported_with_the_pdf(tmp_path: Path) -> None:
    body = r"See \ref{nowhere}." + "\n\n" + r"\noindent\hbox to 40cm{wide\hfil}"
    result = compile_tex(write(tmp_path, ENGLISH, body))
    assert result.pdf is not None and not result.ok
    assert [p.kind for p in result.problems] == ["undefined", "overfull"]


@needs_tex
def test_a_run_without_end_is_stopped(tmp_path: Path) -> None:
    result = compile_tex(write(tmp_path, ENGLISH, r"\loop\iftrue\repeat"), timeout=3)
    assert result.pdf is None
    assert "stopped after 3 seconds" in result.error


@needs_tex
def test_the_shell_is_closed(tmp_path: Path) -> None:
    proof = tmp_path / "written"
    result = compile_tex(write(tmp_path, ENGLISH, rf"\immediate\write18{{touch {proof}}}x"))
    assert result.pdf is not None
    assert not proof.exists()
