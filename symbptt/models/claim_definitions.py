"""Names that claims introduce: fresh names, and free inputs that get their first equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..notation import syntax as sx
from ..notation.leaves import unit_index
from ..notation.names import resolve
from ..notation.neighbours import gradient_signs
from ..notation.scope import Scope
from ..notation.scripts import index_expr
from .abbreviating import abbreviated
from .claim_conditions import Conditions
from .claim_text import binds, symbols, with_argument
from .occurrences import indexed

_DERIVATIVES = (sx.Derivative, sx.Nabla)
_CONSTANTS = frozenset(
    {"I", "e", r"\ones", r"\zeros", r"\R", r"\N", r"\Z", r"\infty", "d", r"\mathrm{d}"}
)
_OF_MATRICES = frozenset(
    {r"\rho", r"\lambda", r"\kappa", "cond", "spec", "span", "ker", "Var", "Cov", r"\E"}
)
"""What, before an argument, is a word of mathematics that no claim defines."""


class Definitions(Conditions):
    """What a claim defines."""

    def introduced(self, node: sx.Node) -> tuple[str, ...]:
        """The names that a statement defines; the model then has the definition."""
        if not isinstance(node, sx.Relation) or node.sides[0] is None:
            return ()
        op, head = node.ops[0], node.sides[0]
        fresh = self.fresh_names(node)
        reading = resolve(self.head(head), self.model.scope)
        if op == r"\in":
            if reading is None and fresh:
                space = self.slice(node.sides[1] or head)
                self.extend(f"{self.slice(head)} {op} {space}", node)
                return tuple(fresh)
            return ()
        if op not in ("=", ":=") or (reading is None and _is_known_word(head)):
            return ()
        name = self.free_input(reading)
        if not fresh:
            own = name and self.is_name(head) and not self.mentions(node.sides[1], reading)
            return (name,) if own else ()
        if (reading is not None and not name) or not self.is_name(head):
            return ()  # an unknown name on the right: reading refuses it
        self.refuse_derivative(head)
        text = self.definition_text(node)
        before = _keys(self.model.scope)
        if any(isinstance(x, _DERIVATIVES) for x in sx.walk(node.sides[1] or node)):
            self.model = abbreviated(self.model, text)
        else:
            self.extend(text, node)
        new = sorted(n for _, n in _keys(self.model.scope) - before)
        if self.step_of(self.head(head), node):
            self.leave_unindexed(new)
        return tuple(dict.fromkeys([*new, *([name] if name else [])]))

    def refuse_derivative(self, head: sx.Node) -> None:
        """Refuses L_c as a fresh name where L is the loss and c a quantity: it may be dL/dc."""
        scope, symbol = self.model.scope, sx.base_of(head)
        below = head.subs if isinstance(head, sx.Scripted) else ()
        if len(below) != 1 or not isinstance(symbol, sx.Sym) or symbol.base != scope.loss:
            return
        by = resolve(below[0], scope)
        if by is not None and by.declared is not None:
            shown, name = self.slice(head), self.slice(below[0])
            raise self.source.fail(
                f"{shown} may be the derivative by {name}, or a new name", head.at,
                rf"write \partial {scope.loss}/\partial {name} for the derivative",
            )  # fmt: skip

    def leave_unindexed(self, names: Sequence[str]) -> None:
        """What stands above a square matrix that was named without an index is an exponent."""
        scope = self.model.scope
        shapes = {n: scope.sequences[n].shape for n in names if n in scope.sequences}
        square = {n for n, (rows, cols) in shapes.items() if rows == cols}
        scope = scope.extended(unindexed=scope.unindexed | square)
        self.model = replace(self.model, scope=scope)

    def head(self, node: sx.Node) -> sx.Node:
        """The name on a left side, with a time in brackets, without other arguments."""
        if not isinstance(node, sx.Product) or not _only_names(node):
            return node
        name, bracket = node.factors
        assert isinstance(bracket, sx.Brackets)
        return indexed(name, bracket, self.model.scope.times) or name

    def mentions(self, node: sx.Node | None, reading: object) -> bool:
        """Whether a formula contains the very element that a reading is."""
        found = (resolve(x, self.model.scope) for x in symbols(node)) if node is not None else ()
        key = getattr(reading, "name", ""), getattr(reading, "index", None)
        return any(r is not None and (r.name, r.index) == key for r in found)

    def is_name(self, head: sx.Node) -> bool:
        """Whether a left side is a name, with scripts or arguments."""
        return isinstance(sx.base_of(self.head(head)), sx.Sym)

    def free_input(self, reading: object) -> str:
        """The name of a reading that has no equation in the model yet."""
        name = getattr(reading, "name", "")
        declared = getattr(reading, "declared", None)
        if declared is None or getattr(reading, "entries", ()) or getattr(reading, "marks", ()):
            return ""
        index = getattr(reading, "index", None)
        key = name if index is None else f"{name}[]"
        named = any(d.key == key for d in self.model.abbreviations)
        if named or self.model.theory.defined(key):
            return ""
        return "" if index is not None and index.is_Integer else name

    def fresh_names(self, node: sx.Node) -> list[str]:
        """The heads of names in a statement that the scope does not have."""
        scope = self.model.scope
        found = []
        head = self.head(node.sides[0]) if isinstance(node, sx.Relation) and node.sides[0] else node
        signs = {id(x) for x in gradient_signs(node, scope)}
        for part in (x for x in symbols(node) if id(x) not in signs):
            plain = isinstance(part, sx.Sym) and not scope.is_index(part.base)
            letter = part.at == head.at and (plain or unit_index(part) is not None)
            if resolve(part, scope) is None and (letter or self.is_fresh(part)):
                found.append(self.slice(part))
        return list(dict.fromkeys(found))

    def is_fresh(self, node: sx.Node) -> bool:
        symbol = sx.base_of(node)
        assert isinstance(symbol, sx.Sym)
        if symbol.base in _CONSTANTS or self.model.scope.function(symbol.base) is not None:
            return False
        return not self.is_index(node)

    def definition_text(self, node: sx.Relation) -> str:
        """The first equation of a chain as a given; a name whose body depends on t stands at t."""
        head, body = node.sides[0], node.sides[1]
        assert head is not None and body is not None
        plain = self.head(head)
        if isinstance(head, sx.Product) and not _only_names(head):
            raise self.source.fail("what is defined is a name", head.at)
        return f"{self.slice(plain)}{self.step_of(plain, node)} = {self.slice(body)}"

    def step_of(self, head: sx.Node, node: sx.Relation) -> str:
        if isinstance(head, sx.Scripted):
            return ""
        time = self.model.time.name
        body = node.sides[1]
        assert body is not None
        timed = any(
            r is not None and r.index is not None and self.model.time in r.index.free_symbols
            for r in (resolve(x, self.model.scope) for x in symbols(body))
        )
        return f"_{{{time}}}" if timed and not binds(body, time) else ""

    def plain_head(self, node: sx.Node) -> sx.Node:
        """A definition ``f(x) = ...`` without the arguments of its left side."""
        assert isinstance(node, sx.Relation)
        head = self.head(node.sides[0])  # type: ignore[arg-type]
        step = self.step_of(head, node)
        if step and resolve(head, self.model.scope) is None:
            time = sx.Sym(head.at, head.end, self.model.time.name)
            head = sx.Scripted(head.at, head.end, head, (time,))
        if isinstance(node.sides[0], sx.Product) and resolve(head, self.model.scope) is None:
            return node
        return replace(node, sides=(head, *node.sides[1:]))

    def allow_single(self, node: sx.Node) -> None:
        """Lets names of sequences without index stand at step t, where t is not bound."""
        time, scope = self.model.time.name, self.model.scope
        if scope.single or binds(node, time):
            return
        indexed = {id(x) for x in with_argument(node, scope)}
        bare = [x for x in symbols(node) if resolve(x, scope) is None and id(x) not in indexed]
        single = scope.extended(single=time)
        if any(resolve(x, single) is not None for x in bare):
            self.model = replace(self.model, scope=single)

    def allow_numbers(self, node: sx.Node) -> None:
        """Lets letters that are indices in a statement, as k in h_k, stand for numbers in it."""
        scope = self.model.scope
        found = [(x, resolve(x, scope)) for x in symbols(node)]
        bare = {
            x.base for x, r in found
            if r is None and index_expr(x) is not None and not scope.is_index(x.base)  # type: ignore[attr-defined]
        }  # fmt: skip
        if not bare:
            return
        indices = [r.index for _, r in found if r is not None and r.index is not None]
        new = bare & {s.name for i in indices for s in i.free_symbols}
        if new:
            self.model = replace(self.model, scope=scope.extended(numbers=scope.numbers | new))


def _keys(scope: Scope) -> set[tuple[str, str]]:
    """All names, sequences told from parameters."""
    return {("[]", n) for n in scope.sequences} | {("", n) for n in scope.params}


def _is_known_word(head: sx.Node) -> bool:
    r"""Whether a left side such as \rho(W) is a word of mathematics with its argument."""
    if not isinstance(head, sx.Product) or len(head.factors) != 2:
        return False
    base = sx.base_of(head.factors[0])
    if not isinstance(base, sx.Sym) or not isinstance(head.factors[1], sx.Brackets):
        return False
    return base.base in _OF_MATRICES


def _only_names(node: sx.Product) -> bool:
    """Whether a product is ``f(x, y)``: a name and a bracket of names."""
    if len(node.factors) != 2 or node.ops != ("",):
        return False
    name, bracket = node.factors
    if not isinstance(sx.base_of(name), sx.Sym) or not isinstance(bracket, sx.Brackets):
        return False
    return bracket.open == "(" and all(
        isinstance(sx.base_of(x), sx.Sym) for row in bracket.rows for x in row
    )
