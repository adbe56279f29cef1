"""Which names a model has: sequences, parameters, functions, objectives.

A name with a time index anywhere is a sequence. Heads of declarations and equations are taken
first, so that further occurrences read against names that exist.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from ..core.functions import TABLE
from ..notation import syntax as sx
from ..notation.dims import ONE, SCALAR, unknown
from ..notation.names import resolve
from ..notation.norms import EXTREMA
from ..notation.scope import Function, Scope
from ..notation.scripts import NO_NAMES
from ..notation.vocabulary import FUNCTION_WORDS, LOSS_WORDS, OBJECTIVES
from .heads import Heads
from .known import Names
from .occurrences import Occurrence, occurrences
from .statements import Equation, Statements
from .stepping import with_steps
from .timing import length_of, size_names, time_letters

_SCALAR_GREEK = frozenset(
    rf"\{w}"
    for w in (
        "alpha",
        "beta",
        "gamma",
        "lambda",
        "eta",
        "mu",
        "nu",
        "kappa",
        "epsilon",
        "tau",
        "zeta",
    )
)
_CAPITAL_FUNCTIONS = frozenset({"F", "G", r"\Phi", r"\Psi"})


def collect(statements: Statements) -> Names:
    """The names of a model."""
    times, lags = time_letters(statements)
    names = Names(statements := with_steps(statements, times))
    length = length_of(statements, times)
    names.scope = Scope(times=times | lags, length=length, sizes=size_names(statements))
    collector = _Collector(names)
    collector.pins()
    collector.heads()
    collector.turn_onehot()
    collector.groups()
    collector.bodies()
    return names


def collect_more(statements: Statements, scope: Scope) -> Names:
    """The names that declarations and equations about a model add to its scope.

    Both sides of an equation may be formulas.
    """
    names = Names(statements)
    names.scope = scope.extended(
        sequences=dict(scope.sequences),
        params=dict(scope.params),
        functions=dict(scope.functions),
        settled=False,
    )
    collector = _Collector(names)
    collector.found = [
        replace(o, bound=o.bound | collector.entry_letters(eq.body))
        for eq in statements.equations
        for side in (eq.head, eq.body)
        for o in occurrences(side, scope.times)
    ]
    for declaration in statements.declarations:
        head = collector.symbol(declaration.head)
        if collector.raw_name(head, frozenset(), head=True) in scope.names:
            raise statements.error("this name has a shape in the model", declaration.node)
        if collector.time_items(head, head=True):
            collector.add_sequence(head, declaration, head=True)
        else:
            collector.add_untimed(head, declaration)
    collector.timed()
    for occurrence in collector.found:
        if resolve(occurrence.node, collector.scope) is None:
            collector.add_leaf(occurrence)
    for equation in statements.equations:
        if isinstance(sx.base_of(equation.head), sx.Sym):
            collector.note_own_function(equation)
    own = collector.scope.functions.keys() & collector.scope.params.keys()
    names.scope = collector.scope.extended(objectives=collector.scope.objectives | own)
    return names


class _Collector(Heads):
    """Registers the names that occur in equations."""

    def bodies(self) -> None:
        """Names that only occur: functions where they are only ever applied, else leaves."""
        self.found = [
            replace(o, bound=o.bound | self.entry_letters(eq.head))
            for eq in self.statements.equations for o in occurrences(eq.body, self.times)
        ]  # fmt: skip
        for occurrence in self.found:
            if resolve(occurrence.node, self.scope) is None or self.is_own_name(occurrence):
                self.add_leaf(occurrence)
        for occurrence in self.found:
            self.note_objective(occurrence)
        for equation in self.statements.equations:
            self.note_own_function(equation)

    def note_own_function(self, equation: Equation) -> None:
        """L = \\sum_t L(h_t): the function on the right has the name of the total."""
        head = resolve(self.symbol(equation.head), self.scope)
        for occurrence in occurrences(equation.body, self.times):
            reading = resolve(occurrence.node, self.scope)
            if occurrence.arguments is None or reading is None or head is None:
                continue
            if reading.name == head.name and reading.declared is not None and reading.index is None:
                self.scope.functions[reading.name] = Function(
                    reading.name, "opaque", reading.name, ONE
                )

    def add_timed(self, occurrence: Occurrence) -> None:
        """A sequence, or a function that carries a time index."""
        name = self.raw_name(occurrence.node, occurrence.bound)
        base = sx.base_of(occurrence.node)
        assert isinstance(base, sx.Sym)
        applied = occurrence.arguments is not None and self.only_applied(occurrence)
        if applied and base.base not in OBJECTIVES:
            self.scope.functions[name] = Function(name, "opaque", name, unknown())
            return
        self.add_sequence(occurrence.node, None, head=False, bound=occurrence.bound)

    def is_own_name(self, occurrence: Occurrence) -> bool:
        """Whether w_{in} is a name beside W: no letter below it is bound by a sum."""
        symbol, reading = sx.base_of(occurrence.node), resolve(occurrence.node, self.scope)
        assert isinstance(symbol, sx.Sym) and reading is not None
        letters = {s.name for x in reading.entries for s in x.free_symbols}
        other = symbol.base.islower() and reading.name[:1] == symbol.base.upper()
        return other and len(reading.entries) == 2 and not letters & occurrence.bound

    def looks_applied(self, occurrence: Occurrence) -> bool:
        """Whether a scalar is a function of names, not a factor in front of a bracket."""
        names = all(isinstance(sx.base_of(a), sx.Sym) for a in occurrence.arguments or ())
        return names and self.only_applied(occurrence)

    def only_applied(self, occurrence: Occurrence) -> bool:
        """Whether the name stands in front of a bracket wherever it occurs."""
        name = self.raw_name(occurrence.node, occurrence.bound)
        same = [o for o in self.found if self.raw_name(o.node, o.bound) == name]
        return all(o.arguments is not None for o in same)

    def add_leaf(self, occurrence: Occurrence) -> None:
        symbol = sx.base_of(occurrence.node)
        assert isinstance(symbol, sx.Sym)
        if self.is_constant(occurrence, symbol):
            return
        if symbol.base in EXTREMA and len(occurrence.arguments or ()) > 1:
            return
        if symbol.base in NO_NAMES:
            raise self.statements.error(f"{symbol.base} does not stand for anything here", symbol)
        if symbol.base in LOSS_WORDS and occurrence.arguments is not None:
            self.refuse_unknown_word(symbol)
        name = self.raw_name(occurrence.node, occurrence.bound)
        function = self.as_function(occurrence, symbol)
        if function is not None:
            self.refuse_unknown_word(symbol)
            self.scope.functions[name.rstrip("'")] = function
        elif symbol.base in FUNCTION_WORDS:
            raise self.statements.error(
                f"{symbol.base} is not understood in a model", occurrence.node
            )
        else:
            self.add(self.names.params, self.scope.params, name, occurrence.node, None)

    def refuse_unknown_word(self, symbol: sx.Sym) -> None:
        """A word that is applied but names no function."""
        if len(symbol.base) > 1 and symbol.base.isalpha():
            near = get_close_matches(symbol.base, FUNCTION_WORDS, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise self.statements.error(
                f"there is no function called {symbol.base}", symbol,
                f"{hint}the known functions are {', '.join(sorted(TABLE))}, softmax, diag",
            )  # fmt: skip

    def is_constant(self, occurrence: Occurrence, symbol: sx.Sym) -> bool:
        scripted = occurrence.node if isinstance(occurrence.node, sx.Scripted) else None
        if symbol.base == "e" and scripted is not None and scripted.sups:
            return True
        if self.is_unit(occurrence.node):
            return True
        if symbol.base in ("I", r"\ones", r"\zeros"):
            return True
        index = symbol.base in occurrence.bound or self.scope.is_index(symbol.base)
        return index and scripted is None

    def as_function(self, occurrence: Occurrence, symbol: sx.Sym) -> Function | None:
        """The unspecified function that an applied name is; None if it is a factor."""
        name = self.raw_name(occurrence.node, occurrence.bound).rstrip("'")
        primed = isinstance(occurrence.node, sx.Scripted) and occurrence.node.primes > 0
        if occurrence.arguments is None or occurrence.bracket is None:
            return Function(name, "map", name) if primed and not symbol.base[:1].isupper() else None
        several = len(occurrence.arguments) > 1
        capital = symbol.base[:1].isupper() or symbol.base[1:2].isupper()
        if several and (not capital or symbol.base in _CAPITAL_FUNCTIONS | OBJECTIVES):
            if occurrence.bracket.open != "(":
                return None
            rows = ONE if symbol.base in OBJECTIVES else unknown()
            return Function(name, "opaque", name, rows)
        if several or not self.only_applied(occurrence):
            return None
        if symbol.base in OBJECTIVES:
            return Function(name, "opaque", name, ONE)
        factor = capital and symbol.base not in _CAPITAL_FUNCTIONS
        scalar = symbol.base in _SCALAR_GREEK and not primed
        return None if factor or scalar else Function(name, "map", name)

    def note_objective(self, occurrence: Occurrence) -> None:
        """L_t(h_t) where L_t is a scalar: the objective as an unspecified function."""
        if occurrence.arguments is None:
            return
        reading = resolve(occurrence.node, self.scope)
        if reading is None or reading.declared is None:
            return
        base = sx.base_of(occurrence.node)
        known = (self.names.sequences if reading.index is not None else self.names.params)[
            reading.name
        ]
        named = isinstance(base, sx.Sym) and base.base in OBJECTIVES
        scalar = known.shape == SCALAR if known.shape is not None else named
        if not scalar or not (named or self.looks_applied(occurrence)):
            return
        objectives = self.scope.objectives | {reading.name}
        self.scope = self.names.scope = self.scope.extended(objectives=objectives)
        if reading.index is not None and reading.name not in self.names.applied:
            self.names.applied[reading.name] = (
                reading.index,
                occurrence.arguments,
                occurrence.node,
            )
