"""Terms as one line of text for terminals, in Unicode or in ASCII.

>>> from ..core.terms import Elem, Map, index_symbol
>>> n, t = index_symbol("n"), index_symbol("t")
>>> a, h = Elem("a", t, n), Elem("h", t, n)
>>> unicode(Map(r"\\sigma", 1, a) @ h.at(t - 1).T)
"σ'(a_t) h_{t-1}ᵀ"
>>> ascii(Map(r"\\sigma", 1, a) @ h.at(t - 1).T)
"sigma'(a[t]) h[t-1]^T"
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from ..core.terms import Term
from .printer import Printer
from .symbols import ACCENT_OF, COMMANDS, OPERATORS, Level, Name, ascii_name
from .target import Style, Target

_CHARS = {**{command: char for char, command in reversed(OPERATORS.items())}, **COMMANDS}
_COMMAND = re.compile(r"(\\[A-Za-z]+) ?")
_ACCENTED = re.compile(rf"({'|'.join(map(re.escape, ACCENT_OF))})\{{([^{{}}]*)\}}")
_BRACED = re.compile(r"([_^])\{([^\W_]+|\([^\W_]+\))\}")


def _marked(text: str, accent: str) -> str:
    return unicodedata.normalize("NFC", text + ACCENT_OF[accent].mark)


def unicode_name(name: Name) -> str:
    """A name as Unicode text: ``W_hh``, ``ŷ_t``, ``c^(ℓ)_{t-1}``."""
    text = name.text
    while (plainer := _ACCENTED.sub(lambda m: _marked(_letters(m[2]), m[1]), text)) != text:
        text = plainer
    text = _letters(text)
    while (plainer := _BRACED.sub(r"\1\2", text)) != text:
        text = plainer
    return text


def _letters(text: str) -> str:
    return _COMMAND.sub(lambda m: _CHARS.get(m[1], m[1]), text)


UNICODE = Target(
    name=unicode_name,
    templates={
        "group": "(<a>)", "call": "<f>(<a>)", "operator": "<f>", "function": "<name>",
        "order": "^(<k>)", "protected": "(<a>)", "sized": "<a>_<{n}>", "size_times": "×",
        "fraction": "<p>/<q>", "dot": "<a> · <b>",
        "lt": " < ", "le": " ≤ ", "ge": " ≥ ", "eq": " = ", "to": " → ",
        "Zero": "0", "Ones": "1", "Identity": "I", "Hadamard": " ⊙ ", "Kron": " ⊗ ",
        "SumOver": "Σ_{<i>=<lo>}^{<hi>} <a>", "OrderedProduct": "Π_{<i>=<lo>}^{<hi>} <a>",
        "When": "[<c>] <a>",
        "Transposed": "<a>ᵀ", "Inverse": "<a>⁻¹", "Power": "<a>^<{k}>",
        "D": "d(<a>)", "differential": "d", "vec": "vec(<a>)",
        "total": "∂<y>/∂<x>", "immediate": "∂⁺<y>/∂<x>", "direct": "∂°<y>/∂<x>",
        "Gradient": "∇_<{x}> <a>", "Slot": "∂_<j> <a>", "Entry": "<a>_<{i}>",
        "norm": "‖<a>‖", "largest": "‖<a>‖_∞", "absolute": "|<a>|", "Sup": "sup<a>",
        "Min": "min", "Max": "max",
        "EntrywisePower": "<a>^{⊙<k>}", "Binomial": "binom(<n>, <k>)", "Radius": "ρ", "Det": "det",
        "Block": "[<a>]", "cell": ", ", "row": "; ",
    },
    joints=((re.compile("[0-9]"), " · "),),
    functions={"recip": "1/<a>"},
    levels={"fraction": Level.PRODUCT, "D": Level.ATOM},
)  # fmt: skip

ASCII = replace(
    UNICODE,
    name=lambda name: ascii_name(name.text),
    templates={
        **UNICODE.templates, "dot": "<a> * <b>", "le": " <= ", "ge": " >= ", "to": " -> ",
        "size_times": "x",
        "Hadamard": " * ", "Kron": " (x) ", "Transposed": "<a>^T", "Inverse": "<a>^-1",
        "SumOver": "sum_{<i>=<lo>}^{<hi>} <a>", "OrderedProduct": "prod_{<i>=<lo>}^{<hi>} <a>",
        "total": "d<y>/d<x>", "immediate": "d+<y>/d<x>", "direct": "d0<y>/d<x>",
        "Gradient": "grad_<{x}> <a>", "EntrywisePower": r"<a>^{\odot <k>}", "Radius": "rho",
        "Det": "det",
        "Slot": "d_<j> <a>", "Entry": "<a>[<i>]", "norm": "||<a>||", "largest": "||<a>||_inf",
    },
    joints=((re.compile("[0-9]"), " * "),),
    merged=False,
)  # fmt: skip

_SUBSCRIPTS, _BRACKETS = Style(), Style(brackets=True)


def unicode(term: Term, style: Style | None = None) -> str:
    """The term as one line of Unicode."""
    return Printer(UNICODE, style or _SUBSCRIPTS).text(term)


def ascii(term: Term) -> str:
    """The term as one line of ASCII, elements as ``h[t]``."""
    return Printer(ASCII, _BRACKETS).text(term)


__all__ = ["ASCII", "UNICODE", "ascii", "unicode", "unicode_name"]
