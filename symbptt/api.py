r"""The Python interface: models that derive and generate, and worksheets.

    rnn = Model.named("rnn")
    d = rnn.derive(r"\partial L / \partial W", form="adjoint")
    d.result; d.steps; d.latex(); d.verify()
    source = rnn.numpy()

``Model`` here is ``symbptt.models.Model`` with the two methods that need layers below models.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from symbptt import models
from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.derivation import Derivation, derive_quantity


class Model(models.Model):
    """A recurrence, from text in the model language, a file, a worksheet, or built in."""

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """The model in a file; of a worksheet, the one named after a #, or the only one."""
        file, _, name = str(path).partition("#")
        if Path(file).suffix != ".md":
            return super().load(path)  # type: ignore[return-value]
        return _as(cls, _from_sheet(file, name))

    def derive(
        self, quantity: str, form: str | None = None, T: int | None = None,
        layout: str | None = None, entries: bool = False,
    ) -> Derivation:  # fmt: skip
        r"""Derives a quantity such as ``\partial L / \partial W``, with its proof.

        ``form`` of a gradient is sum, adjoint, gradient (the default), expanded (with a length
        T), components or kronecker; ``layout`` numerator or denominator; ``entries`` gives a
        Jacobian by components too.
        """
        return derive_quantity(self, quantity, form, T, layout, entries)

    def numpy(self, target: str = "numpy") -> str:
        """The source of a NumPy module for the model."""
        from symbptt.module import numpy_source  # the code generator's templates are slow to load

        return numpy_source(self, target=target)


def _as(cls: type[Model], model: models.Model) -> Model:
    """The same model as another class."""
    return cls(**{f.name: getattr(model, f.name) for f in fields(model)})


def _from_sheet(file: str, name: str) -> models.Model:
    from symbptt.worksheet.models import Models  # Markdown and YAML are slow to load
    from symbptt.worksheet.reader import load_sheet
    from symbptt.worksheet.sheet import ModelBlock

    sheet, table = load_sheet(file), Models(file)
    found = {b.name: table.add(b) for b in sheet.items if isinstance(b, ModelBlock)}
    if name in found:
        return found[name]
    if not name and len(found) == 1:
        return next(iter(found.values()))
    what = f"there is no model {name}" if name else "the worksheet has several models"
    hint = "say " + ", ".join(f"{file}#{n}" for n in found) if found else ""
    raise ReadError(what if found else "the worksheet has no model", Where(1, 1, "", file), hint)


def derive(quantity: str, model: models.Model | str, **options: Any) -> Derivation:
    """Derives a quantity of a model, which may be given by its text or built-in name.

    >>> derive("dy/dx", "layer").text()
    "∂y/∂x = diag(σ'(a)) W"
    """
    return derive_quantity(_model(model), quantity, **options)


def generate(model: models.Model | str, path: str | Path, target: str = "numpy") -> Path:
    """Writes the NumPy module of a model to a file and returns where; all of it, or nothing."""
    from symbptt.module import numpy_source

    place = Path(path)
    source = numpy_source(_model(model), target=target)
    beside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(source, encoding="utf-8", newline="\n")
        os.replace(beside, place)
    except OSError as error:
        raise SymbpttError(f"{place}: cannot write there: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    return place


def _model(model: models.Model | str) -> models.Model:
    if isinstance(model, models.Model):
        return model
    is_text = "\n" in model or "=" in model
    return Model.parse(model) if is_text else Model.named(model)


@dataclass(frozen=True)
class Worksheet:
    """A worksheet: ``Worksheet.load("derivations/homework3.md").build("generated/homework3")``."""

    sheet: Any

    @classmethod
    def load(cls, path: str | Path) -> Worksheet:
        """The worksheet in a file."""
        from symbptt.worksheet import load_sheet

        return cls(load_sheet(path))

    @classmethod
    def parse(cls, text: str, name: str = "worksheet") -> Worksheet:
        """The worksheet that a text describes."""
        from symbptt.worksheet import read_sheet

        return cls(read_sheet(text, name))

    def run(self) -> list[Derivation]:
        """Derives every statement; the kernel has accepted every proof."""
        from symbptt.worksheet.run import run_sheet

        return [p.derivation for p in run_sheet(self.sheet).proved]

    def build(self, folder: str | Path, lang: str | None = None) -> list[str]:
        """Writes report, modules and proofs into a directory; the names of the files."""
        from symbptt.worksheet.build import build_sheet

        return sorted(build_sheet(self.sheet, Path(folder), lang=lang).files)


__all__ = ["Derivation", "Model", "Worksheet", "derive", "generate"]
