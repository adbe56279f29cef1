"""The frame of a module: what the template fills in around the printed loops.

In:  the model, its parts, their layout and the lowered program.
Out: a dictionary of texts and flags for ``templates/module.py.j2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import ir
from .interface import Interface, show
from .layout import Layout
from .lower import Lowered
from .memory import LEAST, memory_lines
from .needs import additive, no_workers, of_classes, products
from .numpy_printer import WIDTH, NumpyPrinter, helpers, listed
from .parts import Parts
from .passes.classes import dense
from .passes.given import optional
from .passes.rewrite import writes
from .segments import Segments, find_segments
from .spans import Span
from .words import Words, py, safe

if TYPE_CHECKING:
    from symbptt.models.model import Model


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
    """The template's dictionary; ``printer`` prints the loops, ``worth_workers`` is in Target."""
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


def allocated(body: ir.Body) -> set[str]:
    """The arrays that a function makes."""
    nodes = (n for n in ir.walk(body) if isinstance(n, ir.Allocate))
    return {a.name for n in nodes for a in (n.array, *n.members, *n.shared)}


class _Pieces:
    """What the functions unpack and return."""

    def __init__(
        self,
        parts: Parts,
        layout: Layout,
        lowered: Lowered,
        interface: Interface,
        printer: NumpyPrinter,
    ) -> None:
        self.parts, self.layout, self.lowered = parts, layout, lowered
        self.printer = printer
        program = lowered.program
        self.everything = (*program.forward, *program.backward, *program.loss)
        self.optional = optional(program)
        self.space = any(
            isinstance(n, ir.Allocate) and n.again for n in ir.walk(self.everything)
        )  # fmt: skip
        own = allocated(program.loss)
        later = [*ir.arrays_of(program.backward)]
        later += (name for name in ir.arrays_of(program.loss) if name not in own)
        computed = dict.fromkeys(d.key for d in parts.forward)
        keys = (*layout.params, *layout.inputs, *computed)
        names = dict.fromkeys(layout.arrays[k].name for k in keys)
        made = {
            a.name: None for n in ir.walk(program.forward) if isinstance(n, ir.Allocate)
            for a in (n.array, *n.members)
        }  # fmt: skip
        self.kept = [name for name in {**names, **made} if name in later]
        self.orders = {k: list(v) for k, v in interface.shapes.items()}
        at = next((i for i, n in enumerate(program.forward) if isinstance(n, ir.Enough)), None)
        self.needed, self.late = (
            program.forward[:at],
            program.forward[at:] if at is not None else (),
        )
        self.late_names = {
            a.name for n in ir.walk(self.late) if isinstance(n, ir.Allocate)
            for a in (n.array, *n.members)
        }  # fmt: skip

    # ------------------------------------------------------------ unpacking

    def forward_unpack(self) -> list[str]:
        """Parameters, inputs with their slots, boundary values."""
        layout, used = self.layout, ir.arrays_of(self.lowered.program.forward)
        arrays = layout.arrays
        needed = [
            k
            for k in (*layout.params, *layout.inputs)
            if arrays[k].name in used or arrays[k].name in self.kept
        ]
        params = {arrays[k].name: layout.public[k] for k in needed if k in layout.params}
        starts = {
            a.name: layout.public[k] for k, a in self.lowered.starts.items()
            if k in layout.settable
        }  # fmt: skip
        fixed = [self.fixed(k, a) for k, a in self.lowered.starts.items() if a.name not in starts]
        inputs: list[str] = []
        for k in needed:
            if k in layout.inputs:
                inputs.append(self.padded(k, "inputs", layout.public[k]))
            if k in layout.before:
                early = self.early(arrays[k], layout.before[k])
                inputs.append(f"{early} = states[{py(layout.public[k])}]")
        return [*self.several(params, "params"), *inputs, *self.several(starts, "states"), *fixed]

    def fixed(self, key: str, start: ir.Array) -> str:
        """The value that a segment begins with; zero at the first step."""
        name, shape = py(self.layout.public[key]), ", ".join(map(self.printer.index, start.axes))
        return f"{start.name} = states[{name}] if {name} in states else np.zeros(({shape}), dtype)"

    def cached(self, body: ir.Body) -> list[str]:
        """What a later function takes from the cache."""
        own = allocated(body)
        used = [name for name in ir.arrays_of(body) if name not in own]
        early = [name for name in self.kept if name in used and name not in self.late_names]
        lines = self.several({name: name for name in early}, "cache") if early else []
        late = (name for name in self.kept if name in used and name in self.late_names)
        lines += [f"{name} = cache.get({py(name)})" for name in late]
        masked = any(isinstance(node, ir.Masked) for node in ir.walk(body))
        return lines + (['mask = cache["mask"]'] if masked else [])

    def backward_unpack(self) -> list[str]:
        """The cache and the gradients of the outputs."""
        used = ir.arrays_of(self.lowered.program.backward)
        lines = self.cached(self.lowered.program.backward)
        given: dict[str, str] = {}
        for z, key in self.parts.outside.items():
            array, name = self.layout.arrays[key], self.layout.public[z]
            if array.name in used:
                line = self.padded(key, "grads", name)
                if array.name in self.optional and line == f"{array.name} = grads[{py(name)}]":
                    given[array.name] = name
                else:
                    if_given = f" if {py(name)} in grads else None"
                    lines.append(line + if_given * (array.name in self.optional))
        if len(given) == 1:
            lines += [f"{local} = grads.get({py(key)})" for local, key in given.items()]
        else:
            lines += self.several(given, "grads")
        return lines

    def loss_unpack(self) -> list[str]:
        """The cache and the targets."""
        used = ir.arrays_of(self.lowered.program.loss)
        targets = [k for k in self.layout.targets if self.layout.arrays[k].name in used]
        lines = [self.padded(k, "targets", self.layout.public[k]) for k in targets]
        return [*self.cached(self.lowered.program.loss), *lines]

    def several(self, names: dict[str, str], source: str) -> list[str]:
        """Locals from a dictionary, as many in a line as fit."""
        if len(names) <= 1:
            return [f"{local} = {source}[{py(key)}]" for local, key in names.items()]
        every = f"{', '.join(names)} = {source}.values()"
        if [*names.values()] == self.orders.get(source) and len(every) <= WIDTH - 4:
            return [every]
        for count in range(len(names), 1, -1):
            first = dict(list(names.items())[:count])
            line = f"{', '.join(first)} = map({source}.get, {py(' '.join(first.values()))}.split())"
            if len(line) <= WIDTH - 4 or count == 2:
                rest = dict(list(names.items())[count:])
                return [line, *self.several(rest, source)]
        return []

    def padded(self, key: str, source: str, name: str) -> str:
        """A sequence with its slots, or a copy of an array without time."""
        array = self.layout.arrays[key]
        text = f"{source}[{py(name)}]"
        if not array.timed:
            return f"{array.name} = {text}{'.copy()' if self.printer.in_place else ''}"
        padding = self.padding(array, self.layout.passed(key) or self.layout.axes.get(key))
        return f"{array.name} = {text if padding == '0' else f'_padded({text}, {padding})'}"

    def early(self, array: ir.Array, span: Span) -> str:
        """The boundary values in the array of an input: one step, or several."""
        if span[0] != span[1]:
            return self.slots(array, span)
        return f"{array.name}[{self.printer.index(span[0] - array.first)}]"

    def padding(self, array: ir.Array, span: Span | None) -> str:
        """The empty slots in front and behind."""
        assert span is not None and array.first is not None and array.last is not None
        before, after = span[0] - array.first, array.last - span[1]
        return ", ".join(
            self.printer.index(e) for e in ((before, after) if after != 0 else (before,))
        )

    def body(self, unpack: list[str], body: ir.Body, functions: str, behind: ir.Body = ()) -> str:
        """The lines of a function: sizes, what it unpacks, the printed program up to ``behind``."""
        lines, layout = self.printer.lines(body), self.layout
        every = (*unpack, *lines, *self.printer.lines(behind))
        code = "\n".join(x for x in every if not x.lstrip().startswith("#"))
        used = set(re.findall(r"(?<![.\w])\w+", code))
        ranked = dict.fromkeys((*layout.lengths, ir.BATCH, *layout.dim_keys))
        names = {self.printer.index(s): layout.dim_keys[s] for s in ranked}
        sizes = {name: key for name, key in names.items() if name in used}
        called = {n.function for n in ir.walk((*body, *behind)) if isinstance(n, ir.Apply)}
        calls = [
            f"{', '.join(names)}{',' * (len(names) == 1)} = {functions}[{py(layout.public[f])}]"
            for f, names in layout.function_names.items()
            if f in called
        ]
        batch = self.printer.index(ir.BATCH)
        product = f"multiply = np.dot if {batch} == 1 else np.matmul  # np.dot knows no blocks"
        calls += [product] * ("multiply" in used)
        head = [f"    {line}" for line in (*self.several(sizes, "sizes"), *unpack, *calls)]
        return "\n".join([*head, "", *lines])

    # ------------------------------------------------------------ results

    def entries(self, items: dict[str, str]) -> list[str]:
        """The entries of a dictionary with public names."""
        return [f"{py(self.layout.public[k])}: {text}" for k, text in items.items()]

    def slots(self, array: ir.Array, span: Span | None) -> str:
        """The steps of a span in an array; all of an array without time."""
        if array.first is None or span is None:
            return array.name
        if span == (array.first, array.last):
            return array.name
        start, stop = span[0] - array.first, span[1] - array.first + 1
        return f"{array.name}[{self.printer.index(start)}:{self.printer.index(stop)}]"

    def outputs(self, late: bool) -> list[str]:
        """The outputs that are late, or the others."""
        arrays, axes = self.layout.arrays, self.layout.axes
        return self.entries({
            k: self.slots(arrays[k], axes.get(k)) for k in self.parts.outputs
            if (arrays[k].name in self.late_names) == late
        })  # fmt: skip

    def kept_names(self) -> list[str]:
        """The names that the cache keeps, besides sizes and dtype."""
        flags = {"functions": bool(self.layout.functions), "mask": not self.lowered.no_mask}
        early = (name for name in self.kept if name not in self.late_names)
        return [*(k for k, v in flags.items() if v), *early]

    def cache(self) -> list[str]:
        """The entries of the cache."""
        return [f"{py(name)}: {name}" for name in ("sizes", "dtype", *self.kept_names())]

    def late_cache(self) -> str:
        """What late values add to the cache."""
        names = [name for name in self.kept if name in self.late_names]
        return "{" + ", ".join(f"{py(name)}: {name}" for name in names) + "}" if names else ""

    def borrowed(self) -> tuple[str, ...]:
        """The names in the cache that are the caller's own arrays."""
        layout = self.layout
        own = (k for k in layout.inputs if layout.arrays[k].timed)
        names = (layout.arrays[k].name for k in own if not self.padded(k, "", "").count("_padded"))
        return tuple(name for name in names if name in self.kept)

    def dense_classes(self, onehot: Iterable[str], interface: Interface) -> dict[str, str | int]:
        """The one-hot targets that the loss needs as vectors, with their length."""
        names = dense(self.lowered.program.loss)
        used = {self.layout.public[k] for k in self.layout.targets
                if self.layout.arrays[k].name in names}  # fmt: skip
        return {k: interface.shapes["targets"][k][-1] for k in onehot if k in used}

    def overwritten(self) -> tuple[str, ...]:
        """The outputs whose gradients the adjoints overwrite."""
        backward, arrays = self.lowered.program.backward, self.layout.arrays
        places = (n.place for n in ir.walk(backward) if isinstance(n, ir.Allocate))
        made = writes(backward) | {place.name for place in places if place is not None}
        outside = self.parts.outside.items()
        return tuple(
            self.layout.public[z] for z, g in outside if g in arrays and arrays[g].name in made
        )

    def gradients(self) -> dict[str, list[str]]:
        """The three dictionaries of Gradients."""
        arrays, layout = self.lowered.gradients, self.layout
        starts = {k: a.name for k, a in self.lowered.start_gradients.items()}
        starts |= {k: self.early(arrays[k], span) for k, span in layout.before.items()}
        return {
            "params": self.entries({k: arrays[k].name for k in layout.params if k in arrays}),
            "inputs": self.entries(
                {k: self.slots(arrays[k], layout.passed(k)) for k in layout.inputs if k in arrays}
            ),
            "states": self.entries(starts),
        }

    def loss_grads(self) -> dict[str, str]:
        """The gradients of the outputs that the model's loss gives."""
        found, arrays = writes(self.lowered.program.loss), self.layout.arrays
        outside, axes = self.parts.outside.items(), self.layout.axes
        return {
            z: self.slots(arrays[g], axes.get(z))
            for z, g in outside
            if g in arrays and arrays[g].name in found
        }

    def unfilled(self) -> tuple[str, ...]:
        """The outputs whose gradients the adjoints need, and the loss does not give."""
        made, arrays = writes(self.lowered.program.loss), self.layout.arrays
        needed = ir.arrays_of(self.lowered.program.backward)
        return tuple(
            self.layout.public[z] for z, g in self.parts.outside.items()
            if g in arrays and arrays[g].name in needed
            and arrays[g].name not in made and arrays[g].name not in self.optional
        )  # fmt: skip

    def direct(self) -> list[tuple[str, str, str]]:
        """(group, name, text) of the gradients that the loss gives itself."""
        groups = {"params": self.layout.params, "inputs": self.layout.inputs}
        made, arrays = writes(self.lowered.program.loss), self.lowered.gradients
        late = {key: array for key, array in arrays.items() if array.name in made}
        out = []
        for key, array in {**self.lowered.direct, **late}.items():
            group = next((g for g, keys in groups.items() if key in keys), "states")
            span = self.layout.passed(key) if group == "inputs" else None
            out.append((group, self.layout.public[key], self.slots(array, span)))
            if key in self.layout.before:
                early = self.early(array, self.layout.before[key])
                out.append(("states", self.layout.public[key], early))
        return out
