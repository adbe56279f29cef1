"""Building what has changed, several worksheets at once, with the same output in any case."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symbptt.cli import building
from symbptt.cli.building import build_all
from symbptt.core.errors import SymbpttError
from symbptt.worksheet import stamps
from symbptt.worksheet.kinds import Style
from symbptt.worksheet.parallel import work_on

ROOT = Path(__file__).parents[1]
KINDS = ("py", "json", "tex", "html")
SHEET = """---
title: {name}
---
```{{model}} layer
x \\in \\mathbb{{R}}^d
y = \\sigma({name} x)
```
```{{derive}} \\partial y/\\partial x
:id: jacobian
```
"""


@pytest.fixture
def sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three worksheets in a directory of their own."""
    monkeypatch.chdir(tmp_path)
    paths = [Path(f"{name}.md") for name in "UVW"]
    for path in paths:
        path.write_text(SHEET.format(name=path.stem), encoding="utf-8")
    return paths


@pytest.fixture
def build(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Builds; what was printed, without times."""

    def run(sheets: list[Path], *, jobs: int = 1, **options: Any) -> str:
        kinds, lang = options.pop("kinds", KINDS), options.pop("lang", None)
        check, force = options.pop("check", False), options.pop("force", False)
        fine = build_all(sheets, Path("out"), kinds, Style(lang=lang), check, jobs, force)
        seen = capsys.readouterr()
        assert fine is not bool(options.pop("fails", False)), seen.err
        lines = [line.partition("  proved  ")[0].rstrip() for line in seen.out.splitlines()]
        return "\n".join(lines) + seen.err

    return run


def written() -> dict[str, int]:
    """When each result was written."""
    files = (p for p in Path("out").rglob("*") if p.is_file())
    return {str(p): p.stat().st_mtime_ns for p in files}


# ---------------------------------------------------------------- what is built again


def test_what_has_not_changed_is_not_built_again(
    sheets: list[Path], build: Callable[..., str]
) -> None:
    first = build(sheets)
    assert "unchanged" not in first and first.count("∂y/∂x") == 3
    before = written()
    second = build(sheets)
    assert [line for line in second.splitlines() if line.endswith(": unchanged")] == [
        "U.md: unchanged", "V.md: unchanged", "W.md: unchanged",
    ]  # fmt: skip
    assert second.count("1 proved") == 3  # the table says what there is all the same
    assert written() == before

    sheets[1].write_text(SHEET.format(name="A"), encoding="utf-8")
    third = build(sheets)
    assert third.count(": unchanged") == 2 and "∂y/∂x = diag(σ'(a)) A" in third
    changed = {name for name, when in written().items() if before[name] != when}
    assert changed == {name for name in before if name.startswith(os.path.join("out", "V"))}

    assert "unchanged" not in build(sheets, force=True)


@pytest.mark.parametrize("way", ["edited", "removed", "emptied"])
def test_results_that_were_touched_are_made_again(
    sheets: list[Path], build: Callable[..., str], way: str
) -> None:
    build(sheets[:1])
    tex = Path("out/U/U.tex")
    text = tex.read_text(encoding="utf-8")
    if way == "removed":
        tex.unlink()
    else:
        tex.write_text("" if way == "emptied" else f"{text}%", encoding="utf-8")
    assert "unchanged" not in build(sheets[:1])
    assert tex.read_text(encoding="utf-8") == text
    assert "unchanged" in build(sheets[:1])


def test_what_a_build_depends_on(
    sheets: list[Path], build: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options, the sources of the package, the libraries, TeX, the place, and the text."""
    options = (KINDS, Style())
    key = stamps.key_of(sheets[0], options)
    assert key == stamps.key_of(sheets[0], options)
    assert key != stamps.key_of(sheets[0], (KINDS, Style(lang="zh")))
    assert key != stamps.key_of(sheets[0], (("tex",), Style()))
    assert key != stamps.key_of(sheets[0].absolute(), options)  # reports name the worksheet
    assert stamps.key_of(Path("missing.md"), options) is None
    for name, value in (("_tex", lambda: [False]), ("_versions", lambda: [("sympy", "0")])):
        with monkeypatch.context() as patch:
            patch.setattr(stamps, name, value)
            stamps.machinery.cache_clear()
            assert stamps.key_of(sheets[0], options) != key
    stamps.machinery.cache_clear()
    package = Path("package")
    package.mkdir()
    monkeypatch.setattr(stamps, "_PACKAGE", package)
    digests = set()
    for text in ("a = 1", "a = 2"):
        (package / "rule.py").write_text(text, encoding="utf-8")
        stamps.machinery.cache_clear()
        digests.add(stamps.machinery())
    stamps.machinery.cache_clear()
    assert len(digests) == 2


def test_a_check_trusts_no_notes(sheets: list[Path], build: Callable[..., str]) -> None:
    """Stamps that call wrong results fresh deceive a build, and not a check."""
    build(sheets[:1])
    html = Path("out/U/U.html")
    html.write_text("<p>wrong</p>", encoding="utf-8")
    key = stamps.key_of(sheets[0], (KINDS, Style()))
    files = [p.relative_to("out/U").as_posix() for p in Path("out/U").rglob("*.*")]
    noted = {"row": ("U", "1 proved", "4", "-", "html", "0 s", "out/U/"), "problems": []}
    stamps.Stamps().keep(Path("out/U"), key, (KINDS, Style()), files, noted)
    assert "unchanged" in build(sheets[:1])
    assert "out of date" in build(sheets[:1], check=True, kinds=KINDS, fails=True)


def test_notes_that_cannot_be_read_or_written_do_no_harm(
    sheets: list[Path], build: Callable[..., str]
) -> None:
    Path(".symbptt-cache").write_text("a file", encoding="utf-8")
    build(sheets[:1])
    assert "unchanged" not in build(sheets[:1])
    Path(".symbptt-cache").unlink()
    build(sheets[:1])
    for note in Path(".symbptt-cache").glob("*.json"):
        note.write_text("[1", encoding="utf-8")
    assert "unchanged" not in build(sheets[:1])
    assert Path(".symbptt-cache/.gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_worksheet_that_fails_is_tried_again(
    sheets: list[Path], build: Callable[..., str]
) -> None:
    sheets[0].write_text("```{model} m\nh_t = (\n```\n", encoding="utf-8")
    for _ in range(2):
        assert "error: U.md:2:" in build(sheets, fails=True)


def test_that_nothing_has_changed_is_seen_without_sympy(sheets: list[Path]) -> None:
    program = (
        "import sys; sys.argv = ['symbptt', 'build', 'U.md', '--only', 'tex', '--out', 'out']\n"
        "from symbptt.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'sympy', 'numpy', 'jinja2'} & set(sys.modules)), file=sys.stderr)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    seen = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                           env=env).stderr.strip() for _ in range(2)]  # fmt: skip
    assert seen == ["['jinja2', 'numpy', 'sympy']", "[]"]


# ---------------------------------------------------------------- several at once


def test_the_output_is_that_of_one_after_the_other(
    sheets: list[Path], build: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    sheets[1].write_text("```{model} m\nh_t = (\n```\n", encoding="utf-8")
    one = build(sheets, force=True, fails=True)
    results = {name: Path(name).read_bytes() for name in written()}
    two = build(sheets, jobs=2, force=True, fails=True)
    assert {name: Path(name).read_bytes() for name in written()} == results

    def timeless(text: str) -> list[str]:
        return [" ".join(w for w in line.split() if not w[0].isdigit() and w != "s")
                for line in text.splitlines()]  # fmt: skip

    assert timeless(two) == timeless(one)
    assert one.index("U.md") < one.index("V.md") < one.index("W.md")


def _slow_first(task: int, tell: Callable[[str], None]) -> int:
    time.sleep(0.3 if task == 0 else 0)
    tell(f"told of {task}")
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == 4:
        raise SymbpttError("wrong")
    return task * task


def _process(task: int, tell: Callable[[str], None]) -> int:
    return os.getpid()


def test_results_come_with_their_tasks() -> None:
    told: list[tuple[int, str]] = []
    done: list[tuple[int, int]] = []
    work_on([0, 1, 2], _slow_first, 2, lambda *x: told.append(x), lambda *x: done.append(x))
    assert sorted(told) == [(n, f"told of {n}") for n in range(3)]
    assert sorted(done) == [(0, 0), (1, 1), (2, 4)] and done[-1] == (0, 0)
    found: list[int] = []
    work_on([0], _process, 2, lambda *_: None, lambda _, x: found.append(x))
    assert found == [os.getpid()]  # no process for one task


def test_a_process_that_dies_and_an_exception_end_the_work() -> None:
    for task, words in ((3, "died"), (4, "wrong")):
        with pytest.raises(SymbpttError, match=words):
            work_on([0, task], _slow_first, 2, lambda *_: None, lambda *_: None)


@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_an_interrupt_leaves_nothing_behind(
    sheets: list[Path], send: Callable[[int, int], None]
) -> None:
    """Of the first process or, as by Control-C, of all: no result, no process, no traceback."""
    long = [str(ROOT / "derivations" / f"{n}.md") for n in ("lstm", "memory")]
    process = subprocess.Popen(
        [sys.executable, "-m", "symbptt.cli", "build", *long, "--out", "out", "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # in background jobs too
    )  # fmt: skip
    assert process.stdout is not None
    while " proved " not in process.stdout.readline():
        pass
    send(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert not [p for p in Path("out").rglob("*")]


def test_how_many_at_once() -> None:
    assert 1 <= building.default_jobs() <= (os.cpu_count() or 1)
