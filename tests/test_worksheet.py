"""Worksheets: what is read, how models and statements find each other, where refusals point."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt.core.errors import SymbpttError
from symbptt.report.document import (
    Display, Heading, Math, Phrase, ProofLine, Prose, TheoremBlock, content,
)  # fmt: skip
from symbptt.report.words import speaks
from symbptt.worksheet.blocks.code import CodeBlock
from symbptt.worksheet.blocks.derive import DeriveBlock
from symbptt.worksheet.blocks.model import ModelBlock
from symbptt.worksheet.models import extended, subject
from symbptt.worksheet.names import heading_name
from symbptt.worksheet.reader import load_sheet, read_sheet
from symbptt.worksheet.report import report
from symbptt.worksheet.run import run_sheet
from symbptt.worksheet.sheet import Prose as Text

LAYER = """```{model} layer
x \\in \\mathbb{R}^d
y \\in \\mathbb{R}^n
y = \\sigma(W x)
```
"""
SHEET = f"""---
title: A layer
lang: en
---

Some *prose* with $W x$.

## Exercise 2: the layer

### (b) Its Jacobian

{LAYER}
```{{derive}} \\partial y/\\partial x
```

```{{derive}}
:id: entries
:entries:
\\frac{{\\partial y}}{{\\partial x}}
```

And more prose.

```{{code}} layer
:wrt: W, x
```
"""


def refused(text: str) -> SymbpttError:
    with pytest.raises(SymbpttError) as caught:
        run_sheet(read_sheet(text, "sheet", "sheet.md"))
    assert caught.value.where is not None
    return caught.value


# ---------------------------------------------------------------- what is read


def test_items_in_order() -> None:
    sheet = read_sheet(SHEET, "sheet", "sheet.md")
    assert (sheet.title, sheet.lang) == ("A layer", "en")
    kinds = [type(item) for item in sheet.items]
    assert kinds == [Text, ModelBlock, DeriveBlock, DeriveBlock, Text, CodeBlock]
    model, first, second = sheet.items[1:4]
    assert isinstance(model, ModelBlock)
    assert model.lines[2] == ("y = \\sigma(W x)", 15)
    assert isinstance(first, DeriveBlock) and isinstance(second, DeriveBlock)
    assert (first.id, first.model, first.entries) == ("2b-1", "layer", False)
    assert (second.id, second.quantity, second.entries) == (
        "entries", r"\frac{\partial y}{\partial x}", True,
    )  # fmt: skip


def test_prose_and_theorems_reach_the_report() -> None:
    document = report(run_sheet(read_sheet(SHEET, "sheet", "sheet.md")))
    assert document.title == "A layer" and document.source == "sheet.md"
    headings = [b for b in document.blocks if isinstance(b, Heading)]
    assert [speaks(b.content) for b in headings[:3]] == [False, False, True]  # the appendix
    kinds = [b.kind for b in document.blocks if isinstance(b, TheoremBlock)]
    assert kinds == ["definition", "proposition", "corollary"]
    last = document.blocks[document.blocks.index(headings[2]) - 2]
    assert isinstance(last, Prose)  # about the module


def test_colon_fences_and_windows_lines() -> None:
    text = SHEET.replace("```", ":::").replace("\n", "\r\n")
    assert len(read_sheet(text).items) == 6


def test_without_a_head_the_file_names_the_sheet(tmp_path: Path) -> None:
    path = tmp_path / "small.md"
    path.write_text(LAYER, encoding="utf-8")
    sheet = load_sheet(path)
    assert (sheet.name, sheet.title, sheet.lang) == ("small", "small", "en")
    assert sheet.source == "small.md"


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Exercise 1: Backpropagation", "1"),
        ("Exercise 2.3", "2.3"),
        ("练习 4", "4"),
        ("(b) The recurrence", "b"),
        ("(iv)", "iv"),
        ("A closer look at $W$ and all the rest", "a-closer-look-at"),
    ],
)
def test_heading_names(heading: str, name: str) -> None:
    assert heading_name(heading) == name


def test_built_in_models_are_found() -> None:
    run = run_sheet(read_sheet("```{derive} dL/db\n:model: rnn-tanh\n```\n"))
    assert run.proved[0].derivation.text().startswith("∇_b L = ")


# ---------------------------------------------------------------- statements to prove

CLAIMS = r"""```{model} cell
:extends: lstm
```
```{prove} C_t = C_{t-1} + i_t \odot \tilde C_t
:id: kept
:given: f_t = 1; 2 \le t
:given: t \; < T
```
```{model} matrices
M, Q, D \in \mathbb{R}^{m \times m}
```
```{prove} \|M Q\| \le \|M\| \|Q\|
```
```{prove}
:given: M = Q D Q^{-1}
:by: induction on k

M^k
  = Q D^k Q^{-1}
```
"""


def test_prove_blocks_are_run_and_told() -> None:
    told: list[str] = []
    run = run_sheet(read_sheet(CLAIMS), lambda p: told.append(p.block.id))
    assert told == ["kept", "statement-1", "statement-2"]
    assert sorted(run.files) == [f"proofs/{id}.json" for id in sorted(told)]
    first, second, _ = [b for b in report(run).blocks if isinstance(b, TheoremBlock)
                        and b.kind == "theorem"]  # fmt: skip
    said, statement = first.statement
    assert isinstance(said, Prose) and isinstance(statement, Display)
    assert Math("f_t = 1") in slots(said) and Math(r"2 \le t < T") in slots(said)
    assert first.name == ()
    assert isinstance(second.statement[0], Display) and r"\le" in second.statement[0].latex
    assert any(isinstance(line, ProofLine) and line.relation == r"\le" for line in second.proof)


def slots(said: Prose) -> set[object]:
    return {
        piece
        for p in said.content
        if isinstance(p, Phrase)
        for _, slot in p.slots
        for piece in content(slot)
    }


def test_what_is_assumed_in_one_statement_is_not_in_the_next() -> None:
    statement = "C_t = C_{t-1} + i_t \\odot \\tilde C_t"
    error = refused(CLAIMS + f"```{{prove}} {statement}\n:model: cell\n```\n")
    assert "is false" in error.message


# ---------------------------------------------------------------- extending a model


def test_extends_replaces_statements_about_the_same_thing() -> None:
    text = LAYER + "```{model} tanh\n:extends: layer\ny = \\tanh(W x + b)\n```\n"
    text += "```{derive} \\partial y/\\partial b\n```\n"
    run = run_sheet(read_sheet(text))
    assert run.models["tanh"].equations == (r"y = \tanh(W x + b)",)
    assert run.proved[0].derivation.text() == "∂y/∂b = diag(tanh'(a))"


def test_extends_a_built_in_model() -> None:
    text = "```{model} mine\n:extends: rnn\n\\sigma = \\tanh\n```\n```{derive} dh_t/dh_k\n```\n"
    assert "tanh'" in run_sheet(read_sheet(text)).proved[0].derivation.text()


def test_subject_of_a_statement() -> None:
    assert subject(r"h_t  = W h_{t-1}  % comment") == "h_t="
    assert subject(r"x_t \in \mathbb{R}^d") == r"x_t\in"
    assert subject("% only a comment") == ""
    assert extended((("a = b", 1), ("c = d", 2)), (("a = e", 7),)) == (("c = d", 2), ("a = e", 7))


# ---------------------------------------------------------------- refusals, each with its place

MODEL_LINE = 1


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "empty"),
        ("\n  \n", 1, 1, "empty"),
        ("---\ntitle: [\n---\n", 2, 1, "not YAML"),
        ("---\n- a\n---\n", 2, 1, "title"),
        ("---\nauthor: me\n---\n", 2, 1, "'author'"),
        ("---\nlang: fr\n---\n", 2, 1, "'fr'"),
        ("text\n\n```{nonsense} a\n```\n", 3, 1, "{nonsense}"),
        ("- a\n  ```{derive} x\n  ```\n", 2, 3, "by itself"),
        ("```{derive} dL/dW\n```\n", 1, 1, "no model above"),
        ("```{model} rnn\nh_t = x_t\n", 1, 1, "not closed"),
        ("```{model} two words\nh_t = x_t\n```\n", 1, 1, "a name"),
        ("```{model} m\n```\n", 1, 1, "empty"),
        (LAYER + LAYER, 6, 1, "already a model"),
        (LAYER + "```{derive}\n```\n", 6, 1, "derived?"),
        (LAYER + "```{derive} dy/dx\n:form: wrong\n```\n", 7, 1, ":form: is one of"),
        (LAYER + "```{derive} dy/dx\n:T: -3\n```\n", 7, 1, "whole number"),
        (LAYER + "```{derive} dy/dx\n:T: 99999999\n```\n", 7, 1, "whole number"),
        (LAYER + "```{derive} dy/dx\n:layout: odd\n```\n", 7, 1, ":layout: is one of"),
        (LAYER + "```{derive} dy/dx\n:color: red\n```\n", 7, 1, "no option :color:"),
        (LAYER + "```{derive} dy/dx\n:T: 3\n:T: 4\n```\n", 8, 1, "twice"),
        (LAYER + "```{derive} dy/dx\n:id: a/b\n```\n", 7, 1, "id"),
        (LAYER + "```{derive} dy/dx\n:id: ..\n```\n", 7, 1, "id"),
        (LAYER + "```{derive} dy/dx\n:id: a\n```\n" * 2, 10, 1, "taken by the block in line 6"),
        (LAYER + "```{derive} dy/dx\n:model: other\n```\n", 6, 13, "no model other"),
        (LAYER + "```{derive} \\partial y/\\partial z\n```\n", 6, 33, "no z"),
        (LAYER + "```{derive} y + x\n```\n", 6, 17, "cannot add y and x"),
        ("a\n\n" + LAYER.replace("W x", "W y"), 6, 1, "itself"),
        (LAYER + "```{derive} W x\n```\n", 6, 13, "not a derivative"),
        (LAYER + "```{derive}\n\n  \\input{a}\n```\n", 8, 3, r"\input"),
        (LAYER + "```{prove}\n```\n", 6, 1, "proved?"),
        (LAYER + "```{prove} y = z\n```\n", 6, 16, "z"),
        (LAYER + "```{prove} y = x\n```\n", 6, 16, "equate"),
        (LAYER + "```{prove} y = x^T x\n```\n", 6, 16, "equate"),
        (LAYER + "```{prove} y = W x\n```\n", 6, 12, "y = W x is false"),
        (LAYER + "```{prove} y = y\n:by: magic\n```\n", 7, 6, "way of proving"),
        (LAYER + "```{prove} y = y\n:by: a\n:by: b\n```\n", 8, 1, "twice"),
        (LAYER + "```{prove} y = y\n:given: W = W; W = y\n```\n", 7, 16, ""),
        (LAYER + "```{prove} y = y\n:form: sum\n```\n", 7, 1, "no option :form:"),
        (LAYER + "```{code} Bad\n```\n", 6, 1, "a name of small letters"),
        (LAYER + "```{code} m\n```\n```{code} m\n```\n", 8, 1, "already a module"),
        (LAYER + "```{code} m\n:wrt: V\n```\n", 6, 1, "not a parameter"),
        (LAYER + "```{model} b\n:extends: none\n```\n", 6, 1, "no model none"),
        ("```{model} m\nh_t = \\sigma(W h_{t-1}\n```\n", 2, 13, "never closed"),
        ("text\n\n```{model} m\n\nh_t = W h_t\n```\n", 5, 1, "itself"),
        ("before $\\frac{a$ after\n", 1, 9, "LaTeX"),
        ("one\ntwo $\\foo{$\n", 2, 6, "LaTeX"),
        ("$$\n\\begin{matrix} a\n$$\n", 2, 1, "LaTeX"),
    ],
)
def test_refused_with_line_and_column(text: str, line: int, column: int, words: str) -> None:
    error = refused(text)
    assert error.where is not None
    assert (error.where.line, error.where.column) == (line, column), str(error)
    assert words in str(error)
    assert str(error).startswith(f"sheet.md:{line}:{column}: ")


def test_an_error_in_an_extended_model_is_placed_in_its_own_block() -> None:
    text = LAYER + "```{model} worse\n:extends: layer\ny = \\sigma(W x\n```\n"
    error = refused(text)
    assert error.where is not None and error.where.line == 8


def test_messages_name_lines_of_the_file() -> None:
    text = "text\n\n" + LAYER.replace("y =", "W \\in \\mathbb{R}^{n \\times q}\ny =")
    assert "declared at 4:1" in str(refused(text)) and "declared at 6:1" in str(refused(text))


def test_carets_point_at_the_column() -> None:
    shown = str(refused(LAYER + "```{derive} \\partial y/\\partial z\n```\n")).split("\n")
    assert shown[2].index("^") == shown[1].index("z")


@pytest.mark.parametrize(
    "content",
    [b"\x00\x01\x02", b"\xff\xfe\xfd", b"a" * 1_000_001, b"text \x1b[31m"],
    ids=["null", "latin", "long", "escape"],
)
def test_files_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sheet.md"
    path.write_bytes(content)
    with pytest.raises(SymbpttError) as caught:
        load_sheet(path)
    assert str(path) in str(caught.value)


def test_deep_markdown_is_no_trouble() -> None:
    read_sheet(">" * 5000 + " a\n\n" + "[" * 5000 + "\n\n" + "*" * 5000 + "\n")
