r"""Direct derivatives: what y's own definition says about each quantity that it mentions.

The direct derivative of y with respect to u holds everything else in y's definition fixed, whether
it depends on u or not. A total derivative is the sum, over all paths of the dependency graph, of
the products of the direct derivatives along the path; the direct path of a sequence, y[k] -> y[k+1]
-> ... -> y[t], contributes the product of its direct derivatives from step to step.
Source: Werbos, Backpropagation through time (1990), on ordered derivatives.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from symbptt.core.dependence import references, vanishes
from symbptt.core.errors import NotSupported, ProofError
from symbptt.core.indices import index_symbol
from symbptt.core.terms import (
    D, Elem, Identity, OrderedProduct, Param, Partial, Term,
)  # fmt: skip
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import substitute
from symbptt.proof.objects import Identification, Theorem

from .builder import Builder
from .jacobian import jacobian_of, linear_form, product

Facts = tuple[Expr, ...]
Node = Elem | Param


@dataclass(frozen=True)
class Direct:
    """The direct derivatives of one quantity, by what they are taken with respect to."""

    source: Theorem
    edges: dict[Node, Theorem]


def mentioned(theory: Theory, y: Node, x: Node, facts: Facts) -> list[Node]:
    """What the definition of y mentions and x may change, in order.

    Raises NotSupported where y has no one definition, or mentions elements under a sum.
    """
    build = Builder(theory, y, facts)
    try:
        d = build.definition(y, ())
    except ProofError as error:
        raise NotSupported(
            f"the paths from {x} to {y} do not come to an end, or leave the range of {y}",
            hint="paths are listed between quantities that lie a fixed number of steps apart",
        ) from error
    body = d.body if d.index is None else substitute(d.body, {d.index: y.args[1]})
    out: dict[Node, None] = {}
    for inner, leaf in references(body):
        if vanishes(leaf, Frame((x,)), theory, (*build.facts, *inner)):
            continue
        if not leaf.free_symbols <= body.free_symbols or inner:
            raise NotSupported(
                f"{y} refers to {leaf} under a sum or a condition: such paths are not listed"
            )
        out[leaf] = None  # type: ignore[index]
    return list(out)


def direct_derivatives(theory: Theory, y: Node, nodes: list[Node], facts: Facts) -> Direct:
    """The direct derivatives of y, read off the differential of its definition alone."""
    frame = Frame(tuple(nodes))
    source = linear_form(
        theory, y, frame, facts, f"direct:{y}", lambda e: e == y, "direct differential"
    )
    known = (*theory.facts, *facts)
    edges = {
        u: Theorem(
            f"direct:{y}:{u}", Partial(y, u, "direct"), jacobian_of(source.right, D(u), known),
            Identification(source.id, u), facts, title="direct derivative", subject=(y, u),
        )
        for u in nodes
    }  # fmt: skip
    return Direct(source, edges)


def direct_path(
    theory: Theory, y: Elem, x: Elem, own: Facts, t: Symbol, facts: Facts
) -> list[Theorem]:
    """The product of the direct derivatives of y[j] with respect to y[j-1], k < j <= t.

    ``own`` are the facts under which y[t] is defined, ``facts`` those of y[t] and x[k] together
    with k <= t. Raises NotSupported where y does not refer to its own last value.
    """
    before = y.at(t - 1)
    if y.key != x.key or before not in (nodes := mentioned(theory, y, before, own)):
        raise NotSupported(
            f"{x} has no direct path to {y}: {y} does not mention {before}"
            if y.key == x.key
            else f"a direct path leads from a sequence to itself, not from {x} to {y}",
            hint="the form paths lists all ways from one step to the next",
        )
    direct = direct_derivatives(theory, y, nodes, own)
    edge = direct.edges[before]
    names = {s.name for z in (y, x, edge.right) for s in z.free_symbols}
    j = index_symbol(next(c for c in ("j", "i", "l", "r", "s") if c not in names))
    left = OrderedProduct(substitute(edge.left, {t: j}), j, x.index + 1, t)
    build = Builder(theory, left, facts)
    build.lemma(edge, (0,), bind={t: j})
    if isinstance(edge.right, Identity):
        build.rule("product-identity", ())
    else:
        build.algebra(product(edge.right, t, t, x.index))
    whole = Theorem(
        f"direct:path:{y}:{x}", left, build.line, build.chain(), facts, title="direct path",
        subject=(y, x),
    )  # fmt: skip
    return [direct.source, edge, whole]


def applied(terms: list[Term]) -> Term:
    """The product of the factors along a path, latest first."""
    first, *rest = terms
    for factor in rest:
        first = first @ factor
    return first
