"""The elaborator: every formula gets its possible typed readings, the preferred one first.

A reading is a draft and a solution for unknown sizes. Where notation leaves a choice (row or
column for \\partial L/\\partial h, which product a juxtaposition is, how products group), all
readings that fit are kept and the context picks the first that fits it. Readings of equal shape
are not distinguished, so the number stays small. What each construct means is in the modules that
register a handler for its node: leaves, powers, sums, products, calls, ranges, derivatives,
matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Expr

from ..core.errors import Clash, NotSupported, ReadError, ShapeError
from . import syntax as sx
from .choices import Choices, Note
from .dims import Dim, Shape, Solution, unknown
from .draft import Draft
from .scope import NOT_YET, Declared, Scope
from .scripts import script_text
from .source import Source

Alt = tuple[Draft, Solution]
Handler = Callable[["Elaborator", Any, Solution], list[Alt]]

_BETWEEN = {
    "multiply": "", "multiply elementwise": r"\odot", "add": "+", "subtract": "-", "equate": "=",
}  # fmt: skip
"""The sign between two pieces that an operation does not take."""
_MAX_ALTERNATIVES = 12
_MAX_STEPS = 200_000


@dataclass
class Bound:
    """An index bound by a sum: ``top`` is unified with the number of entries that it runs over.

    ``low`` is where it begins, if that is said.
    """

    name: str
    top: Dim
    used: bool = False
    sums: bool = False  # whether a sum binds it, not a product or a pattern
    low: Expr | None = None


class Elaborator:
    """Elaborates formulas of one source in one scope."""

    handlers: ClassVar[dict[type[sx.Node], Handler]] = {}

    def __init__(self, scope: Scope, source: Source, choices: Choices = Choices()) -> None:  # noqa: B008
        self.scope, self.source, self.choices = scope, source, choices
        self.bound: list[Bound] = []
        self.noted: list[tuple[Draft, Note]] = []
        self.whole: set[tuple[int, int]] = set()  # places of derivatives that are surely total
        self.clashes: list[ShapeError] = []
        self.steps = 0

    # ------------------------------------------------------------ errors

    def fail(self, message: str, node: sx.Node, hint: str = "") -> ReadError:
        return self.source.fail(message, node.at, hint)

    def unsupported(self, message: str, node: sx.Node, hint: str = "") -> NotSupported:
        return NotSupported(message, self.source.where(node.at), hint)

    def text(self, node: sx.Node | Draft) -> str:
        """The source text of a node."""
        return self.source.slice(node.at, node.end)

    def unknown_name(self, node: sx.Node) -> ReadError:
        """The error for a name that is not in scope."""
        name = script_text(node)
        base = sx.base_of(node)
        if isinstance(base, sx.Sym) and base.base in NOT_YET:
            return self.fail(f"{base.base} is not understood here yet", node)
        if script_text(base) in self.scope.sequences:
            what = script_text(base)
            return self.fail(
                f"{what} is a sequence, and {self.text(node)} is none of its elements", node,
                f"write {what}_t for the element at time t",
            )  # fmt: skip
        return self.fail(f"there is no {name} in this model", node, self.scope.closest(name))

    def show(self, shape: Shape, s: Solution) -> str:
        """A shape for a message; sizes still unknown show as ?."""
        return " x ".join(map(s.text, shape))

    def declared(self, draft: Draft) -> Declared | None:
        """What the scope says about a draft that is a name."""
        if draft.op == "param":
            return self.scope.params.get(draft.args[0])
        return self.scope.sequences.get(draft.args[0]) if draft.op == "elem" else None

    def is_given(self, draft: Draft) -> bool:
        """Whether the shape of a draft was written by the user, not guessed."""
        declared = self.declared(draft)
        return declared is None or declared.given

    def why(self, draft: Draft, s: Solution) -> str:
        """Where the shape of a draft comes from."""
        declared = self.declared(draft)
        if declared is not None:
            if declared.where is not None and declared.given:
                return f"declared at {declared.where.line}:{declared.where.column}"
            origins = [s.origin(d) for d in draft.shape]
            known = [o for o in origins if o is not None]
            if known:
                where = self.source.where(known[-1])
                return f"from its use at {where.line}:{where.column}"
        where = self.source.where(draft.at)
        return f"at {where.line}:{where.column}"

    def clash(self, verb: str, a: Draft, b: Draft, s: Solution) -> None:
        """Notes that two drafts do not fit; reported if no other reading does."""
        (left, right), (first, second) = (
            [f(d) for d in (a, b)] for f in (self.text, lambda d: self.show(d.shape, s))
        )
        error = ShapeError(
            f"cannot {verb} {left} and {right}: {left} is {first} ({self.why(a, s)}), "
            f"{right} is {second} ({self.why(b, s)})",
            self.source.where(b.at),
        )
        pieces = tuple((self.piece(d), self.show(d.shape, s)) for d in (a, b))
        error.clash = Clash(_BETWEEN.get(verb, ""), pieces, 0, 1)
        self.clashes.append(error)

    def piece(self, node: sx.Node | Draft) -> str:
        """The piece of source of a node, however long."""
        return " ".join(self.source.text[node.at : node.end].split())

    def misfit(self, message: str, node: sx.Node | Draft) -> None:
        """Notes a shape that an operation does not take."""
        self.clashes.append(ShapeError(message, self.source.where(node.at)))

    def first_clash(self, node: sx.Node) -> ShapeError:
        """The error to report when nothing fits."""
        if self.clashes:
            return self.clashes[0]
        return ShapeError(f"the shapes in {self.text(node)} do not fit", self.source.where(node.at))

    # ------------------------------------------------------------ readings

    def alts(self, node: sx.Node, s: Solution) -> list[Alt]:
        """The readings of a formula, best first; empty where shapes clash."""
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise self.fail("the formula has too many possible readings", node)
        handler = self.handlers.get(type(node))
        if handler is None:
            raise self.unsupported(f"{self.text(node)} is not understood here yet", node)
        mark = len(self.clashes)
        found = distinct(handler(self, node, s))
        del self.clashes[mark if found else mark + 1 :]
        return found

    def draft(self, op: str, args: Iterable[object], shape: Shape, node: sx.Node | Draft) -> Draft:
        return Draft(op, tuple(args), shape, node.at, node.end)

    def note(self, draft: Draft, kind: str, *slots: str) -> Draft:
        """The draft, with a record of how its piece of source was read."""
        self.noted.append((draft, Note(kind, slots, draft.at)))
        return draft

    def notes_of(self, drafts: Iterable[Draft]) -> tuple[Note, ...]:
        """The notes on the drafts and everything in them, each once, in order of place."""
        inside: set[int] = set()
        waiting = list(drafts)
        while waiting:
            draft = waiting.pop()
            if id(draft) not in inside:
                inside.add(id(draft))
                waiting += [a for a in draft.args if isinstance(a, Draft)]
        kept = {(n.id, n.slots): n for d, n in reversed(self.noted) if id(d) in inside}
        return tuple(sorted(kept.values(), key=lambda n: n.at))

    @contextmanager
    def binding(self, names: Iterable[str], sums: bool = False) -> Iterator[list[Bound]]:
        """The names as bound indices."""
        new = [Bound(name, unknown(), sums=sums) for name in names]
        self.bound.extend(new)
        yield new
        del self.bound[len(self.bound) - len(new) :]

    def bound_index(self, expr: Expr) -> Bound | None:
        """The bound index that an expression is, if it is just one."""
        if expr.is_Symbol:
            for bound in reversed(self.bound):
                if bound.name == expr.name:
                    return bound
        return None


def distinct(found: list[Alt]) -> list[Alt]:
    """The readings with different shapes or solutions, in order."""
    if len(found) < 2:
        return found
    out: dict[object, Alt] = {}
    for draft, s in found:
        key = (s.shape(draft.shape), tuple(sorted(s.values.items())))
        out.setdefault(key, (draft, s))
    return list(out.values())[:_MAX_ALTERNATIVES]
