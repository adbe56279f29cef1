"""Matching a rule's pattern against a term, and instantiating the other side."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Symbol
from sympy.core.symbol import Str

from symbptt.core.errors import ProofError
from symbptt.core.indices import symbols_in
from symbptt.core.terms import Meta, Term, _Nary, _Ranged, index_symbol
from symbptt.core.traverse import index_at, substitute

Bindings = dict[Any, Any]
_BOUND = "!{}"  # names of bound indices while matching; no input can contain them


def match(pattern: Term, term: Term, bindings: Bindings) -> Bindings:
    """Extends the bindings so that the pattern becomes the term; ProofError where it cannot."""
    out = dict(bindings)
    _match(pattern, term, out, ())
    return out


class _Mismatch(ProofError):
    """Says what does not match only when it is asked: a search tries many rules in vain."""

    def __init__(self, pattern: Any, term: Any) -> None:
        super().__init__("")
        self._sides = pattern, term

    @property
    def message(self) -> str:
        """The two sides as text."""
        return "{} does not match {}".format(*self._sides)

    @message.setter
    def message(self, value: str) -> None:
        """What the base class sets is not kept."""


_fail = _Mismatch


def _match(pattern: Term, term: Any, out: Bindings, bound: tuple[Symbol, ...]) -> None:
    if isinstance(pattern, Meta):
        _match_meta(pattern, term, out, bound)
    elif type(pattern) is not type(term):
        raise _fail(pattern, term)
    elif isinstance(pattern, _Ranged):
        mark = index_symbol(_BOUND.format(len(bound)))
        _index(pattern.lo, term.lo, out, bound)
        _index(pattern.hi, term.hi, out, bound)
        out.setdefault(f"name {pattern.bound.name}", term.bound.name)
        inner = substitute(term.body, {term.bound: mark})
        _match(substitute(pattern.body, {pattern.bound: mark}), inner, out, (*bound, mark))
    elif isinstance(pattern, _Nary):
        parts, rest = list(pattern.args), list(term.args)
        if len(rest) < len(parts) or (len(rest) > len(parts) and not isinstance(parts[-1], Meta)):
            raise _fail(pattern, term)
        tail = rest[len(parts) - 1 :]
        rest[len(parts) - 1 :] = [tail[0] if len(tail) == 1 else type(pattern)(*tail)]
        for p, x in zip(parts, rest, strict=True):
            _match(p, x, out, bound)
    else:
        if len(pattern.args) != len(term.args):
            raise _fail(pattern, term)
        for p, x in zip(pattern.args, term.args, strict=True):
            _match_argument(p, x, out, bound)


def _match_argument(p: Any, x: Any, out: Bindings, bound: tuple[Symbol, ...]) -> None:
    if isinstance(p, Term):
        _match(p, x, out, bound)
    elif isinstance(p, Str):
        if p.name.startswith("?") and isinstance(x, Str):
            if out.setdefault(p.name, x) != x:
                raise _fail(p, x)
        elif p != x:
            raise _fail(p, x)
    elif isinstance(x, Str) and isinstance(p, Symbol) and p.name.startswith("?"):
        if out.setdefault(p, x) != x:  # a function without time index
            raise _fail(p, x)
    else:
        _index(p, x, out, bound)


def _index(p: Expr, x: Any, out: Bindings, bound: tuple[Symbol, ...]) -> None:
    """Matches an index or a dimension; an unbound metavariable is solved for."""
    if not isinstance(x, Expr):
        raise _fail(p, x)
    if (p.is_Symbol and _is_plain(p, x, out, bound)) or (p.is_Integer and p == x):  # most are
        return
    unknown = [s for s in symbols_in(p) if s.name.startswith("?") and s not in out]
    value = _put(p, out)
    if not unknown:
        if value != x and (value - x).expand() != 0:
            raise _fail(p, x)
    elif (
        len(unknown) == 1
        and value.coeff(unknown[0]) == 1
        and (unknown[0] not in (value - unknown[0]).free_symbols)
    ):
        solution = x - (value - unknown[0])
        if set(bound) & solution.free_symbols:
            raise ProofError(f"the bound index would escape through {unknown[0]}")
        out[unknown[0]] = solution
    else:
        raise _fail(p, x)


def _is_plain(p: Symbol, x: Expr, out: Bindings, bound: tuple[Symbol, ...]) -> bool:
    """Whether a symbol is what it stands for, or stands for nothing yet and now for this."""
    if p in out:
        return bool(out[p] == x)
    if not p.name.startswith("?"):
        return bool(p == x)
    if bound and set(bound) & symbols_in(x):
        return False
    out[p] = x
    return True


def _match_meta(p: Meta, term: Any, out: Bindings, bound: tuple[Symbol, ...]) -> None:
    if not isinstance(term, Term):
        raise _fail(p, term)
    for mine, theirs in zip(p.shape, term.shape, strict=True):
        _index(mine, theirs, out, ())
    parameters = tuple(i for i in p.indices if i in bound)
    if bound and set(bound) & (term.free_symbols - set(parameters)):
        raise ProofError(f"a bound index would escape through {p.name}")
    if parameters != p.indices and p.name not in out:
        raise ProofError(f"{p} cannot be matched before the range it belongs to")
    value = (parameters, term)
    if p.name not in out:
        out[p.name] = value
    elif _apply(out[p.name], p, out) != term:
        raise _fail(p, term)


def _apply(value: Any, p: Meta, out: Bindings) -> Term:
    parameters, body = value
    arguments = [_put(i, out) for i in p.indices]
    return substitute(body, dict(zip(parameters, arguments, strict=True)))


def instantiate(template: Any, bindings: Bindings) -> Any:
    """The template with every metavariable replaced; ProofError if one is unbound."""
    if isinstance(template, Meta):
        if template.name not in bindings:
            raise ProofError(f"the rule leaves {template.name} undetermined; bind it")
        return _apply(bindings[template.name], template, bindings)
    if isinstance(template, _Ranged):
        return _instantiate_range(template, bindings)
    if isinstance(template, Term):
        return template.func(*(instantiate(a, bindings) for a in template.args))
    if isinstance(template, Str):
        return bindings[template.name] if template.name.startswith("?") else template
    if isinstance(template, Symbol) and isinstance(bindings.get(template), Str):
        return bindings[template]
    return instantiate_index(template, bindings)


def _put(template: Expr, bindings: Bindings) -> Expr:
    """The index expression with what its symbols are bound to."""
    return index_at(template, {s: bindings[s] for s in symbols_in(template) if s in bindings})


def instantiate_index(template: Expr, bindings: Bindings) -> Expr:
    """An index or dimension template with its metavariables replaced."""
    value = _put(template, bindings)
    for symbol in symbols_in(value):
        if symbol.name.startswith("?"):
            raise ProofError(f"the rule leaves the index {symbol.name} undetermined; bind it")
    return value


def _instantiate_range(template: _Ranged, bindings: Bindings) -> Term:
    """The bound index gets a name that no bound term uses, the one it had if possible."""
    taken = set().union(
        *(v[1].free_symbols for v in bindings.values() if isinstance(v, tuple)),
        *(v.free_symbols for v in bindings.values() if isinstance(v, Expr)),
    )
    wish = bindings.get(f"name {template.bound.name}", template.bound.name.lstrip("?"))
    name, number = wish, 0
    while index_symbol(name) in taken:
        number += 1
        name = f"{wish}{number}"
    bound = index_symbol(name)
    inner = {**bindings, template.bound: bound}
    return template.func(
        instantiate(template.body, inner),
        bound,
        instantiate_index(template.lo, bindings),
        instantiate_index(template.hi, bindings),
    )
