"""KaTeX in QuickJS: renders, refuses, measures, and needs nothing from outside."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from symbptt.core.errors import ReadError
from symbptt.report import katex_render

BPTT = (
    r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T}\sum_{k=1}^{t}\frac{\partial L_t}{\partial h_t}"
    r"\left(\prod_{i=k+1}^{t}\operatorname{diag}(\sigma'(a_i))\,W\right)"
    r"\frac{\partial^{+} h_k}{\partial W}"
)

REFUSED = [
    (r"\frac{a", "Unexpected end of input"),
    (r"a & b", "Expected 'EOF', got '&'"),
    (r"\nosuchcommand x", r"Undefined control sequence: \nosuchcommand"),
    (r"\input{secret}", r"Undefined control sequence: \input"),
    (r"\href{http://example.org}{x}", r"\href is not allowed"),
    (r"\includegraphics{http://example.org/x.png}", r"\includegraphics is not allowed"),
    (r"\htmlClass{a}{b}", "HTML extension"),
    (r"\def\a{\a\a}\a", "Too many expansions"),
    ("\\text{a} 中", "Unicode text character"),
    ("{" * 100_000, "nested too deeply"),
]


def test_renders_html_with_mathml() -> None:
    html = katex_render.render(BPTT, display=True)
    assert html.startswith('<span class="katex-display">')
    assert "<math" in html
    assert "katex-error" not in html


@pytest.mark.parametrize(("latex", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_bad_formulas_are_refused(latex: str, message: str) -> None:
    assert message in (katex_render.lint(latex) or "")
    with pytest.raises(ReadError) as caught:
        katex_render.render(latex)
    assert caught.value.where is not None


def test_the_error_points_at_the_place() -> None:
    with pytest.raises(ReadError) as caught:
        katex_render.render(r"a + \wrong b")
    assert caught.value.where is not None
    assert caught.value.where.column == 5
    assert str(caught.value).endswith(r"    a + \wrong b" + "\n        ^")


def test_good_formulas_pass_the_lint() -> None:
    assert katex_render.lint(BPTT) is None
    assert katex_render.lint(r"a = b \tag{1}") is None
    assert katex_render.lint(r"a = b \tag{1}", display=False) is not None
    assert katex_render.lint(r"\text{对所有的 } t") is None


def test_a_refusal_does_not_spoil_the_next_formula() -> None:
    katex_render.lint("{" * 100_000)
    katex_render.lint(r"\gdef\h{x}\h")
    assert katex_render.lint(r"\h") is not None
    assert katex_render.lint("h_t") is None


@pytest.mark.parametrize("latex", [BPTT, r"\sqrt{x}", r"\begin{bmatrix}a\\b\end{bmatrix}"])
def test_nothing_is_loaded_from_outside(latex: str) -> None:
    html = katex_render.render(latex, display=True)
    assert not re.search(r"\b(src|href)\s*=|url\(|<script|<link|@import", html)
    sheet = katex_render.css()
    assert re.findall(r"url\((?!data:font/woff2;base64,)", sheet) == []
    assert "@import" not in sheet
    assert sheet.count("@font-face") == sheet.count("url(data:") == 20


def test_the_style_sheet_of_a_page_has_the_fonts_it_uses() -> None:
    plain, blackboard = (katex_render.css(katex_render.render(f)) for f in ("h_t", r"\mathbb{R}"))
    assert "KaTeX_AMS;" not in plain
    assert "KaTeX_AMS;" in blackboard
    assert len(plain) < len(katex_render.css()) / 3
    for page in (plain, blackboard):
        assert page.count("KaTeX_Size4;") == 1
        assert ".katex .mathbb" in page


def test_every_vendored_font_is_accounted_for() -> None:
    fonts = {m.groups() for m in katex_render._FONT_FACE.finditer(katex_render.css())}
    assert fonts == katex_render._BASE_FONTS | set(katex_render._FONT_CLASSES)


def test_threads_have_their_own_engine() -> None:
    formulas = [f"x_{{{i}}}" for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(katex_render.render, formulas))
    assert all(str(i) in page for i, page in enumerate(pages))


WIDTHS = [
    BPTT,
    r"a + b - c = d",
    r"h_{t-1}^{\top}",
    r"\begin{bmatrix}\frac{\partial y_1}{\partial t_1}&\cdots&0\\0&1&2\end{bmatrix}",
    r"\operatorname{vec}(A)^{\mathsf T}\otimes I_n",
    r"\left(\frac{\frac{a}{b}}{c}+1\right)^{-1}\quad\text{for all } t",
    r"\hat y_t \odot \tilde{c}^{(t)} \in \mathbb{R}^{n\times d}",
]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")
def test_widths_agree_with_tex(tmp_path: Path) -> None:
    lines = [rf"\settowidth{{\x}}{{$\displaystyle {f}$}}\typeout{{W:\the\x}}" for f in WIDTHS]
    preamble = r"\documentclass[11pt]{article}\usepackage{amsmath,amssymb,lmodern}\newdimen\x"
    source = "\n".join([preamble, r"\begin{document}", *lines, r"\end{document}"])
    (tmp_path / "widths.tex").write_text(source)
    run = subprocess.run(
        ["pdflatex", "-interaction=batchmode", "widths.tex"], cwd=tmp_path, check=True
    )
    assert run.returncode == 0
    log = (tmp_path / "widths.log").read_text(errors="replace")
    measured = [float(w) / 10.95 for w in re.findall(r"^W:([\d.]+)pt", log, re.MULTILINE)]
    assert len(measured) == len(WIDTHS)
    assert [katex_render.width(f) for f in WIDTHS] == pytest.approx(measured, rel=0.05)
