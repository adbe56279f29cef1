"""A marked homework as one offline HTML page: each answer beside its verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from symbptt.answers.clashes import clash_latex
from symbptt.answers.notes import Said, recognized, sentence
from symbptt.answers.showing import SIGNS, kind_of, told
from symbptt.answers.verdict import LinkVerdict
from symbptt.core.errors import SymbpttError
from symbptt.report import katex_render, markdown
from symbptt.report.html_writer import to_fragment
from symbptt.report.templating import html_templates
from symbptt.report.words import Words, load

from .marking import Judged, Marked
from .reading import Piece

_DOLLARS = re.compile(r"(?<!\\)\$(?!\$)((?:\\.|[^$\\])+?)\$")
_ROUND = re.compile(r"\\\((.*?)\\\)", re.DOTALL)
_MATH = re.compile(r"\\[A-Za-z]|[\^_=]")  # what stands in slots is LaTeX, or words
_LONG = 300  # characters of a formula that is shown as text


def to_page(marked: Marked, lang: str | None = None) -> str:
    """The page, in the language of the worksheet unless another is wanted."""
    words = load(lang or marked.asking.lang)
    got, of = marked.points
    rows = list(_rows(marked, words))
    exercises = [
        {
            "name": _exercise(str(place), words), "points": sum(r.points for r in results),
            "of": sum(r.question.points for r in results),
            "questions": [_question(r.json(), words) for r in results],
        }
        for place, results in marked.exercises.items()
    ]  # fmt: skip
    template = html_templates().get_template("homework.html.j2")
    styles = files("symbptt.report").joinpath("templates")
    css = "".join(
        styles.joinpath(n).read_text(encoding="utf-8") for n in ("report.css", "homework.css")
    )
    values = {
        "words": words, "title": marked.asking.title, "exercises": exercises, "points": got,
        "of": of, "rows": rows, "page_css": Markup(css),
    }  # fmt: skip
    body = template.render(**values, katex_css="")
    return template.render(**values, katex_css=Markup(katex_render.css(body)))


def _exercise(name: str, words: Words) -> str:
    """What stands over the points of an exercise, or of a worksheet without any."""
    said = words.say("marking.exercise") if name else words.say("marking.summary")
    return said.format(name=name)


def _question(data: dict[str, Any], words: Words) -> dict[str, Any]:
    verdict = data["verdict"]
    shown = {**data, "asked": _formula(data["asked"])}
    if verdict is not None:
        kind = kind_of(verdict)
        shown |= {"class": kind, "sign": SIGNS[kind], "word": words.say(f"marking.{verdict}")}
    return shown


def _rows(marked: Marked, words: Words) -> Iterator[dict[str, Any]]:
    of = {id(j.stated): j for j in marked.judged}
    for piece in marked.answers.pieces:
        judged = [of[id(s)] for s in piece.stated if id(s) in of]
        yield {"body": _body(piece, words.lang), "verdicts": [_verdict(j, words) for j in judged]}


def _verdict(judged: Judged, words: Words) -> dict[str, Any]:
    v, lang = judged.verdict, words.lang
    kind = kind_of(v.verdict)
    message = sentence("judged.shapes") if v.clash is not None else v.message
    said = [_said(message, lang)] if message and v.verdict != "definition" else []
    said += [_filled(words.say("marking.read"), what=_said(x, lang)) for x in v.reading]
    said += [_filled(words.say("marking.assumed"), what=_supposed(x, lang)) for x in v.assuming]
    if v.mistake is not None:
        what = words.say(f"mistake.{v.mistake.id}")
        said.append(_filled(words.say("marking.mistake"), what=Markup(escape(what))))
    if judged.carried is not None:
        said.append(_filled(words.say("marking.carried"), line=Markup(judged.carried)))
    example = None if v.accepted else v.counterexample
    understood = [x.understood.latex() for x in v.links if x.understood is not None]
    return {
        "class": kind, "sign": SIGNS[kind], "word": words.say(f"marking.{v.verdict}"),
        "line": judged.line, "place": words.say("marking.line").format(line=judged.line),
        "notes": said,
        "counterexample": None if example is None else told(example),
        "clash": None if v.clash is None else _formula(clash_latex(v.clash)),
        "understood": [_formula(x) for x in understood],
        "proof": None if v.proof is None else to_fragment(v.proof.blocks(), lang),
        "links": [_link(x, words) for x in v.links] if len(v.links) > 1 else [],
    }  # fmt: skip


def _link(link: LinkVerdict, words: Words) -> dict[str, Any]:
    kind = kind_of(link.verdict)
    note = words.say("marking.carried_link") if link.carried else ""
    return {"class": kind, "sign": SIGNS[kind], "body": _formula(link.text), "note": note}


def _said(text: str, lang: str) -> Markup:
    """A sentence in a language, with its formulas typeset; what is no known sentence as it is."""
    text = recognized(text)
    if isinstance(text, Said):
        slots = {name: _said(x, lang) for name, x in text.slots.items()}
        return _filled(load(lang).say(text.key), **slots)
    word = f"said.{text}"
    if word in load(lang).known:
        return Markup(escape(load(lang).say(word)))
    if _MATH.search(text) and " " not in text.strip().partition("\\")[0]:
        return _formula(text)
    return Markup(escape(text if len(text) <= _LONG else f"{text[:_LONG]}…"))


def _supposed(text: str, lang: str) -> Markup:
    """An assumption: a sentence, or a formula."""
    return _said(text, lang) if isinstance(text, Said) else _formula(text)


def _filled(template: str, **slots: Markup) -> Markup:
    return Markup(escape(template)).format(**slots)


def _body(piece: Piece, lang: str) -> Markup:
    if piece.display:
        return _formula(piece.text, display=True)
    text = _DOLLARS.sub(_checked, _ROUND.sub(r"$\1$", piece.text))
    try:
        return to_fragment(markdown.blocks(text), lang)
    except SymbpttError:
        return Markup("<pre>{}</pre>").format(piece.text)


def _checked(match: re.Match[str]) -> str:
    """An inline formula, as code where it is not LaTeX."""
    latex = match[1].strip()
    if katex_render.lint(latex, display=False) is None:
        return f"${latex}$"
    return f"`{latex.replace('`', ' ')}`"


def _formula(latex: str, display: bool = False) -> Markup:
    """A formula as it was written, as text where it is not LaTeX."""
    bare = latex.strip()
    if bare.startswith("&") or ("&" in bare and r"\begin" not in bare):
        bare = rf"\begin{{aligned}}{bare}\end{{aligned}}"
    if katex_render.lint(bare, display=display) is None:
        return Markup(katex_render.render(bare, display))
    return Markup("<code>{}</code>").format(escape(bare))
