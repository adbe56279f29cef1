"""A verdict as a piece of HTML: what a notebook shows for it."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from symbptt.report import katex_render
from symbptt.report.inline import inline
from symbptt.report.templating import html_templates
from symbptt.report.words import load

from .verdict import ACCEPTED, Counterexample, LinkVerdict, Verdict

SIGNS = {"good": "✓", "bad": "✗", "open": "?"}


def kind_of(verdict: str) -> str:
    """good, bad or open: what colour and sign a verdict has."""
    if verdict in ACCEPTED:
        return "good"
    return "open" if verdict == "not-understood" else "bad"


def to_piece(verdict: Verdict, lang: str = "en") -> str:
    """The verdict, what was read, the counterexample with the entry marked, and the mistake."""
    words = load(lang)
    notes = [words.say("marking.read").format(what=x) for x in verdict.reading]
    notes += [words.say("marking.assumed").format(what=x) for x in verdict.assuming]
    if verdict.mistake is not None:
        notes.append(words.say("marking.mistake").format(what=verdict.mistake.message))
    kind = kind_of(verdict.verdict)
    example = None if verdict.accepted else verdict.counterexample
    body = html_templates().get_template("verdict.html.j2").render(
        words=words, kind=kind, sign=SIGNS[kind], word=words.say(f"marking.{verdict.verdict}"),
        said=_said(verdict), notes=notes, example=None if example is None else told(example),
        links=[_link(link) for link in verdict.links],
    )  # fmt: skip
    return inline(body, lang)


def _said(verdict: Verdict) -> str:
    place = "" if verdict.position is None else "{}:{}: ".format(*verdict.position)
    return f"{place}{verdict.message}" if verdict.message else ""


def _link(link: LinkVerdict) -> dict[str, Any]:
    kind = kind_of(link.verdict)
    return {"kind": kind, "sign": SIGNS[kind], "formula": _formula(link.text)}


def _formula(latex: str) -> Markup:
    """A formula; as it was written where it is not LaTeX."""
    if katex_render.lint(latex, display=False) is not None:
        return Markup("<code>{}</code>").format(latex)
    return Markup(katex_render.render(latex))


def told(example: Counterexample) -> dict[str, Any]:
    """Sizes, functions and numbers; matrices, each as rows; both sides."""
    named = {**example.dims, **example.functions, **example.values}
    return {
        "numbers": [(name, x) for name, x in named.items() if not isinstance(x, list)],
        "matrices": [(name, _rows(x)) for name, x in named.items() if isinstance(x, list)],
        "left": _rows(example.left), "right": _rows(example.right),
        "entry": example.entry or (1, 1),
    }  # fmt: skip


def _rows(value: Any) -> list[list[Any]]:
    """Rows: a list is a column, a number a matrix with one entry."""
    if not isinstance(value, list):
        return [[value]]
    return [row if isinstance(row, list) else [row] for row in value]
