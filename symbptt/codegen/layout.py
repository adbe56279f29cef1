"""Where everything lies: Python names, axes and stored steps of every quantity of a module.

In:  a Model and its ``Parts``.
Out: ``Layout``: the dictionaries of the module's interface, and an ``Array`` for every name.

A sequence is stored with a slot for every step from 0 (or from its first step, if that is
negative), so that slot t holds the element at t: the printed ``h[t - 1]`` is h_{t-1}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.functions import known
from symbptt.core.indices import entails
from symbptt.core.terms import ONE, Elem, Map, Param, Term
from symbptt.core.theory import Definition, Given
from symbptt.core.traverse import find
from symbptt.notation.symbols import ascii_names

from .ir import BATCH, Array, Axes
from .names import Names, function_names, public_names
from .outside import bare, sequence_key
from .parts import Parts, inputs_of, per_sample
from .spans import Facts, Span, bounds, extreme, hull, length_of, time_axes

if TYPE_CHECKING:
    from symbptt.models.model import Model


@dataclass
class Layout:
    """Names and storage, by the keys of the model's quantities.

    ``public`` gives the names in the interface's dictionaries, ``dim_keys`` those of the sizes;
    ``symbols`` and ``batch`` are the local names of indices and sizes. ``axes`` has the time axis
    of every sequence, ``lengths`` the lengths of these, ``span`` the axis of the first length (None
    for a model without time). ``boundary`` has the given boundary steps of the states, ``before``
    those of the inputs that begin before their time axis, ``fixed`` the definitions of boundary
    values that are zero, and cannot be set from outside, ``functions`` the unspecified elementwise
    functions with the highest derivative that is needed of each, and ``covered`` the steps at which
    a sequence has a value. A family of parameters is one of ``params``, and its lags are its steps.
    """

    facts: Facts
    names: Names
    symbols: dict[Symbol, str]
    public: dict[str, str]
    batch: str
    lengths: tuple[Symbol, ...]
    axes: dict[str, Span]
    span: Span | None
    params: dict[str, Elem | Param]
    inputs: dict[str, Elem | Param]
    targets: dict[str, Elem | Param]
    states: dict[str, Elem]
    boundary: dict[str, tuple[Expr, ...]]
    outputs: tuple[str, ...]
    functions: dict[str, int]
    batched: frozenset[str]
    function_names: dict[str, list[str]]
    dim_keys: dict[Symbol, str]
    arrays: dict[str, Array] = field(default_factory=dict)
    covered: dict[str, Span] = field(default_factory=dict)
    before: dict[str, Span] = field(default_factory=dict)
    mask: Array | None = None
    fixed: tuple[Definition, ...] = ()

    @property
    def settable(self) -> dict[str, tuple[Expr, ...]]:
        """``boundary`` without what is fixed."""
        keys = {d.key for d in self.fixed}
        return {key: steps for key, steps in self.boundary.items() if key not in keys}

    @property
    def length(self) -> Symbol:
        """The length of the main time axis."""
        return self.lengths[0]

    def passed(self, key: str) -> Span | None:
        """The steps at which an argument has values, without those in ``before``."""
        steps = self.covered.get(key)
        if steps is None or key not in self.before:
            return steps
        return self.before[key][1] + 1, steps[1]

    def index_name(self, symbol: Symbol) -> str:
        """The Python name of an index, a length or a dimension."""
        if symbol not in self.symbols:
            self.symbols[symbol] = self.names.of(symbol.name.rstrip("'"))
        return self.symbols[symbol]


def axes_of(term: Term, batched: bool) -> Axes:
    """The axes of a leaf: the batch, and every dimension that is not one."""
    if batched and ONE not in term.shape:
        raise NotSupported(
            f"{term} is a {term.shape[0]} x {term.shape[1]} matrix for every sample",
            hint="code has vectors and scalars per sample; matrices only as parameters",
        )
    dims = tuple(s for s in term.shape if s != ONE)
    return (BATCH, *dims) if batched else dims


def make_layout(model: Model, parts: Parts, fixed: tuple[Definition, ...] = ()) -> Layout:
    """Names and storage of everything that the module's definitions mention.

    ``fixed`` are beginnings of zero that the model has as given values (``starts``).
    """
    theory, facts = model.theory, model.theory.facts
    defined = set(theory.names)
    givens = {g.head.key: g.head for g in theory.givens if g.head.key not in defined}
    timeless = {p.key: p for p in theory.params if p.key not in defined}

    def leaves(names: Iterable[str]) -> dict[str, Elem | Param]:
        heads = (givens.get(sequence_key(n), timeless.get(n)) for n in names)
        return {head.key: head for head in heads if head is not None}

    inputs, targets = leaves(inputs_of(model)), leaves(model.targets)
    families = leaves(model.families)
    if missing := set(givens) - set(inputs) - set(targets) - set(families):
        raise NotSupported(f"{bare(min(missing))} is given, but neither an input nor a target")
    params = {key: p for key, p in timeless.items() if key not in {*inputs, *targets}}
    states, boundary = _states(theory.givens, defined, facts)
    axes = time_axes(parts.forward, model.length, facts)
    for length, (span, _) in axes.items():
        if not (span[1] - span[0] - length).is_Integer:
            raise NotSupported(
                f"the outputs stand at steps {span[0]} to {span[1]}, not over {length}"
            )
    lengths = tuple(axes) or (model.length,)
    if late := set(states) - {d.key for d in parts.forward}:
        raise NotSupported(f"{bare(min(late))} has boundary values, but no output depends on it")
    names = Names()
    symbols: dict[Symbol, str] = {}
    for s in dict.fromkeys((*lengths, *_dims(model, lengths), *_indices(parts))):
        symbols[s] = names.of(s.name.rstrip("'"))
    functions = _functions(parts)
    layout = Layout(
        facts, names, symbols,
        public_names([*params, *families, *inputs, *targets, *theory.names, *functions]),
        names.fresh("B"), lengths, {key: span for span, keys in axes.values() for key in keys},
        next((span for span, _ in axes.values()), None), {**params, **families}, inputs, targets,
        states, boundary, parts.outputs, functions,
        _batched(parts, {*map(bare, (*inputs, *targets))}, set(families)),
        function_names(functions, names), _dim_keys(model, lengths), fixed=fixed,
    )  # fmt: skip
    _store(layout, parts, theory.givens)
    layout.before.update(_before(layout, dict(axes)))
    return layout


def _dim_keys(model: Model, lengths: tuple[Symbol, ...]) -> dict[Symbol, str]:
    """The names of sizes in the interface: T, B and the model's dimensions."""
    symbols = [*lengths, *_dims(model, lengths)]
    keys = ascii_names(s.name for s in symbols)
    batch = next(k for k in ("B", "batch", "batch_size", "samples") if k not in keys.values())
    return {**{s: keys[s.name] for s in symbols}, BATCH: batch}


def _states(
    givens: tuple[Given, ...], defined: set[str], facts: Facts
) -> tuple[dict[str, Elem], dict[str, tuple[Expr, ...]]]:
    """The sequences with given boundary elements, and the steps of those, in time order."""
    states: dict[str, Elem] = {}
    steps: dict[str, list[Expr]] = {}
    for g in givens:
        if g.head.key not in defined:
            continue
        first, last = bounds(g.facts, g.head.index, facts)
        count = last - first
        if not count.is_Integer:
            raise NotSupported(
                f"{g.head.name} is given at {first} to {last}, too many for a boundary"
            )
        states[g.head.key] = g.head
        steps.setdefault(g.head.key, []).extend(first + i for i in range(int(count) + 1))
    ordered = {
        name: tuple(sorted(s, key=lambda e: (not e.is_Integer, int(e.as_coeff_Add()[0]))))
        for name, s in steps.items()
    }
    return states, ordered


def _dims(model: Model, lengths: tuple[Symbol, ...]) -> list[Symbol]:
    """The sizes of axes, and what else limits the steps at which something is given."""
    terms = [*model.theory.leaves(), *(d.head for d in model.theory.definitions)]
    found = {s for t in terms for dim in t.shape for s in dim.free_symbols}
    for g in model.theory.givens:
        found |= {s for f in g.facts for s in f.free_symbols} - {g.head.index}
    ranked = [*model.dims, *sorted(found, key=str)]
    return [s for s in dict.fromkeys(ranked) if s not in lengths]


def _before(
    layout: Layout, axes: dict[Symbol, tuple[Span, tuple[str, ...]]]
) -> Iterator[tuple[str, Span]]:
    """What an input that covers its time axis is given at in front of it."""
    for key in layout.inputs:
        if key not in layout.covered or not axes:
            continue
        first, last = own = layout.covered[key]
        length = length_of([(last, last)], layout.length)
        start, end = axes.get(length, axes[layout.length])[0]
        early = first != start and entails(layout.facts, start - first)
        if early and entails(layout.facts, own[1] - end):
            yield key, (first, start - 1)


def _indices(parts: Parts) -> list[Symbol]:
    definitions = (*parts.forward, *parts.backward, *parts.loss)
    return [d.index for d in definitions if isinstance(d.index, Symbol)]


def _functions(parts: Parts) -> dict[str, int]:
    """Unspecified elementwise functions with the highest derivative that occurs."""
    terms = [d.body for d in (*parts.forward, *parts.backward, *parts.loss)]
    terms += [*parts.gradients.values(), *parts.direct.values()]
    orders: dict[str, int] = {}
    for term in terms:
        for _, m in find(term, lambda x: isinstance(x, Map)):
            assert isinstance(m, Map)
            if known(m.fname) is None:
                orders[m.fname] = max(orders.get(m.fname, 0), m.order)
    return orders


def _batched(parts: Parts, given: set[str], families: set[str]) -> frozenset[str]:
    """The keys of everything that differs between samples, adjoints included."""
    found = per_sample((*parts.forward, *parts.loss), given, families)
    sources = (*parts.adjoint.items(), *parts.outside.items())
    return found | {key for z, key in sources if z in found}


def _store(layout: Layout, parts: Parts, givens: tuple[Given, ...]) -> None:
    """An array for every parameter, given and defined name."""
    heads: dict[str, Elem | Param] = {}
    spans: dict[str, list[Span]] = {}

    def add(head: Elem | Param, facts: Facts) -> None:
        heads.setdefault(head.key, head)
        if isinstance(head, Elem):
            spans.setdefault(head.key, []).append(bounds(facts, head.index, layout.facts))

    for param in (*layout.params.values(), *layout.inputs.values(), *layout.targets.values()):
        if isinstance(param, Param):
            add(param, ())
    for given in givens:
        add(given.head, given.facts)
    for d in parts.forward:
        add(d.head, d.facts)
    for head, facts in _outside_heads(parts, layout.axes):
        add(head, facts)
    for d in (*parts.backward, *parts.loss):
        add(d.head, d.facts)
    for name, head in heads.items():
        own = isinstance(head, Elem) and name not in layout.params
        batched = own or name in layout.batched
        if isinstance(head, Param):
            layout.arrays[name] = Array(layout.names.of(head.name), axes_of(head, batched))
            continue
        layout.covered[name] = hull(spans[name], layout.facts)
        stored = [*spans[name], layout.axes[name]] if name in layout.outputs else spans[name]
        first, last = hull(stored, layout.facts)
        if name not in layout.params and entails(layout.facts, first):
            first = Integer(0)
        layout.arrays[name] = Array(layout.names.of(head.name), axes_of(head, batched), first, last)
    if layout.span is not None:
        first = extreme((layout.span[0], Integer(0)), layout.facts, -1)
        layout.mask = Array("mask", (BATCH,), first, layout.span[1])


def _outside_heads(parts: Parts, axes: dict[str, Span]) -> Iterator[tuple[Elem | Param, Facts]]:
    """The gradients from outside; they cover the sequence's time axis."""
    for d in parts.forward:
        if d.key not in parts.outside:
            continue
        name = bare(parts.outside[d.key])
        if d.index is None:
            yield Param(name, *d.head.shape), ()
        else:
            span = axes[d.key]
            yield Elem(name, d.index, *d.head.shape), (d.index - span[0], span[1] - d.index)


def unpadded(layout: Layout, parts: Parts) -> None:
    """Gives what comes in no slots in front and behind, so that it need not be copied."""
    spans = {key: layout.passed(key) for key in (*layout.inputs, *layout.targets)}
    spans |= {key: layout.axes.get(z) for z, key in parts.outside.items()}
    for key, span in spans.items():
        array = layout.arrays.get(key)
        if array is not None and array.timed and span is not None and key not in layout.before:
            layout.arrays[key] = replace(array, first=span[0], last=span[1])
