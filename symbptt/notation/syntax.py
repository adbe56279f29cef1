"""The syntax tree: what stands on the page, with places and without meaning.

``at`` and ``end`` are offsets into the source. Fonts are gone, accents and scripts are kept. A
product keeps its explicit operators; whether ``f(x)`` is an application, ``^T`` a transpose and
``_t`` a time is decided later, where names are known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction as Rational
from functools import cache


class _Kept:
    """What is found out about a node once: a claim is walked through by many readers."""

    __slots__ = ("form", "inside", "parts", "symbols")
    form: tuple[object, ...]
    inside: tuple[Node, ...]
    parts: tuple[Node, ...]
    symbols: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Node(_Kept):
    """Base of all nodes: a piece of the source."""

    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Num(Node):
    """A number, exact; ``text`` keeps the digits as printed."""

    value: Rational
    text: str


@dataclass(frozen=True, slots=True)
class Sym(Node):
    """A symbol without scripts: a letter, a command (``\\sigma``) or a word (``tanh``).

    ``\\R`` is the set of reals, ``\\ones`` and ``\\zeros`` are bold 1 and 0; a script may also be a
    sign: ``*``, ``+``.
    """

    base: str
    accents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scripted(Node):
    """A base with subscripts, superscripts and primes, each list in order."""

    base: Node
    subs: tuple[Node, ...] = ()
    sups: tuple[Node, ...] = ()
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Brackets(Node):
    """( [ { <: rows (separated by ;) of items (separated by commas). ``tight``: no space before."""

    open: str
    close: str
    rows: tuple[tuple[Node, ...], ...]
    tight: bool = False

    @property
    def only(self) -> Node | None:
        """The single item, if there is just one."""
        return self.rows[0][0] if len(self.rows) == 1 and len(self.rows[0]) == 1 else None


@dataclass(frozen=True, slots=True)
class Norm(Node):
    """``|a|`` or ``‖a‖``."""

    kind: str
    body: Node


@dataclass(frozen=True, slots=True)
class Grid(Node):
    """A matrix environment; an empty cell is None."""

    environment: str
    rows: tuple[tuple[Node | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Dots(Node):
    """``\\dots`` and its kin; also a lone ``\\cdot`` that holds a place."""

    kind: str


@dataclass(frozen=True, slots=True)
class Words(Node):
    """Words of a human language."""

    text: str


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Terms with their signs (+, -, \\pm)."""

    signs: tuple[str, ...]
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product(Node):
    """Factors; ``ops[i]`` stands between factor i and i + 1, "" is juxtaposition."""

    factors: tuple[Node, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quotient(Node):
    """``\\frac{a}{b}`` or a/b."""

    above: Node
    below: Node


@dataclass(frozen=True, slots=True)
class Repeated(Node):
    """``\\underbrace{W \\cdots W}_{k}``: the body k times; ``sign`` is \\cdot, \\odot or +."""

    body: Node
    count: Node
    sign: str


@dataclass(frozen=True, slots=True)
class Binomial(Node):
    """``\\binom{n}{k}``."""

    above: Node
    below: Node


@dataclass(frozen=True, slots=True)
class Root(Node):
    """``\\sqrt[degree]{body}``."""

    body: Node
    degree: Node | None


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    """\\partial y / \\partial x in any form; ``y`` is None for an operator in front of its operand.

    ``mark`` is "+" for the immediate derivative, "°" for the direct one; ``letter`` is "\\partial"
    or "d"; ``slot`` tells the form \\partial_x y.
    """

    y: Node | None
    x: Node
    mark: str = ""
    order: int = 1
    letter: str = r"\partial"
    slot: bool = False


@dataclass(frozen=True, slots=True)
class Nabla(Node):
    """\\nabla_x y, or with ``order`` 2 its Hessian; either may be missing."""

    y: Node | None
    x: Node | None
    order: int = 1


@dataclass(frozen=True, slots=True)
class Change(Node):
    """The differential ``\\mathrm{d} y`` of a whole factor."""

    y: Node


@dataclass(frozen=True, slots=True)
class Big(Node):
    """\\sum, \\prod, \\max, \\lim ...: limits as written, and the term to their right."""

    kind: str
    sub: Node | None
    sup: Node | None
    body: Node


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """A chain a = b <= c; a side may be missing at either end (None)."""

    sides: tuple[Node | None, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """Items separated by commas where there are no brackets: in scripts and between statements."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """``\\forall item`` or ``\\exists item``."""

    kind: str
    item: Node


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside a node, in order."""
    names = _node_fields(type(node))
    if not names:
        return ()
    try:
        return node.parts
    except AttributeError:
        out: list[Node] = []
        for name in names:
            _collect(getattr(node, name), out)
        object.__setattr__(node, "parts", tuple(out))  # a node is frozen
        return node.parts


def placed(node: Node, at: int, end: int) -> Node:
    """The node at another place."""
    return type(node)(at, end, *(getattr(node, name) for name in field_names(type(node))))


@cache
def field_names(cls: type[Node]) -> tuple[str, ...]:
    """The fields but the places."""
    return tuple(f.name for f in fields(cls)[2:])


@cache
def _node_fields(cls: type[Node]) -> tuple[str, ...]:
    """The fields that hold nodes: the annotations are text here."""
    return tuple(f.name for f in fields(cls)[2:] if "Node" in str(f.type))


def _collect(value: object, out: list[Node]) -> None:
    if isinstance(value, Node):
        out.append(value)
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, out)


def walk(node: Node) -> tuple[Node, ...]:
    """The node and all nodes inside it, outermost first, left to right."""
    try:
        return node.inside
    except AttributeError:
        found, waiting = [], [node]
        while waiting:
            here = waiting.pop()
            found.append(here)
            waiting += reversed(children(here))
        object.__setattr__(node, "inside", tuple(found))
        return node.inside


def form(node: Node) -> tuple[object, ...]:
    """The node without its places: what looks alike has equal forms."""
    try:
        return node.form
    except AttributeError:
        cls = type(node)
        parts = (_form(getattr(node, name)) for name in field_names(cls))
        object.__setattr__(node, "form", (cls, *parts))
        return node.form


def _form(value: object) -> object:
    if isinstance(value, Node):
        return form(value)
    return tuple(map(_form, value)) if type(value) is tuple else value


def base_of(node: Node) -> Node:
    """The node without its scripts."""
    return node.base if isinstance(node, Scripted) else node


def shown(node: Node) -> str:
    """The tree as one line, for tests and debugging: ``Sum(+Sym(a) -Num(1))``."""
    parts = []
    for name in field_names(type(node)):
        value = getattr(node, name)
        if value not in ((), None, 0, "", False):
            parts.append(_shown(value))
    return f"{type(node).__name__}({' '.join(parts)})"


def _shown(value: object) -> str:
    if isinstance(value, Node):
        return shown(value)
    if isinstance(value, tuple):
        return f"[{' '.join(_shown(v) for v in value)}]"
    return str(value) if value != "" else "·"
