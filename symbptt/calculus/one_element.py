"""The sum form for one element: dL/dx_k = sum_{t>=k} dL_t/dh_t dh_t/dx_k, for x_k, h_k or h_0."""

from __future__ import annotations

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails, factor_of
from symbptt.core.terms import D, Elem, Partial, SumOver, Term, When
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import nodes_of, rebuild
from symbptt.proof.objects import Identification, Theorem

from .adjoint import Loss, loss_differential
from .builder import Builder
from .differential import differentiate
from .double_sum import fold
from .jacobian import jacobian_of, local, through_time, times
from .state import lower, state_of


def element_sum(theory: Theory, loss: Loss, x: Elem, t: Symbol, k: Expr) -> list[Theorem]:
    """dL/dx[k] as a sum over the later steps, with the Jacobians through time named."""
    state = state_of(theory, loss)
    frame, label = Frame((x,)), f"sum:{x}"
    facts = (*lower(state, k), state.hi - k)
    heads = [head.at(t) for head, lag in state.entries if lag == 0]
    lemmas: dict[str, list[Theorem]] = {
        h.key: through_time(theory, loss, h, x, t, k) for h in heads
    }
    rows = {key: next(th for th in reversed(ths) if th.left == D(h)) for h, (key, ths) in
            zip(heads, lemmas.items(), strict=True)}  # fmt: skip
    total = loss_differential(theory, loss, frame, label)
    build = Builder(theory, total.left, facts, frame)
    build.lemma(total, ())
    differentiate(build, lambda e: e.key not in state.names)
    used = _split(build, rows, x, t, k)
    value = _shorten(jacobian_of(build.line, D(x), build.facts), build.facts)
    build.algebra(times(value, D(x)), reason="collect")
    spelled = Theorem(f"{label}:d", total.left, build.line, build.chain(), facts, frame,
                      "differential of the loss")  # fmt: skip
    final = Theorem(
        label, Partial(loss.total, x), value, Identification(spelled.id, x), facts,
        title="sum over later steps", subject=(x,),
    )  # fmt: skip
    out = {th.id: th for h in heads for th in lemmas[h.key] if h.key in used}
    out |= {th.id: th for th in (total, spelled, final)}
    if len(state.entries) == 1:
        out |= {th.id: th for th in _named(theory, loss, final, lemmas[heads[0].key], heads[0])}
    return list(out.values())


def _split(build: Builder, rows: dict[str, Theorem], x: Elem, t: Symbol, k: Expr) -> set[str]:
    """Before k nothing changes; from k on the Jacobian through time applies."""
    used = set()
    for path, change in list(nodes_of(build.line, D)):
        leaf = change.args[0]
        if change == D(x) and not (leaf.key in rows and leaf.index == t):
            continue
        if leaf.key not in rows:
            raise NotSupported(
                f"{leaf} lies outside the recurrence: there is no sum over later steps",
                hint="the forms gradient, adjoint and components are derived for it",
            )
        used.add(leaf.key)
        if entails(build.facts_at(path), leaf.index - k):
            build.lemma(rows[leaf.key], path, bind={t: leaf.index})
            continue
        build.rule("case-split", path, bind={"?k": leaf.index - k})
        build.vanish((*path, 1, 0))
        build.lemma(rows[leaf.key], (*path, 0, 0), bind={t: leaf.index})
    build.tidy()
    return used


def _shorten(term: Term, facts: tuple[Expr, ...]) -> Term:
    """sum_{t=lo}^{hi} [t >= k] becomes sum_{t=k}^{hi} where k >= lo."""
    args = tuple(_shorten(a, facts) if isinstance(a, Term) else a for a in term.args)
    term = rebuild(term, args)
    if not isinstance(term, SumOver) or not isinstance(term.body, When):
        return term
    for c in term.body.conditions:
        start = term.bound - c
        if factor_of(c, term.bound) == 1 and entails(facts, start - term.lo):
            rest = tuple(x for x in term.body.conditions if x != c)
            return SumOver(When(term.body.args[0], *rest), term.bound, start, term.hi)
    return term


def _named(
    theory: Theory, loss: Loss, source: Theorem, jacobian: list[Theorem], head: Elem
) -> list[Theorem]:
    known = [jacobian[-1]]
    extra: list[Theorem] = []
    t = head.index
    for part in loss.parts:
        d = next(d for d in theory.definitions if d.key == f"{part}[]")
        assert isinstance(d.head, Elem) and d.index is not None
        facts = tuple(f.xreplace({d.index: t}) for f in d.facts)
        extra += local(theory, d.head.at(t), head, "total", facts)
        known.append(extra[-1])
    build = Builder(theory, source.left, source.facts)
    build.lemma(source, ())
    for theorem in known:
        fold(build, theorem)
    named = Theorem(
        f"{source.id}:named", source.left, build.line, build.chain(), source.facts,
        title="sum over later steps", subject=source.subject,
    )  # fmt: skip
    return [*extra, named]
