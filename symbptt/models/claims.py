r"""Reading claims about a model.

>>> from symbptt.models import Model
>>> text = r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\sigma') W"
>>> claim = read_claim(text, Model.named("rnn"))
>>> [(link.left, link.right) for link in claim.links]
[(∂(h[t])/∂(h[t - 1]), diag(\sigma'(a[t])) @ W)]

``read_claim`` gives a ``symbptt.notation.claims.Claim``; every way of reading is one of its
``choices``; ``claim.other_choices()`` are those to try next: ``read_claim(text, model, other)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.errors import ReadError, SymbpttError
from ..notation import syntax as sx
from ..notation.choices import Choices, Note
from ..notation.claims import Claim, Statement
from ..notation.indicators import about_indices
from ..notation.names import resolve
from ..notation.prose import parsed
from ..notation.ranges import condition_facts
from ..notation.reader import with_ranges
from ..notation.source import checked_source
from .claim_conditions import split_colon
from .claim_links import Links
from .claim_sizes import with_sizes_apart
from .free_letters import free_letters
from .model import Model
from .varying import told_apart

_MEMBERS = 20  # of a group of parameters


def read_claim(
    text: str, model: Model, choices: Choices | None = None, file: str = ""
) -> Claim:  # fmt: skip
    """The claim that a text makes of a model.

    ``choices`` fix what notation leaves open; by default the layout of the model, products with
    the latest factor leftmost (in numerator layout), and the rule for immediate derivatives.
    Raises ReadError or NotSupported, with the place, where something is not understood; a link
    whose shapes clash is not raised but stands in the claim with its error.
    """
    source = checked_source(text, file)
    try:
        return _Reader(source, model, choices or default_choices(model)).claim()
    except SymbpttError as error:
        raise error.at(source.where(0)) from None


def default_choices(model: Model) -> Choices:
    """How a text about the model is read first."""
    if model.layout == "denominator":
        return Choices("denominator", "earliest")
    return Choices()


class _Reader(Links):
    """Reads one text."""

    def claim(self) -> Claim:
        scope = self.model.scope
        nodes, marks = parsed(self.source, scope.words, scope.names)
        self.model = with_sizes_apart(self.model, nodes)
        found = with_ranges(tuple(self.implications(told_apart(nodes, scope), marks)))
        pieces = [(x, ranges) for node, ranges in found for x in self.unbracketed(node)]
        stated, facts = [], []
        exists: list[str] = []
        waiting: list[sx.Node] = []
        for node, ranges in pieces:
            if self.approaches(node):
                continue
            if isinstance(node, sx.Quantified):
                node, rest = split_colon(node)
                facts += self.quantified(node, exists)
                if rest is not None:
                    stated.append((rest, ranges))
            elif self.is_supposed(node, marks):
                facts += self.suppose(node)
            elif self.is_about_indices(node) and len(pieces) > 1:
                facts += condition_facts(self.elaborator(), node)  # type: ignore[arg-type]
            elif not isinstance(node, sx.Relation) and len(pieces) > 1:
                waiting.append(node)
            else:
                for first in waiting:  # W, U \in R^{n x n}
                    assert isinstance(node, sx.Relation)
                    whole = replace(node, sides=(first, *node.sides[1:]))
                    stated.append((whole, ranges))
                waiting = []
                stated.append((node, ranges))
        if waiting or not stated:
            place = waiting[0] if waiting else nodes[0]
            raise self.source.fail(
                f"{self.source.slice(place.at, place.end)} states nothing", place.at,  # type: ignore[attr-defined]
                "write an equation, an inequality or a membership",
            )  # fmt: skip
        self.let_free([node for node, _ in stated])
        read = self.in_any_order([node for node, _ in stated])
        out: list[Statement] = []
        for (_, ranges), statements in zip(stated, read, strict=True):
            held = (*self.range_facts(ranges), *facts)
            out += [replace(s, facts=(*s.facts, *held), exists=tuple(exists)) for s in statements]
        notes = tuple({(n.id, n.slots): n for n in reversed(self.notes)}.values())[::-1]
        return Claim(
            self.source.text, tuple(out), notes, self.choices, self.model, tuple(self.supposed)
        )

    def let_free(self, nodes: Sequence[sx.Node]) -> None:
        """Lets letters that functions alone are stated of stand for any number."""
        for node in nodes:
            for letter in free_letters(node, self.model.scope):
                self.extend(rf"{letter} \in \mathbb{{R}}", node)
                self.notes.append(Note("every", (letter,), node.at))

    def in_any_order(self, nodes: Sequence[sx.Node]) -> list[list[Statement]]:
        """All statements; one that uses a name which a later one defines waits for that."""
        done: dict[int, list[Statement]] = {}
        while len(done) < len(nodes):
            first: ReadError | None = None
            before = len(done)
            for i, node in enumerate(nodes):
                model, notes = self.model, len(self.notes)
                try:
                    done[i] = done.get(i) or self.statement(node)
                except ReadError as error:
                    self.model, first = model, first or error
                    del self.notes[notes:]
            if first is not None and len(done) == before:
                raise first
        return [done[i] for i in range(len(nodes))]

    def statement(self, node: sx.Node) -> list[Statement]:
        """A chain as one statement, or as one for every member of a group of parameters."""
        if isinstance(node, sx.Relation) and None in node.sides:
            raise self.source.fail("this relation has a side missing", node.at)
        node, is_open = self.without_dots(node)
        self.allow_single(node)
        self.allow_numbers(node)
        introduces = self.introduced(node)
        if introduces:
            node = self.plain_head(node)
        split = self.case_by_case(node)
        if split:
            return split
        groups = self.groups_in(node)
        if not groups:
            return [replace(self.links(node, self.choices), introduces=introduces, open=is_open)]
        (group,) = groups
        out = []
        for member in self.model.groups[group][:_MEMBERS]:
            choices = replace(self.choices, members=((group, member),))
            self.notes.append(Note("member", (group, member), node.at))
            read = self.links(node, choices)
            out.append(replace(read, introduces=introduces, open=is_open))
        return out

    def case_by_case(self, node: sx.Node) -> list[Statement]:
        """An equation with cases that say nothing of other indices, as one for each case."""
        if not isinstance(node, sx.Relation) or len(node.sides) != 2:
            return []
        grid = node.sides[1]
        if not isinstance(grid, sx.Grid) or "cases" not in grid.environment:
            return []
        rows = [row for row in grid.rows if any(c is not None for c in row)]
        if not all(len(r) == 2 and r[0] and about_indices(self.model.scope, r[1]) for r in rows):
            return []
        out = []
        for value, condition in rows:
            assert isinstance(condition, sx.Relation)
            if r"\ne" in condition.ops:
                return []
            facts = tuple(condition_facts(self.elaborator(), condition))
            one = replace(node, sides=(node.sides[0], value))
            out.append(replace(self.links(one, self.choices), facts=facts))
        return out

    def without_dots(self, node: sx.Node) -> tuple[sx.Node, bool]:
        """A chain without its sides that are dots, and whether there were any."""
        if not isinstance(node, sx.Relation) or not any(isinstance(x, sx.Dots) for x in node.sides):
            return node, False
        sides, ops = [node.sides[0]], []
        waiting: list[str] = []
        for op, side in zip(node.ops, node.sides[1:], strict=True):
            waiting.append(op)
            if isinstance(side, sx.Dots):
                continue
            strict = [o for o in waiting if o not in ("=", ":=")]
            if len(set(strict)) > 1:
                raise self.source.fail("the relations around these dots differ", node.at)
            sides.append(side)
            ops.append(strict[0] if strict else "=")
            waiting = []
        if isinstance(sides[0], sx.Dots) or len(sides) < 2:
            raise self.source.fail("these dots stand for nothing that is known", node.at)
        self.notes.append(Note("open", (self.source.slice(node.at, node.end),), node.at))
        return replace(node, sides=tuple(sides), ops=tuple(ops)), True

    def groups_in(self, node: sx.Node) -> set[str]:
        """The groups of parameters that something is differentiated by."""
        found: set[str] = set()
        for part in sx.walk(node):
            x = part.x if isinstance(part, sx.Derivative | sx.Nabla) else None
            reading = resolve(x, self.model.scope) if x is not None else None
            if reading is not None and reading.group:
                found.add(reading.name)
        if len(found) > 1:
            raise self.source.fail("derivatives by several groups of parameters", node.at)
        return found
