"""Plain text, inline content and single characters as LaTeX."""

from __future__ import annotations

import re
from urllib.parse import quote

from symbptt.notation.tables import GREEK, OPERATORS, SUBSCRIPTS, SUPERSCRIPTS
from symbptt.report.document import Code, Content, Emph, Inline, Link, Math, Phrase, Ref, Text
from symbptt.report.formulas import formula
from symbptt.report.katex_render import width
from symbptt.report.linebreak import split_relations
from symbptt.report.places import Places
from symbptt.report.sayings import is_safe
from symbptt.report.words import Words

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "^": r"\textasciicircum{}", "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}",
    '"': r"\textquotedbl{}",
}  # fmt: skip
_WHOLE = 8  # em; a shorter equation or range is not broken at the end of a line
_SPECIAL = re.compile("|".join(map(re.escape, _ESCAPES)))
_BREAKABLE = re.compile(r"(?<=[/.,(=])(?=\w)|(?<=\\_)(?=\w)")  # where a name or path may be broken
_ALLOW_BREAK = r"\\allowbreak{}"
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_PDFLATEX_KNOWS = re.compile("[\u0000-\u017f\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026]")

_SYMBOLS = GREEK | {c: t for c, t in OPERATORS.items() if t.startswith("\\") and t != r"\sqrt"}
_SYMBOLS |= {c: f"{{}}^{{{t}}}" for c, t in SUPERSCRIPTS.items()}
_SYMBOLS |= {c: f"{{}}_{{{t}}}" for c, t in SUBSCRIPTS.items()}
_SYMBOLS |= {"−": "-", "‖": r"\Vert", "←": r"\leftarrow", "⇒": r"\Rightarrow", "⟂": r"\perp"}

_KATEX_OWN = {
    r"\R": r"\mathbb{R}", r"\N": r"\mathbb{N}", r"\Z": r"\mathbb{Z}", r"\lt": "<", r"\gt": ">",
    r"\argmax": r"\operatorname*{arg\,max}", r"\argmin": r"\operatorname*{arg\,min}",
}  # fmt: skip


def escape(text: str) -> str:
    """Text with TeX's special characters made harmless."""
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], text)


def inline(content: Content, words: Words, places: Places) -> str:
    """Inline content as LaTeX; ``places`` are those to which references lead.

    A rule is followed by its number in the appendix, small and raised.
    """
    return "".join(_inline(item, words, places) for item in content)


def _inline(item: Inline, words: Words, places: Places) -> str:
    match item:
        case Text(text):
            return escape(text)
        case Math(latex):
            text = formula(latex, display=False)
            if len(split_relations(latex)) > 1 and width(latex) <= _WHOLE:
                return f"${{{text}}}$"  # in braces it is not broken at the end of a line
            return f"${text}$"
        case Code(text):
            return rf"\texttt{{{_BREAKABLE.sub(_ALLOW_BREAK, escape(text))}}}"
        case Emph(content, strong):
            return rf"\{'textbf' if strong else 'emph'}{{{inline(content, words, places)}}}"
        case Link(content, url) if is_safe(url):
            return rf"\href{{{_address(url)}}}{{{inline(content, words, places)}}}"
        case Link(content):
            return inline(content, words, places)
        case Ref():
            return _reference(places.resolved(item), words, places)
        case Phrase():
            return inline(words.phrase(item), words, places)


def _reference(ref: Ref, words: Words, places: Places) -> str:
    said = inline(ref.content, words, places)
    if ref.target not in places:
        return said
    mark = places[ref.target] if ref.target.startswith("rule-") else ""
    raised = rf"\textsuperscript{{{mark}}}" if mark else ""
    return rf"\hyperref[{ref.target}]{{{said}{raised}}}"


def _address(url: str) -> str:
    r"""An address as the first argument of \href."""
    return re.sub(r"[%#&]", r"\\\g<0>", quote(url, safe="%#&?/:;=+,@!$*()'._-"))


def unicode_symbols(text: str) -> list[tuple[str, str]]:
    """The mathematical characters of a text that LaTeX must be told about, with their LaTeX."""
    return [(c, _SYMBOLS[c]) for c in sorted(set(text)) if c in _SYMBOLS]


def katex_commands(text: str) -> list[tuple[str, str]]:
    """The commands in a text that KaTeX knows by itself and LaTeX does not, with what they mean."""
    used = set(re.findall(r"\\[A-Za-z]+", text))
    return [(command, _KATEX_OWN[command]) for command in sorted(used & _KATEX_OWN.keys())]


def has_cjk(text: str) -> bool:
    """Whether a text holds Chinese, Japanese or Korean characters."""
    return _CJK.search(text) is not None


def needs_unicode_engine(text: str) -> bool:
    """Whether a text holds characters that pdflatex has no font for."""
    return any(c not in _SYMBOLS and not _PDFLATEX_KNOWS.match(c) for c in set(text))
