"""The page in a language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache

import jinja2
from markupsafe import Markup

from symbptt import __version__
from symbptt.calculus.derive import GRADIENT_FORMS, JACOBIAN_FORMS
from symbptt.models.builtin import builtins
from symbptt.report.words import LANGUAGES, load

_TAG = re.compile(r"\s*([A-Za-z]+)[A-Za-z0-9-]*\s*(?:;\s*q=([0-9.]+))?\s*")
FIRST = "rnn"
"""The model that the page begins with."""


def languages(wanted: Iterable[str]) -> str:
    """The first language that is known among wishes, each like the header Accept-Language."""
    for wish in wanted:
        tags = (m for m in map(_TAG.fullmatch, wish.split(",")) if m)
        for tag in sorted(tags, key=lambda m: -_weight(m[2])):
            if tag[1].lower() in LANGUAGES:
                return tag[1].lower()
    return LANGUAGES[0]


def _weight(text: str | None) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0


@lru_cache(maxsize=len(LANGUAGES))
def page(lang: str) -> str:
    """The HTML of the page."""
    words = load(lang)
    script = {k.removeprefix("serve."): words.say(k) for k in words.known if k.startswith("serve.")}
    models = list(builtins().values())
    data = {"lang": lang, "words": script, "models": {m.name: m.text.strip() for m in models}}
    return _template().render(
        words=words, lang=lang, version=__version__, models=models, first=FIRST,
        gradient_forms=GRADIENT_FORMS, jacobian_forms=JACOBIAN_FORMS,
        languages={code: load(code).say("serve.language") for code in LANGUAGES},
        data=Markup(json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")),
    )  # fmt: skip


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or "symbptt.serve", "templates"),
        undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2")
