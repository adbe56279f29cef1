"""Sizes of a model whose letter a claim has as an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..core.indices import index_symbol
from ..notation import syntax as sx
from ..notation.names import resolve
from ..notation.scope import Scope
from .claim_text import symbols
from .model import Model
from .replacing import resized
from .size_letters import bound, fresh, limits


def with_sizes_apart(model: Model, nodes: Iterable[sx.Node]) -> Model:
    """The model with other letters for the sizes that a claim has as an index."""
    sizes = {s.name for s in model.dims}
    nodes = tuple(nodes)
    used = {*bound(nodes), *_times(nodes, model.scope)}
    taken = {*sizes, *model.scope.names, *model.scope.times, model.length.name}
    taken |= {x.base for n in nodes for x in sx.walk(n) if isinstance(x, sx.Sym)}
    for old, new in fresh(sizes & used - set(limits(nodes)), taken).items():
        size = index_symbol(new)
        model = resized(model, index_symbol(old), size)
        scope = model.scope.extended(sizes=model.scope.sizes | {new})
        model = replace(model, dims=(*model.dims, size), scope=scope)
    return model


def _times(nodes: Iterable[sx.Node], scope: Scope) -> Iterator[str]:
    """The letters in the times of elements."""
    for node in nodes:
        for part in symbols(node):
            reading = resolve(part, scope)
            if reading is not None and reading.index is not None:
                yield from (s.name for s in reading.index.free_symbols)
