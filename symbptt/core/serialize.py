"""Terms to JSON and back: a table of nodes in which every distinct subterm stands once."""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any

from sympy import Expr, Integer, Rational
from sympy.core.symbol import Str

from . import norms as _norms
from . import powers as _powers
from . import terms as _terms
from . import units as _units
from .errors import SymbpttError
from .indices import index_symbol
from .scope import RESERVED
from .terms import Term
from .theory import ALL

Node = list[Any]
# The arguments of every node: s text, i index, n size, b bound index, q number, f index or no
# index, t term; a star repeats the last. Metavariables belong to rules: no file has them.
_ARGUMENTS = {
    "Param": "snn", "Elem": "sinn", "Const": "q", "Zero": "nn", "Ones": "nn", "Identity": "n",
    "Plus": "tt*", "Hadamard": "tt*", "Times": "tt*", "Scale": "tt", "Transposed": "t",
    "Diag": "t", "Map": "sit", "Softmax": "t", "Func": "sfnit*", "Shock": "t", "D": "t",
    "SumOver": "tbii", "OrderedProduct": "tbii", "When": "ti*", "Power": "ti", "Inverse": "t",
    "Kron": "tt", "Vec": "t", "Unvec": "tnn", "Block": "iit*", "Trace": "t", "Entry": "tii",
    "Partial": "tts", "Gradient": "tt", "Norm": "ts", "Sup": "si", "Min": "tt*", "Max": "tt*",
    "EntrywisePower": "ti", "Binomial": "ii", "Radius": "t", "Det": "t", "Unit": "ni",
}  # fmt: skip
CLASSES: dict[str, type[Term]] = {
    name: next(getattr(m, name) for m in (_terms, _norms, _powers, _units) if hasattr(m, name))
    for name in _ARGUMENTS
}


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
    """An affine index, a polynomial size or an exact number as plain JSON."""
    if value.is_Integer:
        return int(value)
    if value.is_Rational:
        return {"q": [int(value.p), int(value.q)]}
    if value.is_Symbol:
        return value.name
    if value.is_Pow and value.exp.is_Integer and value.exp < 0:
        return {"inv": write_index(1 / value)}
    if value.is_Pow and value.exp.is_Integer:
        return {"mul": [write_index(value.base)] * int(value.exp)}
    if value.is_Mul:
        return {"mul": [write_index(f) for f in value.as_ordered_factors()]}
    if value.is_Add:
        return {"add": [write_index(f) for f in value.as_ordered_terms()]}
    raise SymbpttError(f"{value} cannot be written as an index")


def read_index(data: Any, number: bool = False) -> Expr:
    """The inverse of write_index; fractions only where a number is read."""
    if isinstance(data, int) and not isinstance(data, bool):
        return Integer(data)
    if isinstance(data, str) and data and data[0] not in RESERVED:
        return index_symbol(data)
    if isinstance(data, dict) and len(data) == 1:
        (key, value) = next(iter(data.items()))
        if key in ("add", "mul") and isinstance(value, list) and value:
            parts = [read_index(part, number) for part in value]
            return reduce(operator.add if key == "add" else operator.mul, parts)
        if number and key == "q" and [type(v) for v in value] == [int, int]:
            return Rational(*value)
        if number and key == "inv":
            return 1 / read_index(value, number)
    raise SymbpttError(f"not an index: {data!r}")


def read_nodes(nodes: list[Node]) -> list[Term]:
    """The terms of a node table; every node may refer to earlier ones only."""
    out: list[Term] = []
    for node in nodes:
        if not isinstance(node, list) or not node or node[0] not in CLASSES:
            raise SymbpttError(f"unknown node {node!r}")
        name, *parts = node
        kinds = _ARGUMENTS[name]
        if kinds.endswith("*"):
            kinds = kinds[:-1] + kinds[-2] * (len(parts) - len(kinds) + 1)
        if len(parts) != len(kinds):
            raise SymbpttError(f"a node {name} does not have {len(parts)} arguments")
        args = [_argument(kind, part, out) for kind, part in zip(kinds, parts, strict=True)]
        out.append(CLASSES[name](*args))
    return out


def _argument(kind: str, part: Any, known: list[Term]) -> Any:
    """An argument of the kind: a term by its number, a text, an index, a size, a number."""
    if kind == "t":
        if isinstance(part, int) and not isinstance(part, bool) and 0 <= part < len(known):
            return known[part]
        raise SymbpttError(f"bad reference {part!r}")
    if not isinstance(part, dict) or part.keys() not in ({"s"}, {"i"}):
        raise SymbpttError(f"bad argument {part!r}")
    if "s" in part:
        text = part["s"]
        if not isinstance(text, str) or not (kind == "s" or (kind == "f" and not text)):
            raise SymbpttError(f"bad text {text!r}")
        return Str(text)
    if kind == "s":
        raise SymbpttError(f"bad text {part!r}")
    if kind == "i" and part["i"] == "*":
        return ALL
    value = read_index(part["i"], kind == "q")
    if (kind == "b" and not value.is_Symbol) or (kind == "n" and value.is_Integer and value < 1):
        raise SymbpttError(f"bad argument {part!r}")
    return value


def dump(term: Term) -> dict[str, Any]:
    """One term as JSON data."""
    writer = Writer()
    root = writer.add(term)
    return {"nodes": writer.nodes, "root": root}


def load(data: dict[str, Any]) -> Term:
    """The term of ``dump``."""
    return read_nodes(data["nodes"])[data["root"]]


__all__ = ["CLASSES", "Writer", "dump", "load", "read_index", "read_nodes", "write_index"]
