"""Model text to a model: the whole way, and the files it may come from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sympy import Expr, Symbol

from ..core.errors import SymbpttError
from ..core.indices import index_symbol
from ..core.terms import Elem, Map, Param, Term
from ..core.theory import Definition, Theory
from ..core.traverse import find, rebuild, substitute
from ..notation.dims import SCALAR
from ..notation.latex import latex
from ..notation.scope import Declared, Scope, dim_of
from ..notation.source import MAX_LENGTH, checked_source
from ..notation.symbols import split_name
from ..notation.vocabulary import OBJECTIVES
from .assemble import Assembled, assemble
from .collect import collect
from .definitions import Equated, refuse_empty
from .known import Names
from .shapes import infer
from .size_letters import refuse_entries, tell_sizes_apart
from .statements import Statements, split


def read_model(text: str, name: str = "", file: str = "", equations: bool = True) -> dict[str, Any]:
    """The fields of the model that a text describes; ``equations``: refuse a text without any."""
    source = checked_source(text, file)
    statements = split(source)
    if equations:
        refuse_empty(statements)
    tell_sizes_apart(statements)
    try:
        names = collect(statements)
        refuse_entries(names)
        return _fields(text, name, file, names, assemble(names, infer(names)))
    except SymbpttError as error:  # what the core refuses of a whole theory has no place yet
        raise error.at(source.where(0)) from None


def _fields(text: str, name: str, file: str, names: Names, done: Assembled) -> dict[str, Any]:
    theory, equated = done.theory, done.equated
    loss = _loss(equated)
    scalar = {eq.name for eq in equated if eq.interval is not None and eq.definition.head.is_scalar}
    losses = tuple(n for n in _ordered(equated) if n in scalar and _feeds_loss(n, equated, loss))
    sequences = tuple(n for n in _ordered(equated) if n not in losses)
    given = (*done.given, *sorted(names.onehot & {p.name for p in theory.params}))
    targets = tuple(n for n in given if _only_in_losses(n, equated, loss, losses))
    length = index_symbol(names.scope.length)
    objectives = {eq.name: eq.definition for eq in equated if not eq.from_text}
    return {
        "name": name, "text": text, "theory": theory, "loss": loss, "length": length,
        "sequences": sequences, "auto": done.auto, "losses": losses,
        "inputs": tuple(n for n in done.given if n not in targets), "targets": targets,
        "families": done.families,
        "states": done.states, "dims": _dims(theory, length),
        "equations": tuple(
            _equation_text(eq, names.statements, objectives) for eq in equated if eq.from_text
        ),
        "scope": _final_scope(names, done, loss, losses), "groups": dict(names.scope.groups),
        "onehot": tuple(sorted(names.onehot)), "layout": names.statements.layout, "file": file,
        "abbreviations": done.abbreviations,
    }  # fmt: skip


def _ordered(equated: Iterable[Equated]) -> list[str]:
    """Names of defined sequences in order of dependency."""
    return list(dict.fromkeys(eq.name for eq in equated if eq.interval is not None))


def _loss(equated: tuple[Equated, ...]) -> Param | None:
    """The scalar total: the last scalar name without time that is computed from others."""
    for eq in reversed(equated):
        head = eq.definition.head
        if isinstance(head, Param) and head.is_scalar:
            leaves = [x for _, x in find(eq.definition.body, lambda x: isinstance(x, Elem | Param))]
            used = {x.key for o in equated for _, x in find(o.definition.body, _is_leaf)}
            if leaves and head.key not in used:
                return head
    return None


def _is_leaf(term: Term) -> bool:
    return isinstance(term, Elem | Param)


def _uses(eq: Equated) -> set[str]:
    return {x.key for _, x in find(eq.definition.body, _is_leaf)}


def _feeds_loss(name: str, equated: tuple[Equated, ...], loss: Param | None) -> bool:
    """Whether a scalar sequence is an objective: only the loss, or nothing, uses it."""
    users = [eq for eq in equated if f"{name}[]" in _uses(eq)]
    return all(loss is not None and eq.definition.head == loss for eq in users)


def _only_in_losses(
    name: str, equated: tuple[Equated, ...], loss: Param | None, losses: tuple[str, ...]
) -> bool:
    users = [eq for eq in equated if _uses(eq) & {name, f"{name}[]"}]
    return bool(users) and all(eq.definition.head == loss or eq.name in losses for eq in users)


def _dims(theory: Theory, length: Symbol) -> tuple[Symbol, ...]:
    """The sizes, in order of appearance."""
    out: dict[Symbol, None] = {}
    heads: list[Term] = [*(d.head for d in theory.definitions), *theory.leaves()]
    for head in heads:
        for side in head.shape:
            for symbol in sorted(side.free_symbols, key=lambda s: s.name):
                out[symbol] = None
    return tuple(out)


def _equation_text(eq: Equated, statements: Statements, objectives: dict[str, Definition]) -> str:
    """The equation as LaTeX: as it was written, or printed if it was written plainly."""
    written = statements.source.slice(eq.node.at, eq.node.end, 10_000)
    if "\\" in written:
        return written if r"\begin" in written else written.replace("&", "")
    body, head = _with_arguments(eq.definition.body, objectives), eq.definition.head
    if eq.is_point and eq.interval is not None and isinstance(head, Elem):
        head = head.at(eq.interval.lo)
    return f"{latex(head)} = {latex(body)}"


def _with_arguments(term: Term, objectives: dict[str, Definition]) -> Term:
    """The term with L_t written out as L_t(h_t)."""
    if isinstance(term, Elem) and term.name in objectives:
        definition = objectives[term.name]
        value: Term = substitute(definition.body, {definition.index: term.index})
        return value
    args = (_with_arguments(a, objectives) if isinstance(a, Term) else a for a in term.args)
    return rebuild(term, tuple(args))


def _final_scope(
    names: Names, done: Assembled, loss: Param | None, losses: tuple[str, ...]
) -> Scope:
    """The scope in which quantities and claims about the model are read."""
    old = names.scope
    sequences: dict[str, Declared] = {}
    params: dict[str, Declared] = {}
    heads = [
        *(d.head for d in (*done.theory.definitions, *done.abbreviations)),
        *done.theory.leaves(),
    ]
    for head in heads:
        table, before = (
            (sequences, old.sequences) if isinstance(head, Elem) else (params, old.params)
        )
        where = before[head.name].where if head.name in before else None
        shape = dim_of(head.shape[0]), dim_of(head.shape[1])
        table.setdefault(head.name, Declared(head.name, shape, where, given=True))
    sizes = frozenset(s.name for s in _dims(done.theory, index_symbol(old.length)))
    arguments: dict[str, dict[Term, None]] = {}
    for d in done.theory.definitions:
        for _, node in find(d.body, lambda x: isinstance(x, Map)):
            assert isinstance(node, Map)
            if node.order == 0:
                arguments.setdefault(node.fname, {})[node.arg] = None
    users: dict[str, list[tuple[Elem, Expr]]] = {}
    for d in done.theory.definitions:
        if isinstance(d.head, Elem) and d.index is not None:
            for name in {x.name for _, x in find(d.body, lambda x: isinstance(x, Param))}:
                users.setdefault(name, []).append((d.head, d.index))
    return old.extended(
        sequences=sequences, params=params, sizes=sizes,
        objectives=old.objectives | _objectives(sequences, losses, loss),
        arguments={f: tuple(a) for f, a in arguments.items()},
        users={n: tuple(dict.fromkeys(u)) for n, u in users.items()},
        bodies=tuple((d.head, d.body) for d in done.theory.definitions),
        loss="" if loss is None else loss.name,
    )  # fmt: skip


def _objectives(
    sequences: dict[str, Declared], losses: tuple[str, ...], loss: Param | None
) -> frozenset[str]:
    """The scalars that may be written with arguments."""
    scalars = {
        n for n, d in sequences.items() if d.shape == SCALAR and split_name(n).base in OBJECTIVES
    }
    return frozenset({*scalars, *losses, *((loss.name,) if loss is not None else ())})


def read_file(path: str | Path) -> str:
    """The text of a model file; refuses what is not a readable text of bearable size."""
    place = Path(path)
    try:
        if place.is_dir():
            raise SymbpttError(f"{place} is a directory, not a model file")
        if place.stat().st_size > 4 * MAX_LENGTH:
            raise SymbpttError(f"{place} is too large for a model: {place.stat().st_size:,} bytes")
        data = place.read_bytes()
    except FileNotFoundError:
        raise SymbpttError(f"there is no file {place}") from None
    except OSError as error:
        raise SymbpttError(f"{place} cannot be read: {error.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SymbpttError(f"{place} is not a UTF-8 text (line {line})") from None
    if "\0" in text:
        raise SymbpttError(f"{place} is a binary file, not a model")
    return text.replace("\r\n", "\n")
