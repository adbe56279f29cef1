"""What a terminal shows: colours, width, progress, errors, help, completion; what a pipe gets."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from symbptt import Model
from symbptt.cli import completing, main
from symbptt.cli.help import EXAMPLES, SECTIONS
from symbptt.cli.progress import Progress
from symbptt.core.errors import Where
from symbptt.report.folding import cells, fold

ROOT = Path(__file__).parents[1]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
GRADIENT = ("derive", "dL/dW", "--model", "rnn")
JACOBIAN = ("derive", "dh_t/dh_k", "--model", "rnn", "--steps")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command where stdout and stderr are terminals, or are not; (out, err, status)."""

    def run(
        *arguments: str, tty: bool = True, columns: int = 0, **env: str
    ) -> tuple[str, str, int]:
        for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        if columns:
            monkeypatch.setenv("COLUMNS", str(columns))
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        out, err = (Terminal() if tty else io.StringIO() for _ in range(2))
        monkeypatch.setattr(sys, "argv", ["symbptt", *arguments])
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as end:
            main()
        return out.getvalue(), err.getvalue(), int(end.value.code or 0)

    return run


# ---------------------------------------------------------------- colours


def test_colours_only_add(terminal: Any) -> None:
    """Without its colours the text for a terminal is the text for a pipe, of the same width."""
    shown, _, _ = terminal(*JACOBIAN, columns=100)
    piped, _, _ = terminal(*JACOBIAN, tty=False)
    assert "\x1b[" in shown and "\x1b" not in piped
    assert ESCAPE.sub("", shown) == piped


@pytest.mark.parametrize(
    ("more", "env"), [((), {"NO_COLOR": "1"}), (("--plain",), {}), ((), {"TERM": "dumb"})]
)
def test_no_colours(terminal: Any, more: tuple[str, ...], env: dict[str, str]) -> None:
    out, _, _ = terminal(*JACOBIAN, *more, columns=100, **env)
    assert "Theorem 2" in out and "\x1b" not in out


def test_colours_can_be_asked_for_in_a_pipe(terminal: Any) -> None:
    out, _, _ = terminal(*JACOBIAN, tty=False, FORCE_COLOR="1")
    assert "\x1b[" in out
    out, _, _ = terminal(*JACOBIAN, "--plain", tty=False, FORCE_COLOR="1")
    assert "\x1b" not in out


# ---------------------------------------------------------------- width


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_steps_keep_to_the_width(terminal: Any, columns: int) -> None:
    out, _, _ = terminal("derive", "dh_t/dh_k", "--model", "lstm", "--steps", columns=columns)
    lines = ESCAPE.sub("", out).splitlines()
    assert max(map(cells, lines)) <= columns
    assert max(map(cells, lines)) > columns - 8  # reasons stand at the right margin


@pytest.mark.parametrize("columns", [60, 100])
def test_tables_keep_to_the_width(terminal: Any, columns: int) -> None:
    for command in (("graph", "--model", "rnn"), ("ranges", "--model", "rnn-tanh")):
        out, _, _ = terminal(*command, columns=columns)
        assert max(map(cells, ESCAPE.sub("", out).splitlines())) <= columns


def test_one_line_is_folded_on_a_terminal_only(terminal: Any) -> None:
    command = ("derive", "dL/dW", "--model", "rnn", "--form", "sum")
    piped, _, _ = terminal(*command, tty=False)
    shown, _, _ = terminal(*command, columns=50)
    assert piped.count("\n") == 1 and shown.count("\n") > 1
    assert " ".join(shown.split()) == " ".join(piped.split())


def test_folding_loses_nothing_and_prefers_signs_outside_of_brackets() -> None:
    text = "y = A (b + c d) + Σ_{t=1}^{T} (e_t - f_t) g_t"
    for width in range(1, 60):
        lines = fold(text, width, "  ")
        assert " ".join(" ".join(lines).split()) == text
        assert all(cells(line) <= width or " " not in line.strip() for line in lines)
    assert fold(text, 32, "  ") == ["y = A (b + c d)", "  + Σ_{t=1}^{T} (e_t - f_t) g_t"]
    assert cells("状态 h̃") == 6


# ---------------------------------------------------------------- errors


def test_an_error_names_the_text_and_points_at_the_place(terminal: Any) -> None:
    _, err, status = terminal("derive", "dL/dQ", "--model", "rnn", tty=False)
    assert status == 1
    assert err.splitlines()[:3] == [
        "error: QUANTITY:1:5: there is no Q in this model", "    dL/dQ", "        ^",
    ]  # fmt: skip
    _, err, _ = terminal(
        "prove", "h_t = h_t", "--model", "rnn", "--given", "k < t", "--given", "x_t = +", tty=False
    )
    assert err.startswith("error: --given:2:8: ")


def test_the_caret_of_a_wrong_call(terminal: Any) -> None:
    _, err, status = terminal(*GRADIENT, "--form", "adjiont", tty=False)
    assert status == 2
    call, caret, hint = err.splitlines()[-3:]
    assert call == "    symbptt derive dL/dW --model rnn --form adjiont"
    assert caret.index("^") == call.index("adjiont")
    assert hint == "    hint: see symbptt derive --help"
    assert "'adjoint'" in err


def test_the_caret_below_wide_and_combining_letters() -> None:
    assert Where(1, 4, "状态x?").caret() == "    状态x?\n         ^"
    assert Where(1, 3, "h̃ ?").caret() == "    h̃ ?\n     ^"
    assert Where(1, 3, "\t ?").caret() == "    \t ?\n    \t ^"


def test_a_long_line_is_windowed_to_the_terminal(terminal: Any) -> None:
    quantity = "\\partial L / \\partial " + "W_{a}" * 60 + "("
    _, err, _ = terminal("derive", quantity, "--model", "rnn", columns=60)
    text = ESCAPE.sub("", err)
    assert "^" in text and max(map(len, text.splitlines()[1:])) <= 60


@pytest.mark.parametrize(
    "call", [("derive", "dL/dQ", "--model", "rnn"), ("derive", "--mdl", "rnn")]
)
def test_errors_have_colours_on_a_terminal_only(terminal: Any, call: tuple[str, ...]) -> None:
    _, shown, _ = terminal(*call, columns=200)
    _, plain, _ = terminal(*call, "--plain", columns=200)
    _, piped, _ = terminal(*call, "--plain", tty=False)
    assert "\x1b[" in shown and "\x1b" not in plain
    assert plain == piped


BAD_CALLS: list[tuple[str, int, str]] = [
    ("derive dL/dW --model missing.txt", 1, "there is no file missing.txt"),
    ("derive dL/dW --model .", 1, "is a directory"),
    ("derive dL/dW --model lstmm", 1, "did you mean lstm?"),
    ("derive '' --model rnn", 1, "QUANTITY:1:1: the formula is empty"),
    ("derive dL/dW extra --model rnn", 2, "extra"),
    ("derive dL/dW --modle rnn", 2, "--model"),
    ("prove h_t --model rnn", 1, "STATEMENT:1:1: this is not a statement"),
    ("prove 'W = W' --model rnn --by magic", 1, "--by:1:1: "),
    ("evaluate W --with 'W = [[1'", 1, "--with:1:"),
    ("classify missing.npy", 1, "there is no file missing.npy"),
    ("classify '[[1, a], [0, 1]]'", 1, "letters"),
    ("graph --model rnn --svg .", 1, "cannot write there"),
    ("graph --model rnn --latex --json", 2, "one of them only"),
    ("check", 2, "check ANSWERS.md --sheet SHEET.md"),
    ("check answers.md --sheet sheet.md --claims x", 2, "either claims or a homework"),
    ("check --claims missing.jsonl", 1, "missing.jsonl: cannot read it"),
    ("build missing.md", 1, "missing.md:1:1: there is no such file"),
    ("build --only docx", 2, "docx"),
    ("build --jobs 0", 2, "0"),
    ("bulid", 2, "build"),
]


@pytest.mark.parametrize(("call", "status", "words"), BAD_CALLS, ids=[c for c, _, _ in BAD_CALLS])
def test_bad_calls(
    call: str, status: int, words: str, terminal: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One message that says what to do; status 1 for wrong input, 2 for wrong usage."""
    monkeypatch.chdir(tmp_path)
    _, err, found = terminal(*shlex.split(call), tty=False)
    assert found == status, err
    assert err.count("error: ") == 1 and words in err and "Traceback" not in err
    assert (status == 2) == err.startswith("Usage: ")
    assert not [p for p in tmp_path.rglob("*") if ".symbptt-cache" not in p.parts]


def test_files_that_hold_no_matrix(terminal: Any, tmp_path: Path) -> None:
    for name, data in (("a.npy", b"\x80\x02nothing"), ("b.csv", b"1,2\n3\n"), ("c.npy", b"")):
        (tmp_path / name).write_bytes(data)
        _, err, status = terminal("classify", str(tmp_path / name), tty=False)
        assert status == 1 and "no matrix of numbers can be read" in err
        assert "allow_pickle" not in err and "usecols" not in err


def test_results_that_could_not_be_written_are_refused_before_they_are_proved(
    terminal: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    sheet = str(ROOT / "derivations" / "training.md")
    out, err, status = terminal("build", sheet, "--out", str(tmp_path / "file" / "x"), tty=False)
    assert status == 1 and "file is a file" in err and "proved" not in out


def test_a_file_without_claims_is_told(terminal: Any, tmp_path: Path) -> None:
    (tmp_path / "claims.jsonl").write_text("\n", encoding="utf-8")
    out, err, status = terminal("check", "--claims", str(tmp_path / "claims.jsonl"), tty=False)
    assert (out, status) == ("", 0) and "there are no claims" in err


# ---------------------------------------------------------------- progress


def test_progress_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (Terminal(), io.StringIO()):
        out = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setenv("TERM", "xterm")
        with Progress(4, "building") as progress:
            progress.advance(3, "lstm")
            progress.print("a result")
        assert out.getvalue() == "a result\n"  # the results are in the pipe, whatever is shown
        seen = stream.getvalue()
        assert ("3/4" in seen and "lstm" in seen) is stream.isatty()
        if stream.isatty():
            assert seen.rstrip().endswith(("\x1b[2K", "\x1b[?25h"))  # wiped away
        else:
            assert seen == ""


# ---------------------------------------------------------------- help and completion


def test_help_has_sections_and_examples(terminal: Any) -> None:
    out, _, status = terminal("--help", tty=False)
    assert status == 0
    for heading in ("Examples:", *(f"{s}:" for s in SECTIONS), "Exit status:", "Environment:"):
        assert f"\n{heading}\n" in out
    assert "More:" not in out  # every command has its place
    for command in (name for names in SECTIONS.values() for name in names):
        page, _, _ = terminal(command, "--help", tty=False)
        assert page.startswith(f"Usage: symbptt {command} ")
        assert ("\nExamples:\n" in page) is (command in EXAMPLES)
        assert "--plain" in page
        if "\nArguments:\n" in page:  # each of them is explained
            listed = page.partition("\nArguments:\n")[2].partition("\n\n")[0]
            assert all(re.match(r"  \S+  \S", line) for line in listed.splitlines())


READY = [e for examples in EXAMPLES.values() for e in examples
         if re.match(r"symbptt (derive|graph|evaluate|classify|models|rules|mistakes)\b", e)
         and not re.search(r"\.(svg|npy)", e)]  # fmt: skip


def test_the_examples_of_the_help_work(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for example in sorted({e.partition(" | ")[0] for e in READY}):
        out, err, status = terminal(*shlex.split(example)[1:], tty=False)
        assert (err, status) == ("", 0) and out.strip(), example


def test_help_of_commands_loads_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['symbptt', 'derive', '--help']\n"
        "from symbptt.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'sympy', 'numpy', 'jinja2', 'rich'} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr.strip() == "[]" and "--form" in done.stdout


def test_completion_of_models_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("lstm-mine.txt", "notes.md", "other.py", ".hidden.md", "derivations/a.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    names = [name for name, _ in completing.models("lstm-c")]
    assert names == ["lstm-caption", "lstm-concatenated", "lstm-coupled"]
    assert ("lstm-mine.txt", "") in completing.models("lstm")
    assert {n for n, _ in completing.models("")} >= {"rnn", "derivations/", "notes.md"}
    assert not {n for n, _ in completing.models("")} & {"other.py", ".hidden.md"}
    assert completing.sheets("") == completing.sheets("derivations/") == [("derivations/a.md", "")]
    assert completing.sheets("nowhere/") == []
    for name, title in completing.models("rnn"):
        assert Model.named(name) and title


def test_the_shell_completes(tmp_path: Path) -> None:
    """The protocol of click's scripts for bash: words and the place of the cursor in variables."""
    for words, expected in (("symbptt derive dL/dW --model gr", "gru-reset-after"),
                            ("symbptt derive dL/dW --form ad", "adjoint"),
                            ("symbptt mis", "mistakes")):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "symbptt.cli"], capture_output=True, text=True, cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "_SYMBPTT_COMPLETE": "complete_bash",
                 "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)},
        )  # fmt: skip
        assert expected in done.stdout.split(), done.stderr
