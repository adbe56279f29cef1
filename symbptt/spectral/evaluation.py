r"""An expression at given values: every intermediate matrix, exact, and the result as decimals.

    evaluate("W^{30}", r"Q = [[-0.6, -0.8], [-0.8, 0.6]]; \Lambda = \mathrm{diag}(0.9, 0.4);"
             r" W = Q \Lambda Q^{-1}")

A power of a matrix that is given as A D A^{-1} is A D^k A^{-1}, of another one its repeated
product; with a symbolic exponent the eigenvalues are computed first. What comes from eigenvalues
is compared with direct powering.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, ImmutableMatrix, simplify

from symbptt.core import terms as tm
from symbptt.core.errors import SymbpttError, Where
from symbptt.core.terms import Param, Term
from symbptt.models.model import Model

from . import powers
from .eigen import (
    Decomposition, blocks_of, decompose, involution, orthogonal, symbolic_factors, vanishes,
)  # fmt: skip
from .exact import Env, Exact
from .reading import Givens, read_givens
from .stages import Evaluation, Remark, Stage

MAX_DIGITS = 100


def evaluate(
    expression: str, given: str = "", model: Model | None = None, digits: int = 4,
    where: Where | None = None,
) -> Evaluation:  # fmt: skip
    """The value of an expression; ``where`` is the place of the text ``given``.

    Raises what reading raises, and SymbpttError where a value is missing or a check fails.
    """
    if not 0 <= digits <= MAX_DIGITS:
        raise SymbpttError(f"{digits} digits; from 0 to {MAX_DIGITS} can be given")
    givens = read_givens(given, model, where)
    term = givens.read(expression)
    givens.check_used(term)
    watched = _Watched(givens)
    for item in givens.items:
        try:
            watched.begin(item.leaf, item.term)
        except SymbpttError as error:
            raise error.at(item.where) from None
    value = watched.value(term)
    if not watched.stages or watched.stages[-1].left != term:
        remarks = (
            (Remark("nonzero", tuple(dict.fromkeys(watched.conditions))),)
            if watched.conditions
            else ()
        )
        value = ImmutableMatrix(value.applyfunc(simplify)) if value.free_symbols else value
        watched.stages.append(Stage("result", term, None, value, remarks=remarks))
    numbers = tuple(givens.sizes.items()) if model is not None else ()
    return Evaluation(term, numbers, tuple(watched.stages), value, digits)


@dataclass(frozen=True)
class _Similar:
    """A matrix known as A D A^{-1}; ``back`` is the last factor as it was written."""

    basis: Term
    middle: Term
    back: Term


class _Watched(Exact):
    """Evaluation that writes down what it does."""

    def __init__(self, givens: Givens) -> None:
        super().__init__(givens.sizes, givens.theory)
        self.givens = givens
        self.terms: dict[Term, Term] = {}
        self.stages: list[Stage] = []
        self.conditions: tuple[Expr, ...] = ()
        self._forms: dict[Term, tuple[Decomposition, _Similar]] = {}
        self._done: dict[Term, ImmutableMatrix] = {}

    def begin(self, leaf: Term, term: Term) -> None:
        """Evaluates a value that is given."""
        value = self.value(term)
        self.give(leaf, value)
        self.terms[leaf] = term
        literal = isinstance(term, tm.Block | tm.Const)
        self.stages.append(Stage("given", leaf, None if literal else term, value))

    def inverse(self, term: tm.Inverse, env: Env) -> ImmutableMatrix:
        if term in self._done:
            return self._done[term]
        matrix = self.value(term.args[0], env)
        value = super().inverse(term, env)
        remarks = [Remark("inverse", (term.args[0], term))]
        conditions = symbolic_factors(matrix.det()) if matrix.free_symbols else ()
        if conditions:
            remarks.append(Remark("nonzero", conditions))
            self.conditions += conditions
        if matrix != ImmutableMatrix.eye(matrix.rows):
            remarks += [Remark("orthogonal", (term.args[0],))] if orthogonal(matrix) else []
            remarks += [Remark("involution", (term.args[0],))] if involution(matrix) else []
        self._note(Stage("inverse", term, None, value, remarks=tuple(remarks)), env)
        return value

    def power(self, term: tm.Power, env: Env) -> ImmutableMatrix:
        if term in self._done:
            return self._done[term]
        matrix, exponent = self.value(term.args[0], env), self.exponent(term, env)
        similar = self._similar(term.args[0], env)
        if not isinstance(exponent, int):
            return self._symbolic(term, matrix, exponent, similar, env)
        value = ImmutableMatrix(matrix**exponent)
        if similar is None or not self._by_similarity(term, similar, exponent, value, env):
            self._note(Stage("power", term, None, value), env)
        return value

    def _note(self, stage: Stage, env: Env) -> None:
        """Keeps a stage; what is computed inside a sum or a definition is no stage of its own."""
        if env == self.sizes:
            self._done[stage.left] = stage.value
            self.stages.append(stage)

    # ------------------------------------------------------------ powers of A D A^{-1}

    def _similar(self, base: Term, env: Env) -> _Similar | None:
        """The base as A D A^{-1}, or A D A^T with an orthogonal A, if it is given so."""
        term = self.terms.get(base, base)
        if not isinstance(term, tm.Times) or len(term.args) != 3 or env != self.sizes:
            return None
        basis, middle, back = term.args
        if back == tm.Inverse(basis):
            return _Similar(basis, middle, back)
        if back == tm.Transposed(basis) and orthogonal(self.value(basis)):
            return _Similar(basis, middle, back)
        return None

    def _decomposition(self, similar: _Similar) -> Decomposition | None:
        """The decomposition that was given, if its middle is a diagonal or Jordan matrix."""
        basis, middle, back = map(self.value, (similar.basis, similar.middle, similar.back))
        blocks = blocks_of(middle)
        if powers.jordan_matrix(blocks) != middle:
            return None
        conditions = symbolic_factors(basis.det())
        matrix = ImmutableMatrix(basis @ middle @ back)
        return Decomposition(matrix, basis, middle, back, blocks, conditions)

    def _by_similarity(
        self, term: tm.Power, similar: _Similar, exponent: int, direct: ImmutableMatrix, env: Env
    ) -> bool:
        """A D^k A^{-1}, which must be what direct powering gives."""
        found = self._decomposition(similar)
        if found is None:
            return False
        form = powers.form_of(found, powers.N)
        inner, outer = (powers.written(m, powers.N, exponent) for m in (form.middle, form.power))
        middle = ImmutableMatrix(found.jordan**exponent)
        if not vanishes(found.basis @ middle @ found.inverse - direct):
            raise SymbpttError(f"{term} by its eigenvalues and by direct powering differ")
        step = tm.Power(similar.middle, exponent)
        self._note(Stage("middle", step, None, middle, inner), env)
        product = tm.Times(similar.basis, step, similar.back)
        remarks = (Remark("direct", (term,)),)
        self._note(Stage("power", term, product, direct, outer, remarks), env)
        return True

    def _symbolic(
        self, term: tm.Power, matrix: ImmutableMatrix, n: Expr, similar: _Similar | None, env: Env
    ) -> ImmutableMatrix:
        """M^n for a symbolic n; the first case where there are several."""
        if env != self.sizes:
            raise SymbpttError(f"the exponent {term.exponent} has no value here")
        found = self._decomposition(similar) if similar is not None else None
        if found is None and matrix.rows == 2 and matrix.free_symbols:
            return self._two_cases(term, matrix, n, env)
        if found is None:
            found, similar = self._computed(term.args[0], matrix, env)
        assert similar is not None
        form = powers.form_of(found, n)
        step = tm.Power(similar.middle, n)
        self._note(Stage("middle", step, None, form.middle), env)
        remarks = [Remark("induction", (term,))]
        if form.conditions:
            remarks.append(Remark("nonzero", form.conditions))
            self.conditions += form.conditions
        product = tm.Times(similar.basis, step, similar.back)
        self._note(Stage("power", term, product, form.power, remarks=tuple(remarks)), env)
        return form.power

    def _two_cases(
        self, term: tm.Power, matrix: ImmutableMatrix, n: Expr, env: Env
    ) -> ImmutableMatrix:
        cases = powers.two_by_two(matrix, n)
        for case in cases:
            remarks = [Remark("nonzero", case.nonzero)] if case.nonzero else []
            remarks += [Remark("zero", (case.zero,))] if case.zero != 0 else []
            remarks.append(Remark("from_one" if case.least else "induction", (term,)))
            self._note(Stage("case", term, None, case.power, remarks=tuple(remarks)), env)
        self._done[term] = cases[0].power
        self.conditions += cases[0].nonzero
        return cases[0].power

    def _computed(
        self, base: Term, matrix: ImmutableMatrix, env: Env
    ) -> tuple[Decomposition, _Similar]:
        """The form of a matrix, computed and written down once."""
        if base not in self._forms:
            found = decompose(matrix)
            self._forms[base] = found, self._note_form(base, found, env)
        return self._forms[base]

    def _note_form(self, base: Term, found: Decomposition, env: Env) -> _Similar:
        """The eigenvalues and the form that were computed, under names that are not taken."""
        side = found.matrix.rows
        taken = set(self.givens.scope.names)
        basis, middle = (
            Param(next(x for x in names if x not in taken), side, side)
            for names in (
                ("P", "S", "V", "P_0"),
                (r"\Lambda" if found.diagonal else "J", "D", "D_0"),
            )
        )
        counts = tuple(x for e in found.eigenvalues for x in e.counted)
        kind = Remark("diagonalisable" if found.diagonal else "defective", (base,))
        remarks = (Remark("eigenvalues", (base, *counts)), kind)
        back = tm.Inverse(basis)
        product = tm.Times(basis, middle, back)
        self._note(Stage("form", base, product, found.matrix, remarks=remarks), env)
        for leaf, value in ((basis, found.basis), (middle, found.jordan)):
            self.values[(leaf.name,)] = value
            self._note(Stage("basis", leaf, None, value), env)
        self.value(back)
        return _Similar(basis, middle, back)
