"""symbptt derive."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from symbptt.api import Model
from symbptt.derivation import derive_quantity
from symbptt.models.builtin import builtins
from symbptt.report.shown import Shown

_WIDEST = 120
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
) -> None:
    """Derives, checks, prints."""
    derivation = derive_quantity(find_model(model), quantity, form, length, layout, window=window)
    derivation.verify()
    print(shown(derivation, steps, latex, as_json))


def shown(derivation: Shown, steps: bool, latex: bool, as_json: bool) -> str:
    """The result in the form asked for."""
    if as_json:
        return json.dumps(derivation.json(), ensure_ascii=False)
    if latex and steps:
        return "\n".join(_latex_lines(derivation))
    if latex:
        return derivation.latex()
    return derivation.explain(width=_width()) if steps else derivation.text()


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


def _width() -> int:
    """The width of the terminal; a pipe gets one fixed width."""
    return min(shutil.get_terminal_size((100, 24)).columns, _WIDEST) if sys.stdout.isatty() else 100


def find_model(text: str, equations: bool = True) -> Model:
    """A built-in model by name, or else the model in a file; ``equations`` as in ``Model.load``."""
    is_name = _NAME.fullmatch(text) is not None and not Path(text).exists()
    return Model.named(text) if is_name or text in builtins() else Model.load(text, equations)
