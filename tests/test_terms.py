"""Terms: shapes, messages, substitution without capture, and round trips."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ALGEBRA, ORDER, T, k, t, terms
from sympy import Expr, Integer

from symbptt.core import norms, powers, units
from symbptt.core import terms as tm
from symbptt.core.errors import ShapeError, SymbpttError
from symbptt.core.meaning import World, evaluate
from symbptt.core.serialize import dump, load, read_index, write_index
from symbptt.core.terms import (
    Block, Const, D, Diag, Elem, Entry, Func, Gradient, Hadamard, Identity, Inverse, Kron, Map,
    Ones, OrderedProduct, Param, Partial, Plus, Power, Scale, Shock, Softmax, SumOver, Term, Times,
    Trace, Transposed, Unvec, Vec, When, Zero, index_symbol, size,
)  # fmt: skip
from symbptt.core.traverse import context, contains, find, fresh, replace, substitute, subterm

n, d, q, i, s = map(index_symbol, ("n", "d", "q", "i", "s"))
A, B, M = Param("A", n, d), Param("B", d, q), Param("M", n, n)
u, v, c = Param("u", n), Param("v", d), Param("c", 1, 1)
h = Elem("h", t, n)

SHAPES: list[tuple[Term, tuple[Any, Any]]] = [
    (A, (n, d)), (h, (n, 1)), (h.at(t - 1), (n, 1)), (Const(3), (1, 1)), (Zero(n, d), (n, d)),
    (Ones(n), (n, 1)), (Identity(n), (n, n)), (A @ B, (n, q)), (A + A, (n, d)), (A * A, (n, d)),
    (A - A, (n, d)), (-A, (n, d)), (Scale(c, A), (n, d)), (A.T, (d, n)), (Diag(u), (n, n)),
    (Map("f", 1, A), (n, d)), (Softmax(u), (n, 1)), (Func("F", t, q, 0, A, u), (q, 1)),
    (Func("F", None, q, 1, A, u), (q, n * d)), (Func("F", None, q, 2, A, u), (q, n)),
    (Shock(h), (n, 1)), (D(A), (n, d)), (SumOver(h, t, 1, T), (n, 1)),
    (OrderedProduct(M, t, 1, T), (n, n)), (When(A, t - 1), (n, d)), (Power(M, k), (n, n)),
    (Inverse(M), (n, n)), (Kron(A, B), (n * d, d * q)), (Vec(A), (n * d, 1)),
    (Unvec(Vec(A), d, n), (d, n)), (Block(2, 1, u, v), (n + d, 1)),
    (Block(1, 2, A, u), (n, d + 1)), (Trace(M), (1, 1)), (Entry(A, 1, i), (1, 1)),
    (Partial(A, B), (n * d, d * q)), (Gradient(c, A), (n, d)), (u.T @ M @ u, (1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("term", "shape"), SHAPES, ids=[str(x) for x, _ in SHAPES])
def test_shape(term: Term, shape: tuple[Any, Any]) -> None:
    assert term.shape == shape
    assert size(term) == shape[0] * shape[1]


CLASHES: list[tuple[str, Callable[[], Term], tuple[str, ...]]] = [
    ("product", lambda: A @ A, ("n x d", "A", "multiply")),
    ("product in the middle", lambda: Times(A, B, A), ("d x q", "n x d")),
    ("sum", lambda: A + u, ("n x d", "n x 1", "add")),
    ("elementwise product", lambda: A * A.T, ("n x d", "d x n", "elementwise")),
    ("scale", lambda: Scale(u, A), ("n x 1", "n x d", "1 x 1")),
    ("diag", lambda: Diag(A), ("n x d", "column")),
    ("softmax", lambda: Softmax(A), ("n x d", "column")),
    ("power", lambda: Power(A, 2), ("n x d", "square")),
    ("inverse", lambda: Inverse(A), ("n x d", "square")),
    ("trace", lambda: Trace(A), ("n x d", "square")),
    ("ordered product", lambda: OrderedProduct(A, t, 1, T), ("n x d", "square")),
    ("unvec", lambda: Unvec(u, n, d), ("n x 1", "n x d")),
    ("rows of blocks", lambda: Block(1, 2, A, v), ("n x d", "d x 1", "heights")),
    ("columns of blocks", lambda: Block(2, 1, A, u), ("n x d", "n x 1", "widths")),
    ("gradient", lambda: Gradient(u, M), ("n x 1", "scalar")),
    ("row of an entry", lambda: Entry(Identity(2), 3, 1), ("2 x 2", "row 3")),
    ("entry zero", lambda: Entry(A, 0, 1), ("row 0",)),
    ("size that depends on a bound index", lambda: SumOver(Ones(t), t, 1, T), ("t x 1", "bound")),
]


@pytest.mark.parametrize(("make", "words"), [x[1:] for x in CLASHES], ids=[x[0] for x in CLASHES])
def test_shapes_that_clash_are_shown(make: Callable[[], Term], words: tuple[str, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        make()
    error = pickle.loads(pickle.dumps(caught.value))  # as it comes from a worker
    for text in (caught.value.message, str(error), error.message):
        assert all(word in text for word in words)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "diff": (lambda: A.diff(n), "not defined"),
    "doit": (lambda: A.doit(), "not defined"),
    "d of d": (lambda: D(D(A)), "differential of a differential"),
    "d of d inside": (lambda: D(A + D(A)), "differential of a differential"),
    "a bound index in its own range": (lambda: SumOver(h, t, 1, t + 1), "own range"),
    "a number as bound index": (lambda: SumOver(h, Integer(3), 1, 3), "bound index"),
    "shock of a parameter": (lambda: Shock(A), "sequence element"),
    "slot": (lambda: Func("F", None, n, 2, u), "slot 2"),
    "function of nothing": (lambda: Func("F", None, n, 0), "arguments"),
    "mode": (lambda: Partial(u, A, "partial"), "total, immediate or direct"),
    "negative order": (lambda: Map("f", -1, u), "order -1"),
    "blocks": (lambda: Block(2, 2, u, u), "need 4 terms"),
    "nothing to add": (lambda: Plus(), "operand"),
    "infinite number": (lambda: Const(sp.zoo), "exact real"),
    "decimal number": (lambda: Const(sp.Float(0.1)), "exact real"),
    "complex number": (lambda: Const(sp.I), "exact real"),
    "number with a free variable": (lambda: Const(sp.Symbol("y")), "exact real"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(SymbpttError, match=words):
        make()


def test_constructors_flatten_and_do_not_simplify() -> None:
    assert (A + (A + A)).args == (A, A, A)
    assert ((M @ M) @ (M @ M)).args == (M,) * 4
    assert Hadamard(A, A * A).args == (A, A, A)
    assert (A + Zero(n, d)).args == (A, Zero(n, d))
    assert Plus(A) == A and When(A) == A
    assert M.T.T == Transposed(Transposed(M)) != M


def test_keys_tell_a_sequence_from_a_parameter() -> None:
    assert Param("L", 1, 1).key != Elem("L", t, 1).key
    assert Elem("L", t, 1).key == Elem("L", k, 1).key


def test_free_and_bound_symbols() -> None:
    line = SumOver(OrderedProduct(Elem("J", i, n, n), i, t + 1, k) @ h, t, 1, T)
    assert line.free_symbols == {n, k, T}
    assert line.body.free_symbols == {n, k, t}


# ---------------------------------------------------------------- substitution

j = index_symbol("j")
EXPRESSIONS = st.sampled_from([k, k + 1, t - 1, T - t, Integer(2), i, j])
FREE = (t, k, T, i, j)
INDEXED = (ALGEBRA | ORDER) - {"Power", "EntrywisePower", "Inverse"}
PLACES = ({t: 2, k: 1, T: 3, i: 1, j: 2}, {t: 1, k: 2, T: 4, i: 2, j: 1})


@settings(max_examples=150)
@given(terms(operations=INDEXED), st.sampled_from(FREE[:4]), EXPRESSIONS)
def test_substitution_is_evaluation_at_another_index(term: Term, old: Any, new: Expr) -> None:
    """The meaning of term[old := e] is that of term where old has the value of e: no capture."""
    after = substitute(term, {old: new})
    for place in PLACES:
        world = World.random(None, {index_symbol("n"): 3, index_symbol("d"): 2}, seed=1)
        value = int(new.xreplace({x: Integer(y) for x, y in place.items()}))
        try:
            expected = evaluate(term, world, {**place, old: value})
        except SymbpttError:  # an entry or an element out of range
            with pytest.raises(SymbpttError):
                evaluate(after, world, place)
            continue
        np.testing.assert_allclose(evaluate(after, world, place), expected, rtol=1e-9, atol=1e-12)


def test_substitution_renames_a_bound_index() -> None:
    line = SumOver(h @ Elem("g", s, n).T, s, 1, T)
    after = substitute(line, {t: s})
    assert after.bound != s and after.free_symbols == {n, s, T}
    assert after == SumOver(h.at(s) @ Elem("g", after.bound, n).T, after.bound, 1, T)
    s1 = index_symbol("s1")
    nested = SumOver(SumOver(h @ Elem("g", s1, n).T, s1, 1, s), s, 1, T)
    assert substitute(nested, {t: s}).free_symbols == {n, s, T}


def test_substitution_leaves_bound_indices_alone() -> None:
    line = SumOver(h, t, k, T)
    assert substitute(line, {t: Integer(3)}) == line
    assert substitute(line, {k: t}).lo == t
    assert substitute(line, {T: t}).hi == t


def test_substitution_of_terms_and_shapes() -> None:
    assert substitute(A @ v, {v: v + v}) == A @ (v + v)
    assert substitute(A @ v, {d: q}) == Param("A", n, q) @ Param("v", q)


def test_fresh_symbol() -> None:
    assert fresh(s, {s, index_symbol("s1")}).name == "s2"
    assert fresh(index_symbol("s1"), {index_symbol("s1")}).name == "s2"


# ---------------------------------------------------------------- paths


@settings(max_examples=60)
@given(terms())
def test_paths_lead_to_what_was_found(term: Term) -> None:
    for path, node in find(term, lambda x: True):
        assert subterm(term, path) == node
        assert replace(term, path, node) == term
        assert contains(term, type(node))


def test_context_gives_ranges_and_conditions() -> None:
    line = SumOver(When(Map("f", 0, SumOver(h.at(s), s, 1, t)), t - k), t, 1, T)
    (path,) = [p for p, x in find(line, lambda x: isinstance(x, Elem))]
    facts, bound = context(line, path)
    assert set(facts) == {t - 1, T - t, t - k, s - 1, t - s}
    assert bound == (t, s)
    assert context(line, ()) == ((), ())


# ---------------------------------------------------------------- round trips


@settings(max_examples=150)
@given(terms())
def test_json_round_trip(term: Term) -> None:
    assert load(json.loads(json.dumps(dump(term)))) == term


@settings(max_examples=60)
@given(terms())
def test_pickle_round_trip(term: Term) -> None:
    back = pickle.loads(pickle.dumps(term))
    assert back == term and back.shape == term.shape and back.free_symbols == term.free_symbols


INDICES = [Integer(-3), t - 2 * k + 1, n * d, n**2 * (d + 1)]
NUMBERS = [sp.Rational(-2, 3), 1 / T, t / (2 * T), 1 / (T + 1) ** 2]


@pytest.mark.parametrize("value", INDICES + NUMBERS, ids=str)
def test_index_round_trip(value: Expr) -> None:
    data = json.loads(json.dumps(write_index(value)))
    assert read_index(data, number=True) == value
    if value in NUMBERS:  # a fraction is a number, not an index
        with pytest.raises(SymbpttError):
            read_index(data)
    else:
        assert read_index(data) == value


def test_irrational_numbers_are_not_written() -> None:
    with pytest.raises(SymbpttError, match="cannot be written"):
        dump(Const(sp.sqrt(2)))


def test_shared_subterms_are_written_once() -> None:
    term = (M @ u) * (M @ u)
    assert [node[0] for node in dump(term)["nodes"]] == ["Param", "Param", "Times", "Hadamard"]


def test_every_class_is_written_or_belongs_to_rules() -> None:
    from symbptt.core.serialize import CLASSES

    classes = {
        name for name in tm.__all__
        if isinstance(cls := getattr(tm, name), type) and issubclass(cls, Term)
    }  # fmt: skip
    classes |= {*norms.__all__, *powers.__all__, *units.__all__}
    assert set(CLASSES) == classes - {"Term", "Meta"}
