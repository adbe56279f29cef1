"""Whole homeworks against a worksheet: reading, definitions, verdicts, points, output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from symbptt.cli.app import app
from symbptt.core.errors import ReadError
from symbptt.homework.asked import asked_in
from symbptt.homework.marking import Judged, Marked, mark
from symbptt.homework.page import to_page
from symbptt.homework.places import Place, after_line
from symbptt.homework.reading import read_answers
from symbptt.worksheet.reader import read_sheet

DATA = Path(__file__).parent / "data" / "answers"
SHEET = (DATA / "sheet.md").read_text(encoding="utf-8")


def marked(text: str, sheet: str = SHEET) -> Marked:
    return mark(read_answers(text, "answers.md"), asked_in(read_sheet(sheet, "sheet", "sheet.md")))


def kinds(text: str) -> list[str]:
    return [j.verdict.verdict for j in marked(text).judged]


@pytest.fixture(scope="module")
def whole() -> Marked:
    return marked((DATA / "homework.md").read_text(encoding="utf-8"))


def at(whole: Marked, start: str) -> Judged:
    return next(j for j in whole.judged if j.stated.text.replace(" ", "").startswith(start))


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(("line", "place"), [
    ("## Exercise 2 : Gradients", Place("2")), ("**Exercise 2** (b)", Place("2", "b")),
    ("(b)", Place("1", "b")), ("### (c) more", Place("1", "c")), ("**(b)**", Place("1", "b")),
    ("## 练习 3", Place("3")), ("（b）", Place("1", "b")), ("by (a) we have", Place("1", "a")),
])  # fmt: skip
def test_headings_and_labels_give_the_place(line: str, place: Place) -> None:
    assert after_line(Place("1", "a"), line) == place


def test_displays_are_taken_apart_into_chains() -> None:
    text = "# T\n$$\n\\begin{aligned} a &= b \\\\\n &= c \\\\ d &= \\begin{pmatrix}1\\\\2" \
        "\\end{pmatrix} \\end{aligned}.\n$$\nthus $x = y$\n\\[ = e \\tag{1} \\]\n"  # fmt: skip
    document = read_answers(text)
    stated = [s for s in document.stated if s.display]
    assert [" ".join(s.claim.split()) for s in stated] == [
        "a = b = c", "d = \\begin{pmatrix}1\\\\2\\end{pmatrix}",
        "\\begin{pmatrix}1\\\\2\\end{pmatrix} = e",
    ]  # fmt: skip
    assert [document.source.where(s.start).line for s in stated] == [3, 4, 7]
    assert all(text[s.start] == s.text[0] for s in stated)


def test_code_is_not_read() -> None:
    document = read_answers("`$a = b$`\n\n```\n$$ c = d $$\n# Exercise 9\n```\n$$e = f$$\n")
    assert [s.text for s in document.stated] == ["e = f"]
    assert document.stated[0].place == Place()


@pytest.mark.parametrize(("text", "line"), [("a\n$$ x = 1\n", 2), ("a\n\n\\[ x\n", 3)])
def test_a_formula_that_is_not_closed_is_an_error_with_its_place(text: str, line: int) -> None:
    with pytest.raises(ReadError) as caught:
        read_answers(text, "a.md")
    assert caught.value.where is not None and caught.value.where.line == line


# ---------------------------------------------------------------- verdicts


def test_right_lines_are_accepted(whole: Marked) -> None:
    wrong = [j.line for j in whole.judged if not j.verdict.accepted]
    text = whole.answers.source.text.split("\n")
    expected = [i for i, line in enumerate(text, 1) if "<!-- wrong -->" in line]
    assert wrong == expected


def test_definitions_extend_the_model(whole: Marked) -> None:
    assert at(whole, "\\frac{\\partialy}{\\partialt}").verdict.verdict == "proved"
    assert at(whole, "\\delta_j^t").verdict.verdict == "definition"


def test_mistakes_are_found(whole: Marked) -> None:
    dropped = at(whole, "\\frac{\\partialL_t}{\\partialW}").verdict
    assert dropped.mistake is not None and dropped.mistake.id == "temporal-terms-dropped"
    assert at(whole, "\\frac{\\partialC_t}{\\partialC_k}=1").verdict.verdict == "ill-shaped"
    assert "U_{x_{t}}" in at(whole, "s_t=").verdict.message


def test_points_are_those_of_the_sheet(whole: Marked) -> None:
    got = {str(p): [(r.points, r.question.points) for r in rs] for p, rs in whole.exercises.items()}
    assert got == {"1a": [(2, 2)], "1b": [(3, 3), (0, 1)], "2a": [(1, 1)], "2b": [(0, 1)],
                   "3": [(1, 1), (0, 1)]}  # fmt: skip
    assert whole.points == (7, 10)
    assert not whole.accepted


def test_what_a_part_does_not_mention_may_be_absent() -> None:
    right = r"# Exercise 1" "\n(b)\n" r"$$\frac{\partial h_t}{\partial h_{t-1}} = " \
        r"\mathrm{diag}(\sigma'(W h_{t-1} + U x_t)) W$$"  # fmt: skip
    (judged,) = marked(right).judged
    assert (judged.verdict.verdict, judged.verdict.assuming) == ("assuming", ("b = 0",))
    assert kinds(right.replace("W$$", "W^T$$")) == ["wrong"]
    assert kinds(f"{right}\n$$b + b = 2 b$$") == ["wrong", "proved"]


def test_a_name_of_the_model_is_never_redefined() -> None:
    text = "# Exercise 1\n(b)\n$W = I$\n$$\\frac{\\partial h_t}{\\partial h_{t-1}} = " \
        "\\mathrm{diag}(\\sigma'(a_t))$$"  # fmt: skip
    assert kinds(text) == ["wrong"]
    assert kinds("# Exercise 2\n(a)\n$$M = Q \\Lambda Q$$\n$$M = Q \\Lambda Q^{-1}$$") == [
        "wrong", "proved"]  # fmt: skip


def test_a_repetition_of_the_question_is_no_answer() -> None:
    asked = "\\frac{\\partial L}{\\partial W}"
    for text in (f"$${asked} = {asked}$$", f"Let $G = {asked}$.\n$${asked} = G$$",
                 f"$$G := {asked}$$\n$${asked} = G$$"):  # fmt: skip
        whole = marked(f"# Exercise 1\n(b)\n{text}")
        assert whole.points[0] == 0


def test_a_bare_value_answers_the_only_question() -> None:
    text = "# Exercise 1\n(a)\n$$\\mathrm{diag}(\\sigma'(W x)) W$$"
    assert marked(text).points[0] == 2
    assert marked(text.replace(") W$$", ") W^T$$")).points[0] == 0


def test_an_error_is_carried_forward() -> None:
    state = "W h_{t-1} + U x_t + b"
    text = f"# Exercise 1\n(b)\n$$h_t = \\sigma({state}) + h_{{t-1}}$$\n" \
        "$$\\frac{\\partial h_t}{\\partial h_{t-1}} = \\mathrm{diag}" \
        f"(\\sigma'({state})) W + I$$"  # fmt: skip
    judged = marked(text).judged
    assert [j.verdict.verdict for j in judged] == ["wrong", "wrong"]
    assert judged[1].carried == 3


def test_an_exercise_that_is_not_on_the_sheet() -> None:
    (judged,) = marked("# Exercise 9\n$$a = b$$").judged
    assert judged.verdict.verdict == "not-understood" and "no exercise 9" in judged.verdict.message


def test_verdicts_point_into_the_file() -> None:
    (judged,) = marked("# Exercise 1\n(b)\n\n$$\nh_t = \\sigma(W \\nosuch)\n$$").judged
    assert judged.verdict.verdict == "not-understood" and judged.at is not None
    assert judged.at[0] == 5 and judged.at[1] > 6


@pytest.mark.parametrize(
    "wrong", ["M = \\Lambda Q", "M = 0", "M^n = \\Lambda^n", "\\lambda = 2 \\lambda"]
)
def test_only_biases_may_be_absent(wrong: str) -> None:
    (kind,) = kinds(f"# Exercise 2\n(a)\n$$ {wrong} $$")
    assert kind == "wrong"


# ---------------------------------------------------------------- output


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *args])
    return result.exit_code, result.output


def test_the_command(tmp_path: Path) -> None:
    answers, page = tmp_path / "answers.md", tmp_path / "out" / "page.html"
    answers.write_text("# Exercise 2\n(a)\n$$M^k = Q \\Lambda^k Q^{-1}$$\n", encoding="utf-8")
    code, out = run(str(answers), "--sheet", str(DATA / "sheet.md"), "--html", str(page))
    assert code == 0 and "proved" in out and "1/10" in out
    text = page.read_text(encoding="utf-8")
    assert "katex" in text and not re.search(r"(?:src|href)=[\"']?https?:", text)
    code, out = run(str(answers), "--sheet", str(DATA / "sheet.md"), "--json")
    data = json.loads(out)
    assert (code, data["points"], data["of"], data["accepted"]) == (0, 1, 10, True)
    assert data["verdicts"][0]["line"] == 3 and data["verdicts"][0]["exercise"] == "2a"


def test_the_page_says_verdicts_in_words_and_signs(whole: Marked) -> None:
    page = to_page(whole)
    for said in ("✗ wrong", "✓ proved", "? not understood", "✗ shapes do not fit"):
        assert said in page
    assert "✗ 错误" in to_page(whole, "zh")


def test_points_of_a_block_are_a_number() -> None:
    with pytest.raises(ReadError):
        read_sheet(SHEET.replace(":points: 3", ":points: many"))


def test_an_answer_between_words_is_judged_and_other_formulas_there_are_not() -> None:
    text = (
        "# Exercise 1\n(a)\nIf $W = 0$ were so, $y = 0$; the answer is "
        r"$\frac{\partial y}{\partial x} = \mathrm{diag}(\sigma'(W x)) W$." "\n\n$$y = y$$\n"
    )  # fmt: skip
    found = marked(text)
    assert [(j.line, j.verdict.verdict) for j in found.judged] == [(3, "proved"), (5, "proved")]
    assert found.exercises[Place("1", "a")][0].points == 2
    wrong = marked(text.replace("(W x)) W", "(W x)) W^T W"))
    assert wrong.judged[0].verdict.verdict == "ill-shaped"
    assert wrong.exercises[Place("1", "a")][0].points == 0


def test_the_page_shows_shapes_clashes_proofs_and_the_entry_that_differs() -> None:
    found = marked(
        "# Exercise 1\n(b)\n$$\\frac{\\partial h_t}{\\partial h_{t-1}} = W U$$\n"
        "$$W U x_t = U W x_t$$\n"
        "$$\\frac{\\partial h_t}{\\partial h_{t-1}} = \\mathrm{diag}(\\sigma'(a_t)) W$$\n"
        "$$W^\\top = W$$\n"
    )
    assert [j.verdict.verdict for j in found.judged] == [
        "ill-shaped", "ill-shaped", "proved", "wrong",
    ]  # fmt: skip
    page = to_page(found)
    assert "As it was understood, with shapes" in page and "Proof" in page
    assert page.count("\u2260") >= 2  # the mark between what clashes
    assert "<mark>" in page
    chinese = to_page(found, "zh")
    for said in ("形状不匹配", "雅可比矩阵按分子布局", "两边不相等", "证明"):
        assert said in chinese, said
    assert "numerator" not in chinese and "the two sides" not in chinese


def test_proofs_on_the_terminal_and_in_json(tmp_path: Path) -> None:
    answers = tmp_path / "answers.md"
    answers.write_text("# Exercise 2\n(a)\n$$M^k = Q \\Lambda^k Q^{-1}$$\n", encoding="utf-8")
    options = (str(answers), "--sheet", str(DATA / "sheet.md"))
    assert "Proof." in run(*options, "--proof")[1] and "Proof." not in run(*options)[1]
    data = json.loads(run(*options, "--proof", "--json")[1])
    assert data["verdicts"][0]["proof"]["theorems"]


def test_a_bias_in_bold_is_mentioned() -> None:
    found = marked("# Exercise 1\n(b)\n$$h_t = \\sigma(W h_{t-1} + U x_t)$$\n$$\\mathbf{b} = b$$\n")
    assert found.judged[0].verdict.verdict == "wrong"
