"""Reports, questions, solution sheets and slides; details, languages, and what TeX says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_report import SHEET, document, run

from symbptt.core.errors import ReadError
from symbptt.report.document import (
    AnswerSpace, Math, Phrase, Picture, ProofLine, Prose, Ref, Text, TheoremBlock, phrase,
)  # fmt: skip
from symbptt.report.html_writer import to_html
from symbptt.report.md_writer import github, to_markdown
from symbptt.report.sayings import reason_of
from symbptt.report.slides import slides
from symbptt.report.tex import compile_tex, has_tex
from symbptt.report.tex_writer import to_tex
from symbptt.report.walking import walk
from symbptt.report.words import LANGUAGES, load
from symbptt.worksheet import kinds, read_sheet
from symbptt.worksheet.build import build_sheet, differences, make_texts
from symbptt.worksheet.kinds import Style

ANSWERS = (r"\delta", r"\sum_{t=1}^{T} (", r"\begin{bmatrix} 1 & 6", "chain rule")
SMALL = "---\ntitle: Two\n%s---\n```{model} f\ny = \\sigma(W x)\nx \\in \\mathbb{R}^d\n" + (
    "y \\in \\mathbb{R}^n\n```\n```{derive} \\partial y/\\partial x\n:id: f\n```\n"
)


def texts(kind: str, lang: str = "en") -> tuple[str, str, str]:
    made = document(kind, lang=lang)
    return to_tex(made), to_html(made), to_markdown(made, {})


# ---------------------------------------------------------------- kinds


@pytest.mark.parametrize("kind", ["questions", "solution"])
def test_questions_give_no_answers_away(kind: str) -> None:
    tex, html, md = texts(kind)
    for text in (tex.split(r"\begin{document}")[1], md):
        assert not [a for a in ANSWERS if a in text]
        assert "Only the answers say this." not in text
        assert "The same layer at every step" in text
        assert r"\frac{\partial L}{\partial W}" in text
    assert "(3 points)" in md and "**Question 8**" in md
    assert "<details" not in html and "□" not in md


def test_every_block_that_has_an_answer_is_a_question() -> None:
    asked = [b for b in document("questions").blocks if isinstance(b, TheoremBlock)]
    assert {b.kind for b in asked} == {"question"}
    keys = [x.key for b in asked for x in walk(b.statement) if isinstance(x, Phrase)]
    for key in ("derive", "prove", "evaluate", "refute", "ranges", "graph", "code"):
        assert f"ask.{key}" in keys, key
    assert not [x for x in walk(document("questions").blocks) if isinstance(x, Picture)]


def test_a_solution_sheet_has_room_for_every_answer() -> None:
    asked = [b for b in document("solution").blocks if isinstance(b, TheoremBlock)]
    rooms = [x.lines for b in asked for x in walk(b.statement) if isinstance(x, AnswerSpace)]
    assert len(rooms) == len(asked) == 8
    assert min(rooms) >= 5 and max(rooms) <= 18 and len(set(rooms)) > 1  # by the answer's length


def test_prose_for_some_kinds() -> None:
    assert "Only the answers say this." in to_markdown(document(), {})
    with pytest.raises(ReadError, match="the kinds are report, questions, solution, slides"):
        read_sheet("```{only} students\ntext\n```")
    with pytest.raises(ReadError, match="Undefined control sequence"):
        read_sheet("```{only} report\n$\\nosuch$\n```")


def test_slides() -> None:
    made = document("slides")
    cut = slides(made.blocks)
    theorems = [b for b in made.blocks if isinstance(b, TheoremBlock)]
    own = [s for s in cut if len(s.blocks) == 1 and isinstance(s.blocks[0], TheoremBlock)]
    assert len(own) == len(theorems) > 3
    html, tex = to_html(made), to_tex(made)
    ids = re.findall(r'<section class="slide[^"]*" id="([^"]+)"', html)
    assert ids == [f"slide-{n}" for n in range(1, len(cut) + 1)]
    assert set(re.findall(r'<nav>.*?href="#([^"]+)"', html)) <= set(ids)
    assert tex.count(r"\begin{frame}") == len(cut) + 1
    assert r"\begin{align*}" in to_tex(document("slides", "normal"))  # with the proofs


# ---------------------------------------------------------------- languages


def reasons(lang: str) -> list[str]:
    words = load(lang)
    out = []
    for block in document(lang=lang).blocks:
        for line in block.proof if isinstance(block, TheoremBlock) else ():
            if isinstance(line, ProofLine):
                out.append(said(reason_of(line), words))
    return [r for r in out if r]


def said(items: tuple[object, ...], words: object) -> str:
    """Words only: formulas have no language."""
    out = ""
    for item in items:
        match item:
            case Text(text):
                out += text
            case Math():
                out += " "
            case Phrase():
                out += said(words.phrase(item), words)  # type: ignore[attr-defined]
            case Ref(inner):
                out += said(inner, words)
    return out


def test_chinese_reasons_have_no_english_words() -> None:
    found = reasons("zh")
    assert len(found) > 30
    labels = re.compile(r"\([ivx]+\)")  # (iii)
    assert not [r for r in found if re.search(r"[A-Za-z]{2,}", labels.sub("", r))]
    assert len(found) == len(reasons("en"))


def test_both_languages_at_once() -> None:
    tex, html, md = texts("report", "both")
    for text in (tex, html, md):
        for word in ("chain rule", "链式法则", "Symbol · 符号", "Every proof above", "以上证明"):
            assert word in text
    assert '<p lang="zh-Hans">' in html and '<div class="both">' in html
    assert "% !TEX program = xelatex" in tex


def test_a_phrase_that_reads_the_same_is_said_once() -> None:
    both = load("both")
    assert both.phrase(phrase("step.equal", equation=Math("a"))) == (Math("a"),)
    assert both.say("theorem.lemma") == "Lemma · 引理"
    assert both.joined((Math("a"), Math("b"))) == (
        Math("a"), Text(" and "), Math("b"), Text(" · "), Math("a"), Text(" 和 "), Math("b"),
    )  # fmt: skip


# ---------------------------------------------------------------- Markdown


def test_markdown_is_what_github_takes() -> None:
    md = to_markdown(document(), {x.svg: "figures/p.svg" for x in walk(document().blocks)
                                  if isinstance(x, Picture)})  # fmt: skip
    assert "operatorname" not in md
    assert "](figures/p.svg)" in md
    assert md.count("```") % 2 == 0
    inline = re.findall(r"\$`([^`]*)`\$", md)
    assert len(inline) > 100
    for row in (line for line in md.splitlines() if line.startswith("|")):
        assert "|" not in "".join(re.findall(r"\$`([^`]*)`\$", row))
    outside = re.sub(r"\$`[^`]*`\$|```math.*?```", "", md, flags=re.DOTALL)
    assert "$" not in outside and not re.search(r"\\[a-z]{3,}", outside)


def test_commands_that_github_refuses() -> None:
    assert github(r"\operatorname{diag}(v)") == r"\mathop{\mathrm{diag}}\nolimits (v)"
    assert github(r"\operatorname*{arg\,max}_x") == r"\mathop{\mathrm{arg\,max}}_x"


def test_authors_words_are_not_markup() -> None:
    made = document()
    hostile = type(made)("*a* <b>", "en", (Prose((Text("1. _x_ `y` [z](u) | $5 # <i>"),)),))
    md = to_markdown(hostile, {})
    assert r"\*a\* \<b\>" in md
    assert r"\_x\_ \`y\` \[z\](u) \| \$5 \# \<i\>" in md


# ---------------------------------------------------------------- options


def test_the_head_and_the_command_choose(tmp_path: Path) -> None:
    sheet = read_sheet(SMALL % "lang: zh\ndetail: brief\nkind: questions\n", "two")
    assert (sheet.lang, sheet.detail, sheet.kind) == ("zh", "brief", "questions")
    assert "two-questions.md" in make_texts(sheet).files
    files = make_texts(sheet, Style(lang="en", kind="report")).files
    assert "two.md" in files and "By: " in files["two.md"]
    for line in ("kind: poster", "detail: all", "lang: fr"):
        with pytest.raises(ReadError, match=r"are .*, not '"):
            read_sheet(SMALL % f"{line}\n")
    for name in ("LANGS", "DETAILS", "REPORTS"):
        assert len(getattr(kinds, name)) >= 3
    assert set(LANGUAGES) < set(kinds.LANGS)


def test_kinds_stand_beside_each_other(tmp_path: Path) -> None:
    sheet, folder = read_sheet(SMALL % "", "two"), tmp_path / "two"
    only = ("py", "json", "tex", "html", "md")
    build_sheet(sheet, folder, only)
    slide_show = build_sheet(sheet, folder, only, Style(kind="slides"))
    names = {p.name for p in folder.iterdir()}
    assert {"two.html", "two.md", "two-slides.html", "two-slides.tex"} <= names
    assert differences(make_texts(sheet), folder) == {}
    assert differences(slide_show, folder) == {}
    (folder / "two-slides.md").write_text("old", encoding="utf-8")
    assert list(differences(slide_show, folder)) == ["two-slides.md"]
    assert differences(make_texts(sheet), folder) == {}


def test_a_model_may_be_drawn() -> None:
    pictures = [x for x in document().blocks if isinstance(x, Picture)]
    assert [p.name for p in pictures] == ["graph-rnn", "graph-rnn"]
    assert "<svg" in to_html(document()) and "tikzpicture" in to_tex(document())
    with pytest.raises(ReadError, match=":graph: stands alone"):
        read_sheet(SHEET.replace(":graph:", ":graph: big"))


# ---------------------------------------------------------------- on paper


@pytest.mark.skipif(not (has_tex("pdflatex") and has_tex("xelatex")), reason="no TeX")
@pytest.mark.parametrize(
    ("kind", "detail", "lang"),
    [("report", "full", "en"), ("report", "brief", "both"), ("slides", None, "en"),
     ("solution", None, "zh")],
)  # fmt: skip
def test_tex_has_nothing_to_complain_about(
    kind: str, detail: str | None, lang: str, tmp_path: Path
) -> None:
    """No box too wide, no reference to nothing, no glyph that the fonts lack."""
    source = tmp_path / "small.tex"
    source.write_text(to_tex(document(kind, detail, lang)), encoding="utf-8")
    for name, data in run().assets.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    result = compile_tex(source)
    assert result.error == ""
    assert [p.text for p in result.problems] == []
