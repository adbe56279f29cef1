"""The command line as a user meets it: a process, its output, its exit status, what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from symbptt.cli.building import build_all
from symbptt.worksheet.build import KINDS

ROOT = Path(__file__).parents[1]
LAYER = "x \\in \\mathbb{R}^d\ny \\in \\mathbb{R}^n\ny = \\sigma(W x)\n"
RNN = "x_t \\in \\mathbb{R}^d\nh_t \\in \\mathbb{R}^n\n"
SHEET = f"""```{{model}} layer
{LAYER}```
```{{derive}} \\partial y/\\partial x
:id: jacobian
```
"""


def symbptt(*arguments: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
    """Runs the command; the output is text."""
    return subprocess.run(
        [sys.executable, "-m", "symbptt.cli", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )  # fmt: skip


# ---------------------------------------------------------------- derive


def test_derive_prints_one_line() -> None:
    done = symbptt("derive", "dL/dW", "--model", "rnn")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == "∇_W L = Σ_{t=1}^{T} (δ_t ⊙ σ'(a_t)) h_{t-1}ᵀ\n"


def test_derive_steps() -> None:
    done = symbptt("derive", r"\partial h_t/\partial h_{t-1}", "--model", "rnn", "--steps")
    assert done.returncode == 0
    lines = done.stdout.split("\n")
    (line,) = [x for x in lines if x.startswith("        = σ'(a_t) ⊙ d(a_t)")]
    assert line.endswith("[chain rule]")
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in done.stdout


def test_derive_latex() -> None:
    options = ("--model", "rnn", "--form", "expanded", "--T", "2", "--latex")
    plain = symbptt("derive", "dL/dW", *options)
    assert plain.stdout.startswith(r"\frac{\partial L}{\partial \operatorname{vec} W} = ")
    assert plain.stdout.count("\n") == 1
    steps = symbptt("derive", "dy/dx", "--model", "layer", "--latex", "--steps")
    assert r"= \sigma'(a) \odot \mathrm{d}a  % chain rule" in steps.stdout


def test_derive_json() -> None:
    done = symbptt("derive", "dL/dW", "--model", "rnn", "--form", "adjoint", "--json")
    data = json.loads(done.stdout)
    assert list(data) == ["quantity", "form", "T", "layout", "result", "theorems", "proof"]
    assert data["form"] == "adjoint" and data["quantity"] == r"\nabla_{W} L"
    assert set(data["result"]) == {"latex", "text"}
    assert [t["id"] for t in data["theorems"]][-1] == "grad:W:gradient"
    assert data["proof"]["format"] == "symbptt-proof"


def test_derive_from_a_file_and_a_worksheet(tmp_path: Path) -> None:
    (tmp_path / "layer.txt").write_text(LAYER, encoding="utf-8")
    (tmp_path / "sheet.md").write_text(SHEET, encoding="utf-8")
    for model in ("layer.txt", "sheet.md", "sheet.md#layer", "layer"):
        done = symbptt("derive", "dy/dx", "--model", model, cwd=tmp_path)
        assert done.stdout == "∂y/∂x = diag(σ'(a)) W\n", done.stderr
    done = symbptt("derive", "dy/dx", "--model", "sheet.md#other", cwd=tmp_path)
    assert done.returncode == 1 and "sheet.md#layer" in done.stderr


def test_derive_in_denominator_layout() -> None:
    done = symbptt("derive", "dy/dx", "--model", "layer", "--layout", "denominator")
    assert done.stdout == "∂y/∂x = Wᵀ diag(σ'(a))\n"


def test_a_terminal_that_has_only_ascii() -> None:
    done = symbptt("derive", "dy/dx", "--model", "layer", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout == "?y/?x = diag(?'(a)) W\n"


def test_a_reader_that_goes_away() -> None:
    command = f"{sys.executable} -m symbptt.cli rules | head -n 1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.count("\n") == 1 and done.stderr == ""


# ---------------------------------------------------------------- tables, help, usage


def test_models_and_rules() -> None:
    models = symbptt("models").stdout
    assert models.split("\n")[0].split() == ["model", "what", "it", "is", "source"]
    assert any(line.startswith("rnn ") for line in models.split("\n"))
    rules = symbptt("rules").stdout
    assert "d(A C) = d(A) C + A d(C)" in rules
    assert "product-last" in rules and "a ≤ b" in rules


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    before = getrusage(RUSAGE_CHILDREN).ru_utime
    done = symbptt("--help")
    assert getrusage(RUSAGE_CHILDREN).ru_utime - before < 0.25
    assert done.returncode == 0
    for command in ("build", "derive", "models", "rules"):
        assert f"\n  {command} " in done.stdout
    program = (
        "import sys; sys.argv = ['symbptt', '--help']\n"
        "from symbptt.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'sympy', 'numpy', 'jinja2', 'markdown_it', 'yaml', 'rich', 'quickjs'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr.strip() == "[]"


def test_derive_does_not_load_what_only_building_needs() -> None:
    program = (
        "import sys; sys.argv = ['symbptt', 'derive', 'dL/dW', '--model', 'rnn', '--steps']\n"
        "from symbptt.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'jinja2', 'markdown_it', 'yaml', 'rich', 'quickjs', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr.strip() == "[]"


def test_version() -> None:
    assert symbptt("--version").stdout.startswith("symbptt ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("derive",),
        ("derive", "dL/dW"),
        ("derive", "dL/dW", "--model"),
        ("derive", "dL/dW", "--model", "rnn", "--form", "wrong"),
        ("derive", "dL/dW", "--model", "rnn", "--T", "0"),
        ("derive", "dL/dW", "--model", "rnn", "--T", "three"),
        ("derive", "dL/dW", "--model", "rnn", "--latex", "--json"),
        ("derive", "dL/dW", "--model", "rnn", "--layout", "odd"),
        ("build", "--only", "docx"),
        ("build", "--lang", "fr"),
        ("build", "--nonsense"),
        ("nonsense",),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = symbptt(*arguments)
    assert done.returncode == 2
    assert done.stderr and "Traceback" not in done.stderr


# ---------------------------------------------------------------- bad input

BAD_MODELS = {
    "shapes": (RNN + "U \\in \\mathbb{R}^{d \\times n}\nh_t = W h_{t-1} + U x_t\n", "d x n"),
    "function": ("x \\in \\mathbb{R}^d\ny = \\operatorname{foo}(W x)\n", "foo"),
    "twice": (RNN + "h_t = W h_{t-1}\nh_t = V h_{t-1}\n", "twice"),
    "itself": (RNN + "h_t = W h_t + x_t\n", "itself"),
    "boundary": (RNN + "h_t = W h_{t-2} + x_t\n", "boundary"),
    "braces": ("h_t = \\sigma(W h_{t-1}\n", "never closed"),
    "empty": ("", "empty"),
    "nested": ("h_t = " + "{" * 100_000 + "x_t" + "}" * 100_000 + "\n", "characters"),
    "nested-less": ("h_t = " + "{" * 40_000 + "x_t" + "}" * 40_000 + "\n", ""),
    "parentheses": ("h_t = " + "(" * 40_000 + "x_t" + ")" * 40_000 + "\n", ""),
    "exponent": ("h_t = 9^{9^{9^9}} h_{t-1}\n", "exponent"),
    "input": ("h_t = \\input{/etc/passwd}\n", "\\input"),
    "write": ("h_t = \\write18{ls} h_{t-1}\n", "\\write18"),
    "def": ("\\def\\a{b} h_t = h_{t-1}\n", "\\def"),
    "huge": ("a" * 10_000_000, "large"),
    "words": ("hello world\n", ""),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_models(name: str, tmp_path: Path) -> None:
    text, words = BAD_MODELS[name]
    path = tmp_path / "bad.txt"
    path.write_text(text, encoding="utf-8")
    done = symbptt("derive", r"\partial h_t/\partial h_{t-1}", "--model", path)
    assert_refused(done, "bad.txt", words)


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_models_in_worksheets(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _ = BAD_MODELS[name]
    path = tmp_path / "bad.md"
    path.write_text(f"Prose.\n\n```{{model}} m\n{text}```\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert build_all([path], tmp_path / "out", KINDS, None, check=False) is False
    assert_message(capsys.readouterr().err, "bad.md")
    assert sorted(tmp_path.rglob("*")) == before


def assert_refused(done: subprocess.CompletedProcess[str], file: str, words: str = "") -> None:
    """One message that names the file, no traceback, status 1."""
    assert done.returncode == 1, done.stdout
    assert_message(done.stderr, file, words)


def assert_message(text: str, file: str, words: str = "") -> None:
    assert "Traceback" not in text
    assert text.startswith("error: ") and text.count("error: ") == 1
    assert file in text.split("\n")[0]
    assert words in text
    assert max(map(len, text.split("\n"))) < 500


@pytest.mark.parametrize("command", ["derive", "build"])
@pytest.mark.parametrize("kind", ["missing", "directory", "binary"])
def test_bad_files(command: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / ("bad.md" if command == "build" else "bad.txt")
    if kind == "directory":
        path.mkdir()
    if kind == "binary":
        path.write_bytes(bytes(range(256)) * 20)
    if command == "build":
        done = symbptt("build", path, "--out", tmp_path / "out")
    else:
        done = symbptt("derive", "dL/dW", "--model", path)
    assert_refused(done, path.name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("", ""),
        ("dL/dQ", "no Q"),
        (r"\frac{\partial L}{\partial W", "never closed"),
        (r"\input{a}", r"\input"),
        ("{" * 90_000, ""),
        ("W x_t", ""),
        ("h_t + x_t", "cannot add"),
        (r"\partial h_t/\partial q_t", "no q"),
        ("dL/dL", "with respect to a loss"),
        ("9^{9^{9^9}}", ""),
        ("\x00", "control character"),
    ],
    ids=["empty", "name", "braces", "input", "nested", "no-derivative", "shapes", "unknown",
         "loss", "power", "null"],
)  # fmt: skip
def test_bad_quantities(quantity: str, words: str) -> None:
    if "\x00" in quantity:  # no process can be given this; the same through Python
        from symbptt import Model
        from symbptt.core.errors import SymbpttError

        with pytest.raises(SymbpttError, match=words):
            Model.named("rnn").derive(quantity)
        return
    done = symbptt("derive", quantity, "--model", "rnn")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ") and words in done.stderr


def test_unknown_model_and_form_that_does_not_fit() -> None:
    done = symbptt("derive", "dL/dW", "--model", "rnnn")
    assert done.returncode == 1 and "rnn" in done.stderr
    done = symbptt("derive", "dh_t/dh_k", "--model", "rnn", "--form", "sum")
    assert done.returncode == 1 and "gradients" in done.stderr
    done = symbptt("derive", "dL/dW", "--model", "rnn", "--form", "expanded")
    assert done.returncode == 1 and "--T" in done.stderr


def test_bad_input_is_refused_within_two_seconds(tmp_path: Path) -> None:
    """Each in a fresh process; the slowest kinds. Processor time: machines may be busy."""
    for name in ("nested-less", "parentheses", "huge", "exponent"):
        path = tmp_path / f"{name}.txt"
        path.write_text(BAD_MODELS[name][0], encoding="utf-8")
        before = getrusage(RUSAGE_CHILDREN).ru_utime
        symbptt("derive", "dL/dW", "--model", path)
        assert getrusage(RUSAGE_CHILDREN).ru_utime - before < 2


# ---------------------------------------------------------------- build


def test_build_and_check(tmp_path: Path) -> None:
    (tmp_path / "derivations").mkdir()
    (tmp_path / "derivations" / "small.md").write_text(SHEET, encoding="utf-8")
    done = symbptt("build", "--only", "tex,json,html,md,py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "jacobian" in done.stdout and "proved" in done.stdout and "1 proved" in done.stdout
    folder = tmp_path / "generated" / "small"
    names = sorted(p.name for p in folder.rglob("*.*"))
    assert names == ["jacobian.json", "small.html", "small.md", "small.tex"]
    done = symbptt("build", "--check", cwd=tmp_path)
    assert done.returncode == 0 and "up to date" in done.stdout

    tex = folder / "small.tex"
    text = tex.read_text(encoding="utf-8")
    tex.write_text(text.replace("Proposition", "Conjecture"), encoding="utf-8")
    done = symbptt("build", "--check", cwd=tmp_path)
    assert done.returncode == 1
    assert "\n-" in done.stdout and "\n+" in done.stdout and "out of date" in done.stdout
    assert "Conjecture" in tex.read_text(encoding="utf-8")  # nothing is written


def test_build_goes_on_after_a_bad_worksheet(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("```{model} m\nh_t = (\n```\n", encoding="utf-8")
    (tmp_path / "b.md").write_text(SHEET, encoding="utf-8")
    done = symbptt("build", "a.md", "b.md", "--out", "out", "--only", "tex", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: a.md:2:")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["b"]


def test_build_without_worksheets(tmp_path: Path) -> None:
    done = symbptt("build", cwd=tmp_path)
    assert done.returncode == 1 and "no worksheets" in done.stderr


def test_two_worksheets_of_one_name(tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "same.md").write_text(SHEET, encoding="utf-8")
    done = symbptt("build", "a/same.md", "b/same.md", cwd=tmp_path)
    assert done.returncode == 1 and "same directory" in done.stderr


# ---------------------------------------------------------------- Python


def test_the_python_interface(tmp_path: Path) -> None:
    import symbptt as package
    from symbptt import Model, Worksheet, derive, generate

    rnn = Model.named("rnn")
    assert type(rnn) is Model and isinstance(package.__version__, str)
    d = rnn.derive(r"\partial L / \partial W", form="adjoint")
    assert d.verify() and d.steps and d.latex().startswith(r"\nabla_{W} L = ")
    assert "def backward(" in rnn.numpy()
    written = generate(rnn, tmp_path / "rnn.py")
    assert written.read_text(encoding="utf-8") == rnn.numpy()
    assert derive("dy/dx", LAYER).text() == derive("dy/dx", "layer").text()
    assert [x.verify() for x in Worksheet.parse(SHEET).run()] == [True]
    assert Model.load(ROOT / "derivations" / "homework3.md#rnn").losses == ("L",)
    with pytest.raises(AttributeError):
        package.nonsense  # noqa: B018
