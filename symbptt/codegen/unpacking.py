"""What the functions of a module take from their arguments and from the cache."""

from __future__ import annotations

import re

from . import ir
from .edges import Edges, allocated
from .words import py


class Unpacking(Edges):
    """The first lines of the functions."""

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
