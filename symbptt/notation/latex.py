"""Terms as LaTeX, for KaTeX and pdfLaTeX alike.

>>> from ..core.terms import Elem, Param, index_symbol
>>> n, t = index_symbol("n"), index_symbol("t")
>>> W, h = Param("W", n, n), Elem("h", t, n)
>>> latex((W @ h.at(t - 1)).T)
'(W h_{t-1})^{\\\\top}'
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sympy import Expr

from ..core.terms import Term
from .index import conditions_text, index_text
from .printer import Printer
from .symbols import Level, Name
from .target import Style, Target

_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")  # in a script; two letters stay italic: W_{hh}


def _upright(script: str) -> str:
    return _WORD.sub(lambda m: rf"\mathrm{{{m[0]}}}", script)


def latex_name(name: Name) -> str:
    """A name as LaTeX; words stand upright."""
    base = rf"\mathrm{{{name.base}}}" if len(name.base) > 1 and name.base.isalnum() else name.base
    return Name(base, name.accents, name.primes, _upright(name.sup), _upright(name.sub)).text


LATEX = Target(
    name=latex_name,
    templates={
        "group": "(<a>)", "tall_group": r"\left(<a>\right)",
        "call": "<f>(<a>)", "tall_call": r"<f>\!\left(<a>\right)",
        "operator": r"\operatorname{<f>}", "function": "<latex>", "order": "^{(<k>)}",
        "protected": "{<a>}", "sized": "<a>_{<n>}", "size_times": r" \times ",
        "fraction": r"\frac{<p>}{<q>}", "dot": r"<a> \cdot <b>",
        "lt": " < ", "le": r" \le ", "ge": r" \ge ", "eq": " = ", "to": r" \to ",
        "Zero": "0", "Ones": r"\mathbf{1}", "Identity": "I",
        "Hadamard": r" \odot ", "Kron": r" \otimes ",
        "SumOver": r"\sum_{<i>=<lo>}^{<hi>} <a>", "OrderedProduct": r"\prod_{<i>=<lo>}^{<hi>} <a>",
        "When": r"[<c>]\, <a>",
        "Transposed": r"<a>^{\top}", "Inverse": "<a>^{-1}", "Power": "<a>^{<k>}",
        "D": r"\mathrm{d}<a>", "differential": r"\mathrm{d}", "vec": r"\operatorname{vec} <a>",
        "total": r"\frac{\partial <y>}{\partial <x>}",
        "immediate": r"\frac{\partial^{+} <y>}{\partial <x>}",
        "direct": r"\frac{\partial^{\circ} <y>}{\partial <x>}",
        "Gradient": r"\nabla_{<x>} <a>", "Slot": r"\partial_{<j>} <a>",
        "Entry": "<a>_{<i>}",
        "norm": r"\lVert <a> \rVert", "tall_norm": r"\left\lVert <a> \right\rVert",
        "largest": r"\lVert <a> \rVert_{\infty}",
        "tall_largest": r"\left\lVert <a> \right\rVert_{\infty}",
        "absolute": r"\lvert <a> \rvert", "tall_absolute": r"\left\lvert <a> \right\rvert",
        "EntrywisePower": r"<a>^{\odot <k>}", "Binomial": r"\binom{<n>}{<k>}", "Radius": r"\rho",
        "Det": r"\det",
        "Sup": r"\sup <a>", "Min": r"\min", "Max": r"\max",
        "Block": r"\begin{bmatrix} <a> \end{bmatrix}", "cell": " & ", "row": r" \\ ",
    },
    joints=((re.compile("[0-9]"), r" \cdot "), (re.compile(r"\\mathrm\{d\}"), r" \, ")),
    functions={"recip": r"\frac{1}{<a>}", "sqrt": r"\sqrt{<a>}"},
    levels={"fraction": Level.FACTOR},
    tall=re.compile(r"\\(frac|sum|prod|begin)(?![A-Za-z])"),
)  # fmt: skip

_DEFAULT = Style()


def latex(term: Term, style: Style | None = None) -> str:
    """The LaTeX of a term."""
    return Printer(LATEX, style or _DEFAULT).text(term)


def latex_index(index: Expr) -> str:
    """The LaTeX of an index or a size: ``t-1``, ``T-t``, ``2 n``."""
    return index_text(index, LATEX)


def latex_conditions(conditions: Iterable[Expr]) -> str:
    """The LaTeX of conditions ``expression >= 0``: ``t < T``, ``k \\le t``."""
    return conditions_text(conditions, LATEX)


__all__ = ["LATEX", "latex", "latex_conditions", "latex_index", "latex_name"]
