"""What must hold of a model before it is a theory: no name twice, no circle within a step."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from ..core.dependence import Edge, edges
from ..core.indices import contradictory
from ..core.theory import Theory
from ..notation import syntax as sx
from ..notation.names import resolve
from ..notation.scope import Scope
from .definitions import Equated
from .statements import Statements


def check_unique(equated: list[Equated], statements: Statements, facts: tuple[Expr, ...]) -> None:
    """No name has two definitions for the same time."""
    for i, later in enumerate(equated):
        for earlier in equated[:i]:
            if earlier.key != later.key:
                continue
            here = (*facts, *earlier.definition.facts, *later.definition.facts)
            if later.interval is None or not contradictory(here):
                where = statements.source.where(earlier.node.at)
                raise statements.error(
                    f"{shown(later)} is defined twice, before at {where.line}:{where.column}: "
                    f"{statements.source.slice(earlier.node.at, earlier.node.end)}",
                    later.node,
                )


def shown(eq: Equated) -> str:
    """The head of a definition as the user may write it."""
    return eq.name if eq.definition.index is None else f"{eq.name}_{{{eq.definition.index}}}"


def check_circles(theory: Theory, equated: list[Equated], statements: Statements) -> None:
    """No definition needs itself: every circle runs one way through time, and does run."""
    found = edges(theory)
    for names in _circles(found):
        inner = [e for e in found if e.source in names and e.target in names]
        node = next(eq.node for eq in equated if eq.key in names)
        forward, backward = all(e.before for e in inner), all(e.after for e in inner)
        plain = sorted(n for n in names if not n.endswith("[]"))
        if plain:
            through = f" (through {_listed(names - {plain[0]})})" if len(names) > 1 else ""
            raise statements.error(f"{plain[0]} is defined by itself{through}", node)
        if not (forward or backward):
            raise statements.error(
                f"{_listed(names)} depend on each other both forward and backward in time", node
            )
        still = [e for e in inner if not (e.strictly_before if forward else e.strictly_after)]
        for circle in _circles(still):
            first = next(eq for eq in equated if eq.key in circle)
            through = f" (through {_listed(circle - {first.key})})" if len(circle) > 1 else ""
            raise statements.error(
                f"{shown(first)} is defined by itself at the same step{through}", first.node,
                "a recurrence refers to another step, for example h_{t-1}",
            )  # fmt: skip


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(k.removesuffix("[]") for k in keys))


def _circles(found: Sequence[Edge]) -> list[set[str]]:
    """The sets of names that depend on each other."""
    after: dict[str, set[str]] = {}
    for e in found:
        after.setdefault(e.source, set()).add(e.target)
    reach = {name: _reached(name, after) for name in after}
    out: list[set[str]] = []
    for name, targets in reach.items():
        if name in targets and not any(name in done for done in out):
            out.append({other for other in targets if name in reach.get(other, ())})
    return out


def _reached(name: str, after: dict[str, set[str]]) -> set[str]:
    """What a name leads to, itself only if by a circle."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        for target in after.get(todo.pop(), ()):
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def sorted_by_use(theory: Theory, equated: list[Equated]) -> list[Equated]:
    """Definitions in an order in which they can be computed at one time; totals last.

    A circle, which ``check_theory`` refuses, is passed through once.
    """
    same = [e for e in edges(theory) if not (e.strictly_before or e.strictly_after)]
    after: dict[str, set[str]] = {}
    for e in edges(theory):
        after.setdefault(e.source, set()).add(e.target)
    needs: dict[str, set[str]] = {}
    for e in same:
        needs.setdefault(e.source, set()).add(e.target)
    done: dict[int, None] = {}
    begun: set[int] = set()

    def visit(i: int) -> None:
        if i in begun:
            return
        begun.add(i)
        for j, other in enumerate(equated):
            if other.key != equated[i].key and other.key in needs.get(equated[i].key, ()):
                visit(j)
        done[i] = None

    def total(eq: Equated) -> bool:
        reached = _reached(eq.key, after)
        return eq.interval is None and any(k.endswith("[]") for k in reached)

    for i in sorted(range(len(equated)), key=lambda i: (total(equated[i]), i)):
        visit(i)
    return [equated[i] for i in done]


def place_of_use(eq: Equated, name: str, scope: Scope, offset: Expr) -> sx.Node:
    """The node in an equation that refers to a sequence at an offset from its head."""
    for node in sx.walk(eq.node):
        reading = resolve(node, scope) if isinstance(node, sx.Scripted) else None
        if reading is not None and reading.name == name and reading.index is not None:
            letters = [s for s in reading.index.free_symbols if s.name in scope.times]
            if letters and reading.index - letters[0] == offset:
                return node
    return eq.node
