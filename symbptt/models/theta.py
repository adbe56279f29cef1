r"""\theta, the name of all parameters at once, where the model does not give it another meaning."""

from __future__ import annotations

from symbptt.core.errors import NotSupported
from symbptt.core.indices import index_symbol
from symbptt.core.terms import Elem, Gradient, Param, Term
from symbptt.core.traverse import find
from symbptt.notation.dims import ONE, rigid
from symbptt.notation.scope import Declared, Scope

from .model import Model

_LAG = index_symbol("j")
THETAS = (r"\theta", r"\Theta", r"\vartheta")


def with_theta(model: Model) -> Scope:
    r"""The names of a model, and \theta as the column of all parameters, for reading quantities."""
    scope = model.scope
    free = [n for n in THETAS if n in scope.groups or not _is_taken(n, scope)]
    columns = {n: Declared(n, (rigid(f"dim {n}"), ONE), given=True) for n in free}
    groups = {n: members for n, members in scope.groups.items() if n not in free}
    return scope.extended(params={**scope.params, **columns}, groups=groups)


def _is_taken(name: str, scope: Scope) -> bool:
    return name in scope.names or scope.is_index(name) or scope.function(name) is not None


def gradients_in(quantity: Term, model: Model) -> tuple[Gradient, ...]:
    r"""The gradients that a gradient by \theta stands for; none where \theta does not occur.

    NotSupported for any other quantity with \theta in it.
    """
    own = {p.name for p in model.theory.params}
    found = [x for _, x in find(quantity, lambda x: isinstance(x, Param) and x.name in THETAS)]
    found = [x for x in found if x.name not in own]
    if not found:
        return ()
    if not isinstance(quantity, Gradient) or quantity.args != (model.loss, found[0]):
        raise NotSupported(
            f"{found[0].name} stands for all parameters in the gradient of the loss only",
            hint=r"ask for \nabla_\theta L, or name a parameter",
        )
    return tuple(Gradient(model.loss, leaf) for leaf in parameters(model, found[0].name))


def parameters(model: Model, name: str = THETAS[0]) -> list[Param | Elem]:
    r"""What \theta names: what the model says, or else all parameters and no target.

    Matrices that are given for each lag are parameters too, written W_j.
    """
    leaves = [p for p in model.theory.params if p.name not in (*model.targets, *model.onehot)]
    if name in model.groups:
        return [p for p in leaves if p.name in model.groups[name]]
    lags = [g.head.at(_LAG) for g in model.theory.givens if not g.head.is_column]
    return [*leaves, *lags]
