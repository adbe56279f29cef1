"""What a module needs besides its loops: the helpers that they call, and facts for its frame."""

from __future__ import annotations

from symbptt.core.terms import Elem, Param, Plus, Term
from symbptt.core.traverse import find, subterm

from . import ir
from .layout import Layout
from .lower import Lowered
from .parts import Parts
from .passes.blocks import IN_BLOCKS
from .passes.rewrite import reads, terms


def products(body: ir.Body) -> set[str]:
    """The large products that the module needs: of rows with a matrix, of columns with rows, of
    blocks of columns, of ones with rows."""
    found: set[str] = set()
    if any(isinstance(n, ir.Blocks) or getattr(n, "function", "") == IN_BLOCKS
           for n in ir.walk(body)):  # fmt: skip
        found.add("blocks")
    for loop in ir.walk(body):
        if isinstance(loop, ir.Loop) and loop.together:
            for node in ir.walk(loop.body):
                if isinstance(node, ir.Into) and node.function in ("product", IN_BLOCKS):
                    found.add("product")
                if isinstance(node, ir.Unpack):
                    found.add("gram" if len(node.values) == 2 else "sum")
                if _is_sum(node):
                    found.add("sum")
                if isinstance(node, ir.MatMul):
                    found.add("gram" if isinstance(node.left, ir.Swap) else "product")
    return found


def of_classes(body: ir.Body) -> set[str]:
    """The helpers for one-hot targets, as vectors or as classes, that the module needs."""
    nodes = tuple(ir.walk(body))
    kinds = {"_chosen": ir.Chosen, "_entries": ir.Entries, "_add_at": ir.Spike}
    return {name for name, kind in kinds.items() if any(isinstance(n, kind) for n in nodes)}


def _is_sum(node: ir.Value | ir.Statement) -> bool:
    """The sum over all steps and samples of a sequence of vectors."""
    return isinstance(node, ir.Total) and node.axis == 0 and len(node.arg.axes) == 2


def no_workers(lowered: Lowered) -> str:
    """Why the samples cannot be computed apart, if so."""
    for node in ir.walk(lowered.program.loss):
        if isinstance(node, ir.Store | ir.Accumulate) and node.array == lowered.total:
            for term in terms(node.value):
                if not any(ir.BATCH in r.axes for r in reads(term)):
                    return "the loss has a term that belongs to no sample"
    return ""


def additive(parts: Parts, layout: Layout) -> tuple[str, ...]:
    """Parameters that only stand as a summand: they start at zero."""
    bodies = [d.body for d in (*parts.forward, *parts.loss)]
    return tuple(
        layout.public[key]
        for key, leaf in layout.params.items()
        if leaf.is_column and all(_is_summand(b, leaf) for b in bodies)
    )


def _is_summand(body: Term, leaf: Elem | Param) -> bool:
    """Whether the parameter stands in the term only as a summand."""
    return all(
        not path or isinstance(subterm(body, path[:-1]), Plus)
        for path, _ in find(body, lambda x: isinstance(x, Elem | Param) and x.key == leaf.key)
    )
