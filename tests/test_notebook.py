"""What a notebook shows: the magic for worksheets, and verdicts, counterexamples and reports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from symbptt import Model, Worksheet, check, derive, prove, refute
from symbptt.answers.showing import to_piece
from symbptt.answers.verdict import Counterexample, LinkVerdict, Mistake, Verdict
from symbptt.report.inline import inline, mathml_alone

ROOT = Path(__file__).parents[1]
SHEET = """---
title: A layer
---
```{model} layer
y = \\sigma(W x)
```
```{derive} \\partial y/\\partial x
```
```{code} module
```
"""
VOID = {"br", "meta", "wbr", "col", "hr", "img", "path", "line", "rect", "circle"}


class Page(HTMLParser):
    """The elements of a piece of HTML; every one that is opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.seen}


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell of IPython with the extension loaded."""
    InteractiveShell.clear_instance()
    found = InteractiveShell.instance()
    found.run_line_magic("load_ext", "symbptt")
    yield found
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> tuple[Any, str]:
    """What a cell gives and what it prints."""
    with capture_output() as seen:
        result = shell.run_cell(cell)
    return result, seen.stdout + seen.stderr


# ---------------------------------------------------------------- the magic


def test_a_worksheet_in_a_cell(shell: InteractiveShell) -> None:
    result, _ = run(shell, f"%%worksheet layer\n{SHEET}")
    assert result.success
    layer = shell.user_ns["layer"]
    assert layer is result.result and [d.text() for d in layer] == ["∂y/∂x = diag(σ'(a)) W"]
    assert repr(layer) == "∂y/∂x = diag(σ'(a)) W"
    assert list(layer.modules) == ["module"] and "def forward(" in layer.modules["module"]
    formats, _ = shell.display_formatter.format(layer)  # type: ignore[union-attr]
    assert "A layer" in Page(formats["text/html"]).text


def test_the_language_of_the_report(shell: InteractiveShell) -> None:
    result, _ = run(shell, f"%%worksheet --lang zh\n{SHEET}")
    page = Page(result.result._repr_html_())
    assert "证明" in page.text and ("div", {"lang": "zh-Hans"}) in page.seen


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%worksheet\n```{model} m\nh_t = (\n```\n", "2:8: the text ends"),
        ("%%worksheet a-b\ntext", "not a name for a variable"),
        ("%%worksheet --lang fr\ntext", "--lang"),
        ("%%worksheet one two\ntext", "two"),
        ("from symbptt import derive\nderive('dL/dQ', 'rnn')", "1:5: there is no Q"),
    ],
)
def test_errors_in_the_input_have_no_traceback(
    shell: InteractiveShell, cell: str, words: str
) -> None:
    result, said = run(shell, cell)
    assert not result.success
    assert said.startswith("error: ") and words in said
    assert "Traceback" not in said and ".py" not in said


def test_errors_of_another_kind_are_left_alone(shell: InteractiveShell) -> None:
    result, said = run(shell, "1 / 0")
    assert not result.success and "ZeroDivisionError" in said


# ---------------------------------------------------------------- verdicts


def test_a_wrong_answer() -> None:
    verdict = check(r"A B = B A", r"A, B \in \mathbb{R}^{n \times n}")
    page = Page(verdict._repr_html_())
    example = verdict.counterexample
    assert example is not None and example.entry is not None
    i, j = example.entry
    sides = [example.left[i - 1][j - 1], example.right[i - 1][j - 1]]
    marked = re.findall(r"<mark>([^<]*)</mark>", verdict._repr_html_())
    assert marked == [str(x) for x in sides] and sides[0] != sides[1]
    assert "✗ wrong" in page.text and "wrong order" in page.text
    assert ("div", {"class": "verdict bad"}) in page.seen


def test_what_else_a_verdict_says() -> None:
    rnn = Model.named("rnn")
    layout = check(r"\partial h_t/\partial h_{t-1} = W^\top \mathrm{diag}(\sigma'(a_t))", rnn)
    page = Page(layout._repr_html_())
    assert "✓ right in another layout" in page.text and "mark" not in page.tags()
    chain = check(r"\partial h_t/\partial h_{t-1} = \mathrm{diag}(\sigma'(a_t)) W = W", rnn)
    page = Page(chain._repr_html_())
    classes = [a.get("class") for tag, a in page.seen if tag == "li"]
    assert classes == ["good", "bad"]
    unclear = check("h_t = (", rnn)
    assert "? not understood – 1:8: " in Page(unclear._repr_html_()).text


def test_entries_that_differ_are_marked_in_columns_and_numbers() -> None:
    def marked(left: Any, right: Any, entry: tuple[int, int] | None) -> list[str]:
        example = Counterexample({"n": 2}, {"v": [1, 2]}, left, right, entry)
        html = to_piece(Verdict("wrong", counterexample=example))
        Page(html)
        return re.findall(r"<mark>([^<]*)</mark>", html)

    assert marked([1, 2], [1, 3], (2, 1)) == ["2", "3"]
    assert marked([[1, 2]], [[4, 2]], (1, 1)) == ["1", "4"]
    assert marked(5, "1/2", None) == ["5", "1/2"]


NASTY = '<script>alert("x")</script>&amp;</div>'


def test_nothing_that_was_written_becomes_html() -> None:
    link = LinkVerdict("wrong", NASTY)
    example = Counterexample({NASTY: 1}, {NASTY: [[1, NASTY]]}, NASTY, [NASTY], (1, 1))
    verdict = Verdict(
        "wrong", (NASTY,), (NASTY,), (link, LinkVerdict("wrong", r"\text{<b>}")), example,
        Mistake("id", NASTY), NASTY, (1, 1), id=NASTY,
    )  # fmt: skip
    for lang in ("en", "zh"):
        page = Page(to_piece(verdict, lang))
        assert not page.tags() & {"script", "b>"} and page.text.count(NASTY) >= 8


def test_verdicts_as_text_have_no_times() -> None:
    verdict = check(r"\partial y/\partial x = W", "layer")
    shell = InteractiveShell.instance()
    formats, _ = shell.display_formatter.format(verdict)  # type: ignore[union-attr]
    InteractiveShell.clear_instance()
    said = "wrong: the two sides differ: The derivative of the activation is missing."
    assert formats["text/plain"] == said


# ---------------------------------------------------------------- pieces of a page


def test_pieces_stay_by_themselves() -> None:
    """No scripts, nothing from elsewhere, no fonts, no rule of style outside of the piece."""
    html = Worksheet.parse(SHEET).run()._repr_html_()
    page = Page(html)
    assert not page.tags() & {"script", "link", "img", "iframe", "body", "main"}
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", html)
    assert "@font-face" not in html and 'class="katex' not in html
    assert "math" in page.tags()
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    depth, outside = 0, ""
    for char in re.sub(r"/\*.*?\*/", "", style[1], flags=re.DOTALL):
        depth += (char == "{") - (char == "}")
        outside += char if depth == 0 else ""
    outside = re.sub(r"\([^()]*\)", "", outside)
    selectors = [s.strip() for s in outside.replace("}", "\n").splitlines() if s.strip()]
    assert selectors and all(
        part.strip().startswith(".symbptt") for s in selectors for part in s.split(",")
    )


def test_formulas_as_mathml_alone() -> None:
    katex = (
        '<p><span class="katex"><span class="katex-mathml"><math><mi>x</mi></math></span>'
        '<span class="katex-html" aria-hidden="true"><span>a<span>b</span></span></span></span>'
        ' and <span class="kept">c</span></p>'
    )
    assert mathml_alone(katex) == '<p><math><mi>x</mi></math> and <span class="kept">c</span></p>'
    assert mathml_alone("<p>no formula</p>") == "<p>no formula</p>"
    assert 'lang="zh-Hans"' in inline("", "zh")


def test_what_else_a_notebook_shows() -> None:
    found = refute(r"A B = B A", r"A, B \in \mathbb{R}^{n \times n}")
    assert found is not None
    page = Page(found._repr_html_())
    assert "menclose" in page.tags()  # the entry that differs
    assert repr(derive("dy/dx", "layer")) == "∂y/∂x = diag(σ'(a)) W"
    proved = prove("(A B)^T = B^T A^T", r"A, B \in \mathbb{R}^{n \times n}")
    assert repr(proved) == "(A B)ᵀ = Bᵀ Aᵀ" and proved._repr_latex_().startswith("$")


# ---------------------------------------------------------------- the documentation's notebooks


@pytest.mark.parametrize("name", ["teacher", "engineer", "student"])
def test_the_notebooks_are_committed_with_what_they_give(name: str) -> None:
    """That it is what they give now is checked by tools/run_notebooks.py --check."""
    text = (ROOT / "docs" / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    notebook = json.loads(text)
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    kinds = {o["output_type"] for c in code for o in c["outputs"]}
    assert kinds and "error" not in kinds and str(ROOT) not in text
    for output in (o for c in code for o in c["outputs"]):
        if "text/html" in output.get("data", {}):
            Page("".join(output["data"]["text/html"]))
