"""Formulas to HTML ahead of time, and the lint of every formula, with KaTeX run by QuickJS.

KaTeX runs in strict mode and with nothing trusted, so what it accepts is also LaTeX: ``lint`` and
``render`` are the same call.

>>> lint(r"h_t = \\sigma(W h_{t-1})") is None
True
>>> lint(r"\\frac{a")
"not a LaTeX formula: Unexpected end of input in a macro argument, expected '}'"
"""

from __future__ import annotations

import json
import re
import threading
from functools import lru_cache
from importlib.resources import files
from typing import Any

import quickjs

from symbptt.core.errors import ReadError, Where

# Fonts that nearly every formula needs, and the others with the CSS classes that ask for them.
_BASE_FONTS = {
    ("KaTeX_Main", "normal", "400"),
    ("KaTeX_Math", "italic", "400"),
    ("KaTeX_Size1", "normal", "400"),
    ("KaTeX_Size2", "normal", "400"),
    ("KaTeX_Size3", "normal", "400"),
    ("KaTeX_Size4", "normal", "400"),
}
_FONT_CLASSES = {
    ("KaTeX_AMS", "normal", "400"): ("amsrm", "mathbb", "textbb"),
    ("KaTeX_Main", "normal", "700"): ("mathbf", "textbf"),
    ("KaTeX_Main", "italic", "400"): ("mathit", "textit"),
    ("KaTeX_Main", "italic", "700"): ("textbf textit", "textit textbf"),
    ("KaTeX_Math", "italic", "700"): ("boldsymbol",),
    ("KaTeX_Caligraphic", "normal", "400"): ("mathcal",),
    ("KaTeX_Caligraphic", "normal", "700"): ("mathcal mathbf", "mathbf mathcal"),
    ("KaTeX_Fraktur", "normal", "400"): ("mathfrak", "textfrak"),
    ("KaTeX_Fraktur", "normal", "700"): ("mathboldfrak", "textboldfrak"),
    ("KaTeX_Script", "normal", "400"): ("mathscr", "textscr"),
    ("KaTeX_SansSerif", "normal", "400"): ("mathsf", "textsf"),
    ("KaTeX_SansSerif", "normal", "700"): ("mathboldsf", "textboldsf"),
    ("KaTeX_SansSerif", "italic", "400"): ("mathitsf", "mathsfit", "textitsf"),
    ("KaTeX_Typewriter", "normal", "400"): ("mathtt", "texttt"),
}
_FONT_FACE = re.compile(
    r'@font-face\{[^}]*?font-family:"?(\w+)"?;font-style:(\w+);font-weight:(\d+);[^}]*\}'
)

_STACK_BYTES = 1 << 20
_NOISE = re.compile(
    r"^KaTeX parse error: |LaTeX-incompatible input and strict mode is set to 'error': "
    r"|:? at (?:position \d+|end of input): .*$",
    re.DOTALL,
)
_contexts = threading.local()  # a QuickJS context belongs to the thread that made it


def _call(function: str, latex: str, display: bool) -> Any:
    """Ask KaTeX about one formula; the thread's context is created at the first one (20 ms)."""
    if not hasattr(_contexts, "current"):
        context = quickjs.Context()
        context.set_max_stack_size(_STACK_BYTES)
        for name in ("katex/katex.min.js", "katex_calls.js"):
            context.eval(_vendored(name))
        _contexts.current = context
    answer = json.loads(_contexts.current.get(function)(latex, display))
    if "error" in answer:
        message = _NOISE.sub("", answer["error"])
        if message == "stack overflow":
            message = "the formula is nested too deeply"
        raise ReadError(f"not a LaTeX formula: {message}", Where(1, answer["position"] + 1, latex))
    return answer["value"]


def _vendored(name: str) -> str:
    return files(__package__).joinpath(*name.split("/")).read_text(encoding="utf-8")


@lru_cache(maxsize=4096)
def render(latex: str, display: bool = False) -> str:
    """The HTML (with MathML for screen readers) of a formula; ReadError if KaTeX refuses it."""
    return str(_call("renderFormula", latex, display))


@lru_cache(maxsize=4096)
def mathml(latex: str) -> str:
    """A formula as MathML alone: small, for the many that are looked at only on demand."""
    return str(_call("formulaMathml", latex, False))


@lru_cache(maxsize=16384)
def width(latex: str, display: bool = True) -> float:
    """The width of a formula in em, from the metrics of Computer Modern as TeX has them."""
    return float(_call("formulaWidth", latex, display))


def lint(latex: str, display: bool = True) -> str | None:
    """What is wrong with a formula, or None; ``display`` because a tag exists only in displays."""
    try:
        render(latex, display)
    except ReadError as error:
        return error.message
    return None


@lru_cache(maxsize=1)
def _stylesheet() -> str:
    return _vendored("katex/katex.min.css")


def css(body: str | None = None) -> str:
    """The style sheet of the formulas, self-contained.

    With ``body``, the rendered page, only the fonts that the page uses (a third of the size).
    """
    if body is None:
        return _stylesheet()
    names = set(re.findall(r'class="([^"]*)"', body))

    def keep(match: re.Match[str]) -> str:
        font = (match[1], match[2], match[3])
        wanted = _FONT_CLASSES.get(font, ())
        used = font in _BASE_FONTS or any(_has_classes(names, w.split()) for w in wanted)
        return match[0] if used else ""

    return _FONT_FACE.sub(keep, _stylesheet())


def _has_classes(names: set[str], wanted: list[str]) -> bool:
    return any(all(w in name.split() for w in wanted) for name in names)
