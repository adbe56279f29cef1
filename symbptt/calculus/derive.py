"""The front of the calculus: a quantity and a form in, a checked development out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.indices import contradictory, entails, index_symbol
from symbptt.core.terms import Elem, Entry, Gradient, Param, Partial, Term
from symbptt.core.theory import Assumption, Definition, Given, Theory
from symbptt.core.traverse import substitute
from symbptt.proof.objects import Chain, Development, Theorem

from .adjoint import AdjointSystem, Loss, adjoint_system
from .backward import gradient
from .builder import Builder
from .double_sum import factored
from .forms import (
    components, gradient_form, kronecker, recursions, same, written_out,
)  # fmt: skip
from .jacobian import local, through_time
from .one_element import element_sum
from .simplify import assumed

Facts = tuple[Expr, ...]
GRADIENT_FORMS = ("gradient", "sum", "adjoint", "expanded", "components", "kronecker")


@dataclass(frozen=True)
class Problem:
    """What is derived about: a theory, its loss, its recurrent sequences and its length.

    ``shared`` are the lemmas of a differential in which everything varies, for many gradients.
    """

    theory: Theory
    loss: Loss | None
    main: tuple[str, ...]
    length: Symbol | None
    shared: tuple[Theorem, ...] = field(default=(), compare=False, repr=False)
    _cache: dict[str, AdjointSystem] = field(default_factory=dict, compare=False, repr=False)

    @property
    def system(self) -> AdjointSystem:
        """The adjoint system, made once."""
        if self.loss is None:
            raise NotSupported(
                "the model has no loss", hint="add a line such as L = \\sum_t L_t(h_t)"
            )
        if "system" not in self._cache:
            self._cache["system"] = adjoint_system(self.theory, self.loss, self.main)
        return self._cache["system"]

    def at_length(self, value: int) -> Problem:
        """The same problem with the length set to a number."""
        if self.length is None:
            raise SymbpttError("the model has no length to set")
        if value < 1:
            raise SymbpttError(f"a length is at least 1, not {value}")
        m = {self.length: Integer(value)}

        def subst(x: Term) -> Term:
            return substitute(x, m)  # type: ignore[no-any-return]

        def facts(fs: Facts) -> Facts:
            return tuple(f.xreplace(m) for f in fs)

        t = self.theory
        theory = Theory(
            t.params,
            tuple(Given(g.head, facts(g.facts)) for g in t.givens),
            tuple(Definition(d.head, subst(d.body), facts(d.facts)) for d in t.definitions),
            tuple(f for f in facts(t.facts) if not f.is_Integer),
            tuple(
                Assumption(a.name, subst(a.left), subst(a.right), facts(a.facts))
                for a in t.assumptions
            ),
        )
        return Problem(theory, self.loss, self.main, None)


@dataclass(frozen=True)
class Result:
    """A development and the theorems in it that answer the question, in order."""

    development: Development
    answers: tuple[str, ...]

    @cached_property
    def theorems(self) -> tuple[Theorem, ...]:
        """The answering theorems."""
        return tuple(self.development.theorem(a) for a in self.answers)

    @property
    def main(self) -> Theorem:
        """The last answer: the quantity asked for."""
        return self.theorems[-1]


def derive(
    problem: Problem, quantity: Term, form: str | None = None, length: int | None = None
) -> Result:
    """Derives a Gradient, a Partial, or an Entry of a Gradient, with its proof.

    Raises NotSupported for what the calculus cannot do, SymbpttError for an unknown form.
    """
    if length is not None:
        quantity = substitute(quantity, {problem.length: Integer(length)})
        problem = problem.at_length(length)
    if isinstance(quantity, Entry):
        inner = quantity.args[0]
        if not isinstance(inner, Gradient):
            raise NotSupported(f"the entry of {inner} is not a quantity that is derived")
        return _gradient(problem, inner, form or "components", length, (quantity.row, quantity.col))
    if isinstance(quantity, Gradient):
        return _gradient(problem, quantity, form or "gradient", length, None)
    if isinstance(quantity, Partial):
        if form is not None:
            raise SymbpttError(f"the form {form!r} belongs to gradients of the loss")
        if problem.loss is not None and quantity.args[0] == problem.loss.total:
            return _gradient(problem, Gradient(*quantity.args[:2]), "sum", length, None)
        return _partial(problem, quantity)
    raise NotSupported(
        f"{quantity} is not a derivative",
        hint=r"ask for \partial L/\partial W, \nabla_{h_t} L, \partial h_t/\partial h_k, ...",
    )


def _index_facts(theory: Theory, x: Term) -> Facts:
    """The facts under which the element exists."""
    if not isinstance(x, Elem):
        return ()
    ranges = [(d.index, d.facts) for d in theory.defined(x.key) if d.index is not None]
    ranges += [(g.head.index, g.facts) for g in theory.givens if g.head.key == x.key]
    ranges.sort(key=lambda r: any(-f in r[1] for f in r[1]))  # boundary values last
    for index, facts in ranges:
        here = tuple(f.xreplace({index: x.index}) for f in facts)
        if contradictory((*theory.facts, *here)):
            continue
        return tuple(f for f in here if not entails(theory.facts, f))
    raise SymbpttError(f"{x} does not exist in the model")


def _indices(avoid: Term, *names: str) -> list[Symbol]:
    """Index symbols of the given names, with other letters where the quantity uses them."""
    taken = {s.name for s in avoid.free_symbols if isinstance(s, Symbol)}
    out: list[Symbol] = []
    for name in names:
        pool = (name, "s", "r", "l", "p", "q", "u", "v")
        free = next(c for c in pool if c not in taken)
        taken.add(free)
        out.append(index_symbol(free))
    return out


def _gradient(
    problem: Problem,
    quantity: Gradient,
    form: str,
    length: int | None,
    entry: tuple[Expr, Expr] | None,
) -> Result:
    if form not in GRADIENT_FORMS:
        raise SymbpttError(
            f"there is no form {form!r}", hint="the forms are " + ", ".join(GRADIENT_FORMS)
        )
    if form == "expanded" and length is None:
        raise SymbpttError("the form 'expanded' needs a length", hint="for example --T 3")
    system, wrt = problem.system, quantity.args[1]
    if quantity.args[0] != system.loss.total or not isinstance(wrt, Param | Elem):
        raise NotSupported(f"only gradients of the loss are derived, not {quantity}")
    facts = _index_facts(problem.theory, wrt)
    build: Callable[..., list[Theorem]] = _FORMS[form]
    theorems = [*assumed(system.theory), *build(problem, system, wrt, facts, entry)]
    ids = [th.id for th in theorems]
    answers = [th.id for th in theorems if th.title in _SHOWN[form]] or ids[-1:]
    unique = {th.id: th for th in theorems if th.title != "assumption" or _uses(theorems, th.id)}
    return Result(Development(system.theory, tuple(unique.values())), tuple(dict.fromkeys(answers)))


def _uses(theorems: list[Theorem], id: str) -> bool:
    """Whether a step of a theorem refers to the theorem of that id."""
    chains = [th.proof for th in theorems if isinstance(th.proof, Chain)]
    return any(s.by == "lemma" and s.name == id for chain in chains for s in chain.steps)


def _plain(problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts) -> list[Theorem]:
    lemmas = gradient(system, wrt, facts, problem.shared)  # type: ignore[arg-type]
    return [*lemmas, gradient_form(system, lemmas[-1], problem.main)]


def _gradient_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    return _plain(problem, system, wrt, facts)


def _adjoint_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    return [*recursions(system, problem.main), *_plain(problem, system, wrt, facts)]


def _sum_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    t, k = _indices(wrt, "t", "k")
    if isinstance(wrt, Param):
        sums = list(factored(problem.theory, system.loss, wrt, t, k))
    else:
        assert isinstance(wrt, Elem)
        return element_sum(problem.theory, system.loss, wrt, t, wrt.index)
    spelled = next(th for th in sums if th.id == f"sum:{wrt}")
    plain = _plain(problem, system, wrt, facts)
    return [*sums, *plain, same(system, spelled, plain[-1])]


def _expanded_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    t, k = _indices(wrt, "t", "k")
    if isinstance(wrt, Param):
        sums = list(factored(problem.theory, system.loss, wrt, t, k))
        source = next(th for th in sums if th.id == f"sum:{wrt}")
    else:
        assert isinstance(wrt, Elem)
        sums = element_sum(problem.theory, system.loss, wrt, t, wrt.index)
        source = next(th for th in sums if th.id == f"sum:{wrt}")
    return [*sums, written_out(system, source)]


def _component_theorems(
    problem: Problem,
    system: AdjointSystem,
    wrt: Term,
    facts: Facts,
    entry: tuple[Expr, Expr] | None,
) -> list[Theorem]:
    lemmas = _plain(problem, system, wrt, facts)
    i, j = _indices(wrt, "i", "j") if entry is None else entry
    backward = [
        th for rec in recursions(system, problem.main)
        for th in (rec, components(system, rec, i, index_symbol("j")))
    ]  # fmt: skip
    return [*backward, *lemmas, components(system, lemmas[-1], i, j)]


def _kronecker_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    lemmas = _plain(problem, system, wrt, facts)
    return [*lemmas, kronecker(system, lemmas[-1])]


_FORMS: dict[str, Callable[..., list[Theorem]]] = {
    "gradient": _gradient_theorems, "adjoint": _adjoint_theorems, "sum": _sum_theorems,
    "expanded": _expanded_theorems, "components": _component_theorems,
    "kronecker": _kronecker_theorems,
}  # fmt: skip
_SHOWN = {
    "gradient": (),
    "adjoint": ("adjoint recursion", "gradient"),
    "sum": ("double sum", "sum over later steps"),
    "expanded": ("written out",),
    "components": ("components",),
    "kronecker": ("Kronecker form",),
}


def _partial(problem: Problem, quantity: Partial) -> Result:
    y, x = quantity.args[:2]
    theory = problem.theory
    facts = tuple(dict.fromkeys((*_index_facts(theory, y), *_index_facts(theory, x))))
    gap: Expr = (y.index - x.index) if isinstance(y, Elem) and isinstance(x, Elem) else Integer(0)
    if quantity.mode == "immediate" or gap.is_Integer:
        try:
            theorems = local(theory, y, x, quantity.mode, _index_facts(theory, y))
        except NotSupported:
            theorems = local(theory, y, x, quantity.mode, facts)
        return Result(Development(theory, tuple(theorems)), (theorems[-1].id,))
    if problem.loss is None:
        loss = Loss(Param("?", 1, 1))
    else:
        loss = problem.loss
    theorems = _through(theory, loss, y, x)
    return Result(Development(theory, tuple(theorems)), (theorems[-1].id,))


def _through(theory: Theory, loss: Loss, y: Elem, x: Elem) -> list[Theorem]:
    if y.index.is_Symbol and y.index not in theory_symbols(theory):
        return through_time(theory, loss, y, x, y.index, x.index)
    (t,) = _indices(x, "t")
    theorems = through_time(theory, loss, y.at(t), x, t, x.index)
    general = theorems[-1]
    facts = tuple(f.xreplace({t: y.index}) for f in general.facts)
    facts = tuple(f for f in facts if not entails(theory.facts, f))
    build = Builder(theory, Partial(y, x), facts)
    build.lemma(general, (), bind={t: y.index})
    instance = Theorem(
        f"jac:total:{y}:{x}", Partial(y, x), build.line, build.chain(), facts,
        title=general.title, subject=(y, x),
    )  # fmt: skip
    return [*theorems, instance]


def theory_symbols(theory: Theory) -> set[object]:
    """The lengths: symbols that the theory's facts mention."""
    return {s for f in theory.facts for s in f.free_symbols}
