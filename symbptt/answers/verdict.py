"""Verdicts as data: what is said of a claim, of each of its links, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from symbptt.core.errors import Clash
from symbptt.core.terms import Term
from symbptt.notation.shaped import shaped
from symbptt.proving import ProvedStatement
from symbptt.report.pen import UNICODE_PEN

KINDS = (
    "proved", "equal", "layout", "assuming", "definition", "wrong", "ill-shaped", "not-understood",
)  # fmt: skip
"""What a verdict may be, the best first: a chain is what the worst of its links is."""
ACCEPTED = frozenset(KINDS[:5])


@dataclass(frozen=True)
class Counterexample:
    """Sizes and values at which two sides differ; ``left`` and ``right`` are rows of numbers.

    ``entry`` is the place (row, column), from 1, where they differ; ``functions`` are what
    unspecified functions are there.
    """

    dims: dict[str, int]
    values: dict[str, Any]
    left: Any
    right: Any
    entry: tuple[int, int] | None = None
    functions: dict[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """With the keys dims, values, left, right, entry, functions; the last two where needed."""
        data: dict[str, Any] = {
            "dims": self.dims, "values": self.values, "left": self.left, "right": self.right,
        }  # fmt: skip
        if self.entry is not None:
            data["entry"] = list(self.entry)
        if self.functions:
            data["functions"] = self.functions
        return data


@dataclass(frozen=True)
class Mistake:
    """A mistake that explains a wrong claim: the id of its row, and a sentence."""

    id: str
    message: str

    def json(self) -> dict[str, Any]:
        """With the keys id and message."""
        return {"id": self.id, "message": self.message}


_SIGNS = {
    "=": ("=", "="), "<": ("<", "<"), ">": (">", ">"), "<=": ("≤", r"\le"), ">=": ("≥", r"\ge"),
    "approx": ("≈", r"\approx"),
}  # fmt: skip


@dataclass(frozen=True)
class Understood:
    """What a link says in symbptt's own notation."""

    left: Term
    relation: str
    right: Term

    def text(self) -> str:
        """The formula as text, and the shape of its sides: ``W x_t = h_t  (n × 1)``."""
        left, right = map(UNICODE_PEN.term, (self.left, self.right))
        rows, cols = map(UNICODE_PEN.index, self.left.shape)
        return f"{left} {_SIGNS[self.relation][0]} {right}  ({rows} × {cols})"

    def latex(self) -> str:
        """The formula in LaTeX with the shape of every factor beneath it."""
        return f"{shaped(self.left)} {_SIGNS[self.relation][1]} {shaped(self.right)}"


@dataclass(frozen=True)
class LinkVerdict:
    """The verdict on one link ``left relation right`` of a chain.

    ``carried``: the link holds, but goes on from a side that an earlier link got wrong.
    ``understood`` is what was judged; it is missing where nothing was.
    """

    verdict: str
    text: str = ""
    assuming: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    message: str = ""
    carried: bool = False
    position: tuple[int, int] | None = None
    understood: Understood | None = field(default=None, repr=False, compare=False)

    def json(self) -> dict[str, Any]:
        """With the keys verdict, text, understood, assuming, counterexample, message, carried."""
        return {
            "verdict": self.verdict, "text": self.text,
            "understood": "" if self.understood is None else self.understood.text(),
            "assuming": list(self.assuming),
            "counterexample": None if self.counterexample is None else self.counterexample.json(),
            "message": self.message, "carried": self.carried,
        }  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim; ``position`` is (line, column) in the claim's text, from 1.

    ``clash`` has the pieces of an ill-shaped formula with their shapes.
    ``proof`` has the theorems that make a claim "proved", as the kernel accepted them; a claim
    about shapes alone has none.
    """

    verdict: str
    reading: tuple[str, ...] = ()
    assuming: tuple[str, ...] = ()
    links: tuple[LinkVerdict, ...] = ()
    counterexample: Counterexample | None = None
    mistake: Mistake | None = None
    message: str = ""
    position: tuple[int, int] | None = None
    ms: float = 0.0
    id: str | None = None
    proof: ProvedStatement | None = field(default=None, repr=False, compare=False)
    clash: Clash | None = field(default=None, repr=False)

    @property
    def accepted(self) -> bool:
        """Whether the claim passes."""
        return self.verdict in ACCEPTED

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        said = [self.verdict, self.message, self.mistake.message if self.mistake else ""]
        printer.text(": ".join(filter(None, said)))

    def _repr_html_(self) -> str:
        from .showing import to_piece  # templates and KaTeX are slow to load

        return to_piece(self)

    def json(self, proof: bool = False) -> dict[str, Any]:
        """The verdict as it stands on a line of output; with ``proof`` also how it is proved.

        Of what is ill-shaped "shapes" has the pieces, and which two of them clash.
        The key "proof" then has the theorems, the proof as text and as the kernel reads it.
        """
        place = self.position
        data: dict[str, Any] = {
            "id": self.id, "verdict": self.verdict, "reading": list(self.reading),
            "assuming": list(self.assuming), "links": [link.json() for link in self.links],
            "counterexample": None if self.counterexample is None else self.counterexample.json(),
            "mistake": None if self.mistake is None else self.mistake.json(),
            "message": self.message,
            "position": None if place is None else {"line": place[0], "column": place[1]},
            "ms": round(self.ms, 1),
        }  # fmt: skip
        if self.clash is not None:
            pieces = [{"text": text, "shape": shape} for text, shape in self.clash.pieces]
            data["shapes"] = {"pieces": pieces, "clash": [self.clash.first, self.clash.second]}
        if proof and self.proof is not None:
            told = self.proof.json()
            data["proof"] = {"theorems": told["theorems"], "text": self.proof.explain(),
                             "development": told["proof"]}  # fmt: skip
        return data
