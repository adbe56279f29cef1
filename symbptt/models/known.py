"""What is collected about the names of a model."""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Expr

from ..notation import syntax as sx
from ..notation.dims import ONE, SCALAR, Shape
from ..notation.scope import Scope
from ..notation.symbols import GREEK
from ..notation.vocabulary import OBJECTIVES
from .statements import Declaration, Statements


@dataclass
class Known:
    """A name of the model: its declaration, if any, and the shapes to try, best first."""

    name: str
    node: sx.Node
    declaration: Declaration | None = None
    shape: Shape | None = None
    kinds: tuple[str, ...] = ()


@dataclass
class Names:
    """Everything collected. ``applied``: arguments of objectives such as L_t(h_t)."""

    statements: Statements
    sequences: dict[str, Known] = field(default_factory=dict)
    params: dict[str, Known] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    applied: dict[str, tuple[Expr, tuple[sx.Node, ...], sx.Node]] = field(default_factory=dict)
    elements: dict[str, set[Expr]] = field(default_factory=dict)  # declared one by one
    onehot: set[str] = field(default_factory=set)

    @property
    def rows(self) -> bool:
        """Whether vectors are rows: some sequence is declared 1 x k, and none k x 1."""
        shapes = [
            k.shape for name, k in self.sequences.items()
            if k.shape is not None and name not in self.onehot and k.shape != SCALAR
        ]  # fmt: skip
        return any(s[0] == ONE for s in shapes) and not any(s[1] == ONE for s in shapes)


_TURNED = {"row": "column", "column": "row"}


def kinds_of(known: Known, indexed: bool, defined: bool, rows: bool = False) -> tuple[str, ...]:
    """The shapes that an undeclared name may have, the likeliest first; where vectors are
    ``rows``, rows take the places of columns."""
    kinds = _kinds(known, indexed, defined)
    return tuple(_TURNED.get(k, k) for k in kinds) if rows else kinds


def _kinds(known: Known, indexed: bool, defined: bool) -> tuple[str, ...]:
    symbol = sx.base_of(known.node)
    base = symbol.base if isinstance(symbol, sx.Sym) else ""
    macro = base.startswith("\\") and base not in GREEK.values()
    letter = base[-1:] if macro else base.lstrip("\\")  # \mW is a W, \vh is an h
    free = letter[:1].isupper() and not indexed and not defined  # E x_t, an embedding
    if base in OBJECTIVES and not free:
        return ("scalar", "column", "matrix", "row")
    if indexed and (defined or not letter[:1].isupper()):
        return ("column", "matrix", "scalar", "row")
    if letter[:1].isupper():
        return ("matrix", "column", "row")
    if base.startswith("\\") and not macro:
        return ("scalar", "column", "matrix", "row")
    return ("column", "scalar", "matrix", "row")
