"""Conditions of claims: quantifiers, what is supposed, ranges of indices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sympy import Expr, Symbol

from ..core.errors import SymbpttError
from ..core.indices import index_symbol
from ..notation import syntax as sx
from ..notation.names import resolve
from ..notation.ranges import condition_facts
from ..notation.reader import Range
from ..notation.scripts import index_expr
from ..notation.sides import approach
from .claim_text import ClaimText
from .given import assume

_INDEX_LETTERS = frozenset("ijklmnpqrstuvMNRST") | {r"\tau"}
_ORDERS = frozenset({"=", "<", ">", r"\le", r"\ge"})


class Conditions(ClaimText):
    """What holds where a claim is made."""

    def implications(
        self, nodes: Sequence[object], marks: list[tuple[int, str]]
    ) -> Iterator[sx.Node]:
        r"""The statements; what stands left of \implies is marked as supposed."""
        for node in nodes:
            assert isinstance(node, sx.Node)
            if not isinstance(node, sx.Relation) or r"\implies" not in node.ops:
                if isinstance(node, sx.Relation) and r"\iff" in node.ops:
                    raise self.source.fail("an equivalence is not understood", node.at)
                yield node
                continue
            cut = node.ops.index(r"\implies")
            if r"\implies" in node.ops[cut + 1 :]:
                raise self.source.fail("several implications in a row are not understood", node.at)
            halves = ((node.sides[: cut + 1], node.ops[:cut], True),
                      (node.sides[cut + 1 :], node.ops[cut + 1 :], False))  # fmt: skip
            for sides, ops, supposed in halves:
                first, last = sides[0], sides[-1]
                if not ops or first is None or last is None:
                    raise self.source.fail("an implication stands between statements", node.at)
                part = sx.Relation(first.at, last.end, sides, ops)
                if supposed and not self.defines(part):
                    marks.append((part.at, "implies"))
                yield part

    def defines(self, node: sx.Relation) -> bool:
        """Whether an equation says what a new name means."""
        head = node.sides[0]
        if head is None or not isinstance(sx.base_of(head), sx.Sym) or self.is_index(head):
            return False
        return node.ops[0] in ("=", ":=") and resolve(head, self.model.scope) is None

    def approaches(self, node: sx.Node) -> bool:
        r"""Whether this is ``t \to \infty``; it says of what the limits in the claim are."""
        only = node.only if isinstance(node, sx.Brackets) else node
        if not isinstance(only, sx.Relation) or only.ops != (r"\to",):
            return False
        if not self.is_index(only.sides[0]):
            return False
        self.limit = approach(self.elaborator(), only, only)
        return True

    def is_supposed(self, node: sx.Node, marks: list[tuple[int, str]]) -> bool:
        """Whether a word such as "if" stands right before the statement."""
        if not isinstance(node, sx.Relation):
            return False
        return any(
            end <= node.at and not self.source.text[end : node.at].strip(" ,;}{~\\\n")
            for end, _ in marks
        )

    def extend(self, text: str, place: sx.Node) -> list[Expr]:
        """Takes an equation or property into the model; gives the facts that it states."""
        try:
            self.model, facts = assume(self.model, [text])
        except SymbpttError as error:
            error.where = self.source.where(place.at)
            raise
        return list(facts)

    def suppose(self, node: sx.Node) -> list[Expr]:
        text = self.slice(node)
        facts = self.extend(text, node)
        if not self.is_about_indices(node):
            self.supposed.append(text)
        return facts

    def is_index(self, node: sx.Node | None) -> bool:
        expr = index_expr(node)
        if expr is None:
            return False
        scope = self.model.scope
        taken = {*scope.params, *scope.sequences}
        return all(
            scope.is_index(s.name) or (s.name in _INDEX_LETTERS and s.name not in taken)
            for s in expr.free_symbols
        ) and not any(s.name in taken and s.name not in scope.times for s in expr.free_symbols)

    def is_about_indices(self, node: sx.Node) -> bool:
        return (
            isinstance(node, sx.Relation)
            and set(node.ops) <= _ORDERS
            and all(self.is_index(side) for side in node.sides)
            and any(not isinstance(side, sx.Num) for side in node.sides)
        )

    def unbracketed(self, node: sx.Node) -> tuple[sx.Node, ...]:
        """The conditions of a bracket ``(k > t)``; any other node as it is."""
        if not isinstance(node, sx.Brackets) or len(node.rows) != 1:
            return (node,)
        return node.rows[0] if all(map(self.is_about_indices, node.rows[0])) else (node,)

    def quantified(self, node: sx.Quantified, exists: list[str]) -> list[Expr]:
        """The facts of \\forall; a name that exists is a scalar, or lies in the space stated."""
        item = node.item
        items = item.items if isinstance(item, sx.Listing) else (item,)
        facts: list[Expr] = []
        for one in items:
            if node.kind == "forall":
                if self.is_about_indices(one):
                    facts += condition_facts(self.elaborator(), one)  # type: ignore[arg-type]
                elif isinstance(one, sx.Relation) and one.ops == (r"\in",):
                    facts += self.declared(one)
                elif not self.is_index(one):
                    raise self.unclear(one)
                continue
            name = one.sides[0] if isinstance(one, sx.Relation) else one
            if name is None or resolve(name, self.model.scope) is not None:
                raise self.unclear(one)
            text = self.slice(one) if isinstance(one, sx.Relation) else rf"{self.slice(one)} \in \R"
            if isinstance(one, sx.Relation) and one.ops[0] in (">", "<", r"\ge", r"\le"):
                self.extend(rf"{self.slice(name)} \in \mathbb{{R}}", name)
            self.extend(text, one)
            found = resolve(name, self.model.scope)
            exists.append(found.name if found is not None else self.slice(name))
        return facts

    def declared(self, node: sx.Relation) -> list[Expr]:
        """``k \\in \\{1, \\dots, t\\}`` as facts; a fresh name in a space as a free input."""
        left, right = node.sides
        if left is None or right is None:
            raise self.unclear(node)
        index = index_expr(left)
        bracket = right if isinstance(right, sx.Brackets) else None
        if isinstance(index, Symbol) and self.is_index(left):
            if bracket is not None and len(bracket.rows) == 1 and len(bracket.rows[0]) in (2, 3, 4):
                first, last = (index_expr(x) for x in (bracket.rows[0][0], bracket.rows[0][-1]))
                if first is not None and last is not None:
                    return [index - first, last - index]
            if isinstance(sx.base_of(right), sx.Sym) and sx.base_of(right).base in (r"\N", r"\Z"):  # type: ignore[union-attr]
                return []
            raise self.unclear(node)
        if resolve(left, self.model.scope) is None:
            self.extend(self.slice(node), node)
            return []
        raise self.unclear(node)

    def range_facts(self, ranges: Sequence[Range]) -> Iterator[Expr]:
        for r in ranges:
            index, lo, hi = index_symbol(r.index), r.lo, r.hi
            if hi is not None and hi.is_Integer and self.model.length in lo.free_symbols:
                lo, hi = hi, lo  # t = T - 1, ..., 1
            yield index - lo
            if hi is not None:
                yield hi - index


def split_colon(node: sx.Quantified) -> tuple[sx.Quantified, sx.Node | None]:
    """``\\forall k < t : a = b`` as the quantifier and the statement."""
    item = node.item
    if not isinstance(item, sx.Relation) or ":" not in item.ops:
        return node, None
    cut = item.ops.index(":")
    parts = []
    for sides, ops in ((item.sides[: cut + 1], item.ops[:cut]),
                       (item.sides[cut + 1 :], item.ops[cut + 1 :])):  # fmt: skip
        first, last = sides[0], sides[-1]
        assert first is not None and last is not None
        parts.append(sx.Relation(first.at, last.end, sides, ops) if ops else first)
    return replace(node, item=parts[0]), parts[1]
