"""Definitions to a theory: ranges, boundary values, givens, parameters."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from ..core.errors import ModelError
from ..core.indices import entails, index_symbol
from ..core.terms import Elem, Param
from ..core.theory import Definition, Given, Theory
from ..notation.scope import Scope
from .check import check_circles, check_unique, place_of_use, sorted_by_use
from .definitions import Equated, equate, main_time, with_preactivations
from .families import families_of
from .known import Names
from .ranges import Interval, Use, gap, merged, outside, uses_of
from .shapes import Shaped


@dataclass(frozen=True)
class Assembled:
    """The theory of a model and the facts about it that a Model shows."""

    theory: Theory
    equated: tuple[Equated, ...]  # the definitions of the text, before pre-activations
    abbreviations: tuple[Definition, ...]
    auto: tuple[str, ...]
    states: tuple[str, ...]
    given: tuple[str, ...]  # inputs and targets
    families: tuple[str, ...]
    time: Symbol


class _Assembler:
    def __init__(self, names: Names, shaped: Shaped) -> None:
        self.names, self.shaped = names, shaped
        self.statements = names.statements
        self.scope: Scope = shaped.scope
        self.length = index_symbol(self.scope.length)
        self.time = main_time(shaped, self.scope.times)
        timed = bool(self.scope.sequences)
        self.facts: tuple[Expr, ...] = (self.length - 1,) if timed else ()
        self.states: dict[str, None] = {}

    def run(self) -> Assembled:
        equated, short = equate(self.shaped, self.statements, self.time)
        self.facts += self.other_lengths(equated)
        families = families_of(equated, self.undefined(equated, short))
        self.facts += self.not_empty(families, equated)
        equated = self.ranged(equated)
        check_unique(equated, self.statements, self.facts)
        plain = Theory((), (), tuple(eq.definition for eq in equated), self.facts)
        check_circles(plain, equated, self.statements)
        equated = sorted_by_use(plain, equated)
        givens = [*self.boundaries(equated), *self.inputs(equated, short)]
        taken = {*self.scope.sequences, *self.scope.params, *self.scope.functions}
        full, auto = with_preactivations(equated, taken)
        theory = Theory(
            self.params(equated), tuple(givens), tuple(eq.definition for eq in full), self.facts
        )
        other = {*self.states, *families}
        given = tuple(dict.fromkeys(g.head.name for g in givens if g.head.name not in other))
        return Assembled(
            theory, tuple(equated), tuple(short), auto, tuple(self.states), given, families,
            self.time,
        )  # fmt: skip

    # ------------------------------------------------------------ ranges

    def other_lengths(self, equated: list[Equated]) -> tuple[Expr, ...]:
        """Lengths besides the main one are at least 1 too."""
        tops = [eq.interval.hi for eq in equated if eq.interval is not None]
        names = dict.fromkeys(top for top in tops if top.is_Symbol and top != self.length)
        return tuple(name - 1 for name in names)

    def not_empty(self, families: tuple[str, ...], equated: list[Equated]) -> tuple[Expr, ...]:
        """A family of parameters has at least one member."""
        spans = [use.interval for _, use in self.uses(equated) if use.name in families]
        facts = dict.fromkeys(span.hi - span.lo for span in spans)
        return tuple(fact for fact in facts if not entails(self.facts, fact))

    def uses(self, equated: list[Equated]) -> list[tuple[Equated, Use]]:
        indices = frozenset({self.time})
        return [(eq, use) for eq in equated for use in uses_of(eq.definition, indices)]

    def ranged(self, equated: list[Equated]) -> list[Equated]:
        """Default ranges made to fit: ends with their own equation, objectives, sums from 0."""
        points = [(eq.name, eq.interval.lo) for eq in equated if eq.is_point and eq.interval]
        out = [self.shrunk(eq, points) for eq in equated]
        for _ in range(len(out)):
            uses = self.uses(out)
            changed = [self.stretched(eq, uses) for eq in out]
            if changed == out:
                break
            out = changed
        return out

    def shrunk(self, eq: Equated, points: list[tuple[str, Expr]]) -> Equated:
        """A default range without the ends that are defined by themselves."""
        if eq.interval is None or eq.explicit:
            return eq
        lo, hi = eq.interval.lo, eq.interval.hi
        while (eq.name, lo) in points:
            lo = lo + 1
        while (eq.name, hi) in points:
            hi = hi - 1
        return eq if (lo, hi) == (eq.interval.lo, eq.interval.hi) else eq.over(Interval(lo, hi))

    def stretched(self, eq: Equated, uses: list[tuple[Equated, Use]]) -> Equated:
        """An objective holds where it is used; a total that starts at 0 stretches what it sums."""
        if eq.interval is None or eq.explicit:
            return eq
        totals = [use for user, use in uses if use.name == eq.name and (
            user.interval is None or (not user.explicit and user.interval.lo != 1))]  # fmt: skip
        if not eq.from_text:
            asked = merged([use.interval for use in totals], self.facts)
            return eq.over(asked[0]) if asked and asked[0] != eq.interval else eq
        lows = [
            use.interval.lo for use in totals if (gap(eq.interval.lo, use.interval.lo) or 0) > 0
        ]
        if not lows or recurs(eq.name, uses):
            return eq
        return eq.over(Interval(min(lows, key=lambda e: int(e)), eq.interval.hi))

    # ------------------------------------------------------------ boundary values and inputs

    def boundaries(self, equated: list[Equated]) -> list[Given]:
        """Given elements of defined sequences, in order; refuses those that nothing gives."""
        out: list[Given] = []
        uses = self.uses(equated)
        for name in dict.fromkeys(eq.name for eq in equated if eq.interval is not None):
            pieces = [eq.interval for eq in equated if eq.key == f"{name}[]" and eq.interval]
            have = max(merged(pieces, self.facts), key=lambda i: bool(i.hi.free_symbols))
            mine = [(user, use) for user, use in uses if use.name == name]
            needed = self.needed(mine, have, pieces)
            if needed:
                self.states[name] = None
                self.refuse_missing(name, needed, mine, have)
                head = self.head(name)
                runs = merged([Interval(i, i) for i in needed], self.facts)
                out += [Given(head, run.facts(self.time)) for run in runs]
        return out

    def needed(
        self, uses: list[tuple[Equated, Use]], have: Interval, pieces: list[Interval]
    ) -> list[Expr]:
        """The indices outside of the definition that are referred to, nearest first."""
        defined = {p.lo for p in pieces if p.lo == p.hi}
        found: dict[Expr, None] = {}
        for _, use in uses:
            low, high = outside(use.interval, have)
            for index in (*low, *high):
                if index not in defined:
                    found[index] = None
        return list(found)

    def refuse_missing(
        self, name: str, needed: list[Expr], uses: list[tuple[Equated, Use]], have: Interval
    ) -> None:
        """One step back (or ahead) is given by itself; more must be declared or defined."""
        declared = self.names.elements.get(name, set())
        ends = {use.interval.lo for _, use in uses} | {use.interval.hi for _, use in uses}
        implicit = {have.lo - 1, have.hi + 1} & ends
        missing = [i for i in needed if i not in declared and i not in implicit]
        if not missing:
            return
        user, use = next(
            (u for u in uses if u[1].interval.lo in missing or u[1].interval.hi in missing), uses[0]
        )
        node = place_of_use(user, name, self.scope, use.index - self.time)
        numbers = all(i.is_Integer for i in missing)
        missing.sort(key=lambda i: -int(i) if numbers else str(i))
        listed = " and ".join(f"{name}_{{{i}}}" for i in missing)
        verb = "are" if len(missing) > 1 else "is"
        rows, cols = self.shaped.solution.shape(self.scope.sequences[name].shape)
        size = self.shaped.solution.expr(rows)
        space = rf"\mathbb{{R}}^{{{size}}}" if cols.terms == (((), 1),) else r"\mathbb{R}^{...}"
        raise ModelError(
            f"the boundary value{'s' * (len(missing) > 1)} {listed} {verb} missing",
            self.statements.source.where(node.at),
            rf"declare {name}_{{{missing[-1]}}} \in {space}, or give it an equation",
        )

    def head(self, name: str) -> Elem:
        rows, cols = (self.shaped.solution.expr(d) for d in self.scope.sequences[name].shape)
        element: Elem = Elem(name, self.time, rows, cols)
        return element

    def inputs(self, equated: list[Equated], short: list[Definition]) -> list[Given]:
        """Sequences without an equation: given wherever they are used, else at 1..T."""
        uses = self.uses(equated)
        out: list[Given] = []
        for name in self.undefined(equated, short):
            asked = [use.interval for _, use in uses if use.name == name]
            asked += [Interval(i, i) for i in sorted(self.names.elements.get(name, set()), key=str)]
            for interval in merged(asked, self.facts) or [
                Interval(self.length * 0 + 1, self.length)
            ]:
                out.append(Given(self.head(name), interval.facts(self.time)))
        return out

    def undefined(self, equated: list[Equated], short: list[Definition]) -> tuple[str, ...]:
        """The sequences without an equation."""
        defined = {eq.name for eq in equated if eq.interval is not None} | {d.name for d in short}
        return tuple(name for name in self.scope.sequences if name not in defined)

    def params(self, equated: list[Equated]) -> tuple[Param, ...]:
        """Names without time and without an equation."""
        defined = {eq.name for eq in equated if eq.interval is None}
        return tuple(
            Param(name, *(self.shaped.solution.expr(d) for d in declared.shape))
            for name, declared in self.scope.params.items()
            if name not in defined
        )


def recurs(name: str, uses: list[tuple[Equated, Use]]) -> bool:
    """Whether a sequence depends on itself."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        here = todo.pop()
        for user, use in uses:
            if user.name == here and use.name not in seen:
                seen.add(use.name)
                todo.append(use.name)
    return name in seen


def assemble(names: Names, shaped: Shaped) -> Assembled:
    """The theory of an elaborated model."""
    return _Assembler(names, shaped).run()
