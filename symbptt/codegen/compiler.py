"""From a model and its adjoint system to the text of a NumPy module, stage by stage.

take_apart    Model, AdjointSystem  ->  Parts      which definitions, for which purpose
make_layout   Model, Parts          ->  Layout     names, axes and stored steps of everything
restricted    Parts                 ->  Parts      the gradients that are asked for (asked)
lower         Parts, Layout         ->  Lowered    loops over time (symbptt.codegen.ir)
prepare       Program               ->  Program    the same, faster, for a target (targets, passes)
frame         all of these          ->  Frame      the printed pieces of a module
render        Frame                 ->  str        the module (templates/module.py.j2)
formulas      Program, str          ->  Formulas   which lines compute which equation (lines)
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .asked import asked_of, restricted
from .frame import make_frame
from .layout import make_layout, unpadded
from .lines import Formula, formulas
from .lower import lower
from .parts import take_apart
from .passes import DEFAULT, checked
from .passes.context import context_of
from .targets import target_of
from .words import py

if TYPE_CHECKING:
    from symbptt.core.theory import Definition
    from symbptt.calculus.adjoint import AdjointSystem
    from symbptt.models.model import Model


@dataclass(frozen=True)
class Generated:
    """The text of a module, its equations with the lines that compute them, and whether it can
    be computed in segments (``checkpoint="sqrt"``)."""

    source: str
    formulas: tuple[Formula, ...]
    checkpoints: bool


def generate_source(
    model: Model,
    system: AdjointSystem,
    version: str,
    sheet: str = "",
    passes: Iterable[str] = DEFAULT,
    target: str = "numpy",
    wrt: Collection[str] = (),
    fixed: tuple[Definition, ...] = (),
) -> Generated:
    """A module with the model's values and gradients.

    ``system`` is the adjoint system of the model for a loss outside: an unspecified function of
    all sequences. ``sheet`` names the worksheet in the header. Raises NotSupported where a term has
    no code. ``passes`` names the optimisations that run (``passes.PASSES``), ``target`` what the
    module computes with (``targets.TARGETS``), ``wrt`` the parameters, inputs and states whose
    gradients it gives, with those by states that follow from the same adjoints (all of them where
    empty), ``fixed`` the beginnings of zero that the model has as given values (``starts``).
    The same arguments always give the same text.
    """
    passes, kind = checked(passes), target_of(target)
    parts = take_apart(model, system)
    layout = make_layout(model, parts, fixed)
    if wrt:
        parts = restricted(parts, asked_of(wrt, layout), layout)
        layout = make_layout(model, parts, fixed)
    if "unpadded" in passes:
        unpadded(layout, parts)
    lowered = lower(parts, layout)
    context = context_of(parts, layout, lowered, model.onehot)
    plain = lowered.program
    program, printer, more = kind.prepare(plain, context, passes)
    lowered = replace(lowered, program=program)
    frame = make_frame(
        model, parts, layout, lowered, version, sheet, printer, kind.worth_workers
    )  # fmt: skip
    source = render(kind.template, {**frame, "kernels": (), **more})
    return Generated(source, formulas(plain, source), not frame["no_checkpoint"])


def render(template: str, frame: dict[str, Any]) -> str:
    """The module's text; every name that the template mentions must be in the frame."""
    return _environment().get_template(template).render(frame)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        autoescape=False,
    )  # fmt: skip
    environment.filters["py"] = py
    return environment


def load_module(source: str, name: str = "generated") -> ModuleType:
    """The module of a generated source, through a temporary file and Python's own import."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            spec.loader.exec_module(module)
        finally:
            sys.dont_write_bytecode = written
    return module
