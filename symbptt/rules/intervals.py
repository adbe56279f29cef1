"""Where single numbers lie: values of functions, softmax, products, absolute values.

One row for each finite end of the image of a function and of its derivative, strict where the end
is not attained.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Reals

from symbptt.core.functions import TABLE, image
from symbptt.core.norms import Norm
from symbptt.core.terms import Const, Entry, Map, Meta, Softmax, Term

from .meta import c, c2, i, n, u
from .rule import Rule

_HLP = "Hardy, Littlewood & Pólya, Inequalities (1952), §2.1"
_DL = "Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2.2.3"
_ZERO, _ONE = Const(0), Const(1)
_x, _y = Meta("x", 1, 1), Meta("y", 1, 1)
_IN = (i - 1, n - i)  # the entry i of a column of length n exists
_share = Entry(Softmax(u), i, 1)
_small, _large = Map("sin", 0, c), Norm(c2)  # numbers with |small| <= 1 <= large + 1
_BETWEEN = ((c, _small), (c2, Norm(c2) + _ONE))
_FACTORS = ((c, _small), (c2, Map("cos", 0, c2)), (_x, Norm(_x) + _ONE), (_y, Norm(_y) + _ONE))


def _positive_rows() -> Iterator[Rule]:
    yield Rule("positive", _ZERO, c, (), _HLP, ((c, Map("exp", 0, c)),), "<", (), (c,))
    yield Rule("above-minus-absolute-value", -Norm(c), c, (), _HLP, (), "<=")
    yield Rule("softmax-positive", _ZERO, _share, _IN, _DL, (), "<")
    yield Rule("softmax-at-most-one", _share, _ONE, _IN, _DL, (), "<=")
    yield Rule("softmax-below-one", _share, _ONE, (*_IN, n - 2), _DL, (), "<")


def _two_sided() -> Iterator[Rule]:
    """What -y <= x <= y says of |x|, and of products."""
    between = (c2 - c, c2 + c)
    yield Rule("absolute-at-most", Norm(c), c2, (), _HLP, _BETWEEN, "<=", between)
    yield Rule("absolute-below", Norm(c), c2, (), _HLP, _BETWEEN, "<", (), between)
    both = (_x - c, _x + c, _y - c2, _y + c2)
    product, most = c @ c2, _x @ _y
    yield Rule("product-at-most", product, most, (), _HLP, _FACTORS, "<=", both)
    yield Rule("product-at-least", -most, product, (), _HLP, _FACTORS, "<=", both)


def ends(values: Any) -> tuple[tuple[Any, bool], tuple[Any, bool]]:
    """Infimum and supremum of a set of reals, each with whether it belongs to the set."""
    low, high = values.inf, values.sup
    return (low, bool(values.contains(low))), (high, bool(values.contains(high)))


def _images() -> Iterator[Rule]:
    for name, row in TABLE.items():
        for order, word in ((0, "value"), (1, "slope")):
            if row.domain != Reals:
                continue
            (low, has_low), (high, has_high) = ends(image(name, order))
            if low == high:
                continue
            here: Term = Map(name, order, c)
            if low.is_rational:
                relation = "<=" if has_low else "<"
                yield Rule(f"{word}-above/{name}", Const(low), here, (), "SymPy", (), relation)
            if high.is_rational:
                relation = "<=" if has_high else "<"
                yield Rule(f"{word}-below/{name}", here, Const(high), (), "SymPy", (), relation)


ROWS = (*_positive_rows(), *_two_sided())
IMAGES = tuple(_images())
