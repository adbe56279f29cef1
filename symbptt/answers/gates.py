r"""Gates held: \partial^+ h_t/\partial h_{t-1} along h alone, where its gates depend on h too.

Of h_t = z_t * h_{t-1} + (1 - z_t) * g_t many write diag(z_t), the derivative of what stands in
this equation with the gates as they are. It is meant only where a derivative is marked as
immediate, of a state by itself one step before, and only what multiplies entry by entry counts as
a gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbptt.core.dependence import reachable
from symbptt.core.terms import Elem, Gradient, Hadamard, Map, Partial, Term
from symbptt.core.theory import Definition
from symbptt.core.traverse import contains, find
from symbptt.models.problem import problem_of
from symbptt.models.replacing import freed

from .elaborate import Reading
from .notes import sentence


def gates_held(reading: Reading) -> Iterator[tuple[str, Reading]]:
    """The claim with the gates of its state as given quantities."""
    sides = [side for q in reading.questions for side in (q.left, q.right)]
    partials = [x for s in sides for _, x in find(s, lambda x: isinstance(x, Partial))]
    states = {_state(x) for x in partials}
    if len(states) != 1 or "" in states or any(contains(s, Gradient) for s in sides):
        return
    (state,) = states
    model = reading.setting.model
    defined = [d for d in model.theory.definitions if d.key == f"{state}[]"]
    others = {d.name: d for d in model.theory.definitions if d.index is not None}
    held = [
        name for name in _factors(defined)
        if name in others and name not in model.auto
        and f"{state}[]" in reachable(model.theory, {others[name].key})
    ]  # fmt: skip
    if not held:
        return
    for name in held:
        model = freed(model, others[name].head)
    setting = replace(reading.setting, model=model, problem=problem_of(model))
    said = sentence("assuming.gates", others=", ".join(held), state=state)
    yield said, replace(reading, setting=setting)


def _state(x: Term) -> str:
    """The state whose immediate derivative by itself this is; "" for any other derivative."""
    y, by = x.args[:2]
    own = isinstance(y, Elem) and isinstance(by, Elem) and y.name == by.name
    step = own and y.index - by.index == 1
    return str(y.name) if step and x.mode == "immediate" else ""


def _factors(definitions: list[Definition]) -> list[str]:
    """The sequences that multiply entry by entry, at the step of what is defined."""
    names: dict[str, None] = {}

    def look(term: Term, inside: bool, index: object) -> None:
        if isinstance(term, Map) and not inside:
            return
        if inside and isinstance(term, Elem) and term.index == index:
            names[str(term.name)] = None
        for part in term.args:
            if isinstance(part, Term):
                look(part, inside or isinstance(term, Hadamard), index)

    for d in definitions:
        look(d.body, False, d.index)
    return list(names)
