"""The table of common mistakes, and which of them explains a wrong answer.

A row is a mutation of the correct answer with a sentence in the word lists (``mistake.<id>``). A
wrong answer that means the same as a mutant is explained by the mutant's row. The rows stand in
the order in which they are tried: the more a row says, the earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from sympy import Expr, Interval, Set

from symbptt.calculus.problem import Problem
from symbptt.core import canonical
from symbptt.core.terms import Elem, Hadamard, Plus, Term, Unvec, size
from symbptt.core.traverse import find, substitute
from symbptt.report import words

from . import mutations_outputs, mutations_paths, mutations_products, mutations_ranges
from . import mutations_slopes
from .mutation_values import Mark, Probe
from .mutations import FREED, Background, Made, Mutation, Refused, Variant, places, variants

_FAMILIES = (
    mutations_outputs, mutations_paths, mutations_products, mutations_ranges, mutations_slopes
)  # fmt: skip
_ALL: dict[str, Mutation] = {k: m for family in _FAMILIES for k, m in family.ROWS.items()}
_ORDER = (
    "softmax-with-binary-cross-entropy", "softmax-diagonal-only", "one-class-for-all",
    "target-forgotten", "spectral-radius-for-norm", "power-of-time-varying-jacobian",
    "scalar-for-identity", "ones-for-identity", "recurrence-restated", "jacobian-of-other-model",
    "missing-activation-derivative", "activation-derivative-twice",
    "activation-instead-of-derivative", "activation-missing", "derivative-of-other-activation",
    "part-of-the-derivative", "derivative-at-the-state", "derivative-at-the-previous-state",
    "derivative-at-another-step", "temporal-terms-dropped", "missing-sum-over-k",
    "missing-sum-over-t", "first-term-of-inner-sum", "last-step-only", "inner-sum-too-far",
    "product-reversed", "one-factor-for-product", "product-missing", "sum-for-product",
    "product-bound-off-by-one", "sum-bound-off-by-one", "stale-exponent", "immediate-and-total",
    "order-of-diag-and-W", "order-of-diag-and-vector", "diag-missing", "transpose-in-wrong-place",
    "order-of-factors", "sign", "constant-factor", "mean-for-sum", "sign-of-a-term",
    "complement-of-gate", "wrong-gate", "elementwise-for-matrix-product",
    "matrix-for-elementwise-product", "path-dropped", "missing-factor", "factor-twice",
    "entry-index-swapped", "indices-of-sums-mixed-up", "index-slip", "wrong-parameter",
    "wrong-sequence", "result-transposed",
)  # fmt: skip
ROWS: tuple[Mutation, ...] = tuple(_ALL[id] for id in _ORDER)
RELATIONS = ("strictness", "direction-of-inequality", "open-vs-closed-range")
"""Mistakes in the relation of a claim, not in its terms."""
_SHORT = 12  # subterms of an answer whose definitions are written out, too
_MIDDLING = 24  # of one whose adjoints are written out twice
_KEPT = 128  # answers whose mutants are kept


@dataclass(frozen=True)
class Mistake:
    """The mistake that explains a wrong answer.

    ``id`` names its row; ``found`` stands in the answer where ``expected`` belongs; ``mutant`` is
    what the mistake makes of the correct answer.
    """

    id: str
    expected: Term | None = None
    found: Made | None = None
    mutant: Made | None = None

    def message(self, lang: str = "en") -> str:
        """The sentence of the row."""
        return words.load(lang).say(f"mistake.{self.id}")


def mutants(answer: Term, background: Background) -> Iterator[tuple[str, Term]]:
    """(id, term) for every mutant of an answer that could be written; some may be equal to it."""
    for row in ROWS:
        for form in presentations(answer, background):
            for variant in variants(row, form, background):
                if isinstance(variant.made, Term):
                    yield variant.id, variant.made


def presentations(answer: Term, background: Background) -> list[Term]:
    """The answer; with the adjoints in it written out, once and twice; a short one with all
    definitions written out.

    Twice, so that the recursion from delta_{t+1} to delta_t stands there without the adjoint of
    the pre-activation between them.
    """
    once = _written_out(answer, background, adjoints=True)
    out = [answer, once]
    if len(places(once)) <= _MIDDLING:
        out.append(_written_out(once, background, adjoints=True))
    if len(places(answer)) <= _SHORT:
        out.append(_written_out(answer, background))
    return list(dict.fromkeys(out))


def _written_out(answer: Term, background: Background, adjoints: bool = False) -> Term:
    """The answer with the definitions of what is in it, or of adjoints alone, in their place."""
    used = {x for _, x in find(answer, lambda x: isinstance(x, Elem))}
    bodies = {
        x: body for x in used
        if (not adjoints or x.key in background.adjoints)
        and (body := background.unfolded(x)) is not None
    }  # fmt: skip
    written: Term = substitute(answer, bodies)
    return written


class Suspects:
    """The mutants of a correct answer with their values, made as far as they were asked for.

    A form that does not agree with the first one is left out.
    """

    def __init__(self, forms: tuple[Term, ...], background: Background) -> None:
        self.background = background
        self.probe = Probe(background, forms)
        first, *others = forms
        self.correct = (first, *(form for form in others if self.probe.agree(form, first)))
        self.known: list[tuple[Variant, Mark]] = []
        self.refused: list[Variant] = []
        self._source = self._made()

    def _made(self) -> Iterator[tuple[Variant, Mark] | None]:
        seen: set[Made] = set(self.correct)
        forms = [p for form in self.correct for p in presentations(form, self.background)]
        for row in ROWS:
            for form in dict.fromkeys(forms):
                for variant in variants(row, form, self.background):
                    if variant.made in seen:
                        continue
                    seen.add(variant.made)
                    if isinstance(variant.made, Refused):
                        self.refused.append(variant)
                        yield None
                    else:
                        yield variant, self.probe.first(variant.made)

    def __iter__(self) -> Iterator[tuple[Variant, Mark]]:
        yield from self.known
        for found in self._source:
            if found is not None:
                self.known.append(found)
                yield found

    def clashes(self) -> Iterator[Variant]:
        """The mutants whose shapes do not fit."""
        yield from self.refused
        for found in self._source:
            if found is not None:
                self.known.append(found)
            elif self.refused:
                yield self.refused[-1]


@lru_cache(maxsize=_KEPT)
def suspects(correct: tuple[Term, ...], background: Background) -> Suspects:
    """The mutants of a correct answer, kept for the next wrong one."""
    return Suspects(correct, background)


def diagnose(
    wrong: Term, correct: Term | Sequence[Term], problem: Problem, facts: tuple[Expr, ...] = ()
) -> Mistake | None:
    """The first row one of whose mutants of a correct form means the same as the wrong term.

    ``correct`` is the derived answer, in several forms if they are known; ``facts`` are about its
    free indices. None where no row explains it, or where the wrong term is right after all.
    """
    forms = tuple(_shaped_like(wrong, form) for form in _forms(correct))
    found = suspects(forms, Background.of(problem, facts))
    for named in _renamed(wrong, found):
        mark = found.probe.first(named)
        if found.probe.agree(named, forms[0]):
            return None
        for variant, other in found:
            made = variant.made
            if isinstance(made, Term) and mark.near(other) and found.probe.agree(named, made):
                return Mistake(variant.id, variant.old, variant.new, made)
    return None


def _forms(correct: Term | Sequence[Term]) -> tuple[Term, ...]:
    return (correct,) if isinstance(correct, Term) else tuple(correct)


def _shaped_like(wrong: Term, form: Term) -> Term:
    """A row dL/dW as the matrix of W's shape where the wrong answer is such a matrix."""
    row = form.shape[0] == 1 and not form.is_scalar
    if row and wrong.shape[0] != 1 and size(wrong) == size(form):
        return form.T if wrong.is_column else Unvec(form.T, *wrong.shape)
    return form


def _renamed(wrong: Term, found: Suspects) -> Iterator[Term]:
    """The wrong term with its unknown indices named like those that mutants leave free."""
    known = {s for form in found.correct for s in form.free_symbols}
    known |= found.background.dimensions.union(found.background.lengths)
    unknown = sorted(wrong.free_symbols - known, key=str)
    if not unknown:
        yield wrong
    elif len(unknown) <= len(FREED):
        for names in permutations(FREED, len(unknown)):
            yield substitute(wrong, dict(zip(unknown, names, strict=True)))


def diagnose_clash(
    operation: type[Term], parts: Sequence[Term], correct: Term | Sequence[Term],
    problem: Problem, facts: tuple[Expr, ...] = (),
) -> Mistake | None:  # fmt: skip
    """The row that explains an answer in which the operation cannot take these parts.

    The piece that clashes is compared with those of the mutants whose shapes do not fit, part by
    part and by canonical form; what stands around it is not looked at. Bound indices count by
    name.
    """
    for variant in suspects(_forms(correct), Background.of(problem, facts)).clashes():
        made = variant.made
        assert isinstance(made, Refused)
        if made.operation is operation and _same_parts(operation, parts, _flat(made)):
            return Mistake(variant.id, variant.old, variant.new, variant.made)
    return None


def _flat(refused: Refused) -> list[Term]:
    """The parts that clash, nested operations of the same kind taken apart."""
    return [
        part for term in refused.args if isinstance(term, Term)
        for part in (term.children if type(term) is refused.operation else (term,))
    ]  # fmt: skip


def _same_parts(operation: type[Term], mine: Sequence[Term], other: Sequence[Term]) -> bool:
    a, b = ([canonical.key(x) for x in parts] for parts in (mine, other))
    return sorted(a) == sorted(b) if operation in (Plus, Hadamard) else a == b


def diagnose_relation(wrong: str, correct: str) -> Mistake | None:
    """The mistake in a relation ("<", "<=", ">", ">=") where ``correct`` (or "=") holds."""
    if wrong == correct or wrong == "=":
        return None
    strict = correct == "=" or wrong.rstrip("=") == correct.rstrip("=")
    return Mistake("strictness" if strict else "direction-of-inequality")


def diagnose_range(wrong: Set, correct: Set) -> Mistake | None:
    """The mistake in an interval that differs from the correct one in end points alone."""
    if not isinstance(wrong, Interval) or not isinstance(correct, Interval) or wrong == correct:
        return None
    same = wrong.start == correct.start and wrong.end == correct.end
    return Mistake("open-vs-closed-range") if same else None
