"""What a page gives to keep: the report as LaTeX and HTML, the module, the worksheet."""

from __future__ import annotations

import re
from typing import Any

from symbptt.models.model import Model
from symbptt.module import numpy_source
from symbptt.report.words import load
from symbptt.worksheet import read_sheet
from symbptt.worksheet.build import make_texts
from symbptt.worksheet.kinds import Style

NAME = "derivation"
MODEL = "network"
"""What the page's model is called where it needs a name."""
_TICKS = re.compile("`+")


def file(q: dict[str, Any], model: Model) -> dict[str, str]:
    """The name of a file and its text. SymbpttError where there is none of that kind."""
    kind = q["kind"]
    if kind == "py":
        return {"name": f"{MODEL}.py", "text": numpy_source(model)}
    sheet = worksheet(q)
    name = f"{NAME}.{kind}"
    if kind == "md":
        return {"name": name, "text": sheet}
    built = make_texts(read_sheet(sheet, NAME), Style(lang=q["lang"]))
    return {"name": name, "text": built.files[name]}


def worksheet(q: dict[str, Any]) -> str:
    """A worksheet that asks the same."""
    quantity = " ".join(q["quantity"].split())
    options = {"form": q["form"], "T": q["T"], "layout": q["layout"], "window": q["window"]}
    fence = "`" * (max(map(len, _TICKS.findall(q["model"] + quantity)), default=0) + 3)
    head = ["---", f"title: {load(q['lang']).say('serve.title')}", f"lang: {q['lang']}", "---", ""]
    model = [f"{fence}{{model}} {MODEL}", q["model"].strip("\n"), fence, ""]
    asked = [f"{fence}{{derive}} {quantity}", *(f":{k}: {v}" for k, v in options.items() if v)]
    return "\n".join((*head, *model, *asked, fence, ""))
