"""Definitions to loops: the program of a module.

In:  ``Parts`` (what is computed) and ``Layout`` (where it lies).
Out: ``Lowered``: the ``Program``, the arrays at its edges, and which options it refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails, equal_index
from symbptt.core.terms import Elem, Param, Term
from symbptt.core.theory import Definition
from symbptt.core.traverse import substitute

from . import ir
from .gradients import Place, gradient_statements
from .layout import Layout
from .masking import SEVERAL_LENGTHS, drop, hold, keep, plan_masking
from .outside import bare
from .parts import Parts
from .schedule import Group, schedule, step_reads
from .spans import Facts
from .statements import Left, Statements


@dataclass(frozen=True)
class Lowered:
    """The program and its edges, by normal name.

    ``starts`` are the boundary values that come in, ``gradients`` (parameters and inputs) and
    ``start_gradients`` what goes out; ``direct`` names the leaves to which the loss adds directly.
    ``no_mask``, ``no_loss_mask`` and ``no_truncation`` say why an option is refused, or are empty.
    """

    program: ir.Program
    starts: dict[str, ir.Array]
    gradients: dict[str, ir.Array]
    start_gradients: dict[str, ir.Array]
    direct: dict[str, ir.Array]
    total: ir.Array | None
    no_mask: str
    no_loss_mask: str
    no_truncation: str


def lower(parts: Parts, layout: Layout) -> Lowered:
    """The program of a module."""
    return _Lowering(parts, layout).lowered()


class _Lowering:
    def __init__(self, parts: Parts, layout: Layout) -> None:
        self.parts, self.layout = parts, layout
        self.masking = plan_masking(parts, layout)
        self.source = {adjoint: z for z, adjoint in parts.adjoint.items()}
        self.held: dict[str, ir.Array] = {}
        self.starts = {name: self.start(name) for name in layout.states}

    def start(self, name: str, prefix: str = "") -> ir.Array:
        """An array for the given boundary values of a sequence: one, or several in time order."""
        steps = self.layout.boundary[name]
        own = self.layout.arrays[name]
        word = self.layout.names.fresh(f"{prefix}{own.name}_start")
        if any(b - a != 1 for a, b in pairwise(steps)):
            raise NotSupported(
                f"{bare(name)} is given at {', '.join(map(str, steps))}, not side by side"
            )
        several = (steps[0], steps[-1]) if len(steps) > 1 else (None, None)
        return ir.Array(word, own.axes, *several)

    def lowered(self) -> Lowered:
        """Everything, in the order in which names are handed out."""
        forward = self.forward()
        adjoints, no_truncation = self.adjoints()
        places = self.places()
        start_gradients = {
            name: self.start(name, "d_") for name in self.layout.states if self.wanted(name)
        }
        kept = {leaf: t for leaf, t in self.parts.gradients.items() if leaf in places}
        for leaf, place in self.start_places(start_gradients).items():
            places[leaf] = place
            kept[leaf] = self.start_gradient(leaf)
        backward = (
            *adjoints,
            *gradient_statements(kept, places, self.layout),
            *self.held_at_start(start_gradients),
        )
        gradients = {
            leaf.key: p.array
            for leaf, p in places.items()
            if leaf.key in {*self.layout.params, *self.layout.inputs}
        }
        loss, direct, total = self.loss(places)
        program = ir.Program(forward, backward, loss)
        return Lowered(
            program, self.starts, gradients, start_gradients, direct, total, self.masking.refused,
            "the loss has no term for every step" if self.parts.unmasked else "", no_truncation,
        )  # fmt: skip

    # ------------------------------------------------------------ values and adjoints

    def forward(self) -> ir.Body:
        """All sequences, from boundary values."""
        out = self.allocated(self.parts.forward)
        for name, start in self.starts.items():
            for step in self.layout.boundary[name]:
                value = ir.Read(start, step if start.timed else None)
                out.append(ir.Store(self.layout.arrays[name], step, value))
        groups = schedule(self.parts.forward, self.layout.facts, ascending=True)
        return (*out, *self.groups(groups))

    def allocated(self, definitions: tuple[Definition, ...]) -> list[ir.Statement]:
        """Zeros for every sequence that is defined."""
        names = dict.fromkeys(d.key for d in definitions if d.index is not None)
        return [ir.Allocate(self.layout.arrays[n]) for n in names]

    def groups(self, groups: list[Group]) -> ir.Body:
        """The statements of scheduled groups."""
        code = Statements(self.layout)
        for group in groups:
            code.group(group, None if self.masking.refused else self.masked)
        return tuple(code.block)

    def adjoints(self) -> tuple[ir.Body, str]:
        """The adjoint loops, and why they cannot be truncated, if so."""
        groups = schedule(self.parts.backward, self.layout.facts, ascending=False)
        body = self.groups(groups)
        refused = self.truncation_refused(groups)
        held = tuple(ir.Allocate(a) for a in self.held.values())
        masked = (ir.Masked(held),) if held else ()
        timed = sum(g.span is not None for g in groups)
        span = self.layout.span
        loops = body if refused or span is None else (ir.Passes(body, timed * (span[1] - span[0])),)
        return (*self.allocated(self.parts.backward), *masked, *loops), refused

    def truncation_refused(self, groups: list[Group]) -> str:
        """Reversed passes count steps only if every loop reads its next step and no other."""
        if self.layout.span is None:
            return "the model has no time steps"
        if len(self.layout.lengths) > 1:
            return SEVERAL_LENGTHS
        names = {d.key for d in self.parts.backward}
        for group in groups:
            shown = bare(self.source[group.definitions[0].key])
            if group.span is None:
                return f"{shown} belongs to no step"
            own = step_reads(group, group.names) - {0, -1 if group.ascending else 1}
            if own or step_reads(group, names - group.names) - {0}:
                return f"{shown} is read at other steps than the next one"
        return ""

    def masked(self, name: str, array: ir.Array, at: Expr, facts: Facts) -> list[ir.Statement]:
        """What a mask changes after the element of a sequence is computed."""
        assert self.layout.mask is not None and self.layout.span is not None
        first, last = self.layout.span
        source = self.source.get(name, "")
        gap = self.masking.steps.get(source)
        if gap is not None and equal_index(facts, at, (first if gap == -1 else last) + gap):
            held = ir.Read(
                self.holding(name, array), at - gap
            )  # a boundary value with a definition
            return [ir.Masked((ir.Accumulate(array, at, held),))]
        if not (entails(facts, at - first) and entails(facts, last - at)):
            return []
        if name in self.masking.steps:
            return [keep(array, at, self.masking.steps[name], self.layout.mask)]
        if gap is not None:
            return [hold(array, self.holding(name, array), at, gap, self.layout)]
        if {name, source} & set(self.parts.losses):
            return [drop(array, at, self.layout.mask)]
        return []

    def holding(self, name: str, adjoint: ir.Array) -> ir.Array:
        """The array of what a mask keeps from going on."""
        if name not in self.held:
            word = self.layout.names.fresh(f"held_{adjoint.name}")
            self.held[name] = replace(adjoint, name=word)
        return self.held[name]

    # ------------------------------------------------------------ gradients and loss

    def places(self) -> dict[Term, Place]:
        """An array for the gradient of every parameter and input that is asked for."""
        out: dict[Term, Place] = {}
        for leaf in self.parts.gradients:
            if not isinstance(leaf, Param | Elem):
                raise NotSupported(
                    f"the adjoint system has a gradient for {leaf}, which is no leaf"
                )
            if leaf.key in self.layout.params or leaf.key in self.layout.inputs:
                out[leaf] = self.place(leaf)
        for leaf in (*self.layout.params.values(), *self.layout.inputs.values()):
            if self.wanted(leaf.key) and all(leaf.key != done.key for done in out):
                out[leaf] = self.place(leaf)
        return out

    def wanted(self, key: str) -> bool:
        """Whether the gradient by a parameter, an input or a state is asked for."""
        return self.parts.asked is None or key in self.parts.asked

    def place(self, leaf: Param | Elem) -> Place:
        own = self.layout.arrays[leaf.key]
        array = replace(own, name=self.layout.names.fresh(f"d_{own.name}"))
        if isinstance(leaf, Param):
            return Place(array)
        if not isinstance(leaf.index, Symbol):
            raise NotSupported(f"the gradient of {leaf} is not given for every step")
        return Place(array, leaf.index)

    def start_places(self, arrays: dict[str, ir.Array]) -> dict[Term, Place]:
        """Where the gradients of boundary values go."""
        out: dict[Term, Place] = {}
        for name, array in arrays.items():
            head = self.layout.states[name]
            for step in self.layout.boundary[name]:
                out[head.at(step)] = Place(array, step if array.timed else None)
        return out

    def start_gradient(self, element: Term) -> Term:
        """The gradient of one given boundary element."""
        if element in self.parts.gradients:
            return self.parts.gradients[element]
        for leaf, term in self.parts.gradients.items():
            if isinstance(leaf, Elem) and isinstance(element, Elem) and leaf.key == element.key:
                return substitute(term, {leaf.index: element.index})
        raise NotSupported(f"the adjoint system has no gradient for {element}")

    def held_at_start(self, arrays: dict[str, ir.Array]) -> list[ir.Statement]:
        """What a mask holds at the first step belongs to the boundary value."""
        assert self.layout.span is not None or not self.held
        out: list[ir.Statement] = []
        for adjoint, held in self.held.items():
            name = self.source[adjoint]
            if name not in arrays or self.layout.span is None:
                continue
            gap = self.masking.steps[name]
            first = self.layout.span[0] if gap == -1 else self.layout.span[1]
            at = first + gap if arrays[name].timed else None
            out.append(ir.Accumulate(arrays[name], at, ir.Read(held, first)))
        return [ir.Masked(tuple(out))] if out else []

    def loss(
        self, places: dict[Term, Place]
    ) -> tuple[ir.Body, dict[str, ir.Array], ir.Array | None]:
        """The model's own loss: its value, and the gradients of the outputs and leaves."""
        if self.parts.total is None:
            return (), {}, None
        out = self.allocated(self.parts.loss)
        groups = schedule(self.parts.loss, self.layout.facts, ascending=True)
        out += self.groups(groups)
        total = ir.Array("loss", ())
        code = Statements(self.layout)
        code.note(Left("loss", "L", "loss"), self.parts.total)
        code.block.append(ir.Allocate(total))
        code.accumulate(total, None, self.parts.total)
        kept = {leaf: t for leaf, t in self.parts.direct.items() if leaf in places}
        direct = {leaf: places[leaf] for leaf in kept}
        out += [*code.block, *gradient_statements(kept, direct, self.layout)]
        names = {leaf.key: p.array for leaf, p in direct.items()}
        return tuple(out), names, total
