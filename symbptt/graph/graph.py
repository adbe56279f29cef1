"""The computation graph of a model, and back-propagation on it.

Algorithm 1 sets the adjoint of the loss to 1 and visits the ancestors of the loss; algorithm 2
gives each node the sum, over the nodes that use it, of the vector-Jacobian products with their
adjoints. Each node is a definition of the theory; its rule is derived from it: d z = sum A d y by
the differential rules, so the rule for y is A^T times the adjoint of z. The adjoint equations are
those of the adjoint system, whose gradients the kernel proves.
Source: I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), algorithms 6.5 and 6.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from sympy import Expr

from symbptt.calculus.adjoint import AdjointSystem, Loss, adjoint_of, adjoint_system, everything
from symbptt.calculus.derive import Problem
from symbptt.calculus.differential import one_step
from symbptt.calculus.linear import pull, summands, wrap
from symbptt.calculus.tidy import tidy
from symbptt.core.errors import NotSupported
from symbptt.core.indices import contradictory, index_symbol
from symbptt.core.terms import (
    Block, Const, Elem, Func, Gradient, Hadamard, Map, Param, Plus, Scale, Softmax, SumOver, Term,
    Times,
)  # fmt: skip
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import find, substitute
from symbptt.models.model import Model
from symbptt.models.problem import problem_of

from .flatten import flatten

Facts = tuple[Expr, ...]
_OPERATIONS = (
    (Times, "product"), (Plus, "sum"), (Hadamard, "elementwise-product"), (Map, "elementwise"),
    (Softmax, "softmax"), (Block, "concatenation"), (Scale, "multiple"), (Func, "function"),
    (SumOver, "sum-over-index"), (Elem | Param, "copy"),
)  # fmt: skip


class Level(StrEnum):
    """How fine a graph is: a node for each quantity of the model, or for each operation."""

    quantities = "quantities"
    operations = "operations"


@dataclass(frozen=True)
class Rule:
    """What a node passes back to one parent: the vector-Jacobian product with its adjoint.

    ``facts`` are the range where a parent stands for several (x[t-j] for 0 <= j <= J).
    """

    parent: Elem | Param
    product: Term
    facts: Facts = ()


@dataclass(frozen=True)
class Node:
    """A quantity with its definition and its rules; ``adjoint`` = ``accumulated``.

    ``facts`` are the range of its index. A leaf has no ``body`` and no rules; where there is no
    adjoint symbol, as for a leaf, ``adjoint`` is the gradient of the loss.
    """

    head: Elem | Param
    body: Term | None
    rules: tuple[Rule, ...]
    consumers: tuple[Elem | Param, ...]
    adjoint: Term
    accumulated: Term
    facts: Facts = ()

    @property
    def is_leaf(self) -> bool:
        """Whether it is a parameter or a given element."""
        return self.body is None

    @property
    def operation(self) -> str:
        """The outermost operation of its definition: a name of the table, or that of the term."""
        if self.body is None:
            return "leaf"
        known = (name for kind, name in _OPERATIONS if isinstance(self.body, kind))
        return next(known, type(self.body).__name__.lower())

    @property
    def parents(self) -> tuple[Elem | Param, ...]:
        """What its definition mentions."""
        return () if self.body is None else references(self.body)


@dataclass(frozen=True)
class Graph:
    """The nodes in an order in which they can be computed; leaves first.

    ``backward`` are the computed nodes in the order of back-propagation, then the leaves.
    ``problem`` is what the calculus derives from: at the level of operations, with a definition
    for each of them.
    """

    model: Model
    level: Level
    problem: Problem
    system: AdjointSystem
    nodes: tuple[Node, ...]

    @property
    def leaves(self) -> tuple[Node, ...]:
        """Parameters and given elements."""
        return tuple(n for n in self.nodes if n.is_leaf)

    @property
    def computed(self) -> tuple[Node, ...]:
        """The nodes with an operation, in forward order."""
        return tuple(n for n in self.nodes if not n.is_leaf)

    @property
    def backward(self) -> tuple[Node, ...]:
        """The nodes in reverse order."""
        return (*reversed(self.computed), *self.leaves)


def graph_of(model: Model, level: Level = Level.quantities) -> Graph:
    """The graph of one step of a model. NotSupported where it has no loss."""
    problem = problem_of(model)
    if problem.loss is None:
        raise NotSupported(
            "back-propagation starts from a loss, and this model has none",
            hint="add a line such as L = \\sum_{t=1}^{T} L_t(h_t)",
        )
    if level is Level.operations:
        problem = replace(problem, theory=flatten(problem.theory))
    theory, loss = problem.theory, problem.loss
    assert loss is not None
    system = adjoint_system(theory, loss, problem.main)
    reach = _ancestors(theory, loss)
    leaves = [
        _leaf(x, gradient, system, reach)
        for x, gradient in system.gradients.items()
        if x in set(theory.params) or isinstance(x, Elem)
    ]
    seeds = _seeds(system, problem)
    computed = [_computed(d, system, seeds, reach) for d in theory.definitions]
    nodes = tuple(n for n in (*leaves, *computed) if n.head.key in reach)
    return Graph(model, level, problem, system, nodes)


def references(term: Term) -> tuple[Elem | Param, ...]:
    """The elements and parameters in a term, each once."""
    found = (x for _, x in find(term, lambda x: isinstance(x, Elem | Param)))
    return tuple(dict.fromkeys(found))


def _ancestors(theory: Theory, loss: Loss) -> set[str]:
    """The keys of all that the loss depends on, itself included: the graph G' of algorithm 1."""
    found: set[str] = set()
    waiting = [loss.total.key]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += [x.key for d in theory.defined(key) for x in references(d.body)]
    return found


def _consumers(
    head: Elem | Param, facts: Facts, theory: Theory, reach: set[str]
) -> tuple[Elem | Param, ...]:
    """What is computed from it: h[t] is used by a[t+1] if a[t] mentions h[t-1]."""
    found: dict[Elem | Param, None] = {}
    for d in theory.definitions:
        for x in references(d.body):
            if x.key == head.key and d.head.key in reach:
                found |= dict.fromkeys(_user(head, x, d, (*theory.facts, *facts)))
    return tuple(found)


def _user(head: Elem | Param, used: Elem | Param, d: Definition, facts: Facts) -> Iterator[Term]:
    """The element of the definition that uses the head, if there is one."""
    if d.index is None or not isinstance(head, Elem) or not isinstance(used, Elem):
        yield d.head
        return
    sign = used.index.coeff(d.index)
    if sign not in (1, -1):
        clash = d.index in head.free_symbols
        yield substitute(d.head, {d.index: index_symbol("s")}) if clash else d.head
        return
    at = (sign * (head.index - used.index) + d.index).expand()
    if not contradictory((*facts, *(f.xreplace({d.index: at}) for f in d.facts))):
        yield substitute(d.head, {d.index: at})


def _leaf(head: Term, gradient: Term, system: AdjointSystem, reach: set[str]) -> Node:
    assert isinstance(head, Elem | Param)
    facts = next((g.facts for g in system.model.givens if g.head == head), ())
    users = _consumers(head, facts, system.model, reach)
    return Node(head, None, (), users, Gradient(system.loss.total, head), gradient, facts)


def _seeds(system: AdjointSystem, problem: Problem) -> dict[str, Term]:
    """The adjoint of the loss, which is 1, and those of the scalar sequences that it sums."""
    theory, loss = system.model, system.loss
    alone = adjoint_system(theory, Loss(loss.total), problem.main)
    parts = {alone.adjoint[p]: p for p in loss.parts}
    seeds: dict[str, Term] = {loss.total.key: Const(1)}
    for d in alone.definitions:
        if d.name in parts:
            if any(x.name in parts for x in references(d.body)):
                raise NotSupported(f"{parts[d.name]} enters the loss through another part of it")
            seeds[f"{parts[d.name]}[]"] = d.body
    return seeds


def _computed(
    d: Definition, system: AdjointSystem, seeds: dict[str, Term], reach: set[str]
) -> Node:
    theory = system.model
    users = _consumers(d.head, d.facts, theory, reach)
    if d.key in seeds:
        adjoint: Term = Gradient(system.loss.total, d.head)
        value, seed = seeds[d.key], seeds[d.key]
    else:
        adjoint = seed = adjoint_of(d, system.adjoint)
        value = next(a.body for a in system.definitions if a.head == adjoint and a.facts == d.facts)
    return Node(d.head, d.body, _rules(d, theory, seed), users, adjoint, value, d.facts)


def _rules(d: Definition, theory: Theory, adjoint: Term) -> tuple[Rule, ...]:
    """The vector-Jacobian products of a definition, from its differential."""
    differential = one_step(theory, d.head, everything(theory), d.facts, "rule").right
    found: dict[tuple[Elem | Param, Facts], list[Term]] = {}
    for s in summands(differential):
        parent = s.change.args[0]
        several = tuple(w for w in s.wraps if _runs_over(w, parent))
        rest = tuple(w for w in s.wraps if w not in several)
        facts = tuple(f for w in several for f in w.range_facts)
        product = wrap(pull(adjoint, s.core), rest)
        found.setdefault((parent, facts), []).append(product)
    known = (*theory.facts, *d.facts)
    return tuple(
        Rule(parent, tidy(Plus(*products), (*known, *facts)), facts)
        for (parent, facts), products in found.items()
    )


def _runs_over(wrapper: Term, parent: Elem | Param) -> bool:
    return isinstance(wrapper, SumOver) and wrapper.bound in parent.free_symbols
