"""Proving a stated inequality of scalars: the smaller side is raised until it meets the larger.

Derivatives in the statement are derived first, and definitions are written in where nothing is
found without. For an induction the last factors are split off and the hypothesis is put in.
Untrusted: the kernel replays the chain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported, ProofError, SymbpttError
from symbptt.core.scope import Scope
from symbptt.core.terms import (
    Elem, Gradient, OrderedProduct, Param, Partial, Power, Term, Transposed, Vec,
)  # fmt: skip
from symbptt.core.traverse import Path, find, nodes_of
from symbptt.proof.objects import Chain, Development, Induction, Proof, Theorem

from .builder import Builder
from .derive import Problem, Result, derive
from .normality import normality
from .raising import Claim, Search, holds, met
from .simplify import assumed
from .told import written_out
from .tries import tries
from .unit_products import factors, unit_product
from .within import enclosed

Facts = tuple[Expr, ...]
_FLIPPED = {">=": "<=", ">": "<"}
_MAX_UNFOLDS = 40
_STAGES = (
    (),
    ("within",),
    ("back",),
    ("back", "within"),
    ("within", "back", "within"),
)  # what is written in: definitions within a step, states one step back
_SPLIT = {OrderedProduct: "product-last", Power: "power-left"}


def bound(
    problem: Problem,
    left: Term,
    relation: str,
    right: Term,
    facts: Facts = (),
    induction: tuple[Symbol, Expr] | None = None,
) -> Result:
    """A development whose last theorem is ``left <= right`` (or <, >=, >) where the facts hold.

    ``induction`` is a variable and the value it starts from. A theorem with >= or > is stated
    with its sides exchanged. Raises NotSupported where no proof is found; that says nothing about
    the truth of the statement.
    """
    if relation in _FLIPPED:
        left, relation, right = right, _FLIPPED[relation], left
    if relation not in ("<=", "<"):
        raise SymbpttError(
            f"{relation} is not an inequality", hint="the relations are <=, <, >=, >"
        )
    if not (left.is_scalar and right.is_scalar):
        raise NotSupported("only scalars are smaller or larger", hint="take a norm or an entry")
    if induction is None:
        found = enclosed(problem, left, relation, right, facts)
        found = found or unit_product(problem, left, relation, right, facts)
        if found is not None:
            return found
    error: NotSupported | None = None
    for derivatives in (_derivatives, _sums_over_steps):
        try:
            derived = derivatives(problem, (left, right))
            if derived is not None:
                return _raised(problem, Claim(left, relation, right, facts), derived, induction)
        except NotSupported as found_none:
            error = error or found_none
    assert error is not None
    raise error


def _raised(
    problem: Problem, claim: Claim, derived: list[Result], induction: tuple[Symbol, Expr] | None
) -> Result:
    """The development that proves a claim with what its derivatives are."""
    left, relation, right, facts = claim.left, claim.relation, claim.right, claim.facts
    theory = next((r.development.theory for r in derived), problem.theory)
    known = tuple(a for a in assumed(theory) if a.relation != "=")
    known += tuple(th for a in known if (th := written_out(theory, a)) is not None)
    normal = normality(problem, theory, (left, right))
    units = factors(problem, (left, right), facts)
    lemmas_of = (*(r.main for r in derived), *known, *(u for u in units if u.title == "factor"))
    search = Search(theory, Scope(theory), lemmas_of, known=(*normal, *units))
    if induction is None:
        proof: Proof = _staged(search, claim, problem, lambda b: _use_lemmas(search, b, {}))
    else:
        proof = _inductive(search, claim, problem, *induction)
    theorem = Theorem("claim", left, right, proof, facts, title="claim", relation=relation)
    lemmas = {th.id: th for r in derived for th in r.development.theorems}
    used = {th.id: th for th in known if _uses(proof, th.id)}
    lemmas |= {a.id: a for a in known if any(_uses(th.proof, a.id) for th in used.values())}
    lemmas |= used
    lemmas |= {th.id: th for th in units}
    lemmas |= {th.id: th for th in normal if _uses(proof, "normal-norm")}
    return Result(Development(theory, (*lemmas.values(), theorem)), ("claim",))


def _derivatives(problem: Problem, sides: tuple[Term, ...]) -> list[Result]:
    """A derivation for every derivative that the statement mentions."""
    nodes = dict.fromkeys(x for side in sides for _, x in nodes_of(side, Partial, Gradient))
    return [derive(problem, node) for node in nodes]


def _sums_over_steps(problem: Problem, sides: tuple[Term, ...]) -> list[Result] | None:
    """The derivations with gradients of the loss by elements as sums over the later steps.

    None where there are no such gradients.
    """
    nodes = dict.fromkeys(
        x for side in sides for _, x in find(side, lambda x: isinstance(x, Partial | Gradient))
    )
    if not any(_by_element(problem, node) for node in nodes):
        return None
    return [_as_sum(problem, x) if _by_element(problem, x) else derive(problem, x) for x in nodes]


def _by_element(problem: Problem, node: Term) -> bool:
    of_loss = problem.loss is not None and node.args[0] == problem.loss.total
    return isinstance(node, Gradient) and of_loss and isinstance(node.args[1], Elem)


def _as_sum(problem: Problem, node: Term) -> Result:
    """The gradient of a column as the transpose of the row that the sum form gives."""
    found = derive(problem, node, "sum")
    total, x = node.args
    row = found.development.theorem(f"sum:{x}")
    build = Builder(found.development.theory, node, row.facts)
    build.algebra(Transposed(Transposed(Vec(node))))
    build.back("jacobian-gradient", (0,), Partial(total, x))
    build.lemma(row, (0,))
    build.tidy()
    theorem = Theorem(f"sum:{node}", node, build.line, build.chain(), row.facts, title="gradient")
    theorems = (*found.development.theorems, theorem)
    return Result(Development(found.development.theory, theorems), (theorem.id,))


def _uses(proof: Proof, id: str) -> bool:
    chains = (proof.base, proof.step) if isinstance(proof, Induction) else (proof,)
    return any(s.name == id for c in chains if isinstance(c, Chain) for s in c.steps)


def _staged(
    search: Search, claim: Claim, problem: Problem, prepare: Callable[[Builder], None]
) -> Chain:
    """The claim as it stands, then with more and more definitions written in."""
    states = {f"{z}[]" for z in problem.main}
    for stages in _STAGES:
        low, high = search.builders(claim)
        for build in (low, high):
            prepare(build)
        for stage in stages:
            if stage == "back":
                _unfold_once(low, states)
            for build in (low, high) if stage == "within" else ():
                _unfold(build, states)
        chain = met(search, claim, low, high)
        if chain is not None:
            return chain
    raise NotSupported(f"no proof of {claim.left} {claim.relation} {claim.right} was found")


def _inductive(
    search: Search, claim: Claim, problem: Problem, variable: Symbol, start: Expr
) -> Induction:
    first, ahead = {variable: start}, {variable: variable + 1}
    base = _staged(search, claim.at(first), problem, lambda b: _use_lemmas(search, b, first))

    def prepare(build: Builder) -> None:
        _use_lemmas(search, build, ahead)
        _split(build, variable)
        for lemma in search.lemmas:  # what remains of a product is the derivative one step before
            for path, _ in list(find(build.line, lambda x, r=lemma.right: x == r)):
                if lemma.relation == "=" and holds(lemma, build.facts_at(path)):
                    build.lemma(lemma, path, reverse=True)

    ready = replace(search, hypothesis=claim, seen=set())
    try:
        step = _staged(ready, claim.at(ahead, *claim.facts), problem, prepare)
    except NotSupported as error:
        raise NotSupported(
            f"the induction step of {claim.left} {claim.relation} {claim.right} was not proved"
        ) from error
    return Induction(variable, start, base, step)


def _use_lemmas(search: Search, build: Builder, mapping: dict[Symbol, Expr]) -> None:
    """Writes in what the derivatives are."""
    for lemma in search.lemmas:
        if lemma.relation != "=":
            continue
        at = lemma.instance(mapping)
        for path, _ in list(find(build.line, lambda x, left=at.left: x == left)):
            if not holds(at, build.facts_at(path)):
                raise NotSupported(
                    f"{at.left} is known only under conditions that the statement does not give"
                )
            used = {s: e for s, e in mapping.items() if s in lemma.left.free_symbols}
            build.lemma(lemma, path, used)


def _leaves(build: Builder) -> list[tuple[Path, Elem | Param]]:
    """The names in a line with a definition, those in derivatives left out."""
    found = nodes_of(build.line, Elem, Param, Partial, Gradient)
    closed = [path for path, x in found if isinstance(x, Partial | Gradient)]
    return [
        (path, x) for path, x in nodes_of(build.line, Elem, Param)
        if isinstance(x, Elem | Param) and build.theory.defined(x.key)
        and not any(path[: len(c)] == c for c in closed)
    ]  # fmt: skip


def _unfold(build: Builder, states: set[str]) -> None:
    """Writes in the definitions within a step, as far as that comes to an end."""
    for _ in range(_MAX_UNFOLDS):
        if not any(x.key not in states and tries(build.unfold, p) for p, x in _leaves(build)):
            return


def _unfold_once(build: Builder, states: set[str]) -> None:
    """Writes in the definitions of the states that stand in the line, once each."""
    for leaf in dict.fromkeys(x for _, x in _leaves(build) if x.key in states):
        for path, x in _leaves(build):
            if x == leaf:
                tries(build.unfold, path)


def _split(build: Builder, variable: Symbol) -> None:
    """Splits the last factor off every product and power that has grown with the variable."""
    for path, node in list(nodes_of(build.line, OrderedProduct, Power)):
        end = node.exponent if isinstance(node, Power) else node.hi
        if (end - variable).expand().has(variable) or variable not in end.free_symbols:
            continue
        try:
            build.rule(_SPLIT[type(node)], path)
        except ProofError:
            continue
