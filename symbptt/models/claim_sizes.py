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
    letters = {x.base for n in nodes for x in sx.walk(n) if isinstance(x, sx.Sym)}
    letters |= model.scope.times
    if not any(s in letters or not _is_letter(s) for s in sizes):
        return model
    used = {*bound(nodes), *_times(nodes, model.scope)}
    taken = {*sizes, *model.scope.names, model.length.name}
    for old, new in fresh(sizes & used - set(limits(nodes)), taken | letters).items():
        size = index_symbol(new)
        model = resized(model, index_symbol(old), size)
        scope = model.scope.extended(sizes=model.scope.sizes | {new})
        model = replace(model, dims=(*model.dims, size), scope=scope)
    return model


def _is_letter(size: str) -> bool:
    """Whether a size is called by one letter, and not d_h, say."""
    return len(size) == 1 or (size.startswith("\\") and size[1:].isalpha())


def _times(nodes: Iterable[sx.Node], scope: Scope) -> Iterator[str]:
    """The letters in the times of elements."""
    for node in nodes:
        for part in symbols(node):
            reading = resolve(part, scope)
            if reading is not None and reading.index is not None:
                yield from (s.name for s in reading.index.free_symbols)
