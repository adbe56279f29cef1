"""What every model must pass: the kernel, the reference evaluation, the generated module."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import ModuleType

from codegen_modules import run
from codegen_oracle import Judge, error, random_data, worst

from symbptt.calculus.derive import Problem
from symbptt.calculus.together import derive_all
from symbptt.codegen import load_module
from symbptt.core.meaning import agree
from symbptt.core.terms import Elem, Gradient, Param, Softmax, Term, index_symbol
from symbptt.core.theory import Definition, Given, Theory
from symbptt.derivation import problem_of
from symbptt.models.model import Model
from symbptt.module import numpy_source
from symbptt.proof.kernel import check
from symbptt.proof.objects import Development, Theorem

TOLERANCE = 1e-11


class Derived:
    """A model with the gradients of its loss by everything that is given, derived together."""

    def __init__(self, model: Model) -> None:
        self.model, self.problem = model, problem_of(model)
        self.leaves = leaves_of(model, self.problem)
        quantities = [Gradient(model.loss, leaf) for leaf in self.leaves]
        results = derive_all(self.problem, quantities)
        self.answers: list[Theorem] = [result.main for result in results]
        theorems = {th.id: th for result in results for th in result.development.theorems}
        self.development = Development(self.problem.system.theory, tuple(theorems.values()))

    def check(self) -> None:
        """The kernel accepts all proofs, and the answers are about what was asked."""
        check(self.development)
        proved = {th.id: th for th in self.development.theorems}
        for leaf, answer in zip(self.leaves, self.answers, strict=True):
            assert answer.left == Gradient(self.model.loss, leaf), (answer.left, leaf)
            assert proved[answer.id] == answer

    def differs(self, answer: Theorem, trials: int = 2, smallest: int = 1) -> str:
        """Where a proved gradient differs from the gradient by a complex step; empty if nowhere.

        ``smallest`` is the least of all sizes.
        """
        facts = (*answer.facts, *(size - smallest for size in self.model.dims))
        theory = normalised(self.development.theory, self.model.onehot)
        found = agree(answer.left, answer.right, theory, facts, trials=trials)
        return "" if found is None else f"{answer.left} = {answer.right}: {found}"


def leaves_of(model: Model, problem: Problem) -> list[Term]:
    """Parameters, elements of inputs at a step k, and boundary values; no targets."""
    k, out = index_symbol("k"), []
    for leaf in problem.system.gradients:
        if leaf.name in model.targets or leaf.name in model.onehot:
            continue
        running = isinstance(leaf, Elem) and leaf.index.is_Symbol and leaf.index != model.length
        out.append(leaf.at(k) if running else leaf)
    return out


def normalised(theory: Theory, names: Collection[str]) -> Theory:
    """The theory with these leaves computed as a softmax, so that their entries sum to one."""
    params, givens, definitions = [], [], []
    for param in theory.params:
        raw = Param(f"{param.name}^{{raw}}", *param.shape) if param.name in names else param
        params.append(raw)
        if raw is not param:
            definitions.append(Definition(param, Softmax(raw)))
    for given in theory.givens:
        head = given.head
        raw = Elem(f"{head.name}^{{raw}}", head.index, *head.shape)
        givens.append(Given(raw, given.facts) if head.name in names else given)
        if head.name in names:
            definitions.append(Definition(head, Softmax(raw), given.facts))
    return replace(
        theory, params=tuple(params), givens=tuple(givens),
        definitions=(*definitions, *theory.definitions),
    )  # fmt: skip


def module_of(model: Model) -> ModuleType:
    """The generated module."""
    return load_module(numpy_source(model))


def module_error(model: Model, module: ModuleType, seed: int = 0) -> float:
    """The largest relative error of outputs and gradients of a loss outside."""
    data = random_data(module, seed)
    judge = Judge(model, data)
    outputs, gradients = run(module, data)
    assert set(outputs) == set(judge.names.values())
    errors = [error(outputs[key], judge.output(name)) for name, key in judge.names.items()]
    return max(worst(gradients, judge.gradients()), *errors)


def own_loss_error(model: Model, module: ModuleType, seed: int = 1) -> float:
    """The same of the model's own loss and its gradients."""
    data = random_data(module, seed)
    judge = Judge(model, data, own_loss=True)
    loss, gradients = module.loss_and_grads(data.params, data.inputs, data.targets, data.states)
    wanted = judge.value()
    return max(abs(loss - wanted) / abs(wanted), worst(gradients, judge.gradients()))
