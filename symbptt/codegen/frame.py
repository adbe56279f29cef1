"""The frame of a module: what the template fills in around the printed loops.

In:  the model, its parts, their layout and the lowered program.
Out: a dictionary of texts and flags for ``templates/module.py.j2``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ir
from .interface import Interface, show
from .layout import Layout
from .lower import Lowered
from .memory import LEAST, memory_lines
from .needs import additive, no_workers, of_classes, products
from .numpy_printer import NumpyPrinter, helpers, listed
from .parts import Parts
from .results import Results
from .segments import Segments, find_segments
from .unpacking import Unpacking
from .words import Words, py, safe

if TYPE_CHECKING:
    from symbptt.models.model import Model


class _Pieces(Unpacking, Results):
    """What the functions of a module take and return."""


def make_frame(
    model: Model,
    parts: Parts,
    layout: Layout,
    lowered: Lowered,
    version: str,
    sheet: str,
    printer: NumpyPrinter,
    worth_workers: int,
) -> dict[str, Any]:
    """The template's dictionary; ``printer`` prints the loops, ``worth_workers`` as in Target."""
    interface = Interface(layout, lowered.total is not None)
    program, segments = lowered.program, find_segments(parts, layout)
    if not printer.in_place:
        segments = Segments("values are not kept in arrays")
    words = Words(
        parts, layout, lowered, interface, model.onehot, not segments.refused,
        0 if no_workers(lowered) else worth_workers,
    )  # fmt: skip
    pieces = _Pieces(parts, layout, lowered, interface, printer)
    missing = tuple(
        layout.public[z] for z, key in parts.outside.items()
        if layout.arrays[key].name in pieces.optional
    )  # fmt: skip
    keywords = [
        *(["steps"] if interface.counted else []), *(["functions"] if layout.functions else [])
    ]  # fmt: skip
    onehot = words.onehot() if lowered.total else ()
    return {
        "title": words.title(model.name), "version": safe(version), "sheet": safe(sheet),
        "equations": words.equations(), "conventions": words.conventions(),
        "memory": memory_lines(layout, program, pieces.printer, not segments.refused),
        "metadata": words.metadata(model.equations), "span": words.span(),
        "argument_notes": words.arguments(), "adjoint_notes": words.adjoints(),
        "loss_notes": words.losses() if lowered.total else [],
        "keywords": "".join(f"{k}, " for k in keywords),
        "passed": "".join(f"{k}={k}, " for k in keywords),
        "handed": "".join(f"{k}, " for k in keywords), "space": pieces.space,
        "more": ", space" if pieces.space else "",
        "no_workers": no_workers(lowered), "batch": layout.dim_keys[ir.BATCH],
        "no_checkpoint": segments.refused, "every_step": segments.every_step,
        "least_samples": LEAST,
        "length": layout.dim_keys[layout.length],
        "counted": interface.counted, "functions": bool(layout.functions),
        "least": interface.least,
        "timed": tuple(layout.public[k] for k in layout.outputs if layout.arrays[k].timed),
        "no_mask": lowered.no_mask, "no_loss_mask": lowered.no_mask or lowered.no_loss_mask,
        "no_truncation": lowered.no_truncation,
        "mask_axes": interface.mask_axes, "mask_text": show(interface.mask_axes),
        "mask_padding": pieces.padding(layout.mask, layout.span) if layout.mask else "",
        "forward": pieces.body(
            pieces.forward_unpack(), pieces.needed, "functions", pieces.late
        ),
        "late": "\n".join(printer.lines(pieces.late)),
        "late_outputs": braces(pieces.outputs(late=True)), "late_cache": pieces.late_cache(),
        "outputs": listed("    outputs = {", pieces.outputs(late=False), "}"),
        "cache": listed("    cache = {", pieces.cache(), "}"), "borrowed": pieces.borrowed(),
        "output_text": braces([*pieces.outputs(late=False), *pieces.outputs(late=True)]),
        "kept": pieces.kept_names(),
        "backward": pieces.body(pieces.backward_unpack(), program.backward, 'cache["functions"]'),
        "unfilled": pieces.unfilled(), "overwritten": pieces.overwritten(),
        "gradients": {
            group: listed(f"        {group}={{", items, "},")
            for group, items in pieces.gradients().items()
        },
        "gradient_texts": {g: braces(items) for g, items in pieces.gradients().items()},
        "given_inputs": tuple(layout.public[k] for k in layout.inputs if k in lowered.gradients),
        "fixed": tuple(layout.public[d.key] for d in layout.fixed),
        "restricted": parts.asked is not None, "has_loss": lowered.total is not None,
        "optional": bool(missing), "fill": f", missing={py(missing)}" if missing else "",
        "loss": pieces.body(pieces.loss_unpack(), program.loss, 'cache["functions"]'),
        "loss_grads": braces(pieces.entries(pieces.loss_grads())), "quick": True,
        "direct": pieces.direct(),
        "init_sizes": show(interface.param_sizes), "size_names": interface.size_names,
        "additive": additive(parts, layout), "sums": interface.sums,
        "several": pieces.space and printer.several,
        "softmax": any(
            isinstance(n, ir.Softmax) or (isinstance(n, ir.Into) and n.function == "softmax")
            for n in ir.walk(pieces.everything)
        ),
        "helpers": helpers(pieces.everything), "products": products(pieces.everything),
        "chunks": any(isinstance(n, ir.Chunks) for n in ir.walk(pieces.everything)),
        "onehot": onehot, "classes": pieces.dense_classes(onehot, interface),
        "chosen": of_classes(program.loss),
    }  # fmt: skip


def braces(items: list[str]) -> str:
    """A dictionary of these entries."""
    return "{" + ", ".join(items) + "}"
