"""The words of a module: docstrings, equations as text and as LaTeX, literals."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import Any

from sympy import Expr, Symbol

from symbptt.core.indices import index_symbol
from symbptt.core.terms import Const, Elem, Param, Term
from symbptt.core.theory import Definition
from symbptt.notation.latex import latex
from symbptt.notation.unicode import unicode

from .interface import Interface, show
from .ir import BATCH
from .layout import Layout
from .lower import Lowered
from .outside import bare
from .parts import Parts
from .spans import Span, bounds
from .statements import gradient_of

WIDTH = 92  # of a docstring's text
_TIME = index_symbol("t")
_HARD = "\u00a0"  # a space at which no line ends
_CLIP = (
    'c or ("norm", c): all parameter gradients g are scaled to a common 2-norm of at most c > 0, '
    'that is g min(1, c / |g|), with their direction kept; ("value", c): every entry of a '
    "parameter gradient is clipped to -c..c. Gradients of inputs and states stay as they are"
)
Rows = list[tuple[str, str]]
_CHECKPOINT = (
    '"sqrt": the values of about √T steps (of more where the batch is small) are kept at a time, '
    "and computed again on the way back from the states in front of them: the same gradients, in "
    "memory that grows with √T. None: all values are kept"
)
_WORKERS = (
    "n >= 1: the samples in n parts, each in a thread of its own; faster on several cores where "
    "the BLAS of NumPy runs in one thread (OPENBLAS_NUM_THREADS=1) and B times the size of the "
    "state is about {:,} or more"
)
_TRUNCATE = (
    "k >= 0: of what the use of a quantity at step s contributes to the outputs, only what passes "
    "at most k times from one step to the next counts (in the sum over t and s: t - s <= k); an "
    "initial value is used at the first step. None: everything counts"
)


def py(value: Any) -> str:
    """A Python literal, strings in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{py(k)}: {py(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(py, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)


def safe(text: str) -> str:
    """One line that may stand in a raw docstring, whatever the names in it."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace('"""', "'''").rstrip('\\" ')


class Words:
    """Texts about one module."""

    def __init__(
        self,
        parts: Parts,
        layout: Layout,
        lowered: Lowered,
        interface: Interface,
        onehot: tuple[str, ...],
        checkpoints: bool,
        worth_workers: int,
    ) -> None:
        self.parts, self.layout, self.lowered, self.interface = parts, layout, lowered, interface
        self._onehot, self.checkpoints, self.worth_workers = onehot, checkpoints, worth_workers

    def onehot(self) -> tuple[str, ...]:
        """The targets that may be given as classes."""
        return tuple(
            self.layout.public[key] for key in self.layout.targets if bare(key) in self._onehot
        )

    def equation(self, d: Definition) -> str:
        """head = body, with its range."""
        text = f"{unicode(d.head)} = {unicode(d.body)}"
        if d.index is not None:
            text += f"    ({_steps(bounds(d.facts, d.index, self.layout.facts), d.index)})"
        return safe(text)

    def equations(self) -> list[str]:
        """The model's equations."""
        return [self.equation(d) for d in (*self.layout.fixed, *self.parts.forward)]

    def span(self) -> str:
        """``t = 1, ..., T``; empty for a model without time."""
        index = next((d.index for d in self.parts.forward if d.index is not None), None)
        return " and ".join(
            _steps(axis, index) for axis in dict.fromkeys(self.layout.axes.values())
        )

    def conventions(self) -> list[str]:
        """How equations and arrays correspond."""
        batch, span = self.layout.dim_keys[BATCH], self.layout.span
        lines = [
            "Vectors are columns in the equations; in the arrays they are the rows of a batch of "
            f"{batch}", "samples, so W x reads x @ W.T.",
        ]  # fmt: skip
        if span is not None:
            lines[-1] += " Arrays are time-major; inside the functions slot t holds step t"
            early = [
                f"{_index(_TIME - a.first)} of {a.name}"
                for a in self.layout.arrays.values()
                if a.first is not None and a.first != 0
            ]
            lines[-1] += f"\n(slot {', '.join(early)})." if early else "."
        return [line for text in lines for line in text.split("\n")]

    def metadata(self, model_equations: Iterable[str]) -> list[str]:
        """SHAPES, EQUATIONS and FUNCTIONS as lines."""
        leaves = {*self.layout.params, *self.layout.inputs, *self.layout.settable}
        equations = {
            "model": tuple(model_equations),
            "adjoint": tuple(f"{latex(d.head)} = {latex(d.body)}" for d in self.parts.backward),
            "gradients": tuple(
                f"{gradient_of(leaf).latex} = {latex(term)}"
                for leaf, term in self.parts.gradients.items()
                if _key(leaf) in leaves
            ),
        }
        lines = _table("SHAPES", {k: py(v) for k, v in self.interface.shapes.items()})
        lines.append("EQUATIONS = {")
        for key, rows in equations.items():
            lines += [f"    {py(key)}: (", *(f"        {py(row)}," for row in rows), "    ),"]
        lines.append("}")
        if self.layout.functions:
            functions = {k: py(v) for k, v in self.functions().items()}
            lines += _table("FUNCTIONS", functions)
        return lines

    def functions(self) -> dict[str, tuple[str, ...]]:
        """The unspecified functions, with the derivatives that are needed of each."""
        return {
            self.layout.public[f]: tuple("f" + "'" * k for k in range(order + 1))
            for f, order in self.layout.functions.items()
        }

    def listed(self, argument: str) -> str:
        """``W (n, n), b (n,)``."""
        shapes = self.interface.shapes[argument]
        unbroken = (f"{name} {show(shape)}".replace(" ", _HARD) for name, shape in shapes.items())
        return ", ".join(unbroken) or "none"

    def arguments(self) -> list[str]:
        """What forward takes and returns."""
        layout = self.layout
        bare_form = ", or the bare array" if len(layout.inputs) == 1 else ""
        rows: Rows = [
            ("params", self.listed("params")),
            ("inputs", self.listed("inputs") + bare_form),
        ]
        for key, steps in layout.settable.items():
            name = layout.public[key]
            shape = show(self.interface.shapes["states"][name])
            at = ", ".join(map(_index, steps))
            rows.append(("states", f"{name} {shape}: its value at step {at}; zero where left out"))
        for key, span in layout.before.items():
            name = layout.public[key]
            shape = show(self.interface.shapes["states"][name])
            several = "its values at steps" if span[0] != span[1] else "its value at step"
            at = _range(span)
            rows.append(("states", f"{name} {shape}: {several} {at}; zero where left out"))
        if len(counted := self.interface.counted) > 1:
            rows.append(("steps", f"the numbers of steps, a dict with {', '.join(counted)}"))
        elif counted:
            rows.append(("steps", f"the number of steps, {counted[0]}"))
        if layout.functions:
            needs = (f"{name} ({', '.join(parts)})" for name, parts in self.functions().items())
            rows.append(
                ("functions", f"elementwise, each with its derivatives: {', '.join(needs)}")
            )
        if not self.lowered.no_mask:
            axes = show(self.interface.mask_axes)
            rows.append(("mask", f"{axes} of 0 and 1: a step with 0 leaves the states as they are, "
                         "and nothing flows back from its outputs"))  # fmt: skip
        if self.checkpoints:
            rows.append(("checkpoint", _CHECKPOINT))
        rows.append(("outputs", self.listed("outputs")))
        return _columns(rows)

    def adjoints(self) -> list[str]:
        """What backward takes."""
        rows: Rows = [
            ("grad_outputs", f"dL/d of the outputs, zero where left out: {self.listed('outputs')}")
        ]
        if not self.lowered.no_truncation:
            rows.append(("truncate", _TRUNCATE))
        return _columns(rows)

    def losses(self) -> list[str]:
        """What loss_and_grads takes and computes."""
        shown = [d for d in self.parts.loss if d.key in self.parts.losses]
        bare_form = ", or the bare array" if len(self.layout.targets) == 1 else ""
        classes = self.onehot()
        integers = (
            f"; {', '.join(classes)} also as integers without the last axis" if classes else ""
        )
        rows: Rows = [
            ("targets", self.listed("targets") + bare_form + integers),
            ("clip", _CLIP),
            *([("workers", _WORKERS.format(self.worth_workers))] if self.worth_workers else []),
            ("the others", "as in forward and backward"),
        ]
        notes = [f"    {self.equation(d)}" for d in shown]
        return [*notes, *([""] if notes else []), *_columns(rows)]

    def title(self, name: str) -> str:
        """The first line of the module."""
        return safe(
            f"Values and gradients of the model {name or ', '.join(map(bare, self.parts.outputs))}."
        )


def _key(leaf: Term) -> str:
    return leaf.key if isinstance(leaf, Elem | Param) else ""


def _index(expr: Expr) -> str:
    return unicode(Const(expr))


def _steps(span: Span, index: Symbol | None) -> str:
    """t = 1, ..., T."""
    return f"{'t' if index is None else _index(index)} = {_range(span)}"


def _range(span: Span) -> str:
    """1, ..., T."""
    first, last = map(_index, span)
    return first if span[0] == span[1] else f"{first}, ..., {last}"


def _table(name: str, rows: dict[str, str]) -> list[str]:
    return [f"{name} = {{", *(f"    {py(k)}: {v}," for k, v in rows.items()), "}"]


def _columns(rows: Rows) -> list[str]:
    """Two columns, wrapped."""
    out: list[str] = []
    for left, right in rows:
        out += textwrap.wrap(
            f"{left:<14}{right}", WIDTH, subsequent_indent=" " * 14, break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip
    return [safe(line.replace(_HARD, " ")) for line in out]
