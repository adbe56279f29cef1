"""Names that a model declares or defines, and what is part of a name."""

from __future__ import annotations

from dataclasses import replace

from ..core.functions import TABLE
from ..notation import syntax as sx
from ..notation.dims import ONE, Shape, unknown
from ..notation.elaborator import Elaborator
from ..notation.leaves import size_of, unit_index
from ..notation.names import resolve
from ..notation.scope import Declared, Function, known_function
from ..notation.scripts import Item, compose, script_items
from ..notation.vocabulary import OBJECTIVES
from .known import Known, Names
from .occurrences import Occurrence, indexed, occurrences
from .statements import Declaration


class Heads:
    """Registers pins, groups, and the heads of declarations and equations."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.statements = names.statements
        self.scope = names.scope
        self.elaborator = Elaborator(self.scope, self.statements.source)
        self.times = self.scope.times
        self.found = [
            o for eq in self.statements.equations for o in occurrences(eq.body, self.times)
        ]

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
        self.timed()
        done = {id(h) for h, _ in timed}
        for head, declaration in heads:
            if id(head) not in done:
                self.add_untimed(head, declaration)

    def timed(self) -> None:
        """Sequences that only occur."""
        for occurrence in self.found:
            if self.is_unit(occurrence.node) or _is_exponential(occurrence.node):
                continue
            times = self.time_items(occurrence.node)
            if times and resolve(occurrence.node, self.scope) is None:
                self.refuse_two_times(times, occurrence.node)
                self.add_timed(occurrence)

    def refuse_two_times(self, items: list[Item], node: sx.Node) -> None:
        """Refuses what carries two times, such as p_{t, y_t}."""
        if sum(not i.high for i in items) > 1:
            shown = self.statements.source.slice(node.at, node.end)
            raise self.statements.error(f"{shown} has two times", node, "write p_t and y_t apart")

    def is_unit(self, node: sx.Node) -> bool:
        """Whether e_i is a unit vector: no equation says what e_i is."""
        heads = {eq.head.at for eq in self.statements.equations}
        return unit_index(node) is not None and node.at not in heads

    def entry_letters(self, node: sx.Node) -> frozenset[str]:
        """The letters of entries in a formula of known names: k in d_k(t) - y_k(t)."""
        readings = (resolve(o.node, self.scope) for o in occurrences(node, self.times))
        entries = (x for r in readings if r is not None for x in r.entries)
        return frozenset(s.name for x in entries for s in x.free_symbols) - self.times

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

    def turn_onehot(self) -> None:
        """One-hot sequences are rows where the other vectors are."""
        if not self.names.rows:
            return
        for name in self.names.onehot & self.names.sequences.keys():
            known, declared = self.names.sequences[name], self.scope.sequences[name]
            if known.shape is not None:
                known.shape = known.shape[1], known.shape[0]
                self.scope.sequences[name] = replace(declared, shape=known.shape)

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

    def add_timed(self, occurrence: Occurrence) -> None:
        """A name with a time that no head has."""
        raise NotImplementedError


def _is_exponential(node: sx.Node) -> bool:
    """Whether a symbol is e to some power; ``e^{(t)}`` is an element."""
    symbol = sx.base_of(node)
    if not isinstance(node, sx.Scripted) or not isinstance(symbol, sx.Sym) or symbol.base != "e":
        return False
    return bool(node.sups) and not node.subs and not isinstance(node.sups[0], sx.Brackets)
