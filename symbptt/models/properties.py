"""What a given says in a word: a matrix is symmetric, a sequence is constant, ..."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..core.errors import SymbpttError
from ..core.indices import index_symbol
from ..core.terms import Const, Elem, Entry, Identity, Param, When
from ..core.theory import Assumption
from ..core.units import Unit
from ..notation.reader import read_term
from ..notation.source import Source
from .model import Model
from .replacing import freed

_WORDS = ("symmetric", "normal", "orthogonal", "diagonal", "constant", "fixed", "unit vectors?")
PROPERTY = re.compile(
    r"^(?P<what>.+?)(?:\s|\\ |~)*(?:\\(?:text|mathrm|textrm|mbox)\s*\{\s*(?:is\s+|are\s+)?"
    rf"(?P<tex>{'|'.join(_WORDS)})\s*\}}|\s(?:is\s+)?(?P<plain>{'|'.join(_WORDS)}))\s*$"
)


@dataclass(frozen=True)
class Place:
    """A piece of a source."""

    source: Source
    at: int
    end: int

    def fail(self, message: str, hint: str = "") -> SymbpttError:
        return self.source.fail(message, self.at, hint)

    @property
    def text(self) -> str:
        return self.source.slice(self.at, self.end, 10_000)


def told(model: Model, *assumptions: Assumption) -> Model:
    known = dict.fromkeys((*model.theory.assumptions, *assumptions))
    return replace(model, theory=replace(model.theory, assumptions=tuple(known)))


def with_property(model: Model, place: Place, what: str, kind: str) -> Model:
    term = read_term(what, model.scope.extended(unit=model.unit_size), file="given")
    if isinstance(term, Unit) and kind.startswith("unit"):
        return model  # it is what e_j means where the model has no e
    if not isinstance(term, Elem | Param):
        raise place.fail(f"only a quantity of the model can be {kind}")
    if kind in ("constant", "fixed"):
        return freed(model, term)
    if kind.startswith("unit"):
        return _unit_vectors(model, place, term)
    if not isinstance(term, Param) or term.shape[0] != term.shape[1]:
        raise place.fail(f"only a square matrix can be {kind}")
    if kind == "symmetric":
        return told(model, Assumption(place.text, term.T, term))
    if kind == "normal":
        return told(model, Assumption(place.text, term.T @ term, term @ term.T))
    if kind == "orthogonal":
        one, other = (f"{place.text} ({i})" for i in (1, 2))
        unit = Identity(term.shape[0])
        left, right = Assumption(one, term.T @ term, unit), Assumption(other, term @ term.T, unit)
        return told(model, left, right)
    raise place.fail(
        f"the diagonal of {term.name} needs a name",
        rf"write {term.name} = \mathrm{{diag}}(\lambda)",
    )


def _unit_vectors(model: Model, place: Place, term: Elem | Param) -> Model:
    """Entry i of the j-th vector is [i = j]."""
    if not isinstance(term, Elem) or not term.index.is_Symbol or not term.is_column:
        raise place.fail("only a sequence of columns can be unit vectors", "write for example e_j")
    given = next((g for g in model.theory.givens if g.head.key == term.key), None)
    if given is None:
        raise place.fail(f"{term.name} is computed in the model")
    i, j = index_symbol("i" if term.index.name != "i" else "l"), term.index
    span = tuple(f.xreplace({given.head.index: j}) for f in given.facts)
    entry, one = Entry(term, i, 1), When(Const(1), i - j, j - i)
    return told(model, Assumption(place.text, entry, one, (i - 1, term.shape[0] - i, *span)))
