"""Whether a model may be computed segment by segment: the steps a+1..b alone, from the state at a.

This is so where every step is computed alike from its own inputs and from earlier steps: shifted in
time, each definition is the same again, and what a segment needs of the steps before it are the
sequences (and inputs) whose values in front of the first step are arguments of the module. By the
chain rule the gradient with respect to that state is a gradient of the last outputs before it.

Checkpointing by this is that of A. Griewank, Achieving logarithmic growth of temporal and spatial
complexity in reverse automatic differentiation, Optimization Methods and Software 1 (1992), with
one level of segments.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from symbptt.core.dependence import references
from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails, equal_index
from symbptt.core.terms import Elem, Term, When
from symbptt.core.theory import Definition
from symbptt.core.traverse import find

from .layout import Layout
from .losses import loss_weights
from .outside import bare
from .parts import Parts
from .spans import Span, bounds


@dataclass(frozen=True)
class Segments:
    """Why a model has no segments, if so.

    ``every_step``: the loss is a sum over the steps; otherwise it belongs to the end.
    """

    refused: str = ""
    every_step: bool = True


def find_segments(parts: Parts, layout: Layout) -> Segments:
    """The segments of a model."""
    if layout.span is None:
        return Segments("the model has no time steps")
    if len(layout.lengths) > 1:
        return Segments("the model has sequences of several lengths")
    checks = _Checks(parts, layout, layout.span)
    if refused := checks.stored():
        return Segments(refused)
    for d in parts.forward:
        if refused := checks.definition(d):
            return Segments(refused)
    every_step = True
    if parts.total is not None:
        refused, every_step = checks.loss(parts.total)
        if refused:
            return Segments(refused)
    return Segments(every_step=every_step)


class _Checks:
    def __init__(self, parts: Parts, layout: Layout, span: Span) -> None:
        self.parts, self.layout, self.span = parts, layout, span

    def stored(self) -> str:
        """What runs over time must run over the same steps, of which there may be any number."""
        layout, length = self.layout, self.layout.length
        known = (length - 1, *(f for f in layout.facts if not f.has(length)))
        if not all(entails(known, f) for f in layout.facts):
            return f"the model needs more than {length} >= 1"
        if self.span[1] - self.span[0] + 1 != length:
            return f"the model has not {length} steps, but {self.span[0]} to {self.span[1]}"
        for key in (*layout.inputs, *layout.targets):
            steps = layout.passed(key)
            if steps is not None and steps != self.span:
                return f"{bare(key)} runs over other steps than the outputs"
        for key in layout.boundary:
            if key not in layout.outputs:
                return f"{bare(key)} is handed on, but is no output"
        return ""

    def definition(self, d: Definition) -> str:
        """Why a definition holds for a whole sequence only."""
        if d.index is None:
            return self.end(d)
        steps = bounds(d.facts, d.index, self.layout.facts)
        if steps != self.span:
            hint = "; without that, its value there is an argument" * (steps[0] == steps[1])
            return f"{d.name} is defined apart at step {steps[0]}{hint}"
        return self.alike(d) or self.backward(d)

    def end(self, d: Definition) -> str:
        """What belongs to no step may read the last one."""
        for _, leaf in references(d.body):
            if isinstance(leaf, Elem) and leaf.key not in self.layout.params:
                known = self.layout.facts
                if not equal_index(known, leaf.index, self.span[1]):
                    return f"{d.name} reads {bare(leaf.key)} at other steps than the last one"
        return ""

    def alike(self, d: Definition) -> str:
        """A definition must be the same at every step: its index stands in indices alone."""
        moving = {d.index, self.layout.length}
        for _, leaf in references(d.body):
            if isinstance(leaf, Elem):
                own = leaf.key in self.layout.params
                if (leaf.index if own else leaf.index - d.index).free_symbols & moving:
                    return f"{d.name} reads {bare(leaf.key)} at a fixed step"
        for _, node in find(d.body, lambda x: not isinstance(x, Elem)):
            if isinstance(node, When) or any(e.free_symbols & moving for e in _numbers(node)):
                return f"{d.name} is not computed alike at every step"
        return ""

    def backward(self, d: Definition) -> str:
        """Nothing later may be read, and of what is earlier the beginning must be an argument."""
        layout, handed = self.layout, {*self.layout.boundary, *self.layout.before}
        for inner, leaf in references(d.body):
            if not isinstance(leaf, Elem) or leaf.key in layout.params:
                continue
            facts, gap = (*layout.facts, *d.facts, *inner), leaf.index - d.index
            if not entails(facts, -gap):
                return f"{d.name} reads {bare(leaf.key)} at a later step"
            if gap != 0 and leaf.key not in handed:
                return f"{bare(leaf.key)} begins with a value that the model defines"
        return ""

    def loss(self, total: Term) -> tuple[str, bool]:
        """Whether the loss is one of every step; it must not be one of some steps."""
        try:
            weights = [w for found in loss_weights(total).values() for w in found]
        except NotSupported as error:
            return error.message, False
        kinds = {"every" if s == self.span else self.when(s) for _, s in weights}
        if any(factor.has(self.layout.length) for factor, _ in weights):
            return f"the weights of the loss depend on {self.layout.length}", False
        if len(kinds) != 1 or None in kinds:
            return "the loss has no term for every step", False
        values = {*self.parts.adjoint.values(), *self.parts.outside.values()}
        for d in self.parts.loss:
            if d.key in values:
                continue
            if d.index is None:
                if refused := self.end(d):
                    return refused, False
                continue
            if bounds(d.facts, d.index, self.layout.facts) != self.span:
                return f"{d.name} is not defined at every step", False
            if refused := self.alike(d):
                return refused, False
            if any(isinstance(x, Elem) and x.index != d.index for _, x in references(d.body)):
                return f"{d.name} reads other steps than its own", False
        return "", kinds == {"every"}

    def when(self, span: Span | None) -> str | None:
        """A summand of the loss without time, or at the last step."""
        return "end" if span is None or span == (self.span[1],) * 2 else None


def _numbers(node: Term) -> list[Expr]:
    """The numbers and limits that stand in a node itself."""
    return [a for a in node.args if isinstance(a, Expr) and not isinstance(a, Term)]
