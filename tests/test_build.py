"""Building: what is written, that it can be made again, and that a failure leaves nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symbptt.core.errors import ProofError, SymbpttError
from symbptt.report.tex import TexResult, has_tex
from symbptt.worksheet import build as building
from symbptt.worksheet import load_sheet, read_sheet, run
from symbptt.worksheet.build import build_sheet, differences, make_texts
from symbptt.worksheet.kinds import Style

ROOT = Path(__file__).parents[1]
HOMEWORK = ROOT / "derivations" / "homework3.md"
TEXTS = ("py", "json", "tex", "html", "md")
SMALL = """---
title: A layer
---

```{model} layer
x \\in \\mathbb{R}^d
y \\in \\mathbb{R}^n
y = \\sigma(W x)
```
```{derive} \\partial y/\\partial x
:id: jacobian
```
```{model} rnn
:extends: rnn
```
```{code} network
```
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.md"
    path.write_text(SMALL, encoding="utf-8")
    return path


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a directory, hidden ones too."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


# ---------------------------------------------------------------- what is written


def test_files(small: Path, tmp_path: Path) -> None:
    built = build_sheet(load_sheet(small), tmp_path / "out" / "small", TEXTS)
    names = {"network.py", "proofs/jacobian.json", "small.html", "small.md", "small.tex"}
    assert set(everything(tmp_path / "out" / "small")) == names == set(built.files)
    assert [p.block.id for p in built.run.proved] == ["jacobian"]
    assert not list((tmp_path / "out").glob(".*"))


def test_the_same_worksheet_gives_the_same_bytes(small: Path) -> None:
    assert make_texts(load_sheet(small)).files == make_texts(load_sheet(small)).files


def test_nothing_depends_on_where_the_project_lies(tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "small.md").write_text(SMALL, encoding="utf-8")
    sheets = [load_sheet(tmp_path / place / "small.md") for place in ("one", "two")]
    one, two = (make_texts(sheet).files for sheet in sheets)
    assert one == two
    assert not any(str(tmp_path) in text for text in one.values())


def test_what_is_committed_is_what_the_worksheet_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    built = make_texts(load_sheet(Path("derivations/homework3.md")))
    found = differences(built, ROOT / "generated" / "homework3")
    assert not found, f"{sorted(found)} differ: run `make` and look at the difference"


def test_proofs_are_accepted_in_a_process_without_the_calculus(tmp_path: Path) -> None:
    files = make_texts(load_sheet(HOMEWORK)).files
    proofs = {name: text for name, text in files.items() if name.startswith("proofs/")}
    for name, text in proofs.items():
        (tmp_path / Path(name).name).write_text(text, encoding="utf-8")
    program = (
        "import pathlib, sys\n"
        "from symbptt.proof.files import loads\n"
        "from symbptt.proof.kernel import check\n"
        "files = sorted(pathlib.Path(sys.argv[1]).glob('*.json'))\n"
        "for f in files: check(loads(f.read_text('utf-8')))\n"
        "assert not [m for m in sys.modules if m.startswith('symbptt.calculus')]\n"
        "print(len(files))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(proofs) >= 30


def test_only_some_kinds(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    build_sheet(load_sheet(small), folder, TEXTS)
    before = everything(folder)
    for name in ("network.py", "small.tex"):
        (folder / name).write_text("old", encoding="utf-8")
    build_sheet(load_sheet(small), folder, ("py",))
    after = everything(folder)
    assert after["network.py"] == before["network.py"]
    assert after["small.tex"] == b"old"


def test_a_full_build_removes_what_is_no_longer_made(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "gone.py").write_text("", encoding="utf-8")
    monkey = pytest.MonkeyPatch()
    with monkey.context() as m:
        m.setattr(building, "compile_tex", lambda *a: TexResult(available=False))
        build_sheet(load_sheet(small), folder)
    assert "gone.py" not in everything(folder)


def test_other_language(small: Path) -> None:
    files = make_texts(load_sheet(small), Style(lang="zh")).files
    assert "命题" in files["small.tex"] and "xelatex" in files["small.tex"]


@pytest.mark.slow
@pytest.mark.skipif(not has_tex(), reason="TeX is not installed")
def test_tex_has_nothing_to_complain_about(tmp_path: Path) -> None:
    built = build_sheet(load_sheet(HOMEWORK), tmp_path / "homework3")
    assert built.tex is not None and built.tex.problems == ()
    assert built.tex.pdf is not None and built.tex.pdf.stat().st_size > 100_000


# ---------------------------------------------------------------- differences


def test_differences_are_found(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    built = build_sheet(load_sheet(small), folder, TEXTS)
    assert differences(built, folder) == {}
    (folder / "network.py").write_text("changed", encoding="utf-8")
    (folder / "small.html").unlink()
    (folder / "extra.json").write_text("{}", encoding="utf-8")
    (folder / "small.pdf").write_bytes(b"not compared")
    found = differences(built, folder)
    assert list(found) == ["extra.json", "network.py", "small.html"]
    assert found["extra.json"] == ("{}", None)
    assert found["small.html"][0] is None


def test_everything_differs_from_nothing(small: Path, tmp_path: Path) -> None:
    built = make_texts(load_sheet(small))
    assert set(differences(built, tmp_path / "none")) == set(built.files)


# ---------------------------------------------------------------- failures


def fail(*_: object, **__: object) -> None:
    raise SymbpttError("made to fail")


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["to_html", "to_tex", "run_sheet", "_install"])
@pytest.mark.parametrize("way", [fail, interrupt])
def test_a_failure_leaves_everything_as_it_was(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, way: object
) -> None:
    folder = tmp_path / "out" / "small"
    build_sheet(load_sheet(small), folder, TEXTS)
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    before = everything(tmp_path / "out")
    monkeypatch.setattr(building, name, way)
    with pytest.raises((SymbpttError, KeyboardInterrupt)):
        build_sheet(load_sheet(small), folder, TEXTS)
    assert everything(tmp_path / "out") == before


def test_tex_that_fails_leaves_everything_as_it_was(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = TexResult(available=True, error="! Undefined control sequence.")
    monkeypatch.setattr(building, "compile_tex", lambda *a: refused)
    with pytest.raises(SymbpttError, match="Undefined control sequence"):
        build_sheet(load_sheet(small), tmp_path / "out" / "small")
    assert everything(tmp_path / "out") == {}


def test_a_proof_that_the_kernel_refuses_is_not_written(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel sees the very text that would be written."""
    right = run.dumps

    def wrong(development: object) -> str:
        data = json.loads(right(development))  # type: ignore[arg-type]
        data["theorems"][0]["proof"]["steps"].pop(0)
        return json.dumps(data)

    monkeypatch.setattr(run, "dumps", wrong)
    with pytest.raises(ProofError):
        build_sheet(load_sheet(small), tmp_path / "out" / "small", TEXTS)
    assert not (tmp_path / "out").exists()


def test_the_last_statement_fails(tmp_path: Path) -> None:
    last = "```{derive} \\partial y/\\partial z\n:model: layer\n```\n"
    sheet = read_sheet(SMALL + last, "s", "s.md")
    with pytest.raises(SymbpttError):
        build_sheet(sheet, tmp_path / "out" / "s", TEXTS)
    assert not (tmp_path / "out").exists()


def test_a_pdf_survives_where_there_is_no_tex(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "compile_tex", lambda *a: TexResult(available=False))
    folder = tmp_path / "out"
    build_sheet(load_sheet(small), folder)
    (folder / "small.pdf").write_bytes(b"the pdf")
    build_sheet(load_sheet(small), folder)
    assert everything(folder)["small.pdf"] == b"the pdf"
    small.write_text(SMALL.replace("A layer", "Another title"), encoding="utf-8")
    build_sheet(load_sheet(small), folder)
    assert "small.pdf" not in everything(folder)  # it would show another text


def test_where_nothing_can_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "small"):
        with pytest.raises(SymbpttError):
            build_sheet(load_sheet(small), folder, TEXTS)
    assert (tmp_path / "file").read_text(encoding="utf-8") == ""
    shutil.rmtree(tmp_path, ignore_errors=True)
