"""Models that nobody wrote: 200 texts by ``random_models``, and for each of them

- all gradients, by parameter, input and boundary value, derived together, whose proofs the kernel
  accepts; one of them, drawn at random, is derived alone too: the same answer, proved as well;
- that one compared with a complex step at random sizes, printed in LaTeX that KaTeX accepts and in
  Unicode, both of which read back as the same gradient, and told in a report;
- the generated module, its outputs and all gradients against a complex step.

For every fourth model the sizes of the module are larger; for every fourth, all formulas of the
report are set, with the proofs. A failure shows the model's text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from random import Random
from typing import Any

import codegen_oracle
import pytest
from model_checks import TOLERANCE, Derived, module_error, module_of
from random_models import write_model

from symbptt.calculus.derive import Result, derive
from symbptt.core.canonical import equal
from symbptt.models.model import Model
from symbptt.notation.reader import read_statement
from symbptt.notation.scope import Declared, Scope, dim_of
from symbptt.proof.kernel import check
from symbptt.proof.objects import Theorem
from symbptt.report import katex_render
from symbptt.report.compose import Composer
from symbptt.report.compose import Derived as Told
from symbptt.report.document import Blocks, Display, Math, MatrixView, ProofLine
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN
from symbptt.report.plain import to_text

SEEDS = range(200)
EVERY = 4
LARGE = {"n": 3, "d": 4, "m": 5, "p": 6, "q": 8, "T": 7, "B": 2}
SMALL = {"n": 3, "d": 1, "m": 4, "p": 2, "q": 5, "T": 4, "B": 2}

lint = cache(katex_render.lint)


def examine(text: str, seed: int) -> None:
    """All checks of one model."""
    model = Model.parse(text)
    derived = Derived(model)
    answer = Random(seed).choice(derived.answers)
    alone = derive(derived.problem, answer.left)
    assert (alone.main.left, alone.main.right) == (answer.left, answer.right)
    check(alone.development)
    derived.check()
    assert not (found := derived.differs(answer, trials=1)), found
    reads_back(answer, scope_of(derived))
    is_told(derived, alone, whole=seed % EVERY == 1)
    assert module_error(model, module_of(model), seed) <= TOLERANCE


def scope_of(derived: Derived) -> Scope:
    """The names of the model and of its adjoints."""
    heads = [d.head for d in derived.problem.system.definitions]
    adjoints = {h.name: Declared(h.name, (dim_of(h.shape[0]), dim_of(h.shape[1])), None, True)
                for h in heads}  # fmt: skip
    scope = derived.model.scope
    return scope.extended(sequences={**scope.sequences, **adjoints})


def reads_back(answer: Theorem, scope: Scope) -> None:
    """The equation as LaTeX and as text."""
    for pen in (LATEX_PEN, UNICODE_PEN):
        text = pen.equation(answer.left, answer.right)
        left, relation, right = read_statement(text, scope)
        assert (left, relation) == (answer.left, "="), text
        assert equal(right, answer.right), f"{text}\nread as {right}"


def is_told(derived: Derived, result: Result, whole: bool) -> None:
    """The report of a gradient; ``whole``: every formula in it, and the same in Unicode."""
    answer, told = result.main, Told(result, None, False)
    blocks = Composer(derived.model, [told], LATEX_PEN).blocks(0)
    formulas = {LATEX_PEN.equation(answer.left, answer.right)}
    shown = set(formulas_of(blocks))
    assert any(formula.startswith(LATEX_PEN.term(answer.left)) for formula in shown)
    wrong = {f: message for f in formulas | (shown if whole else set()) if (message := lint(f))}
    assert not wrong, wrong
    if whole:
        plain = to_text(Composer(derived.model, [told], UNICODE_PEN).blocks(0))
        assert UNICODE_PEN.term(answer.left) in plain and "\\" not in plain


def formulas_of(part: Blocks | Any) -> Iterator[str]:
    """All LaTeX in a part of a document."""
    if isinstance(part, tuple | list):
        for one in part:
            yield from formulas_of(one)
    elif isinstance(part, dict):
        yield from formulas_of(list(part.values()))
    elif is_dataclass(part):
        if isinstance(part, Display | Math | ProofLine):
            yield part.latex
        if isinstance(part, MatrixView):
            yield from (part.left, *part.sides)
        yield from formulas_of([getattr(part, f.name) for f in fields(part)])


@pytest.mark.parametrize("seed", SEEDS)
def test_random_model(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (SMALL if seed % EVERY else LARGE).items():
        monkeypatch.setitem(codegen_oracle.SIZES, name, size)
    text = write_model(seed)
    try:
        examine(text, seed)
    except Exception as error:
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}\n\n{text}") from error


def test_the_writer_writes_all_kinds() -> None:
    """The same text for the same seed; every construct occurs, also those that are rare."""
    texts = [write_model(seed) for seed in SEEDS]
    assert texts == [write_model(seed) for seed in SEEDS]
    assert len(set(texts)) == len(texts)
    kinds = (
        r"\odot", r"(1 - ", r"\tanh", r"\mathrm{sigmoid}", r"\mathrm{softplus}", r"\mathrm{relu}",
        r"\phi", r"\psi", r"\alpha", "_{t-2}", "_{-1} = 0", "_{-1} = w", "_0 = 0", "_0 = u",
        r"\|^2", "L_t(", "k_t =", "v_t =",
    )  # fmt: skip
    for kind in kinds:
        assert sum(kind in text for text in texts) >= 5, kind
    for text in texts:
        equations = [line for line in text.splitlines() if "_t = " in line]
        assert 3 <= len(equations) <= 7


def test_numbers_of_sequences_and_gates() -> None:
    """2 to 4 sequences, 1 to 3 gates, all of these; steps t-1 and t-2; both products."""
    texts = [write_model(seed) for seed in SEEDS]
    counts = [
        (sum(f"\n{z}_t = " in text for z in "hsrv"), sum(f"\n{z}_t = " in text for z in "fgk"))
        for text in texts
    ]
    assert {a for a, _ in counts} == {2, 3, 4} and {b for _, b in counts} == {1, 2, 3}
    assert all("_{t-1}" in text for text in texts)
    assert sum("_{t-2}" in text and r"\odot" in text for text in texts) >= 40
