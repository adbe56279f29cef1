"""Which names a model has: sequences, parameters, functions, objectives.

A name with a time index anywhere is a sequence. Heads of declarations and equations are taken
first, so that further occurrences read against names that exist.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from ..core.functions import TABLE
from ..notation import syntax as sx
from ..notation.dims import ONE, SCALAR, Shape, unknown
from ..notation.elaborator import Elaborator
from ..notation.leaves import size_of
from ..notation.names import resolve
from ..notation.scope import Declared, Function, Scope, known_function
from ..notation.scripts import NO_NAMES, Item, compose, script_items
from ..notation.vocabulary import FUNCTION_WORDS
from .known import OBJECTIVES, Known, Names
from .occurrences import Occurrence, indexed, occurrences
from .statements import Declaration, Equation, Statements
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
    names = Names(statements)
    times, lags = time_letters(statements)
    length = length_of(statements, times)
    names.scope = Scope(times=times | lags, length=length, sizes=size_names(statements))
    collector = _Collector(names)
    collector.pins()
    collector.heads()
    collector.groups()
    collector.bodies()
    return names


# ---------------------------------------------------------------- time and length


# ---------------------------------------------------------------- occurrences


# ---------------------------------------------------------------- names


class _Collector:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.statements = names.statements
        self.scope = names.scope
        self.elaborator = Elaborator(self.scope, self.statements.source)
        self.times = self.scope.times
        self.found = [
            o for eq in self.statements.equations for o in occurrences(eq.body, self.times)
        ]

    # ------------------------------------------------------------ pins and groups

    def pins(self) -> None:
        """Functions with a definition, \\sigma = tanh."""
        for pin in self.statements.pins:
            name = self.full_name(pin.head)
            function = known_function(pin.word)
            if name in self.scope.functions:
                raise self.statements.error(f"the function {name} is defined twice", pin.node)
            if not pin.word:
                function = Function(name, "map", name)
            elif function is None:
                raise self.statements.error(
                    f"there is no function called {pin.word}", pin.node,
                    f"the known ones are {', '.join(sorted(TABLE))}, softmax; leave the line out "
                    f"for an unspecified {name}",
                )  # fmt: skip
            self.scope.functions[name] = replace(function, name=name)

    def full_name(self, head: sx.Node) -> str:
        """The name of a head with all its scripts."""
        symbol = sx.base_of(head)
        if not isinstance(symbol, sx.Sym):
            raise self.statements.error("a name without arguments is expected here", head)
        primes = head.primes if isinstance(head, sx.Scripted) else 0
        return compose(symbol, script_items(head, frozenset()), primes)

    def groups(self) -> None:
        for group in self.statements.groups:
            members = []
            for node in group.members:
                if resolve(node, self.scope) is None:
                    self.add_untimed(node, None)
                reading = resolve(node, self.scope)
                if reading is None or reading.declared is None or reading.index is not None:
                    shown = self.statements.source.slice(node.at, node.end)
                    raise self.statements.error(f"{shown} is not a parameter of the model", node)
                members.append(reading.name)
            self.scope.groups[self.full_name(group.head)] = tuple(members)

    # ------------------------------------------------------------ heads

    def heads(self) -> None:
        """Names that are declared or defined, those with a time first."""
        heads: list[tuple[sx.Node, Declaration | None]] = [
            *((self.symbol(d.head), d) for d in self.statements.declarations),
            *((self.symbol(eq.head), None) for eq in self.statements.equations),
        ]
        timed = [(h, d) for h, d in heads if self.time_items(h, head=True)]
        for head, declaration in timed:
            if declaration is not None or resolve(head, self.scope) is None:
                self.add_sequence(head, declaration, head=True)
        for occurrence in self.found:
            if self.time_items(occurrence.node) and resolve(occurrence.node, self.scope) is None:
                self.add_timed(occurrence)
        done = {id(h) for h, _ in timed}
        for head, declaration in heads:
            if id(head) not in done:
                self.add_untimed(head, declaration)

    def symbol(self, head: sx.Node) -> sx.Node:
        """The symbol of a head: ``h_t``, ``h[t]``, or L_t of ``L_t(h_t)``."""
        if isinstance(head, sx.Product) and len(head.factors) == 2:
            first, second = head.factors
            bracket = sx.base_of(second)
            if isinstance(sx.base_of(first), sx.Sym) and isinstance(bracket, sx.Brackets):
                return indexed(first, bracket, self.times) or first
        if not isinstance(sx.base_of(head), sx.Sym):
            shown = self.statements.source.slice(head.at, head.end)
            raise self.statements.error(f"{shown} is not a name that can be defined", head)
        return head

    def time_items(self, node: sx.Node, head: bool = False) -> list[Item]:
        """The scripts of a symbol that are its time."""
        items = [
            i for i in script_items(node, self.times) if i.mentions(self.times) and not i.transposes
        ]
        if head:
            return items
        symbol = sx.base_of(node)
        assert isinstance(symbol, sx.Sym)
        power = symbol.base[:1].isupper() and symbol.base not in OBJECTIVES
        bare = bool(self.scope.superscripted) and not power
        return [i for i in items if not i.high or i.wrapped or bare]

    def raw_name(self, node: sx.Node, bound: frozenset[str], head: bool = False) -> str:
        """The name of a symbol without its time, entries, powers and transposes."""
        symbol = sx.base_of(node)
        assert isinstance(symbol, sx.Sym)
        kept = [
            i for i in script_items(node, self.times)
            if i.text and not i.mentions(self.times) and not self.acts(i, bound, head)
        ]  # fmt: skip
        primes = node.primes if isinstance(node, sx.Scripted) else 0
        return compose(symbol, kept, primes if head or not symbol.base.isupper() else 0)

    def acts(self, item: Item, bound: frozenset[str], head: bool) -> bool:
        """Whether a script is an operation or an entry, no part of the name."""
        if item.high:
            inverse = isinstance(item.node, sx.Sum) and item.node.signs == ("-",)
            number = isinstance(item.node, sx.Num)
            power = (item.expr is not None or number) and not item.wrapped and not head
            return item.transposes or inverse or power
        return item.mentions(bound)

    def add_sequence(
        self,
        node: sx.Node,
        declaration: Declaration | None,
        head: bool,
        bound: frozenset[str] = frozenset(),
    ) -> None:
        name = self.raw_name(node, bound, head)
        bare = [i for i in self.time_items(node, head) if i.high and not i.wrapped]
        if bare:
            self.scope = self.names.scope = self.scope.extended(
                superscripted=self.scope.superscripted | {name}
            )
        self.add(self.names.sequences, self.scope.sequences, name, node, declaration)

    def add(
        self, table: dict[str, Known], scoped: dict[str, Declared], name: str, node: sx.Node,
        declaration: Declaration | None,
    ) -> None:  # fmt: skip
        """Registers a name; two declarations must agree."""
        known = table.setdefault(name, Known(name, node))
        if declaration is not None:
            shape = self.shape(declaration)
            if known.shape is not None and known.shape != shape:
                assert known.declaration is not None
                where = self.statements.source.where(known.declaration.node.at)
                raise self.statements.error(
                    f"{name} is declared twice with different shapes, before at "
                    f"{where.line}:{where.column}: {where.text.strip()}", declaration.node,
                )  # fmt: skip
            known.declaration, known.shape = declaration, shape
            if declaration.kind == "onehot":
                self.names.onehot.add(name)
        where = self.statements.source.where((declaration or known).node.at)
        given = known.shape is not None
        scoped[name] = Declared(name, known.shape or (unknown(), unknown()), where, given)

    def shape(self, declaration: Declaration) -> Shape:
        dims = [size_of(self.elaborator, d) for d in declaration.dims]
        return (dims[0] if dims else ONE, dims[1] if len(dims) > 1 else ONE)

    def add_untimed(self, head: sx.Node, declaration: Declaration | None) -> None:
        reading = resolve(head, self.scope)
        if reading is not None and reading.function is not None:
            shown = self.statements.source.slice(head.at, head.end)
            raise self.statements.error(
                f"{shown} is a known function and cannot be redefined", head
            )
        if reading is not None and reading.index is not None:
            if declaration is not None:
                self.names.elements.setdefault(reading.name, set()).add(reading.index)
            return
        if reading is None or declaration is not None:
            name = self.raw_name(head, frozenset(), head=True)
            self.add(self.names.params, self.scope.params, name, head, declaration)

    # ------------------------------------------------------------ bodies

    def bodies(self) -> None:
        """Names that only occur: functions where they are only ever applied, else leaves."""
        for occurrence in self.found:
            if resolve(occurrence.node, self.scope) is None:
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
        if symbol.base in NO_NAMES:
            raise self.statements.error(f"{symbol.base} does not stand for anything here", symbol)
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
        scalar = known.shape == SCALAR if known.shape is not None else (
            isinstance(base, sx.Sym) and base.base in OBJECTIVES
        )  # fmt: skip
        if not scalar:
            return
        objectives = self.scope.objectives | {reading.name}
        self.scope = self.names.scope = self.scope.extended(objectives=objectives)
        if reading.index is not None and reading.name not in self.names.applied:
            self.names.applied[reading.name] = (
                reading.index,
                occurrence.arguments,
                occurrence.node,
            )
