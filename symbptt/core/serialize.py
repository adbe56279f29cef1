"""Terms to JSON and back: a table of nodes in which every distinct subterm stands once."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Rational
from sympy.core.symbol import Str

from . import terms as _terms
from .errors import SymbpttError
from .indices import index_symbol
from .terms import Term
from .theory import ALL

CLASSES: dict[str, type[Term]] = {
    name: cls
    for name in _terms.__all__
    if isinstance(cls := getattr(_terms, name, None), type) and issubclass(cls, Term)
}
Node = list[Any]
RESERVED = "#@!?*"  # first characters of the engine's own index names


class Writer:
    """Collects nodes; ``add`` returns the number of a term's node."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._numbers: dict[Any, int] = {}

    def add(self, value: Any) -> int:
        """The node number of a term."""
        if value in self._numbers:
            return self._numbers[value]
        node = [type(value).__name__, *(self._atom(a) for a in value.args)]
        self.nodes.append(node)
        self._numbers[value] = len(self.nodes) - 1
        return self._numbers[value]

    def _atom(self, value: Any) -> Any:
        if isinstance(value, Term):
            return self.add(value)
        if isinstance(value, Str):
            return {"s": value.name}
        return {"i": write_index(value)}


def write_index(value: Expr) -> Any:
    """An affine index, a polynomial dimension or a rational number as plain JSON."""
    if value.is_Integer:
        return int(value)
    if value.is_Rational:
        return {"q": [int(value.p), int(value.q)]}
    if value.is_Symbol:
        return value.name
    if value.is_Mul or value.is_Pow:
        base = value.as_ordered_factors() if value.is_Mul else [value.base] * int(value.exp)
        return {"mul": [write_index(f) for f in base]}
    if value.is_Add:
        return {"add": [write_index(f) for f in value.as_ordered_terms()]}
    raise SymbpttError(f"{value} cannot be written as an index")


def read_index(data: Any) -> Expr:
    """The inverse of write_index; refuses anything else."""
    if isinstance(data, bool):
        raise SymbpttError("a truth value is not an index")
    if isinstance(data, int):
        return Integer(data)
    if data == "*":
        return ALL
    if isinstance(data, str):
        if not data or data[0] in RESERVED:
            raise SymbpttError(f"{data!r} is not the name of an index")
        return index_symbol(data)
    if isinstance(data, dict) and len(data) == 1:
        (key, value), total = next(iter(data.items())), None
        if key == "q":
            return Rational(int(value[0]), int(value[1]))
        for part in value if key in ("add", "mul") else ():
            expr = read_index(part)
            total = expr if total is None else total + expr if key == "add" else total * expr
        if total is not None:
            return total
    raise SymbpttError(f"not an index: {data!r}")


def read_nodes(nodes: list[Node]) -> list[Term]:
    """The terms of a node table; every node may refer to earlier ones only."""
    out: list[Term] = []
    for node in nodes:
        if not node or node[0] not in CLASSES:
            raise SymbpttError(f"unknown node {node[:1]!r}")
        args: list[Any] = []
        for part in node[1:]:
            if isinstance(part, dict):
                key = next(iter(part), None)
                if key not in ("s", "i"):
                    raise SymbpttError(f"bad argument {part!r}")
                args.append(Str(part["s"]) if key == "s" else read_index(part["i"]))
            elif isinstance(part, int) and not isinstance(part, bool) and 0 <= part < len(out):
                args.append(out[part])
            else:
                raise SymbpttError(f"bad reference {part!r}")
        out.append(CLASSES[node[0]](*args))
    return out


def dump(term: Term) -> dict[str, Any]:
    """One term as JSON data."""
    writer = Writer()
    root = writer.add(term)
    return {"nodes": writer.nodes, "root": root}


def load(data: dict[str, Any]) -> Term:
    """The term of ``dump``."""
    return read_nodes(data["nodes"])[data["root"]]


__all__ = ["CLASSES", "Writer", "dump", "load", "read_index", "read_nodes", "write_index"]
