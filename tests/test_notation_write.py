"""Terms as LaTeX: the exact text of every construct, and TeX's own opinion of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sympy import Rational, pi

from symbptt.core import norms as nm
from symbptt.core import terms as tm
from symbptt.core.errors import NotSupported
from symbptt.core.terms import Const, Elem, Param, Scale, Term, index_symbol
from symbptt.core.theory import ALL
from symbptt.notation.latex import latex, latex_conditions, latex_index
from symbptt.notation.target import Style
from symbptt.notation.unicode import unicode

n, d, q, t, k, T, i, j = map(index_symbol, "ndqtkTij")
W, U, b = Param("W", n, n), Param("U", n, d), Param("b", n)
L, lam = Param("L", 1, 1), Param(r"\lambda", 1, 1)
h, a, delta = (Elem(name, t, n) for name in ("h", "a", r"\delta"))
x, y, c, z = Elem("x", t, d), Elem(r"\hat{y}", t, q), Elem(r"c^{(\ell)}", t, n), Elem("z_{r}", t, n)
h1 = h.at(t - 1)
half = Const(Rational(1, 2))


def sigma(term: Term, order: int = 0) -> Term:
    return tm.Map(r"\sigma", order, term)


def loss(slot: int = 0) -> Term:
    return tm.Func("L", t, 1, slot, h)


LATEX: list[tuple[Term, str]] = [
    # leaves and indices
    (W, "W"),
    (h, "h_{t}"),
    (h.at(0), "h_{0}"),
    (h.at(T - t + 1), "h_{T-t+1}"),
    (z, "z_{r,t}"),
    (c.at(t - 1), r"c^{(\ell)}_{t-1}"),
    (h.at(2 * t - 1), "h_{2 t-1}"),
    (Elem("h", ALL, n), "h_{*}"),
    (Param("net", n), r"\mathrm{net}"),
    (Param("W_{rec}", n), r"W_{\mathrm{rec}}"),
    (tm.Zero(n), "0"),
    (tm.Ones(n), r"\mathbf{1}"),
    (tm.Identity(n), "I"),
    (tm.Meta("F", n, 1, t), "F_{t}"),
    (tm.Map("?f", 0, tm.Meta("A", n, d)), "f(A)"),
    # numbers
    (half, r"\frac{1}{2}"),
    (Const(T - t), "T-t"),
    (Const(n * d), "d n"),
    (Const(1 / T), r"\frac{1}{T}"),
    (Const(-3), "-3"),
    (Scale(half, h), r"\frac{1}{2} h_{t}"),
    (Scale(Const(2), Const(3)), r"2 \cdot 3"),
    (Scale(Const(Rational(-2, 3)), h), r"-\frac{2}{3} h_{t}"),
    (Scale(Const(T - t), h), "(T-t) h_{t}"),
    # sums and signs
    (W @ h1 + U @ x + b, "W h_{t-1} + U x_{t} + b"),
    (W - W @ W, "W - W W"),
    (-h - a, "-h_{t} - a_{t}"),
    (-(h + a), "-(h_{t} + a_{t})"),
    (h - (a + b), "h_{t} - (a_{t} + b)"),
    (h - (-a), "h_{t} - (-a_{t})"),
    (h - Scale(Const(2), a), "h_{t} - 2 a_{t}"),
    (h + Scale(half, a), r"h_{t} + \frac{1}{2} a_{t}"),
    # products
    (W @ (W + W) @ h, "W (W + W) h_{t}"),
    (W @ (-h), "W (-h_{t})"),
    (W @ Scale(half, h1), r"W \left(\frac{1}{2} h_{t-1}\right)"),
    ((delta * sigma(a, 1)) @ h1.T, r"(\delta_{t} \odot \sigma'(a_{t})) h_{t-1}^{\top}"),
    (W.T @ (delta * sigma(a, 1)), r"W^{\top} (\delta_{t} \odot \sigma'(a_{t}))"),
    ((W @ h) * a, r"(W h_{t}) \odot a_{t}"),
    (tm.Kron(h1.T, tm.Identity(n)), r"h_{t-1}^{\top} \otimes I"),
    (tm.Kron(tm.Kron(W, W), U), r"(W \otimes W) \otimes U"),
    (tm.Kron(W @ W, U), r"(W W) \otimes U"),
    (Scale(lam, W @ h), r"\lambda W h_{t}"),
    (Scale(h.T @ h, W), r"(h_{t}^{\top} h_{t}) W"),
    (Scale(Elem("L", t, 1), h + a), r"L_{t} \cdot (h_{t} + a_{t})"),
    (Scale(lam, h * a), r"\lambda \cdot (h_{t} \odot a_{t})"),
    # superscripts
    ((W @ h).T, r"(W h_{t})^{\top}"),
    (h1.T, r"h_{t-1}^{\top}"),
    (c.T, r"{c^{(\ell)}_{t}}^{\top}"),
    (Param("W^{(sx)}", n, d).T, r"{W^{(sx)}}^{\top}"),
    (Param("h'", n).T, r"{h'}^{\top}"),
    (y.T, r"\hat{y}_{t}^{\top}"),
    (W.T.T, r"(W^{\top})^{\top}"),
    (tm.Inverse(W).T, r"(W^{-1})^{\top}"),
    (tm.Power(W, k + 1), "W^{k+1}"),
    (tm.Inverse(W + W), "(W + W)^{-1}"),
    (sigma(a, 1).T, r"\sigma'(a_{t})^{\top}"),
    # functions
    (sigma(W @ h1 + b), r"\sigma(W h_{t-1} + b)"),
    (sigma(a, 2), r"\sigma''(a_{t})"),
    (sigma(a, 4), r"\sigma^{(4)}(a_{t})"),
    (tm.Map("tanh", 1, h), r"\tanh'(h_{t})"),
    (tm.Map("relu", 0, h), r"\operatorname{relu}(h_{t})"),
    (a * tm.Map("recip", 0, h), r"a_{t} \odot \frac{1}{h_{t}}"),
    (tm.Map("recip", 1, h), r"\operatorname{recip}'(h_{t})"),
    (tm.Map("recip", 0, W), r"\operatorname{recip}(W)"),
    (tm.Map(r"\phi^{(sx)}", 1, h), r"{\phi^{(sx)}}'(h_{t})"),
    (tm.Diag(sigma(a, 1)) @ W, r"\operatorname{diag}(\sigma'(a_{t})) W"),
    (tm.Softmax(h), r"\operatorname{softmax}(h_{t})"),
    (tm.Vec(W @ U), r"\operatorname{vec}(W U)"),
    (tm.Trace(W), r"\operatorname{tr}(W)"),
    (nm.Norm(W), r"\lVert W \rVert"),
    (nm.Norm(h, "inf"), r"\lVert h_{t} \rVert_{\infty}"),
    (nm.Norm(tm.Entry(W, 1, 1)), r"\lvert w_{11} \rvert"),
    (nm.Norm(tm.OrderedProduct(W, k, 1, t)), r"\left\lVert \prod_{k=1}^{t} W \right\rVert"),
    (nm.Sup(r"\sigma", 1), r"\sup \lvert \sigma' \rvert"),
    (nm.Min(tm.Const(1), nm.Norm(h)), r"\min(1, \lVert h_{t} \rVert)"),
    (tm.Power(nm.Norm(W), t - k), r"\lVert W \rVert^{t-k}"),
    (loss(), "L_{t}(h_{t})"),
    (tm.Func(r"\ell", None, 1, 0, y, x), r"\ell(\hat{y}_{t}, x_{t})"),
    # ranges
    (
        tm.SumOver((delta * sigma(a, 1)) @ h1.T, t, 1, T),
        r"\sum_{t=1}^{T} (\delta_{t} \odot \sigma'(a_{t})) h_{t-1}^{\top}",
    ),
    (tm.SumOver(h + a, t, 1, T), r"\sum_{t=1}^{T} (h_{t} + a_{t})"),
    (tm.SumOver(-h, t, 1, T), r"\sum_{t=1}^{T} (-h_{t})"),
    (W @ tm.SumOver(h, t, 1, T), r"W \sum_{t=1}^{T} h_{t}"),
    (tm.SumOver(h, t, 1, T) @ b.T, r"\left(\sum_{t=1}^{T} h_{t}\right) b^{\top}"),
    (tm.SumOver(h, t, 1, T) + b, r"\sum_{t=1}^{T} h_{t} + b"),
    (
        tm.OrderedProduct(tm.Diag(sigma(a.at(i), 1)) @ W, i, k + 1, t),
        r"\prod_{i=k+1}^{t} \operatorname{diag}(\sigma'(a_{i})) W",
    ),
    (tm.OrderedProduct(W, i, 1, t) @ W, r"\left(\prod_{i=1}^{t} W\right) W"),
    (tm.When(W.T @ delta.at(t + 1), T - 1 - t), r"[t < T]\, W^{\top} \delta_{t+1}"),
    (tm.When(h + a, t - 1), r"[t \ge 1]\, (h_{t} + a_{t})"),
    (W @ tm.When(h, t - k, k - t), r"W ([t = k]\, h_{t})"),
    # derivatives
    (tm.D(h), r"\mathrm{d}h_{t}"),
    (tm.D(W @ h), r"\mathrm{d}(W h_{t})"),
    (tm.D(W) @ h, r"(\mathrm{d}W) h_{t}"),
    (W @ tm.D(h), r"W \, \mathrm{d}h_{t}"),
    (tm.D(W).T, r"(\mathrm{d}W)^{\top}"),
    (tm.Shock(h), r"\xi^{h}_{t}"),
    (tm.Shock(h).T, r"{\xi^{h}_{t}}^{\top}"),
    (tm.Partial(h, h.at(k)), r"\frac{\partial h_{t}}{\partial h_{k}}"),
    (tm.Partial(L, W), r"\frac{\partial L}{\partial \operatorname{vec} W}"),
    (
        tm.Partial(h.at(k), W, "immediate"),
        r"\frac{\partial^{+} h_{k}}{\partial \operatorname{vec} W}",
    ),
    (tm.Partial(W @ h, h), r"\frac{\partial (W h_{t})}{\partial h_{t}}"),
    (
        tm.Partial(W @ W, W.T),
        r"\frac{\partial \operatorname{vec}(W W)}{\partial \operatorname{vec}(W^{\top})}",
    ),
    (tm.Partial(h, h1).T @ b, r"\left(\frac{\partial h_{t}}{\partial h_{t-1}}\right)^{\top} b"),
    (tm.Gradient(L, W), r"\nabla_{W} L"),
    (W.T @ tm.Gradient(L, h), r"W^{\top} \nabla_{h_{t}} L"),
    (tm.Gradient(L, h) @ h1.T, r"(\nabla_{h_{t}} L) h_{t-1}^{\top}"),
    (tm.Gradient(h.T @ h, h), r"\nabla_{h_{t}} (h_{t}^{\top} h_{t})"),
    (loss(1), r"\frac{\partial L_{t}}{\partial h_{t}}"),
    (tm.Func("L", None, 1, 1, W @ h), r"\partial_{1} L(W h_{t})"),
    (tm.Func("G", t, 1, 2, h, x), r"\partial_{2} G_{t}(h_{t}, x_{t})"),
    (tm.Func("F", None, n, 1, W), r"\frac{\partial F}{\partial \operatorname{vec} W}"),
    # entries and blocks
    (tm.Entry(W, i, j), "w_{ij}"),
    (tm.Entry(W, i, j + 1), "w_{i,j+1}"),
    (tm.Entry(W, 12, 3), "w_{12,3}"),
    (tm.Entry(b, i), "b_{i}"),
    (tm.Entry(h, i), "h_{t,i}"),
    (tm.Entry(c, 2), r"c^{(\ell)}_{t,2}"),
    (tm.Entry(z, i), "(z_{r,t})_{i}"),
    (tm.Entry(Param("W_{hh}", n, n), i, j), "(W_{hh})_{ij}"),
    (tm.Entry(Elem("A", t, n, n), i, j), "(A_{t})_{ij}"),
    (tm.Entry(Param(r"\Lambda", n, n), i, i), r"\Lambda_{ii}"),
    (tm.Entry(W @ h, i), "(W h_{t})_{i}"),
    (tm.Entry(W, index_symbol("tau"), j), r"w_{\tau j}"),
    (tm.Block(2, 1, h, x), r"\begin{bmatrix} h_{t} \\ x_{t} \end{bmatrix}"),
    (tm.Block(1, 2, W, U), r"\begin{bmatrix} W & U \end{bmatrix}"),
]


@pytest.mark.parametrize(("term", "expected"), LATEX, ids=[text for _, text in LATEX])
def test_latex(term: Term, expected: str) -> None:
    assert latex(term) == expected


def test_sizes_are_shown_on_demand() -> None:
    style = Style(dimensions=True)
    term = tm.Block(1, 3, tm.Identity(n), tm.Zero(n, d), tm.Ones(n))
    cells = r"I_{n} & 0_{n \times d} & \mathbf{1}_{n}"
    assert latex(term, style) == rf"\begin{{bmatrix}} {cells} \end{{bmatrix}}"
    assert unicode(term, style) == "[I_n, 0_{n×d}, 1_n]"


def test_indices_and_conditions() -> None:
    indices = [t - 1, k + 1, T - t, 1 - t, -t - 1, 2 * n, T - t + 1, index_symbol("t1") + 1]
    assert [latex_index(e) for e in indices] == [
        "t-1", "k+1", "T-t", "1-t", "-t-1", "2 n", "T-t+1", "t_{1}+1",
    ]  # fmt: skip
    shown = {
        (T - 1 - t,): "t < T", (T - t,): r"t \le T", (t - 1,): r"t \ge 1", (t - k,): r"k \le t",
        (t - k - 1,): "k < t", (T - t - 2,): r"t \le T-2", (T - t + 1,): r"t \le T+1",
        (3 - t,): r"t \le 3", (t - k, k - t): "t = k", (t, -t): "t = 0", (-t, t): "t = 0",
        (t - 1, T - 1 - t): r"t \ge 1, t < T", (t + k - 2,): r"k+t \ge 2",
    }  # fmt: skip
    assert {facts: latex_conditions(facts) for facts in shown} == shown


def test_an_inexact_number_is_refused() -> None:
    with pytest.raises(NotSupported, match="exact number"):
        latex(Const(pi))


# ---------------------------------------------------------------- TeX itself


def test_pdflatex_accepts_every_formula(tmp_path: Path) -> None:
    pdflatex = shutil.which("pdflatex")
    if pdflatex is None:
        pytest.skip("pdflatex is not installed")
    formulas = "\n\n".join(f"${latex(term)}$" for term, _ in LATEX)
    head = r"\documentclass{article}\usepackage{amsmath}\begin{document}"
    (tmp_path / "all.tex").write_text(f"{head}{formulas}\\end{{document}}")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]


def test_writing_needs_no_numpy() -> None:
    modules = "symbptt.notation.latex, symbptt.notation.unicode"
    script = f"import sys, {modules}; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
