"""What the functions of a module return, and keep in the cache."""

from __future__ import annotations

from collections.abc import Iterable

from . import ir
from .edges import Edges
from .interface import Interface
from .passes.classes import dense
from .passes.rewrite import writes
from .words import py


class Results(Edges):
    """The entries of outputs, cache and gradients."""

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
