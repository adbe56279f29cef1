"""What a symbol with its scripts means in a scope: which name, at what time, which entry.

Every split of the scripts into "part of the name" and "index" is tried, the longest name first,
and taken if the name exists and the rest can be read: below a sequence as a time (with two, entry
and time), below a parameter as an entry, above as transpose, inverse or power.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from sympy import Expr

from ..core.indices import index_symbol
from . import syntax as sx
from .dims import ONE, SCALAR
from .scope import Declared, Function, Scope
from .scripts import Item, compose, entry_exprs, script_items
from .symbols import ascii_name


_KEPT = 4096  # symbols of a scope


@dataclass(frozen=True)
class Reading:
    """One symbol read: ``index`` is its time, ``marks`` the superscripts that act on it."""

    name: str
    declared: Declared | None = None
    function: Function | None = None
    group: tuple[str, ...] = ()
    index: Expr | None = None
    entries: tuple[Expr, ...] = ()
    marks: tuple[sx.Node, ...] = ()
    primes: int = 0
    copy: Expr | None = None
    stepped: bool = False

    @property
    def is_sequence(self) -> bool:
        return self.declared is not None and self.index is not None


def resolve(node: sx.Node, scope: Scope) -> Reading | None:
    """The reading of a symbol; None if the scope has no such name.

    Claims ask for the same symbols again and again; their scope, which is settled, remembers them.
    """
    symbol = sx.base_of(node)
    if not isinstance(symbol, sx.Sym):
        return None
    if not scope.settled:
        return _resolved(node, symbol, scope)
    form = sx.form(node)
    if form not in scope.resolved:
        if len(scope.resolved) >= _KEPT:
            scope.resolved.clear()
        scope.resolved[form] = node, _resolved(node, symbol, scope)
    first, reading = scope.resolved[form]
    if first is node or reading is None or not reading.marks:
        return reading
    same = {id(a): b for a, b in zip(sx.walk(first), sx.walk(node), strict=True)}
    return replace(reading, marks=tuple(same[id(m)] for m in reading.marks))


def _resolved(node: sx.Node, symbol: sx.Sym, scope: Scope) -> Reading | None:
    primes = node.primes if isinstance(node, sx.Scripted) else 0
    items = script_items(node, scope.times)
    for named, rest in _splits(items):
        for used in (primes, 0) if primes else (0,):
            name = compose(symbol, named, used)
            for found in _meanings(name, rest, scope, primes - used):
                return found
    return _capital(node, symbol, items, scope) or _python_name(symbol, items, primes, scope)


def _capital(node: sx.Node, symbol: sx.Sym, items: list[Item], scope: Scope) -> Reading | None:
    """``w_{ij}`` for the entry of W, where there is no w."""
    if len(symbol.base) != 1 or not symbol.base.islower() or not items:
        return None
    big = replace(symbol, base=symbol.base.upper())
    for named, rest in _splits(items):
        declared = scope.params.get(compose(big, named, 0))
        found = _param(declared, rest, 0) if declared is not None else None
        if found is not None and len(found.entries) == 2:
            return found
    return None


def _python_name(symbol: sx.Sym, items: list[Item], primes: int, scope: Scope) -> Reading | None:
    """``C_tilde`` and ``c_ell`` for names that are not spelled so in LaTeX."""
    if not items and not symbol.accents:
        return None
    table = {ascii_name(name): name for name in scope.names}
    for named, rest in _splits(items):
        name = table.get(ascii_name(compose(symbol, named, 0))) if named else None
        for found in _meanings(name, rest, scope, primes) if name is not None else ():
            return found
    return None


def _splits(items: list[Item]) -> Iterator[tuple[list[Item], list[Item]]]:
    """Splits of the scripts into those of the name and the rest, most of the name first."""
    nameable = [i for i in items if i.text]
    for count in range(len(nameable), -1, -1):
        for chosen in combinations(nameable, count):
            yield list(chosen), [i for i in items if not any(i is c for c in chosen)]


def _meanings(name: str, rest: list[Item], scope: Scope, primes: int) -> Iterator[Reading]:
    """The readings of a name with the remaining scripts; at most one is tried further."""
    sequence, param = scope.sequences.get(name), scope.params.get(name)
    found = None
    if sequence is not None:
        found = _sequence(sequence, rest, scope, primes)
    powered = rest and all(i.high and not i.wrapped for i in rest)
    if param is not None and powered and name not in scope.superscripted:
        found = None  # J^{t-k}, where J_t = J: of the two only J has powers
    if param is not None and (found is None or found.stepped):
        copied, stepped = _copied(rest, scope), found
        found = _param(param, rest, primes) if copied is None or copied.high else None
        if found is None and copied is not None:
            found = Reading(name, param, copy=copied.expr)
        found = found or stepped
    if found is None and (function := scope.function(name)) is not None:
        found = _function(function, rest, primes)
    if found is None and name in scope.groups and (not rest or _copied(rest, scope)):
        copy = rest[0].expr if rest else None
        found = Reading(name, group=scope.groups[name], copy=copy)
    if found is not None:
        yield found


def _sequence(declared: Declared, rest: list[Item], scope: Scope, primes: int) -> Reading | None:
    low = [i for i in rest if not i.high]
    marks = [i for i in rest if i.high and (i.transposes or i.expr is None or _is_inverse(i))]
    marks = [i for i in marks if not _relative(i)]
    high = [i for i in rest if i.high and i not in marks and not _relative(i)]
    if not all(i.operates for i in marks):
        return None
    wrapped = [i for i in high if i.wrapped]
    bare = [i for i in high if not i.wrapped]
    timed = [i for i in low if i.mentions(scope.times)]
    if declared.name in scope.unindexed and not (wrapped or timed):
        return _at_step(declared, rest, [], scope, primes)
    time: Item | None = None
    if timed and wrapped and not any(i.mentions(scope.times) for i in wrapped):
        return None  # h_t^{(i)}: an entry, or a sample
    if wrapped:
        time = wrapped.pop(0)
    elif timed:
        time = timed[0]
    elif bare and (not low or _outranks(bare[0], declared, scope)):
        time = bare.pop(0)
    elif low and not scope.entries and not any(_relative(i) for i in low):
        return _split_pair(declared, low, bare, marks, scope, primes)
    step = [i for i in rest if _relative(i)]
    if time is None and not wrapped and len(step) <= 1 and (step or scope.single):
        return _at_step(declared, rest, step, scope, primes)
    if time is None or wrapped:
        return None
    found = entry_exprs([i for i in low if i is not time], _entry_count(declared))
    entries = tuple(found) if found is not None else None
    if entries is None or len(entries) > 2:
        return None
    if entries and bare and (bare[0].expr is None or not bare[0].expr.is_Integer):
        return None
    nodes = tuple(i.node for i in (*bare, *marks))
    return Reading(
        declared.name, declared, index=time.expr, entries=entries, marks=nodes, primes=primes
    )


_NEIGHBOURS = {"prev": -1, "previous": -1, "old": -1, "last": -1, "next": 1, "new": 0}


def _relative(item: Item) -> bool:
    """Whether a script names a neighbouring step: ``c_{prev}``, ``h_{next}``."""
    return item.text.strip("()") in _NEIGHBOURS


def _at_step(
    declared: Declared, rest: list[Item], step: list[Item], scope: Scope, primes: int
) -> Reading | None:
    """An element named without an index: the one at the step, or at a neighbouring one."""
    others = [i for i in rest if i not in step]
    low = [i for i in others if not i.high]
    found = entry_exprs(low, _entry_count(declared))
    marks = [i for i in others if i.high]
    if found is None or len(found) > 2 or not all(i.operates for i in marks):
        return None
    time = index_symbol(scope.single or scope.step)
    shift = _NEIGHBOURS[step[0].text.strip("()")] if step else 0
    nodes = tuple(i.node for i in marks)
    return Reading(
        declared.name, declared, index=time + shift, entries=tuple(found), marks=nodes,
        primes=primes, stepped=True,
    )  # fmt: skip


def _is_inverse(item: Item) -> bool:
    return (
        item.expr is not None and item.expr.is_number and bool(item.expr < 0) and not item.wrapped
    )


def _outranks(high: Item, declared: Declared, scope: Scope) -> bool:
    """Whether a bare superscript is the time although there is a subscript: ``s_j^t``."""
    if declared.shape == SCALAR and declared.name not in scope.superscripted:
        return False
    if high.mentions(scope.times) or declared.name in scope.superscripted:
        return True
    return high.expr is not None and bool(high.expr.free_symbols)


def _split_pair(
    declared: Declared,
    low: list[Item],
    bare: list[Item],
    marks: list[Item],
    scope: Scope,
    primes: int,
) -> Reading | None:
    """Subscripts without a time letter: the first is the time; ``tj`` may stand without a comma."""
    exprs = entry_exprs(low)
    # a sequence alone, as the gate i of f_i, is no subscript: there i is an index
    taken = {*scope.params} - scope.times if scope.closed else set()
    if exprs is None or any(s.name in taken for x in exprs for s in x.free_symbols):
        return None  # L_c, where c is no index
    letters = [e for e in exprs if any(s.name in scope.times for s in e.free_symbols)]
    time = letters[0] if letters else exprs[0]
    entries = tuple(e for e in exprs if e is not time)
    if len(entries) > 2:
        return None
    nodes = tuple(i.node for i in (*bare, *marks))
    return Reading(declared.name, declared, index=time, entries=entries, marks=nodes, primes=primes)


def _entry_count(declared: Declared) -> int:
    """How many indices an entry has at most; one of a row is enough."""
    return (0 if declared.shape[0] == ONE else 1) if declared.shape[1] == ONE else 2


def _param(declared: Declared, rest: list[Item], primes: int) -> Reading | None:
    low = [i for i in rest if not i.high]
    wanted = _entry_count(declared)
    found = entry_exprs(low, wanted)
    if found is None:
        return None
    entries = tuple(found)
    least = 1 if declared.shape[0] == ONE else wanted
    if entries and not (least <= len(entries) <= wanted or (wanted == 1 and len(entries) == 2)):
        return None
    high = [i for i in rest if i.high]
    if any(i.wrapped or not i.operates for i in high):
        return None
    return Reading(
        declared.name, declared, entries=entries, marks=tuple(i.node for i in high), primes=primes
    )


_LAYERS = frozenset({"l", r"\ell"})


def _copied(rest: list[Item], scope: Scope) -> Item | None:
    """The step t of ``W^{(t)}`` or ``W_t``, the copy of W that is used at that step."""
    if len(rest) != 1 or rest[0].expr is None:
        return None
    item, late = rest[0], {*scope.times, scope.length}
    if not item.high:
        return item if scope.closed and item.mentions(late) else None
    letter = scope.closed and item.expr.is_Symbol and item.expr.name not in _LAYERS
    named = item.expr.is_Integer or item.mentions(late) or letter
    return item if item.wrapped and named else None


def _function(function: Function, rest: list[Item], primes: int) -> Reading | None:
    low = [i for i in rest if not i.high]
    if len(low) > 1 or any(i.expr is None for i in low):
        return None
    high = [i for i in rest if i.high]
    wrapped = [i for i in high if i.wrapped]
    order = primes
    if not all(i.operates for i in high):
        return None
    if wrapped:
        if len(wrapped) > 1 or wrapped[0].expr is None or not wrapped[0].expr.is_Integer:
            return None
        order += int(wrapped[0].expr)
    index = low[0].expr if low else None
    marks = tuple(i.node for i in high if not i.wrapped)
    return Reading(function.name, function=function, index=index, marks=marks, primes=order)
