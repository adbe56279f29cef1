"""Model text to statements: declarations, equations, function pins, parameter groups."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..core.errors import ModelError
from ..notation import syntax as sx
from ..notation.parser import parse_lines
from ..notation.reader import Range, with_ranges
from ..notation.scope import known_function
from ..notation.source import Source
from ..notation.symbols import WORDS
from ..notation.vocabulary import FUNCTION_WORDS, PLAIN_WORDS

_MAX_EQUATIONS = 200
_OPTION = re.compile(r"^[ \t]*layout\s*:\s*(\w+)[ \t]*(?:%.*)?$", re.MULTILINE)
_HEAD_WORD = re.compile(r"^[ \t]*([A-Za-z]{2,})(?=[ \t]*(?:[\[_^:=(,]|\\in\b|in\b))", re.MULTILINE)
_INDEXED = re.compile(r"(?<![A-Za-z\\])([a-z])(?:\[|_\{?t|\^\{?\(?t)")
_BARE_WORD = re.compile(r"(?<![A-Za-z_^\[{\\])[A-Za-z]{2,}(?![A-Za-z_\[^(])")
"""Whh in plain text is no product W h h where h never stands without an index."""
_PLAIN_NAME = re.compile(r"(?<![A-Za-z\\])([A-Za-z]+)_([A-Za-z0-9]{2,})")


@dataclass(frozen=True)
class Declaration:
    """``head`` has the sizes ``dims`` (none for a scalar); ``kind`` is "shape" or "onehot"."""

    head: sx.Node
    dims: tuple[sx.Node, ...]
    node: sx.Node
    kind: str = "shape"


@dataclass(frozen=True)
class Equation:
    """``head = body`` over the ranges written after it."""

    head: sx.Node
    body: sx.Node
    node: sx.Node
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True)
class Pin:
    """``head`` is the function called ``word``; an empty word says only that it is a function."""

    head: sx.Node
    word: str
    node: sx.Node


@dataclass(frozen=True)
class Group:
    """``head`` names the parameters ``members`` together."""

    head: sx.Node
    members: tuple[sx.Node, ...]
    node: sx.Node


@dataclass
class Statements:
    """All statements of a model, by kind, in order."""

    source: Source
    layout: str = "numerator"
    declarations: list[Declaration] = field(default_factory=list)
    equations: list[Equation] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def error(self, message: str, node: sx.Node, hint: str = "") -> ModelError:
        """A model error at a node."""
        return ModelError(message, self.source.where(node.at), hint)


def _at_time(node: sx.Node) -> bool:
    """Whether this is ``o(t)``, a name with one argument."""
    if not isinstance(node, sx.Product) or len(node.factors) != 2 or node.ops != ("",):
        return False
    name, bracket = node.factors
    one = isinstance(bracket, sx.Brackets) and bracket.tight and bracket.only is not None
    return one and isinstance(sx.base_of(name), sx.Sym)


def split(source: Source) -> Statements:
    """The statements of a model text."""
    out = Statements(source)
    option = _OPTION.search(source.text)
    if option:
        if option.group(1) not in ("numerator", "denominator"):
            raise ModelError(
                f"the layout is numerator or denominator, not {option.group(1)}",
                source.where(option.start(1)),
            )
        out.layout = option.group(1)
        blank = " " * len(option.group())
        text = source.text[: option.start()] + blank + source.text[option.end() :]
        source = Source(text, source.file)
    words, names = _plain_names(source.text)
    for line in parse_lines(source, words, names):
        waiting: list[sx.Node] = []
        for node, ranges in with_ranges(line):
            if isinstance(node, sx.Relation):
                _relation(out, node, ranges, waiting)
                waiting = []
            elif isinstance(sx.base_of(node), sx.Sym) or _at_time(node):
                waiting.append(node)  # W, U \in R^{n x n}
            else:
                raise _not_a_statement(out, node)
        if waiting:
            raise _not_a_statement(out, waiting[0])
        if len(out.equations) > _MAX_EQUATIONS:
            node = out.equations[-1].node
            raise out.error(f"the model has more than {_MAX_EQUATIONS} equations", node)
    return out


def _plain_names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names of several letters: words that stand at the head of a line, and plain W_hh."""
    known = FUNCTION_WORDS | WORDS.keys() | PLAIN_WORDS.keys()
    words = frozenset(w for w in _HEAD_WORD.findall(text) if w not in known)
    names: set[str] = set()
    sequences = set(_INDEXED.findall(text))
    for line in text.splitlines():
        if "\\" not in line:
            found = (w for w in _BARE_WORD.findall(line.split("%")[0]) if w not in known)
            words |= {w for w in found if sequences & set(w)}
        if not re.search(r"[\\{}]", line):
            names.update(f"{a}_{{{b}}}" for a, b in _PLAIN_NAME.findall(line.split("%")[0]))
    return words, frozenset(names)


def _not_a_statement(out: Statements, node: sx.Node) -> ModelError:
    shown = out.source.slice(node.at, node.end)
    return out.error(
        f"{shown} is neither a declaration nor an equation", node,
        r"write x_t \in \mathbb{R}^d or h_t = ...",
    )  # fmt: skip


def _relation(
    out: Statements, node: sx.Relation, ranges: tuple[Range, ...], waiting: list[sx.Node]
) -> None:
    head, op = node.sides[0], node.ops[0]
    if head is None:
        raise out.error("this relation has no left side", node)
    if op in (r"\in", ":"):
        for name in (*waiting, head):
            declare(out, name, node)
        return
    if waiting or op not in ("=", ":=") or len(node.ops) > 1:
        first = waiting[0] if waiting else node
        if op in ("=", ":=") and not waiting:
            raise out.error("a model equation has one = sign", node, "split it into two lines")
        raise _not_a_statement(out, first)
    body = node.sides[1]
    assert body is not None
    members = _members(body)
    if members and _names_a_group(head, members):
        out.groups.append(Group(head, members, node))
    elif isinstance(body, sx.Sym) and (known_function(body.base) or _is_word(body)):
        out.pins.append(Pin(head, body.base, node))
    else:
        out.equations.append(Equation(head, body, node, ranges))


def _is_word(node: sx.Sym) -> bool:
    return len(node.base) > 1 and node.base.isalpha()


def _members(body: sx.Node) -> tuple[sx.Node, ...]:
    """The items of ``(W, U, b)``; empty for anything else."""
    if not isinstance(body, sx.Brackets) or body.open not in "({" or len(body.rows) != 1:
        return ()
    items = body.rows[0]
    plain = all(isinstance(sx.base_of(i), sx.Sym) for i in items)
    return items if plain and len(items) > 1 else ()


def _names_a_group(head: sx.Node, members: tuple[sx.Node, ...]) -> bool:
    """Whether ``head = (a, b)`` names parameters rather than stacks vectors."""
    base = sx.base_of(head)
    if isinstance(base, sx.Sym) and base.base in (r"\theta", r"\Theta", r"\vartheta"):
        return True
    bases = [sx.base_of(m) for m in members]
    capital = any(isinstance(b, sx.Sym) and b.base[:1].isupper() for b in bases)
    return capital and isinstance(head, sx.Sym)


def declare(out: Statements, head: sx.Node, node: sx.Relation) -> None:
    """``head`` in a set."""
    target = node.sides[1]
    assert target is not None
    if len(node.ops) == 2 and node.ops[1] in (r"\to", r"\mapsto"):  # \sigma : R \to R
        out.pins.append(Pin(head, "", node))
        return
    if len(node.ops) > 1:
        raise out.error("a declaration has one relation", node)
    if isinstance(target, sx.Sym) and target.base in (r"\N", r"\Z"):
        return
    found = _sizes(target, plain=node.ops[0] == ":")
    if found is None:
        shown = out.source.slice(target.at, target.end)
        raise out.error(
            f"{shown} is not a shape", target, r"write \mathbb{R}^{n \times d}, or plain: W : n x d"
        )
    out.declarations.append(Declaration(head, found[1], node, found[0]))


def _sizes(target: sx.Node, plain: bool) -> tuple[str, tuple[sx.Node, ...]] | None:
    """The kind of a set and its sizes; None if it is no set of vectors or matrices."""
    base = sx.base_of(target)
    sups = target.sups if isinstance(target, sx.Scripted) else ()
    if isinstance(base, sx.Sym) and base.base in (r"\R", "R") and len(sups) <= 1:
        return "shape", _factors(sups[0]) if sups else ()
    if isinstance(base, sx.Brackets) and (sups or base.open == "{") and not plain:  # {0, 1}^q
        return "shape", _factors(sups[0]) if sups else ()
    if isinstance(target, sx.Product) and len(target.factors) == 2:
        word, bracket = target.factors
        if isinstance(word, sx.Sym) and word.base == "onehot" and isinstance(bracket, sx.Brackets):
            return ("onehot", (bracket.only,)) if bracket.only is not None else None
    if not plain:
        return None
    if isinstance(target, sx.Brackets) and target.open == "(" and len(target.rows) == 1:
        return "shape", target.rows[0]
    return "shape", _factors(target)


def _factors(node: sx.Node) -> tuple[sx.Node, ...]:
    """``n \\times d``, ``n x d`` or ``n`` as sizes."""
    if isinstance(node, sx.Num) and node.value == 1:
        return ()
    if not isinstance(node, sx.Product):
        return (node,)
    for i, factor in enumerate(node.factors[1:-1], 1):
        if isinstance(factor, sx.Sym) and factor.base == "x":
            return _joined(node.factors[:i]), _joined(node.factors[i + 1 :])
    cut = next((i for i, op in enumerate(node.ops) if op in (r"\times", "*")), None)
    if cut is None:
        return (node,)
    return _joined(node.factors[: cut + 1]), _joined(node.factors[cut + 1 :])


def _joined(factors: tuple[sx.Node, ...]) -> sx.Node:
    if len(factors) == 1:
        return factors[0]
    return sx.Product(factors[0].at, factors[-1].end, factors, ("",) * (len(factors) - 1))
