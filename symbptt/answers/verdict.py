"""Verdicts as data: what is said of a claim, of each of its links, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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


@dataclass(frozen=True)
class LinkVerdict:
    """The verdict on one link ``left relation right`` of a chain.

    ``carried``: the link holds, but goes on from a side that an earlier link got wrong.
    """

    verdict: str
    text: str = ""
    assuming: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    message: str = ""
    carried: bool = False
    position: tuple[int, int] | None = None

    def json(self) -> dict[str, Any]:
        """With the keys verdict, text, assuming, counterexample, message, carried."""
        return {
            "verdict": self.verdict, "text": self.text,
            "assuming": list(self.assuming),
            "counterexample": None if self.counterexample is None else self.counterexample.json(),
            "message": self.message, "carried": self.carried,
        }  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim; ``position`` is (line, column) in the claim's text, from 1."""

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

    @property
    def accepted(self) -> bool:
        """Whether the claim passes."""
        return self.verdict in ACCEPTED

    def json(self) -> dict[str, Any]:
        """The verdict as it stands on a line of output."""
        place = self.position
        return {
            "id": self.id, "verdict": self.verdict, "reading": list(self.reading),
            "assuming": list(self.assuming), "links": [link.json() for link in self.links],
            "counterexample": None if self.counterexample is None else self.counterexample.json(),
            "mistake": None if self.mistake is None else self.mistake.json(),
            "message": self.message,
            "position": None if place is None else {"line": place[0], "column": place[1]},
            "ms": round(self.ms, 1),
        }  # fmt: skip
