"""Claims about the built-in models whose truth is known: mutants, rewritings, and noise.

Mutants and rewritings start from the derived equations of ``reference_answers`` and are printed to
LaTeX, with adjoints as the gradients that they are; whether they hold is decided by evaluation
(``core.meaning``), which the verdicts do not see.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from model_checks import normalised
from reference_answers import Reference, references

from symbptt.answers.elaborate import elaborate
from symbptt.answers.judge import judge_in
from symbptt.answers.mistakes import mutants
from symbptt.answers.mutations import FREED, Made, Mutation, Place, make, variants
from symbptt.answers.setting import Setting, setting_in
from symbptt.answers.verdict import Verdict
from symbptt.core import functions
from symbptt.core.errors import SymbpttError
from symbptt.core.indices import index_symbol
from symbptt.core.meaning import agree
from symbptt.core.terms import (
    Const, Diag, Elem, Func, Gradient, Hadamard, Map, Ones, Param, Plus, Scale, SumOver, Term,
    Times, Transposed,
)  # fmt: skip
from symbptt.core.traverse import find, substitute
from symbptt.models.builtin import builtins
from symbptt.report.pen import LATEX_PEN

_LONGEST = 2_000  # characters of a claim; a whole gradient written out is no longer


@dataclass(frozen=True)
class Sample:
    """A claim in its setting, what was done to the right equation, and what it was."""

    name: str
    row: str
    setting: Setting
    text: str
    reference: Reference
    meant: Term

    def verdict(self) -> Verdict:
        """The verdict; what is not understood is one, anything else raised is a crash."""
        try:
            return judge_in(self.setting, self.text)
        except SymbpttError as error:
            return Verdict("not-understood", message=error.message)


@cache
def setting_for(reference: Reference) -> Setting:
    """Where a reference answer stands; one at a given length has that length as a given."""
    model = reference.model
    if reference.problem.length is None and model.length is not None:
        return setting_in(model, (f"{model.length} = 3",), reference.facts)
    return Setting(model, reference.problem, reference.facts)


def printed(reference: Reference, right: Term) -> str:
    """The equation in LaTeX, in names that the model has."""
    return LATEX_PEN.equation(*(_plain(side, reference) for side in (reference.left, right)))


def _plain(term: Term, reference: Reference) -> Term:
    """With adjoints as gradients, and an index that is left free as j."""
    problem = reference.problem
    if problem.loss is not None:
        heads = {d.name: d.head for d in problem.theory.definitions}
        names = {adjoint: name for name, adjoint in problem.system.adjoint.items()}
        loss = reference.model.loss
        found = {
            x for _, x in find(term, lambda x: isinstance(x, Elem | Param) and x.name in names)
        }
        for x in sorted(found, key=str):
            head = heads[names[x.name]]
            here = head.at(x.index) if isinstance(x, Elem) else head
            term = substitute(term, {x: Gradient(loss, here)})
    return substitute(term, {s: index_symbol("j") for s in FREED})


def differs(reference: Reference, right: Term, trials: int) -> bool | None:
    """Whether evaluation tells it from the right answer; None where it has no value."""
    theory = normalised(reference.background.theory, reference.model.onehot)
    try:
        return agree(right, reference.right, theory, reference.facts, trials=trials) is not None
    except SymbpttError:
        return None


# ---------------------------------------------------------------- mutants


def wrong(name: str, most: int, trials: int = 6) -> Iterator[Sample]:
    """At most so many mutants of the answers of a model that are really different, evenly."""
    found = []
    for reference in references(name):
        setting = _setting(reference)
        if setting is not None:
            terms = {made: row for row, made in mutants(reference.right, reference.background)}
            found += [(reference, setting, row, made) for made, row in terms.items()]
    yield from _even(
        name, found, most, lambda r, made: says(made) and differs(r, made, trials) is True
    )


def says(made: Term) -> bool:
    """Whether print can say it: the slope of L at a parameter c looks like a derivative by c."""
    slopes = find(made, lambda x: isinstance(x, Func) and x.slot > 0)
    return not any(isinstance(x.arguments[x.slot - 1], Param) for _, x in slopes)


def _setting(reference: Reference) -> Setting | None:
    try:
        setting = setting_for(reference)
        elaborate(setting, printed(reference, reference.right))
    except SymbpttError:  # what is not read when it is right is no use when it is wrong
        return None
    return setting


def _even(
    name: str, found: list[tuple[Reference, Setting, str, Term]], most: int,
    fits: Callable[[Reference, Term], bool],
) -> Iterator[Sample]:  # fmt: skip
    rng = random.Random(name)
    rng.shuffle(found)
    seen: set[str] = set()
    for reference, setting, row, made in found:
        if len(seen) >= most:
            return
        try:
            text = printed(reference, made)
        except SymbpttError:
            continue
        if text not in seen and len(text) <= _LONGEST and fits(reference, made):
            seen.add(text)
            yield Sample(name, row, setting, text, reference, made)


def misread(sample: Sample, verdict: Verdict) -> bool:
    """Whether the verdict says how it read the mutant, and the claim as so read is true.

    A column beside a column is an elementwise product, a bare derivative by a parameter inside a
    sum is immediate, the transpose of a whole Jacobian is one in the other layout, the sign of a
    product does not say which factor is leftmost, and a derivative of a scalar by a vector is the
    row or the column that fits. A target that need not sum to one does so by assumption.
    """
    if sample.meant.shape != sample.reference.right.shape and verdict.accepted:
        return not unsound(sample.setting, sample.text, verdict)
    if verdict.verdict == "layout":
        transposed = sample.row == "result-transposed" and "denominator" in verdict.message
        reversed_ = sample.row == "product-reversed" and "earliest factor" in verdict.message
        return transposed or reversed_
    if verdict.verdict == "assuming":
        return all("sum to one" in a for a in verdict.assuming)
    said = ("elementwise product", "immediate derivative")
    told = any(words in note for note in verdict.reading for words in said)
    return told and not unsound(sample.setting, sample.text, verdict)


# ---------------------------------------------------------------- rewritings


def _reordered(term: Term, place: Place) -> Iterable[Made]:
    if isinstance(term, Plus | Hadamard):
        yield make(term.func, *reversed(term.args))


def _renamed(term: Term, place: Place) -> Iterable[Made]:
    if hasattr(term, "bound"):
        new = index_symbol("m")
        yield make(term.func, substitute(term.body, {term.bound: new}), new, *term.args[2:])


def _shifted(term: Term, place: Place) -> Iterable[Made]:
    if isinstance(term, SumOver):
        i, lo, hi = term.bound, term.lo, term.hi
        yield make(SumOver, substitute(term.body, {i: i - 1}), i, lo + 1, hi + 1)


def _split(term: Term, place: Place) -> Iterable[Made]:
    if isinstance(term, SumOver):
        i, lo, hi = term.bound, term.lo, term.hi
        first, last = (substitute(term.body, {i: end}) for end in (lo, hi))
        yield make(Plus, first, SumOver(term.body, i, lo + 1, hi))
        yield make(Plus, SumOver(term.body, i, lo, hi - 1), last)


def _slope_written_out(term: Term, place: Place) -> Iterable[Made]:
    if not isinstance(term, Map) or term.order != 1:
        return
    row = functions.known(term.fname)
    if row is None or row.derivative is None:
        return
    parts = []
    for coefficient, names in row.derivative:
        factors = [term.arg if n == "x" else Map(n, 0, term.arg) for n in names]
        part = Ones(*term.shape) if not factors else factors[0]
        part = Hadamard(*factors) if len(factors) > 1 else part
        parts.append(part if coefficient == 1 else Scale(Const(coefficient), part))
    yield parts[0] if len(parts) == 1 else make(Plus, *parts)


def _transposed(term: Term, place: Place) -> Iterable[Made]:
    if isinstance(term, Times):
        yield make(Transposed, make(Times, *map(_turned, reversed(term.args))))
    if isinstance(term, Transposed) and isinstance(term.args[0], Times):
        yield make(Times, *map(_turned, reversed(term.args[0].args)))


def _turned(term: Term) -> Term:
    """The transpose; of a number nobody writes one, and m^T would be a power."""
    return term if term.is_scalar else term.T


def _diag(term: Term, place: Place) -> Iterable[Made]:
    if isinstance(term, Hadamard) and term.is_column and not term.is_scalar:
        *first, last = term.args
        yield make(Times, *(Diag(v) for v in first), last)
        yield make(Times, *(Diag(v) for v in term.args[1:]), term.args[0])


def _distributed(term: Term, place: Place) -> Iterable[Made]:
    if isinstance(term, Times | Hadamard):
        for i, x in enumerate(term.args):
            if isinstance(x, Plus):
                each = (term.func(*term.args[:i], y, *term.args[i + 1 :]) for y in x.args)
                yield make(Plus, *each)


def _unfolded(term: Term, place: Place) -> Iterable[Made]:
    body = place.background.unfolded(term) if isinstance(term, Elem | Param) else None
    if body is not None:
        yield body


def _doubled(term: Term, place: Place) -> Iterable[Made]:
    if isinstance(term, Times | SumOver | Hadamard):
        yield make(Plus, make(Scale, Const(2), term), make(Scale, Const(-1), term))


REWRITINGS = (
    Mutation("reordered", _reordered), Mutation("renamed", _renamed), Mutation("shifted", _shifted),
    Mutation("split", _split), Mutation("slope-written-out", _slope_written_out),
    Mutation("transposed", _transposed), Mutation("diag", _diag),
    Mutation("distributed", _distributed), Mutation("unfolded", _unfolded),
    Mutation("doubled", _doubled, whole=True),
)  # fmt: skip
"""What leaves the value of an answer as it is."""

STYLES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("T for transpose", lambda s: s.replace(r"^{\top}", "^T")),
    ("circ", lambda s: s.replace(r"\odot", r"\circ").replace(r"\operatorname{diag}", "diag")),
    ("sizes", lambda s: s.replace(r"\left", "").replace(r"\right", "")),
    ("sides", lambda s: " = ".join(reversed(s.split(" = ", 1)))),
)  # fmt: skip
"""Other ways to write the same text."""


def right(name: str, most: int, trials: int = 4) -> Iterator[Sample]:
    """At most so many true claims of a model: other forms, rewritings, other ways to write."""
    found = []
    for reference in references(name):
        setting = _setting(reference)
        if setting is None:
            continue
        terms: dict[Term, str] = {reference.right: "as derived"}
        for row in REWRITINGS:
            for variant in variants(row, reference.right, reference.background):
                if isinstance(variant.made, Term):
                    terms.setdefault(variant.made, row.id)
        found += [(reference, setting, row, made) for made, row in terms.items()]
    made = _even(name, found, most, lambda r, term: differs(r, term, trials) is False)
    for i, sample in enumerate(made):
        style, write = STYLES[i % len(STYLES)]
        text = write(sample.text) if i % 3 == 0 else sample.text
        row = f"{sample.row}, {style}" if text != sample.text else sample.row
        yield replace(sample, row=row, text=text)


# ---------------------------------------------------------------- noise

_TOKENS = (
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "^",
    "_",
    "\\",
    "&",
    "=",
    "<",
    r"\le",
    r"\frac",
    r"\sum",
    r"\prod",
    r"\left(",
    r"\right)",
    r"\begin{cases}",
    r"\end{cases}",
    r"\begin{bmatrix}",
    r"\\",
    r"\cdots",
    r"\partial",
    "∂",
    "σ",
    "Σ",
    "⊙",
    "≤",
    "ₜ",
    "\u202e",
    "\x00",
    "\ud7ff",
    "令",
    "𝔥",
    "é",
    "  ",
    "\n",
    "9" * 40,
    "10^{10^{10}}",
    "h_{t-999999999}",
    r"W^{999999999999}",
    r"\text{",
    "%",
    "#",
    "$",
    "~",
    "'",
    r"\def\a{\a}",
    "__import__('os')",
    r"\sum_{k=1}^{10^{12}}",
    r"\nabla",
    "T",
    "W",
    r"^{-1}",
    "0.1e999",
)


_NOISY = ("rnn", "rnn-softmax", "lstm", "gru", "bidirectional", "deep")
_SPOILT = 5  # of so many inputs one has the noise in its model


def noisy_claims(count: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """(model, claim) for so many inputs with noise in the claim, or in the model."""
    models = {name: builtins()[name].text for name in _NOISY}
    claims = {name: [printed(r, r.right) for r in references(name)] for name in _NOISY}
    spoilt = noise([text for found in claims.values() for text in found], count, seed)
    spoilt_models = noise(list(models.values()), count, seed + 1)
    for i, (text, model) in enumerate(zip(spoilt, spoilt_models, strict=True)):
        name = _NOISY[i % len(_NOISY)]
        if i % _SPOILT == 0:
            yield model, claims[name][i % len(claims[name])]
        else:
            yield models[name], text


def noise(texts: list[str], count: int, seed: int = 0) -> Iterator[str]:
    """Inputs that nobody means: bytes, pieces of claims, nests, huge numbers, any characters."""
    rng = random.Random(seed)
    kinds = (_bytes, _nest, _soup, _cut, _edited, _edited, _spliced, _edited)
    for _ in range(count):
        yield rng.choice(kinds)(rng, texts)


def _bytes(rng: random.Random, texts: list[str]) -> str:
    data = rng.randbytes(rng.randrange(200))
    return data.decode(rng.choice(("latin-1", "utf-16-le", "utf-8")), errors="replace")


def _nest(rng: random.Random, texts: list[str]) -> str:
    opening, closing = rng.choice(
        (
            ("(", ")"),
            ("{", "}"),
            (r"\frac{1}{", "}"),
            (r"\left(", r"\right)"),
            ("W^{", "}"),
            ("h_{", "}"),
            (r"\sqrt{", "}"),
            (r"\sigma(", ")"),
            (r"\sum_{k=1}^{t} (", ")"),
            ("-", ""),
            ("W^T ", ""),
        )
    )
    depth = rng.choice((3, 30, 300, 3000))
    inner = opening * depth + "W" + closing * (depth - rng.choice((0, 0, 1)))
    return f"{inner} = {rng.choice(('W', inner))}"


def _soup(rng: random.Random, texts: list[str]) -> str:
    return " ".join(rng.choice(_TOKENS) for _ in range(rng.randrange(1, 60)))


def _cut(rng: random.Random, texts: list[str]) -> str:
    text = rng.choice(texts)
    a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    return text[: b if rng.random() < 0.6 else a] if rng.random() < 0.8 else text[a:b]


def _edited(rng: random.Random, texts: list[str]) -> str:
    text = rng.choice(texts)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.randrange(6))
        new = rng.choice(("", rng.choice(_TOKENS), rng.choice(_TOKENS), text[at:end] * 2))
        text = text[:at] + new + text[end if rng.random() < 0.7 else at :]
    return text


def _spliced(rng: random.Random, texts: list[str]) -> str:
    a, b = rng.choice(texts), rng.choice(texts)
    return a[: rng.randrange(len(a) + 1)] + b[rng.randrange(len(b) + 1) :]


def unsound(setting: Setting, text: str, verdict: Verdict, trials: int = 8) -> str:
    """What of an accepted claim evaluation finds false; empty if nothing."""
    if verdict.verdict not in ("proved", "equal"):
        return ""
    reading = elaborate(setting, text)
    here = reading.setting
    theory = normalised(here.problem.theory, here.model.onehot)
    for part in reading.parts:
        for q in part.questions:
            if q.relation != "=":
                continue
            facts = (*part.facts, *here.facts)
            try:
                found = agree(q.left, q.right, theory, facts, trials=trials)
            except SymbpttError:  # it has no value everywhere
                continue
            if found is not None:
                return f"{q.left} = {q.right} fails at {found.sizes} {found.indices}"
    return ""
