"""symbptt derive."""

from __future__ import annotations

import json
import re
from pathlib import Path

from symbptt.api import Model
from symbptt.core.errors import SymbpttError
from symbptt.derivation import derive_quantity
from symbptt.models.builtin import builtins
from symbptt.report.folding import fold
from symbptt.report.shown import Shown

from .failing import named
from .terminal import is_shown, painter, width

_NAME = re.compile(r"[\w-]+")


def print_derivation(
    quantity: str,
    model: str,
    form: str | None,
    length: int | None,
    layout: str | None,
    steps: bool,
    latex: bool,
    as_json: bool,
    window: str | None = None,
    code: bool = False,
) -> None:
    """Derives, checks, prints; with ``code``, the lines of the module too."""
    about = find_model(model)
    with named({"QUANTITY": quantity}):
        derivation = derive_quantity(about, quantity, form, length, layout, window=window)
    derivation.verify()
    text = shown(derivation, steps, latex, as_json)
    if code:
        from .coding import code_lines

        text += f"\n\n{code_lines(derivation)}"
    print(text)


def shown(derivation: Shown, steps: bool, latex: bool, as_json: bool) -> str:
    """The result in the form asked for."""
    if as_json:
        return json.dumps(derivation.json(), ensure_ascii=False)
    if latex and steps:
        return "\n".join(_latex_lines(derivation))
    if latex:
        return derivation.latex()
    if steps:
        return derivation.explain(width=width(), paint=painter())
    return folded(derivation.text())


def folded(text: str) -> str:
    """Long lines folded on a terminal; what is read by a program stays as it is."""
    if not is_shown():
        return text
    return "\n".join(part for line in text.split("\n") for part in fold(line, width(), "    "))


def _latex_lines(derivation: Shown) -> list[str]:
    """The steps as LaTeX, each with its reason as a comment."""
    out, theorem = [], ""
    for step in derivation.steps:
        if step.theorem != theorem:
            theorem = step.theorem
            out.append(f"% {theorem}")
        reason = f"  % {step.reason}" if step.reason else ""
        out.append(f"{step.relation} {step.latex}".strip() + reason)
    return out


def find_model(text: str, equations: bool = True) -> Model:
    """A built-in model by name, or else the model in a file; ``equations`` as in ``Model.load``."""
    file = Path(text.partition("#")[0])
    is_name = _NAME.fullmatch(text) is not None and not file.exists()
    if not is_name and not file.exists():
        raise SymbpttError(f"there is no file {file}", hint="symbptt models lists what is built in")
    return Model.named(text) if is_name or text in builtins() else Model.load(text, equations)
