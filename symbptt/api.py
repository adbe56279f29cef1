r"""The Python interface: models that derive and generate, and worksheets.

    rnn = Model.named("rnn")
    d = rnn.derive(r"\partial L / \partial W", form="adjoint")
    d.result; d.steps; d.latex(); d.verify()
    source = rnn.numpy()

``Model`` here is ``symbptt.models.Model`` with the two methods that need layers below models.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symbptt import models
from symbptt.answers.verdict import Verdict
from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.derivation import Derivation, derive_quantity
from symbptt.proving import ProvedStatement, prove_statement
from symbptt.worksheet.kinds import Style

if TYPE_CHECKING:
    from symbptt.graph import Graph
    from symbptt.ranging import ModelRanges
    from symbptt.refuting import Counterexample
    from symbptt.worksheet.run import Run


class Model(models.Model):
    """A recurrence, from text in the model language, a file, a worksheet, or built in."""

    @classmethod
    def load(cls, path: str | Path, equations: bool = True) -> Model:
        """The model in a file; of a worksheet, the one named after a #, or the only one.

        ``equations``: a text that only declares names is refused.
        """
        file, _, name = str(path).partition("#")
        if Path(file).suffix != ".md":
            return super().load(path, equations)  # type: ignore[return-value]
        return _as(cls, _from_sheet(file, name))

    def derive(
        self, quantity: str, form: str | None = None, T: int | None = None,
        layout: str | None = None, entries: bool = False, window: str | int | None = None,
    ) -> Derivation:  # fmt: skip
        r"""Derives a quantity such as ``\partial L / \partial W``, with its proof.

        ``form`` of a gradient is sum, adjoint, gradient (the default), expanded (with a length
        T), components, kronecker or truncated (with a ``window``); of a Jacobian paths or direct.
        ``layout`` is numerator or denominator; ``entries`` gives a Jacobian by components too.
        """
        return derive_quantity(self, quantity, form, T, layout, entries, window=window)

    def prove(self, statement: str, given: Sequence[str] = (), by: str = "") -> ProvedStatement:
        r"""Proves a statement such as ``M^k = Q \Lambda^k Q^{-1}``.

        ``given`` are assumptions in the same language, ``by`` a way of proving, such as
        ``induction on t from 0``.
        """
        return prove_statement(self, statement, given, by)

    def refute(self, statement: str, given: Sequence[str] = ()) -> Counterexample | None:
        """A counterexample to a statement under the assumptions; None where none was found."""
        return refute(statement, self, given)

    def ranges(self, given: Sequence[str] = ()) -> ModelRanges:
        """Where the entries of the sequences lie, with proofs, and which can be negative."""
        from symbptt.ranging import ranges_of  # NumPy is slow to load

        return ranges_of(self, given)

    def graph(self, level: str = "quantities") -> Graph:
        """The computation graph, with a node for each quantity or each of the operations."""
        from symbptt.graph import Level, graph_of  # not needed to derive

        return graph_of(self, Level(level))

    def numpy(
        self,
        target: str = "numpy",
        passes: Iterable[str] | None = None,
        wrt: Collection[str] = (),
    ) -> str:
        """The source of a NumPy module for the model.

        ``passes`` names the optimisations that run (``symbptt.codegen.PASSES``), all by default;
        ``wrt`` the parameters, inputs and states whose gradients it gives (with those by states
        that follow from the same adjoints), all where empty. Raises NotSupported for another
        target, or a model that has no code, SymbpttError for a name or a pass that does not exist.
        """
        from symbptt.module import numpy_source  # the code generator's templates are slow to load

        if passes is None:
            return numpy_source(self, target=target, wrt=wrt)
        return numpy_source(self, target=target, passes=passes, wrt=wrt)


def _as(cls: type[Model], model: models.Model) -> Model:
    """The same model as another class."""
    return cls(**{f.name: getattr(model, f.name) for f in fields(model)})


def _from_sheet(file: str, name: str) -> models.Model:
    from symbptt.worksheet.blocks.model import ModelBlock  # Markdown and YAML are slow to load
    from symbptt.worksheet.models import Models
    from symbptt.worksheet.reader import load_sheet

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


def prove(
    statement: str, model: models.Model | str, given: Sequence[str] = (), by: str = ""
) -> ProvedStatement:
    r"""Proves a statement about a model, which may be given by its text or built-in name.

    The text may also only declare shapes.

    >>> prove("(A B)^T = B^T A^T", r"A, B \in \mathbb{R}^{n \times n}").text()
    '(A B)ᵀ = Bᵀ Aᵀ'
    """
    return prove_statement(_model(model, equations=False), statement, given, by)


def refute(
    statement: str, model: models.Model | str, given: Sequence[str] = ()
) -> Counterexample | None:
    r"""A counterexample to a statement about a model; None where none was found.

    >>> refute("A B = B A", r"A, B \in \mathbb{R}^{n \times n}").json()["values"]["A"]
    [[0, 1], [0, 0]]
    """
    from symbptt.refuting import refute as found  # NumPy is slow to load

    return found(_model(model, equations=False), statement, given)


def check(
    claim: str, model: models.Model | str, given: Sequence[str] = (), quantity: str = ""
) -> Verdict:
    r"""Judges a claim about a model: proved, equal, layout, assuming, definition, wrong, ...

    With a ``quantity`` the claim may be a bare value for it. Bad input is "not-understood", never
    an error; only a model that does not read is one.

    >>> check(r"\partial y/\partial x = W", "layer").verdict
    'wrong'
    """
    from symbptt.answers.judge import judge  # NumPy is slow to load

    return judge(_model(model, equations=False), claim, given, quantity=quantity)


def check_claims(
    claims: Iterable[Mapping[str, Any]], workers: int = 1, executor: Executor | None = None
) -> Iterator[Verdict]:
    r"""Judges many claims, each a mapping as on a line of a file of claims; verdicts in order.

    They come as soon as they are there, from so many processes, or from an executor, such as a
    ``ProcessPoolExecutor`` or dask's ``client.get_executor()``. A worker that dies costs one claim.

    >>> rows = [{"model": r"A, B \in \mathbb{R}^{n \times n}", "claim": c}
    ...         for c in ("A + B = B + A", "A B = B A")]
    >>> [v.verdict for v in check_claims(rows)]
    ['proved', 'wrong']
    """
    from symbptt.answers import batch  # NumPy is slow to load

    lines = (json.dumps(dict(row), ensure_ascii=False) for row in claims)
    yield from batch.check_claims(batch.read_lines(lines), workers, executor)


def generate(
    model: models.Model | str, path: str | Path, target: str = "numpy", wrt: Collection[str] = ()
) -> Path:
    """Writes the NumPy module of a model to a file and returns where; all of it, or nothing.

    ``wrt`` as in ``Model.numpy``.
    """
    from symbptt.module import numpy_source

    place = Path(path)
    source = numpy_source(_model(model), target=target, wrt=wrt)
    beside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(source, encoding="utf-8", newline="\n")
        os.replace(beside, place)
    except OSError as error:
        raise SymbpttError(f"{place}: cannot write there: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    return place


def _model(model: models.Model | str, equations: bool = True) -> models.Model:
    if isinstance(model, models.Model):
        return model
    is_text = any(sign in model for sign in ("\n", "=", r"\in", ":"))
    return Model.parse(model, equations=equations) if is_text else Model.named(model)


class Results(list[Any]):
    """The statements of a worksheet in order, each with its proof; a notebook shows the report.

    ``lang`` is the language of the report, by default that of the worksheet.
    """

    def __init__(self, run: Run, lang: str | None = None) -> None:
        super().__init__(p.derivation for p in run.proved)
        self.run, self.lang = run, lang

    def __repr__(self) -> str:
        return "\n".join(d.headline for d in self)

    @property
    def modules(self) -> dict[str, str]:
        """The sources of the NumPy modules by their names."""
        return self.run.modules

    def _repr_html_(self) -> str:
        from symbptt.report.inline import inline_report  # KaTeX is slow to load
        from symbptt.worksheet.report import report

        return inline_report(report(self.run, Style(lang=self.lang)))


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

    def run(self) -> Results:
        """Derives and proves every statement; the kernel has accepted every proof."""
        from symbptt.worksheet.run import run_sheet

        return Results(run_sheet(self.sheet))

    def build(
        self, folder: str | Path, lang: str | None = None, detail: str | None = None,
        kind: str | None = None,
    ) -> list[str]:  # fmt: skip
        """Writes report, modules and proofs into a directory; the names of the files."""
        from symbptt.worksheet.build import build_sheet

        return sorted(build_sheet(self.sheet, Path(folder), style=Style(lang, detail, kind)).files)


__all__ = [
    "Derivation", "Model", "ProvedStatement", "SymbpttError", "Verdict", "Worksheet", "check",
    "check_claims", "derive", "generate", "prove", "refute",
]  # fmt: skip
