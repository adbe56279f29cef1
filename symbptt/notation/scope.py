"""What names mean where a text is read: sequences, parameters, functions, indices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from sympy import Expr

from ..core.errors import Where
from ..core.functions import TABLE, known
from ..core.terms import Elem, Param, Term
from .dims import ONE, SCALAR, Dim, Shape, add, constant, multiply, rigid
from .symbols import normal_name, split_name


@dataclass(frozen=True)
class Declared:
    """A sequence or parameter: its shape, and where the model says so."""

    name: str
    shape: Shape
    where: Where | None = None
    given: bool = False  # whether the shape was written, not inferred


@dataclass(frozen=True)
class Function:
    """A function name: ``kind`` "map", "softmax", "diag", "trace", "vec",
    "det" or "opaque".

    ``core`` is the name in terms; ``rows`` the number of values of an opaque function.
    """

    name: str
    kind: str
    core: str = ""
    rows: Dim = ONE


_KINDS = {
    "softmax": "softmax", "SoftMax": "softmax", "Softmax": "softmax", "diag": "diag",
    "Diag": "diag", "tr": "trace", "det": "det", "trace": "trace", "vec": "vec",
}  # fmt: skip
_FIXED: dict[str, Function] = {
    **{name: Function(name, "map", name) for name in TABLE},
    **{word: Function(word.lower(), kind) for word, kind in _KINDS.items()},
}
NOT_YET = frozenset(("rank", "max", "min", "argmax", "argmin", "sup", "inf", "lim", "onehot"))
"""Words of mathematics that are read but have no term."""


def known_function(word: str) -> Function | None:
    """The function that a word of the language names."""
    if word in _FIXED:
        return _FIXED[word]
    row = known(word)
    return Function(word, "map", row.name) if row else None


@dataclass(frozen=True)
class Scope:
    """Names and their meaning.

    ``times`` are letters read as time; ``length`` the last time; ``sizes`` names of dimensions;
    ``superscripted`` sequences whose time is a bare superscript (``s_j^t``); ``objectives`` scalars
    that may be written with arguments, ``L_t(h_t)``; ``arguments`` what each function is applied to
    in the model, for \\sigma' without an argument; ``users`` the elements whose definition contains
    a parameter, with their index; ``bodies`` the definitions, for derivatives by what has a name;
    ``loss`` the total; ``unit`` the size of the unit vectors e_i.

    In claims: ``closed``, a name that is not in the scope is no function either; ``single``, the
    step at which names of sequences without an index stand; ``entries``, then letters below
    sequences are entries; ``settled``: its tables do not change any more; ``unindexed``, matrices
    introduced without an index although they depend on the step: what stands above them is an
    exponent; ``numbers``, indices that stand for numbers too, as in t - k.
    """

    sequences: dict[str, Declared] = field(default_factory=dict)
    params: dict[str, Declared] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    times: frozenset[str] = frozenset({"t"})
    length: str = "T"
    sizes: frozenset[str] = frozenset()
    unit: Dim | None = None
    superscripted: frozenset[str] = frozenset()
    objectives: frozenset[str] = frozenset()
    arguments: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    users: dict[str, tuple[tuple[Elem, Expr], ...]] = field(default_factory=dict)
    bodies: tuple[tuple[Elem | Param, Term], ...] = ()
    loss: str = ""
    single: str = ""
    numbers: frozenset[str] = frozenset()
    entries: bool = False
    unindexed: frozenset[str] = frozenset()
    closed: bool = False
    settled: bool = False

    @cached_property
    def resolved(self) -> dict[tuple[object, ...], tuple[Any, Any]]:
        """What symbols mean here, by their form, with the node that was read."""
        return {}

    @property
    def step(self) -> str:
        """The letter of the time at which a claim without indices holds."""
        return "t" if "t" in self.times else min(self.times, default="t")

    @property
    def words(self) -> frozenset[str]:
        """Bases of several letters, which the lexer keeps together."""
        names = (*self.sequences, *self.params, *self.functions, *self.groups)
        bases = (split_name(n).base for n in names)
        return frozenset(b for b in bases if len(b) > 1 and b.isalpha())

    @property
    def names(self) -> frozenset[str]:
        """All names."""
        return frozenset((*self.sequences, *self.params, *self.functions, *self.groups))

    def function(self, name: str) -> Function | None:
        """The function of a name, declared or known."""
        return self.functions.get(name) or known_function(name)

    def is_index(self, name: str) -> bool:
        """Whether the name is a time, the length or a dimension."""
        return name in self.times or name == self.length or name in self.sizes

    def is_size(self, symbol: Expr) -> bool:
        """Whether the symbol is a dimension, and no time."""
        return str(symbol) in self.sizes

    def extended(self, **changes: object) -> Scope:
        """The scope with other fields."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def closest(self, name: str) -> str:
        """A hint for an unknown name: what there is, and the name nearest to it."""
        shown = [*(f"{n}_t" for n in self.sequences), *self.params, *self.functions, *self.groups]
        bare = {s.removesuffix("_t"): s for s in shown}
        near = get_close_matches(name, bare, 1, 0.5) or [
            n for n in bare if n.lower() == name.lower()
        ]
        listed = ", ".join(shown[:20]) + (", ..." if len(shown) > 20 else "")
        hint = f"the names here are {listed}" if shown else "no names are declared"
        return f"did you mean {bare[near[0]]}? {hint}" if near else hint


def dim_of(expr: Expr) -> Dim:
    """A SymPy size as a rigid one."""
    if expr.is_Integer:
        return constant(int(expr))
    if expr.is_Symbol:
        return rigid(expr.name)
    parts = [dim_of(a) for a in expr.args]
    out = parts[0]
    if expr.is_Pow:
        for _ in range(int(expr.exp) - 1):
            out = multiply(out, dim_of(expr.base))
        return out
    for part in parts[1:]:
        out = add(out, part) if expr.is_Add else multiply(out, part)
    return out


def scope_of(
    leaves: Iterable[Param | Elem], functions: Iterable[str] = (), length: str = "T",
    times: Iterable[str] = ("t",),
) -> Scope:  # fmt: skip
    """A scope with the given leaves (rigid shapes) and unspecified elementwise functions."""
    sequences: dict[str, Declared] = {}
    params: dict[str, Declared] = {}
    sizes: set[str] = set()
    for leaf in leaves:
        shape = dim_of(leaf.shape[0]), dim_of(leaf.shape[1])
        sizes |= {s.name for side in leaf.shape for s in side.free_symbols}
        table = sequences if isinstance(leaf, Elem) else params
        table[leaf.name] = Declared(leaf.name, shape, given=True)
    table_of = {normal_name(f): Function(normal_name(f), "map", normal_name(f)) for f in functions}
    objectives = frozenset(n for n, x in sequences.items() if x.shape == SCALAR)
    return Scope(
        sequences, params, table_of, times=frozenset(times), length=length, sizes=frozenset(sizes),
        objectives=objectives,
    )  # fmt: skip
