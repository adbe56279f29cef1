"""Elaborated equations to definitions with ranges, and the pre-activations they contain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sympy import Integer, Symbol

from ..core.errors import ModelError, NotSupported, SymbpttError
from ..core.indices import index_symbol
from ..core.terms import Elem, Entry, Gradient, Map, Param, Partial, Softmax, Term
from ..core.theory import Definition
from ..core.traverse import contains, find, rebuild, substitute
from ..notation import syntax as sx
from ..notation.draft import build
from ..notation.symbols import normal_name
from .ranges import Interval
from .shapes import Shaped, Typed
from .statements import Statements
from .vectorizing import vectorized


@dataclass(frozen=True)
class Equated:
    """One equation as a definition; ``explicit`` if the text gives its range, ``at`` its node."""

    definition: Definition
    node: sx.Node
    interval: Interval | None = None  # None for a name without time
    explicit: bool = False
    from_text: bool = True

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def is_point(self) -> bool:
        return self.interval is not None and self.interval.lo == self.interval.hi

    def over(self, interval: Interval) -> Equated:
        """The same definition over another range."""
        index = self.definition.index
        assert index is not None
        facts = interval.facts(index)
        return replace(self, definition=replace(self.definition, facts=facts), interval=interval)


def main_time(shaped: Shaped, letters: frozenset[str]) -> Symbol:
    """The index symbol of the definitions: the letter of the first equation that has one."""
    for typed in shaped.typed:
        index = typed.head.args[1] if typed.head.op == "elem" else None
        for symbol in getattr(index, "free_symbols", ()):
            if symbol.name in letters:
                return symbol
    return index_symbol("t" if "t" in letters or not letters else min(letters))


def equate(
    shaped: Shaped, statements: Statements, time: Symbol
) -> tuple[list[Equated], list[Definition]]:
    """The definitions, and apart from them the abbreviations of derivatives."""
    out: list[Equated] = []
    short: list[Definition] = []
    for typed in shaped.typed:
        try:
            head, body = (build(side, shaped.solution) for side in (typed.head, typed.body))
            body = vectorized(body)
        except SymbpttError as error:
            raise error.at(statements.source.where(typed.node.at)) from None
        head, body = _without_entries(head, body, statements, typed)
        found = _defined(head, body, typed, shaped, statements, time)
        if contains(body, Gradient) or contains(body, Partial):
            short.append(found.definition)
        else:
            out.append(found)
    return out, short


def _without_entries(
    head: Term, body: Term, statements: Statements, typed: Typed
) -> tuple[Elem | Param, Term]:
    """Equal entries i of two vectors are equal vectors."""
    if isinstance(head, Elem | Param):
        return head, body
    if isinstance(head, Entry) and isinstance(body, Entry) and head.args[1:] == body.args[1:]:
        whole, other = head.args[0], body.args[0]
        if isinstance(whole, Elem | Param) and whole.shape == other.shape:
            return whole, other
    where = statements.source.where(typed.node.at)
    raise NotSupported(
        "an equation between entries is not understood in a model yet", where,
        "write it for the whole vector or matrix",
    )  # fmt: skip


def _defined(
    head: Elem | Param,
    body: Term,
    typed: Typed,
    shaped: Shaped,
    statements: Statements,
    time: Symbol,
) -> Equated:
    letters = {index_symbol(x) for x in shaped.scope.times}
    free = body.free_symbols & letters
    if isinstance(head, Param):
        if free:
            raise statements.error(
                f"{head.name} has no time index, but its equation depends on {_names(free)}",
                typed.node,
                f"write {head.name}_{_names(free)} on the left",
            )  # fmt: skip
        return Equated(Definition(head, body), typed.node)
    running = head.index.free_symbols & letters
    if not running:
        if free:
            raise statements.error(
                f"{head.name} is defined at one time, but its equation depends on {_names(free)}",
                typed.node,
            )
        interval = Interval(head.index, head.index)
        definition = Definition(head.at(time), body, interval.facts(time))
        return Equated(definition, typed.node, interval, explicit=True)
    if len(running) > 1 or free - running:
        raise statements.error(
            f"the equation of {head.name} depends on several times: {_names(free | running)}",
            typed.node,
        )
    return _over_range(head, body, next(iter(running)), typed, shaped, statements, time)


def _names(symbols: Iterable[Symbol]) -> str:
    return ", ".join(sorted(s.name for s in symbols))


def _over_range(
    head: Elem,
    body: Term,
    letter: Symbol,
    typed: Typed,
    shaped: Shaped,
    statements: Statements,
    time: Symbol,
) -> Equated:
    """A definition for every time of a range, with the head at ``time``."""
    step = head.index - letter
    if not step.is_Integer:
        raise statements.error(
            f"the left side must stand at {letter} or a fixed step from it", typed.node
        )
    body = substitute(body, {letter: time - step})
    length = index_symbol(shaped.scope.length)
    ranges = typed.equation.ranges if typed.equation is not None else ()
    given = next((r for r in ranges if r.index == letter.name), None)
    if given is None:
        interval = Interval(Integer(1), length)
    else:
        top = given.hi if given.hi is not None else length
        interval = Interval(given.lo + step, top + step)
    definition = Definition(head.at(time), body, interval.facts(time))
    return Equated(
        definition,
        typed.node,
        interval,
        explicit=given is not None,
        from_text=typed.equation is not None,
    )


# ---------------------------------------------------------------- pre-activations


def with_preactivations(
    equated: list[Equated], taken: set[str]
) -> tuple[list[Equated], tuple[str, ...]]:
    """Gives every argument of an elementwise function or softmax a name of its own.

    The new names are ``a``, or ``a^{h}`` after the name they feed where ``a`` is taken or there are
    several.
    """
    plans = [_arguments(eq) for eq in equated]
    heads = {
        (eq.name, i) for eq, plan in zip(equated, plans, strict=True) for i in range(len(plan))
    }
    single = len(heads) == 1 and "a" not in taken
    out: list[Equated] = []
    auto: dict[str, None] = {}
    for eq, plan in zip(equated, plans, strict=True):
        several = sum(name == eq.name for name, _ in heads) > 1
        done: dict[Term, Term] = {}
        for i, argument in enumerate(plan):
            suffix = f",{i + 1}" if several else ""
            name = "a" if single else normal_name(f"a^{{{eq.name}{suffix}}}")
            while name in taken:
                name = normal_name(f"{name}'")
            auto[name] = None
            leaf = _leaf(name, eq.definition, argument)
            named = replace(eq.definition, head=leaf, body=_replaced(argument, done))
            out.append(replace(eq, definition=named))
            done[argument] = leaf
        body = _replaced(eq.definition.body, done)
        out.append(replace(eq, definition=replace(eq.definition, body=body)))
    return out, tuple(auto)


def _leaf(name: str, definition: Definition, argument: Term) -> Elem | Param:
    index, shape = definition.index, argument.shape
    leaf: Elem | Param = Param(name, *shape) if index is None else Elem(name, index, *shape)
    return leaf


def _arguments(eq: Equated) -> list[Term]:
    """The arguments to be named, innermost first, each once."""
    if eq.definition.head.is_scalar:
        return []
    index = eq.definition.index
    own = {index} if index is not None else set()
    outside = eq.definition.body.free_symbols | own
    found = find(eq.definition.body, lambda x: isinstance(x, Map | Softmax))
    arguments: list[tuple[int, Term]] = []
    for path, node in found:
        argument = node.arg if isinstance(node, Map) else node.args[0]
        leaf = isinstance(argument, Elem | Param)
        constant = not any(True for _ in find(argument, lambda x: isinstance(x, Elem | Param)))
        if not leaf and not constant and argument.free_symbols <= outside:
            arguments.append((len(path), argument))
    arguments.sort(key=lambda x: -x[0])
    return list(dict.fromkeys(a for _, a in arguments))


def _replaced(term: Term, mapping: dict[Term, Term]) -> Term:
    """The term with arguments of functions replaced by their names, from the inside."""
    if not mapping:
        return term
    args = tuple(_replaced(a, mapping) if isinstance(a, Term) else a for a in term.args)
    if isinstance(term, Map | Softmax):
        old = term.arg if isinstance(term, Map) else term.args[0]
        if old in mapping:
            args = (*args[:-1], mapping[old])
    return rebuild(term, args)


def refuse_empty(statements: Statements) -> None:
    """A model needs an equation."""
    if statements.equations:
        return
    rest = (statements.declarations, statements.pins, statements.groups)
    message = "the model has no equation" if any(rest) else "the model is empty"
    where = statements.source.where(0)
    raise ModelError(message, where, r"write for example h_t = \sigma(W h_{t-1} + b)")
