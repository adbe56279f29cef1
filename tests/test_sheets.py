"""The worksheets of the project: every built-in model has its place, and all of them build."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest

from symbptt.core.errors import ReadError
from symbptt.models.builtin import builtins
from symbptt.report.document import Document, ProofLine, SymbolsTable, Table, TheoremBlock
from symbptt.report.katex_render import width
from symbptt.report.stacking import stacked
from symbptt.report.tex_chain import display
from symbptt.worksheet import load_sheet, read_sheet
from symbptt.worksheet.report import report
from symbptt.worksheet.run import Run, run_sheet

ROOT = Path(__file__).parents[1]
SHEETS = sorted(path.stem for path in (ROOT / "derivations").glob("*.md"))
SMALL = "```{derive} \\nabla_\\theta L\n:model: rnn\n:id: all\n%s```\n"


@lru_cache
def run(name: str) -> Run:
    return run_sheet(load_sheet(ROOT / "derivations" / f"{name}.md"))


def small(options: str) -> Document:
    return report(run_sheet(read_sheet(SMALL % options, "small")))


@pytest.mark.parametrize("name", SHEETS)
def test_every_statement_is_proved_and_committed(name: str) -> None:
    made, folder = run(name), ROOT / "generated" / name
    assert made.proved
    for p in made.proved:
        committed = (folder / "proofs" / f"{p.block.id}.json").read_text(encoding="utf-8")
        assert committed == p.proof, f"{name}: the proof of {p.block.id} is another one: run `make`"
    kinds = {path.suffix for path in folder.iterdir()}
    assert {".tex", ".html", ".pdf"} <= kinds


def test_every_model_has_its_place() -> None:
    """Under its own name, or as a model of the worksheet with the same equations."""
    shown = [model for name in SHEETS for model in run(name).models.values()]
    names = {model.name for model in shown}
    missing = [name for name in builtins() if name not in names]
    assert not missing, f"no worksheet shows {', '.join(missing)}"


@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="poppler is not installed")
def test_no_report_is_too_long() -> None:
    """They are committed, and somebody is to read them."""
    for name in SHEETS:
        pdf = ROOT / "generated" / name / f"{name}.pdf"
        told = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True)
        (pages,) = re.findall(r"^Pages:\s+(\d+)$", told.stdout, re.MULTILINE)
        assert int(pages) <= 30, name
        assert pdf.stat().st_size < 600_000, name


@pytest.mark.parametrize("name", SHEETS)
def test_nothing_raw_is_in_a_page(name: str) -> None:
    """Formulas are typeset, and no slot of a sentence is left open."""
    page = (ROOT / "generated" / name / f"{name}.html").read_text(encoding="utf-8")
    bare = re.sub(r"<(style|script|svg|annotation|code|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]*>", "", bare))
    assert not re.findall(r"\\[A-Za-z]+|\$|\{[a-z_]+\}", text), name


def test_proofs_in_their_files_only() -> None:
    full, brief = small(""), small(":proof: file\n")
    proved = [b for b in full.blocks if isinstance(b, TheoremBlock) and b.proof]
    assert len(proved) >= 4
    assert not [b for b in brief.blocks if isinstance(b, TheoremBlock) and b.proof]
    tables = [[b for b in d.blocks if isinstance(b, Table)] for d in (full, brief)]
    assert [len(t[0].rows) for t in tables] == [3, 3]
    assert [len(t[0].head) for t in tables] == [5, 4]  # no theorem is there to be named
    assert "proofs/all.json" in str(brief.blocks[-1])
    assert "proofs/all.json" not in str(full.blocks[-1])


def test_what_a_proof_may_be() -> None:
    with pytest.raises(ReadError, match="report, file"):
        small(":proof: no\n")


def test_symbols_of_one_kind_share_a_row() -> None:
    telling = report(run("lstm"))
    table = next(b for b in telling.blocks if isinstance(b, SymbolsTable))
    assert "W_{f}, W_{i}, W_{o}, W_{c}" in [row.latex for row in table.rows]
    meanings = [(row.meaning, row.shape) for row in table.rows]
    assert len(set(meanings)) == len(meanings)


def test_no_line_of_half_a_page_within_a_computation() -> None:
    """Only the last line of a chain may be that long: it is what the chain is about."""
    for block in report(run("lstm")).blocks:
        if isinstance(block, TheoremBlock):
            for line, following in pairwise(block.proof):
                if isinstance(line, ProofLine) and isinstance(following, ProofLine):
                    assert len(line.latex) < 1800 or not following.relation, line.latex


def test_wide_matrices_stay_readable() -> None:
    """An entry that is a sum goes on several lines before anything is made smaller."""
    wide = r"\begin{bmatrix} A & B + C \\ D & E \end{bmatrix}"
    assert stacked(wide).count("gathered") == 2
    assert r"B \\ {}+ C" in stacked(wide)
    assert stacked(r"\frac{a + b}{c} + d") == r"\frac{a + b}{c} + d"
    long = " + ".join([r"\operatorname{diag}(a \odot b \odot c) W"] * 6)
    formula = rf"\begin{{bmatrix}} {long} & x \end{{bmatrix}}"
    assert width(formula) > 38 > width(stacked(formula))
    assert "shrink" not in display(formula, 38.0)
