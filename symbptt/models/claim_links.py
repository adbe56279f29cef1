"""The links of a chain: each with its sides brought to one shape, or with its error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from ..core.errors import ShapeError
from ..core.terms import Term
from ..notation import syntax as sx
from ..notation.choices import Choices, Note
from ..notation.claims import INFINITY, RELATIONS, Limit, Link, Side, Statement
from ..notation.dims import Solution
from ..notation.elaborator import Elaborator
from ..notation.names import resolve
from ..notation.reader import built, chosen, related, settled
from ..notation.sides import is_infinite, limit_parts, set_of
from .claim_definitions import Definitions
from .claim_text import binds, symbols
from .printed import Slack, bare, print_slack
from .rounded import moved, rounded


class Links(Definitions):
    """What a claim says."""

    def links(self, node: sx.Node, choices: Choices) -> Statement:
        e = self.elaborator(choices)
        if not isinstance(node, sx.Relation):
            draft, s = chosen(e, node, e.alts(node, Solution()), None)
            value = built(e, node, draft, settled(e, node, s))
            self.notes += e.notes_of([draft])
            return Statement((), value, at=node.at, end=node.end)
        if "+=" in node.ops:
            return self.accumulated(node, choices)
        for op in node.ops:
            if op not in RELATIONS:
                raise self.source.fail(f"a claim with {op} is not understood", node.at)
        plain = not any(self.is_special(op, side) for op, side in _right_sides(node))
        links: tuple[Link, ...] | None = None
        if plain:
            try:
                drafts, s = related(e, node, Solution())
                terms = [built(e, node, d, s) for d in drafts]
                self.notes += e.notes_of(drafts)
                links = tuple(
                    replace(self.link(a, op, b, x, y), moved=self.moved(x, op, y, choices))
                    for (a, b), op, (x, y) in zip(
                        pairwise(terms), node.ops, pairwise(node.sides), strict=True
                    )
                )
            except ShapeError:
                links = None
            if links is None and self.takes_entries(node):
                return self.links(node, choices)
        if links is None:
            links = tuple(
                self.single(x, op, y, choices)
                for op, (x, y) in zip(node.ops, pairwise(node.sides), strict=True)
            )
        return Statement(links, at=node.at, end=node.end)

    def takes_entries(self, node: sx.Node) -> bool:
        """Whether letters below sequences can be entries; from now on they are.

        It is so where no sequence in the statement shows a time: y_i at one step, as in the
        Jacobian of an output.
        """
        scope, time = self.model.scope, self.model.time.name
        found = [r for r in (resolve(x, scope) for x in symbols(node)) if r is not None]
        indices = [r.index for r in found if r.index is not None and not r.stepped]
        late = {*scope.times, scope.length}
        letters = all(i.is_Symbol and i.name not in late for i in indices)
        if scope.entries or not indices or not letters or binds(node, time):
            return False
        self.model = replace(self.model, scope=scope.extended(single=time, entries=True))
        return True

    def is_special(self, op: str, side: sx.Node) -> bool:
        return op in (r"\in", r"\notin", r"\to") or (
            isinstance(side, sx.Big) and side.kind == "lim"
        )

    def link(
        self, a: Side, op: str, b: Side, x: sx.Node | None, y: sx.Node | None
    ) -> Link:  # fmt: skip
        assert x is not None and y is not None
        return Link(a, RELATIONS[op], b, x.at, y.end, tolerance=_tolerance(x, op, y))

    def single(self, x: sx.Node | None, op: str, y: sx.Node | None, choices: Choices) -> Link:
        """One link by itself; with its error where its sides do not fit."""
        assert x is not None and y is not None
        e = self.elaborator(choices)
        try:
            if op in (r"\in", r"\notin"):
                left = self.term(e, x)
                return self.link(left, op, set_of(e, y, lambda n: self.term(e, n)), x, y)
            parts = limit_parts(e, x)
            if parts is not None:
                body, index, towards = parts
                if isinstance(y, sx.Sym) and is_infinite(y):
                    unbounded = Limit(self.term(e, body), index, towards)
                    return self.link(unbounded, op, INFINITY, x, y)
                pair = sx.Relation(x.at, y.end, (body, y), (op,))
                drafts, s = related(e, pair, Solution())
                first, last = (built(e, pair, d, s) for d in drafts)
                limit = Limit(first, index, towards)  # type: ignore[arg-type]
                return self.link(limit, op, last, x, y)
            pair = sx.Relation(x.at, y.end, (x, y), (op,))
            drafts, s = related(e, pair, Solution())
            first, last = (built(e, pair, d, s) for d in drafts)
            self.notes += e.notes_of(drafts)
            if op == r"\to":
                if self.limit is None:
                    raise e.unsupported(
                        "this limit does not say what goes where", x,
                        r"write \lim_{t \to \infty} a_t = 0",
                    )  # fmt: skip
                return self.link(Limit(first, *self.limit), "=", last, x, y)
            link = self.link(first, op, last, x, y)
            return replace(link, moved=self.moved(x, op, y, choices))
        except ShapeError as error:
            return Link(None, RELATIONS[op], None, x.at, y.end, error)

    def moved(
        self, x: sx.Node | None, op: str, y: sx.Node | None, choices: Choices
    ) -> tuple[tuple[Term, Term], ...]:
        """The sides of an equation with each number that is rounded moved by half a unit."""
        assert x is not None and y is not None
        out = []
        if op in ("=", r"\approx"):
            for number, half in (*rounded(x), *rounded(y)):
                if number not in (bare(x), bare(y)):  # alone it is what the side is printed for
                    pair = moved(sx.Relation(x.at, y.end, (x, y), (op,)), number, half)
                    e = self.elaborator(choices)
                    drafts, s = related(e, pair, Solution())  # type: ignore[arg-type]
                    first, last = (built(e, pair, d, s) for d in drafts)
                    out.append((first, last))
                    self.notes.append(Note("rounded", (number.text,), number.at))
        return tuple(out)

    def term(self, e: Elaborator, node: sx.Node) -> Term:
        draft, s = chosen(e, node, e.alts(node, Solution()), None)
        self.notes += e.notes_of([draft])
        return built(e, node, draft, settled(e, node, s))

    def accumulated(self, node: sx.Relation, choices: Choices) -> Statement:
        """``A += b_t`` over all steps: A is the sum of the b_t."""
        if len(node.ops) != 1:
            raise self.source.fail("a chain with += is not understood", node.at)
        x, y = node.sides
        assert x is not None and y is not None
        time = self.model.time
        for part in symbols(x):
            reading = resolve(part, self.model.scope)
            if reading is not None and reading.index is not None:
                raise self.source.fail(
                    "what this adds to has an index of its own", node.at,
                    "write the sum of all its parts with =",
                )  # fmt: skip
        below = sx.Sym(y.at, y.at, time.name)
        total = sx.Big(y.at, y.end, "sum", below, None, y)
        link = self.single(x, "=", total, choices)
        self.notes.append(Note("accumulated", (self.slice(x), time.name), node.at))
        return Statement((link,), at=node.at, end=node.end)


def _right_sides(node: sx.Relation) -> Iterator[tuple[str, sx.Node]]:
    for op, side in zip(("=", *node.ops), node.sides, strict=True):
        assert side is not None
        yield op, side


def _tolerance(x: sx.Node, op: str, y: sx.Node) -> Slack | None:
    """To what the sides agree: what is printed last is rounded."""
    rough = op == r"\approx"
    return print_slack(y, rough) or print_slack(x, rough)
