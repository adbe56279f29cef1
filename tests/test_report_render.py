"""Reports printed: LaTeX that compiles without a complaint, HTML that needs no network."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
import report_sample

from symbptt.core.errors import ReadError
from symbptt.report.document import (
    Code, CodeListing, Display, Document, Emph, Heading, Items, Link, Math, MatrixView, Phrase,
    ProofLine, Prose, Quote, SymbolRow, SymbolsTable, Table, Text, TheoremBlock,
)  # fmt: skip
from symbptt.report.render import to_html, to_tex
from symbptt.report.templating import html_templates, tex_templates
from symbptt.report.tex import compile_tex, engine_of, has_tex

LANGUAGES = ["en", "zh"]
HOSTILE = r"""\input{x} $a$ {b} 100% & # ^ _ ~ "q" <script>alert(1)</script> σ ∂ ≤ – “é”"""
VOID = {"meta", "br", "hr", "wbr", "img", "link", "input"}


def one(*blocks: object, lang: str = "en", title: str = "T") -> Document:
    return Document(title, lang, blocks)  # type: ignore[arg-type]


class Page(HTMLParser):
    """Checks that tags are balanced, and collects attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "annotation"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


# ---------------------------------------------------------------- HTML


@pytest.mark.parametrize("lang", [*LANGUAGES, "both"])
@pytest.mark.parametrize("detail", ["brief", "normal"])
def test_html_is_one_sound_offline_page(lang: str, detail: str) -> None:
    document = replace(report_sample.document("en" if lang == "both" else lang), lang=lang)
    html = to_html(replace(document, detail=detail))
    page = Page(html)
    assert ("html", "lang", {"zh": "zh-Hans"}.get(lang, "en")) in page.attributes
    names = {name for _, name, _ in page.attributes}
    assert not names & {"src", "srcset", "onclick", "onload"}
    assert not [a for a in page.attributes if a[1] == "href"]
    assert "<script" not in html and "@import" not in html
    assert re.findall(r"url\((?!data:font/woff2;base64,)", html) == []
    assert "katex-error" not in html
    assert html.count("<details") == (3 if detail == "brief" else 0)


def test_html_says_everything() -> None:
    text = Page(to_html(report_sample.document("en"))).text
    for expected in (
        "Theorem 1 (Jacobian of a step).",
        "chain rule",
        "definition of",
        "induction hypothesis",
        "Symbols and shapes",
        "def backward(cache, grad_outputs):",
        "derivations/sample.md",
    ):
        assert expected in text, expected
    assert "定理 2" in Page(to_html(report_sample.document("zh"))).text


def test_html_escapes_text() -> None:
    name = (Text(HOSTILE),)
    html = to_html(one(Prose(name), Heading(1, name), CodeListing(HOSTILE), title=HOSTILE))
    Page(html)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 5  # title twice


def test_only_safe_links_are_links() -> None:
    links = [Link((Text("l"),), url) for url in ("https://a.b/?x=1&y=%20#z", "javascript:alert(1)")]
    html = to_html(one(Prose(tuple(links))))
    assert [a[2] for a in Page(html).attributes if a[1] == "href"] == ["https://a.b/?x=1&y=%20#z"]
    assert r"\href{https://a.b/?x=1\&y=\%20\#z}{l}l" in to_tex(one(Prose(tuple(links))))


def test_html_names_the_rule_of_a_step() -> None:
    html = to_html(report_sample.document("en"))
    assert 'data-rule="d-map">chain rule</div>' in html


def test_reports_are_reproducible() -> None:
    for lang in LANGUAGES:
        assert to_html(report_sample.document(lang)) == to_html(report_sample.document(lang))
        assert to_tex(report_sample.document(lang)) == to_tex(report_sample.document(lang))


# ---------------------------------------------------------------- LaTeX


def test_tex_is_plain_amsmath() -> None:
    tex = to_tex(report_sample.document("en"))
    assert r"\begin{theorem}[{Jacobian of a step}]\label{theorem-1}" in tex
    assert r"&= \sigma'(a_t) \odot" in tex
    assert r"\tag*{\reason{chain rule}}" in tex
    assert tex.count(r"\begin{align*}") == tex.count(r"\end{align*}") == 5
    assert "\n\n\\begin{align*}" not in tex and "\n\n\\[" not in tex


def test_the_end_of_a_proof_is_marked_once() -> None:
    line = ProofLine("", "a")
    chain = (line, ProofLine("=", "b", Text("why")))
    prose = Prose((Text("Done."),))
    for proof, marks in ((chain, 1), ((*chain, prose), 0), ((prose, *chain), 1)):
        block = TheoremBlock("lemma", "1", (), (Display("a = b"),), (), proof)
        tex = to_tex(one(block))
        assert tex.count(r"\qedsymbol") == tex.count(r"\renewcommand{\qed}{}") == marks
        body = tex.split(r"\begin{document}")[1]
        assert body.count(r"\begin{proof}") == 1


def test_a_formula_that_is_not_latex_is_refused() -> None:
    bad = r"a + \nosuch"
    blocks = (
        Prose((Math(bad),)),
        Display(bad),
        MatrixView("a", (bad,)),
        SymbolsTable((SymbolRow(bad, Text("m")),)),
        TheoremBlock("theorem", "1", (), (Display(bad),)),
        TheoremBlock("theorem", "1", (), (), (), (ProofLine("", bad), ProofLine("=", "b"))),
    )
    for block in blocks:
        for write in (to_tex, to_html):
            with pytest.raises(ReadError, match=r"Undefined control sequence: \\nosuch"):
                write(one(block))


def test_other_alphabets_choose_the_engine() -> None:
    assert engine_of(to_tex(one(Prose((Text("plain – “é” σ ∂"),))))) == "pdflatex"
    chinese = to_tex(one(Prose((Text("中文"),))))
    assert engine_of(chinese) == "xelatex" and "scheme=plain" in chinese
    assert engine_of(to_tex(one(Prose((Text("Привет"),))))) == "xelatex"


def test_templates_are_strict() -> None:
    for environment, source in ((html_templates(), "{{ nosuch }}"), (tex_templates(), "((( x )))")):
        with pytest.raises(jinja2.UndefinedError):
            environment.from_string(source).render()


# ---------------------------------------------------------------- on paper

WIDE = r"\operatorname{diag}(\sigma'(a_{%d}))\,W\,"
EVERYTHING = (
    Heading(1, (Text(HOSTILE),)),
    Prose((Text(HOSTILE), Code(HOSTILE), Emph((Text(HOSTILE),), strong=True))),
    Prose(
        (Link((Text("x_y"),), "https://example.org/a_b?c=1&d=%7E#e~f"), Math(r"x \in \R, x \lt 1"))
    ),
    Items(
        (
            (Prose((Text("a"),)), Items(((Display("b = " + WIDE % 1 * 6),),), ordered=True)),
            (Quote((Prose((Text("q"),)), Display(" + ".join([WIDE % 2] * 6)))),),
        )
    ),
    Display("".join(WIDE % i for i in range(9)), "12"),
    Display(r"\begin{align*} a &= b \\ c &= d \end{align*}"),
    Display(r"a = b = \left(" + " + ".join([WIDE % 3] * 5) + r"\right) x = y", "13"),
    Display(r"\begin{bmatrix}" + " & ".join(["xxxxxxxx"] * 16) + r"\end{bmatrix}", "14"),
    MatrixView(
        "J", (r"\begin{bmatrix}" + " & ".join([r"\frac{a}{b}"] * 9) + r"\end{bmatrix}",) * 4
    ),
    CodeListing(HOSTILE + "\n" + "word " * 60 + "\n\\end{Verbatim}\n"),
    Table(
        (Text("n"), Phrase("table.statement")),
        tuple((Text(str(i)), Math(r"\frac{a}{b}")) for i in range(80)),
        wide=(1,),
    ),
    TheoremBlock(
        "definition",
        "7.1",
        (Text("[brackets] & co"),),
        (Prose((Text("Statement."),)), Display("a = b")),
        (Math("a"), Math("b"), Math("c")),
        (
            ProofLine("", " + ".join([WIDE % 4] * 3)),
            ProofLine("=", " + ".join([WIDE % 5] * 7), Text("a long reason, " * 5)),
            ProofLine(r"\le", "c", rule="d-map"),
            ProofLine("", "x"),
        ),
    ),
)


def compiled(document: Document, folder: Path, name: str, allowed: Sequence[str] = ()) -> Path:
    path = folder / f"{name}.tex"
    path.write_text(to_tex(document), encoding="utf-8")
    result = compile_tex(path)
    assert result.error == ""
    assert [p for p in result.problems if p.kind not in allowed] == []
    assert result.pdf is not None
    return result.pdf


@pytest.mark.skipif(not has_tex("pdflatex"), reason="TeX is not installed")
def test_english_compiles_without_a_complaint(tmp_path: Path) -> None:
    pdf = compiled(report_sample.document("en"), tmp_path, "en")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True)
        for words in ("Theorem 2 (Product of Jacobians)", "induction hypothesis", "Proof."):
            assert words in text.stdout


@pytest.mark.skipif(not has_tex("xelatex"), reason="XeTeX is not installed")
def test_chinese_compiles_without_a_complaint(tmp_path: Path) -> None:
    pdf = compiled(report_sample.document("zh"), tmp_path, "zh")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True)
        for words in ("定理 2", "归纳假设", "证明"):
            assert words in text.stdout


@pytest.mark.skipif(not has_tex("pdflatex"), reason="TeX is not installed")
def test_everything_at_once_compiles_without_a_complaint(tmp_path: Path) -> None:
    compiled(one(*EVERYTHING, title=HOSTILE), tmp_path, "everything", allowed=["underfull"])
    Page(to_html(one(*EVERYTHING, title=HOSTILE)))
