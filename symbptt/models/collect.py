"""Which names a model has: sequences, parameters, functions, objectives; what is time, what the length.

A name with a time index anywhere is a sequence. Heads of declarations and equations are taken
first, so that further occurrences read against names that exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from sympy import Expr

from ..core.errors import ModelError
from ..core.functions import TABLE
from ..notation import syntax as sx
from ..notation.dims import ONE, SCALAR, Shape, unknown
from ..notation.elaborate import Elaborator, size_of
from ..notation.names import resolve
from ..notation.scope import Declared, Function, Scope, known_function
from ..notation.scripts import Item, compose, index_expr, script_items
from ..notation.vocabulary import FUNCTION_WORDS
from .statements import Declaration, Equation, Statements

OBJECTIVES = frozenset(
    {"L", "E", "J", r"\ell", "l", r"\varepsilon", r"\epsilon", "loss", "cost", "Loss", r"\L"}
)
_SCALAR_GREEK = frozenset(
    rf"\{w}" for w in "alpha beta gamma lambda eta mu nu kappa epsilon varepsilon tau zeta".split()
)
_CAPITAL_FUNCTIONS = frozenset({"F", "G", r"\Phi", r"\Psi"})
_FIRST_TIME = "t"


@dataclass
class Known:
    """A name of the model: its declaration, if any, and the shapes to try, best first."""

    name: str
    node: sx.Node
    declaration: Declaration | None = None
    shape: Shape | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Occurrence:
    """A symbol in a formula: the indices bound around it, and the bracket that follows it."""

    node: sx.Node
    bound: frozenset[str]
    arguments: tuple[sx.Node, ...] | None = None
    bracket: sx.Brackets | None = None


@dataclass
class Names:
    """Everything collected. ``applied``: arguments of objectives such as L_t(h_t)."""

    statements: Statements
    sequences: dict[str, Known] = field(default_factory=dict)
    params: dict[str, Known] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    applied: dict[str, tuple[Expr, tuple[sx.Node, ...], sx.Node]] = field(default_factory=dict)
    elements: dict[str, set[Expr]] = field(default_factory=dict)  # declared one by one
    onehot: set[str] = field(default_factory=set)


def collect(statements: Statements) -> Names:
    """The names of a model."""
    names = Names(statements)
    times, lags = _time_letters(statements)
    length = _length(statements, times)
    names.scope = Scope(times=times | lags, length=length, sizes=_size_names(statements))
    collector = _Collector(names)
    collector.pins()
    collector.heads()
    collector.groups()
    collector.bodies()
    return names


# ---------------------------------------------------------------- time and length


def _heads(statements: Statements) -> list[sx.Node]:
    return [x.head for x in (*statements.declarations, *statements.equations)]


def _time_letters(statements: Statements) -> tuple[frozenset[str], frozenset[str]]:
    """The letters that run over time, and those of lags.

    Time is t, and any letter k with h_k and h_{k-1}, or with a range; j in x_{t-j} is a lag.
    """
    taken = {h.base for h in _heads(statements) if isinstance(h, sx.Sym)}
    letters = {_FIRST_TIME} - taken
    letters |= {r.index for eq in statements.equations for r in eq.ranges}
    seen: dict[str, set[Expr]] = {}
    for equation in statements.equations:
        for node in sx.walk(equation.node):
            for base, expr in _scripts_of(node):
                seen.setdefault(base, set()).add(expr)
    for equation in statements.equations:
        for base, expr in _scripts_of(equation.head):
            steps = (other - expr for other in seen.get(base, ()))
            if expr.is_Symbol and any(d.is_Integer and d != 0 for d in steps):
                letters.add(expr.name)
    lags = {
        s.name
        for exprs in seen.values()
        for e in exprs
        if len(e.free_symbols) > 1 and any(x.name in letters for x in e.free_symbols)
        for s in e.free_symbols
        if s.name.islower() and len(s.name) == 1
    }
    times = frozenset(letters - taken)
    return times, frozenset(lags - taken) - times


def _scripts_of(node: sx.Node) -> Iterator[tuple[str, Expr]]:
    """The base and every script of a symbol that is an index; ``h[t-1]`` and ``X(k)`` too."""
    if isinstance(node, sx.Product):
        for here, following in zip(node.factors, node.factors[1:], strict=False):
            bracket = sx.base_of(following)
            symbol = sx.base_of(here)
            if isinstance(bracket, sx.Brackets) and bracket.tight and isinstance(symbol, sx.Sym):
                expr = index_expr(bracket.only) if bracket.only is not None else None
                if expr is not None:
                    yield symbol.base, expr
    elif isinstance(node, sx.Scripted) and isinstance(node.base, sx.Sym):
        for item in script_items(node, frozenset()):
            if item.expr is not None and not item.transposes:
                yield node.base.base, item.expr


def _length(statements: Statements, times: frozenset[str]) -> str:
    """The name of the last time: where a range or a sum over time ends."""
    for equation in statements.equations:
        for r in equation.ranges:
            if r.hi is not None and r.hi.is_Symbol:
                return str(r.hi.name)
    for equation in statements.equations:
        for node in sx.walk(equation.body):
            top = _top(node, times) if isinstance(node, sx.Big) and node.kind == "sum" else None
            if top is not None:
                return top
    return "T"


def _top(node: sx.Big, times: frozenset[str]) -> str | None:
    sub = node.sub.only if isinstance(node.sub, sx.Brackets) else node.sub
    sides = sub.sides if isinstance(sub, sx.Relation) else (sub,)
    letters = [s.base for s in sides if isinstance(s, sx.Sym)]
    if not any(x in times for x in letters):
        return None
    last = node.sup if node.sup is not None else sides[-1] if len(sides) == 3 else None
    expr = index_expr(last)
    return str(expr.name) if expr is not None and expr.is_Symbol and expr.name not in times else None


def _size_names(statements: Statements) -> frozenset[str]:
    return frozenset(
        n.base for d in statements.declarations for s in d.dims for n in sx.walk(s) if isinstance(n, sx.Sym)
    )


# ---------------------------------------------------------------- occurrences


def occurrences(
    node: sx.Node, times: frozenset[str], bound: frozenset[str] = frozenset()
) -> Iterator[Occurrence]:
    """The symbols of a formula, outermost first, scripts left out."""
    if isinstance(node, sx.Product):
        yield from _in_product(node, times, bound)
    elif isinstance(sx.base_of(node), sx.Sym):
        yield Occurrence(node, bound)
    elif isinstance(node, sx.Scripted):
        yield from occurrences(node.base, times, bound)
    elif isinstance(node, sx.Big):
        inner = {n.base for n in sx.walk(node.sub) if isinstance(n, sx.Sym)} if node.sub else set()
        yield from occurrences(node.body, times, bound | inner)
    else:
        for child in sx.children(node):
            yield from occurrences(child, times, bound)


def _in_product(
    node: sx.Product, times: frozenset[str], bound: frozenset[str]
) -> Iterator[Occurrence]:
    factors, ops, i = node.factors, (*node.ops, "end"), 0
    while i < len(factors):
        here = factors[i]
        following = factors[i + 1] if ops[i] == "" else None
        bracket = sx.base_of(following) if following is not None else None
        if not isinstance(bracket, sx.Brackets) or not isinstance(sx.base_of(here), sx.Sym):
            yield from occurrences(here, times, bound)
            i += 1
            continue
        indexed = _indexed(here, bracket, times)
        after = factors[i + 2] if i + 2 < len(factors) and ops[i + 1] == "" else None
        call = sx.base_of(after) if after is not None else None
        if indexed is not None and isinstance(call, sx.Brackets) and not isinstance(following, sx.Scripted):
            arguments = tuple(a for row in call.rows for a in row)  # L[t](h[t])
            yield Occurrence(indexed, bound, arguments, call)
            yield from occurrences(call, times, bound)
            i += 1
        elif indexed is not None:
            yield Occurrence(indexed, bound)
        else:
            arguments = tuple(a for row in bracket.rows for a in row)
            yield Occurrence(here, bound, arguments, bracket)
            yield from occurrences(bracket, times, bound)
        i += 2


def _indexed(here: sx.Node, bracket: sx.Brackets, times: frozenset[str]) -> sx.Node | None:
    """``h[t-1]``, ``h[0]`` and ``S(t)`` as a symbol with a subscript."""
    if not bracket.tight or len(bracket.rows) != 1 or bracket.open not in "([":
        return None
    symbol = sx.base_of(here)
    if isinstance(symbol, sx.Sym) and symbol.base in FUNCTION_WORDS:
        return None
    exprs = [index_expr(a) for a in bracket.rows[0]]
    timed = any(e is not None and any(s.name in times for s in e.free_symbols) for e in exprs)
    number = bracket.open == "[" and all(e is not None for e in exprs)
    if None in exprs or not exprs or not (timed or number):
        return None
    scripted = here if isinstance(here, sx.Scripted) else sx.Scripted(here.at, here.end, here)
    return replace(scripted, end=bracket.end, subs=(*scripted.subs, *bracket.rows[0]))


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
            name = compose_all(pin.head)
            function = known_function(pin.word)
            if name in self.scope.functions:
                raise self.statements.error(f"the function {name} is defined twice", pin.node)
            if not pin.word:
                function = Function(name, "map", name)
            elif function is None:
                raise self.statements.error(
                    f"there is no function called {pin.word}", pin.node,
                    f"the known functions are {', '.join(sorted(TABLE))}, softmax; leave the line out "
                    f"for an unspecified {name}",
                )  # fmt: skip
            self.scope.functions[name] = replace(function, name=name)

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
            self.scope.groups[compose_all(group.head)] = tuple(members)

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
                return _indexed(first, bracket, self.times) or first
        if not isinstance(sx.base_of(head), sx.Sym):
            shown = self.statements.source.slice(head.at, head.end)
            raise self.statements.error(f"{shown} is not a name that can be defined", head)
        return head

    def time_items(self, node: sx.Node, head: bool = False) -> list[Item]:
        """The scripts of a symbol that are its time."""
        items = [i for i in script_items(node, self.times) if i.mentions(self.times) and not i.transposes]
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
        self, node: sx.Node, declaration: Declaration | None, head: bool, bound: frozenset[str] = frozenset()
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
            raise self.statements.error(f"{shown} is a known function and cannot be redefined", head)
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
                self.scope.functions[reading.name] = Function(reading.name, "opaque", reading.name, ONE)

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
        name = self.raw_name(occurrence.node, occurrence.bound)
        function = self.as_function(occurrence, symbol)
        if function is not None:
            self.refuse_unknown_word(symbol)
            self.scope.functions[name.rstrip("'")] = function
        elif symbol.base in FUNCTION_WORDS:
            raise self.statements.error(f"{symbol.base} is not understood in a model", occurrence.node)
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
        if capital and symbol.base not in _CAPITAL_FUNCTIONS or symbol.base in _SCALAR_GREEK and not primed:
            return None
        return Function(name, "map", name)

    def note_objective(self, occurrence: Occurrence) -> None:
        """L_t(h_t) where L_t is a scalar: the objective as an unspecified function."""
        if occurrence.arguments is None:
            return
        reading = resolve(occurrence.node, self.scope)
        if reading is None or reading.declared is None:
            return
        base = sx.base_of(occurrence.node)
        known = (self.names.sequences if reading.index is not None else self.names.params)[reading.name]
        scalar = known.shape == SCALAR if known.shape is not None else (
            isinstance(base, sx.Sym) and base.base in OBJECTIVES
        )  # fmt: skip
        if not scalar:
            return
        objectives = self.scope.objectives | {reading.name}
        self.scope = self.names.scope = self.scope.extended(objectives=objectives)
        if reading.index is not None and reading.name not in self.names.applied:
            self.names.applied[reading.name] = (reading.index, occurrence.arguments, occurrence.node)


def compose_all(node: sx.Node) -> str:
    """The name of a symbol with all its scripts."""
    symbol = sx.base_of(node)
    if not isinstance(symbol, sx.Sym):
        raise ModelError("a name is expected")
    primes = node.primes if isinstance(node, sx.Scripted) else 0
    return compose(symbol, script_items(node, frozenset()), primes)


def kinds_of(known: Known, indexed: bool, defined: bool) -> tuple[str, ...]:
    """The shapes that an undeclared name may have, the likeliest first."""
    symbol = sx.base_of(known.node)
    base = symbol.base if isinstance(symbol, sx.Sym) else ""
    letter = base.lstrip("\\")
    if base in OBJECTIVES:
        return ("scalar", "column", "matrix", "row")
    if indexed and (defined or not letter[:1].isupper()):
        return ("column", "matrix", "scalar", "row")
    if letter[:1].isupper():
        return ("matrix", "column", "row")
    if base.startswith("\\"):
        return ("scalar", "column", "matrix", "row")
    return ("column", "scalar", "matrix", "row")
