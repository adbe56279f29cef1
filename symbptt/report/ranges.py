r"""Facts about indices as people write them: ``1 \le k \le t \le T``, ``1 \le i, j \le n``."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, Symbol

from symbptt.core.indices import irredundant, linear

from .pen import Pen

Facts = tuple[Expr, ...]


@dataclass(frozen=True)
class _Link:
    """left <= right, or left < right."""

    left: Expr
    right: Expr
    strict: bool


def ranges(facts: Facts, pen: Pen) -> tuple[str, ...]:
    """The facts ``expression >= 0`` as chains of inequalities, each as one formula."""
    equations, rest = _equations(irredundant(facts))
    links = [link for link in map(_link, rest) if link is not None]
    odd = tuple(f for f in rest if _link(f) is None)
    texts = [pen.equation_of_texts(pen.index(a), pen.index(b)) for a, b in equations]
    texts += _written(_chains(links), pen)
    return (*texts, *(pen.conditions((f,)) for f in odd))


def _equations(facts: Facts) -> tuple[list[tuple[Expr, Expr]], Facts]:
    """Pairs of opposite facts as equations, and the other facts."""
    found: list[tuple[Expr, Expr]] = []
    rest = list(facts)
    for f in facts:
        opposite = (-f).expand()
        if f in rest and opposite in rest:
            units = [(s, a) for s, a in linear(f)[1] if abs(a) == 1]
            if units:
                rest.remove(f)
                rest.remove(opposite)
                symbol, sign = max(units, key=lambda unit: unit[1])
                found.append((symbol, (symbol - sign * f).expand()))
    return found, tuple(rest)


def _link(fact: Expr) -> _Link | None:
    """The inequality between two symbols, or a symbol and a number; None for any other."""
    const, coefficients = linear(fact)
    above = [s for s, a in coefficients if a == 1]
    below = [s for s, a in coefficients if a == -1]
    if len(above) + len(below) != len(coefficients) or len(above) > 1 or len(below) > 1:
        return None
    if not below:
        return _Link(Integer(-const), above[0], False) if above else None
    if not above:
        return _Link(below[0], Integer(const), False)
    if const < -1:
        return _Link(below[0] - const, above[0], False)
    return _Link(below[0], above[0] + (const if const > 0 else 0), const == -1)


def _chains(links: list[_Link]) -> list[list[_Link]]:
    """The links joined end to end."""
    chains: list[list[_Link]] = []
    waiting = list(links)
    while waiting:
        ends = {x.right for x in waiting}
        chain = [next((x for x in waiting if x.left not in ends), waiting[0])]
        waiting.remove(chain[0])
        while (onward := next((x for x in waiting if x.left == chain[-1].right), None)) is not None:
            chain.append(onward)
            waiting.remove(onward)
        chains.append(chain)
    return chains


def _written(chains: list[list[_Link]], pen: Pen) -> list[str]:
    """Each chain as a formula; variables between the same two ends share one."""
    texts: list[str] = []
    between: dict[tuple[str, str], list[str]] = {}
    for chain in chains:
        nodes = [chain[0].left, *(link.right for link in chain)]
        signs = [pen.relation("lt" if link.strict else "le") for link in chain]
        first, *rest = map(pen.index, nodes)
        if len(nodes) == 3 and isinstance(nodes[1], Symbol):
            ends = (f"{first}{signs[0]}", f"{signs[1]}{rest[1]}")
            if ends in between:
                between[ends].append(rest[0])
                continue
            between[ends] = [rest[0]]
            texts.append("")  # filled below, when all variables are known
            continue
        texts.append(first + "".join(s + t for s, t in zip(signs, rest, strict=True)))
    waiting = iter(between.items())
    for place, text in enumerate(texts):
        if not text:
            (low, high), names = next(waiting)
            texts[place] = f"{low}{', '.join(names)}{high}"
    return texts
