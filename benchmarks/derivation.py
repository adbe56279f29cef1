"""Deriving dL/dW of the plain network in each form, with its module; replaying the proofs."""

from __future__ import annotations

from rich.table import Table

from symbptt import Model
from symbptt.calculus.tidy import tidy
from symbptt.calculus.vocabulary import products
from symbptt.core import canonical, naming
from symbptt.core.dependence import check_theory, references
from symbptt.core.scope import scope_of, survey
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import _accepted, check

from .figures import build, median_ms

FORMS = ("sum", "adjoint", "gradient", "expanded", "components", "kronecker")
RUNS = 9


_OF_TERMS = (
    canonical.polynomial, canonical.key, canonical.label, canonical._eliminate,
    canonical._short_range, canonical._irredundant, naming._by_atoms, tidy, survey, scope_of,
    references, products, check_theory, _accepted,
)  # fmt: skip


def forget() -> None:
    """Empties the caches of terms and of what was proved: no run profits from the one before."""
    for kept in _OF_TERMS:
        kept.cache_clear()


def table() -> tuple[Table, bool]:
    """Times in process, after import, caches emptied before each run."""
    text = Model.named("rnn").text
    rows: list[tuple[str, float, float]] = []
    for form in FORMS:
        lengths = (3, 8) if form == "expanded" else (None,)
        for length in lengths:

            def make(form: str = form, length: int | None = length) -> None:
                forget()
                model = Model.parse(text)
                model.derive(r"\partial L/\partial W", form=form, T=length)
                model.numpy()

            model = Model.parse(text)
            proof = dumps(model.derive(r"\partial L/\partial W", form=form, T=length).development)

            def replay(proof: str = proof) -> None:
                forget()
                check(loads(proof))

            name = form if length is None else f"{form}, T = {length}"
            rows.append((f"read, derive and generate: {name}", median_ms(make, RUNS), 200))
            rows.append((f"replay from JSON: {name}", median_ms(replay, RUNS), 100))
    return build("dL/dW of h_t = σ(W h_{t-1} + U x_t + b), symbolic n, d, T", "ms", rows)
