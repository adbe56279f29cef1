"""Elementwise functions of one number for numba: names, and the texts that a module needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symbptt.core.errors import NotSupported
from symbptt.core.functions import known

from . import ir
from .numpy_values import function_text, helper_name

FAST = ("tanh", "sigmoid", "exp", "log")  # written so that a loop of them is vectorised
_OF_NUMBERS = {"step": "1 if x > 0 else 0"}  # where the text for arrays is none for numbers


def scalar_name(function: str, order: int) -> str:
    """The function of one number."""
    row = known(function)
    assert row is not None
    return f"_one{helper_name(row.name, order)}"


def scalar_functions(body: Iterable[ir.Statement]) -> dict[str, str]:
    """The functions in a body besides the fast ones: name -> the text of the value at x."""
    out: dict[str, str] = {}
    for function, order in _applied(body):
        row = known(function)
        if row is not None and order == 0 and not row.numpy:
            raise NotSupported(f"there is no code for {row.name}: NumPy has no function for it")
        if row is not None and not (order == 0 and row.name in FAST):
            text = _OF_NUMBERS.get(row.name) if order == 0 else None
            out[scalar_name(row.name, order)] = text or function_text(row, order)
    return dict(sorted(out.items()))


def fast_functions(body: Iterable[ir.Statement]) -> set[str]:
    """The fast functions in a body; softmax needs the exponential function."""
    body = tuple(body)
    found = {function for function, order in _applied(body) if order == 0}
    if any(isinstance(n, ir.Softmax) for n in ir.walk(body)):
        found.add("exp")
    return found & set(FAST)


def _applied(body: Iterable[ir.Statement]) -> Iterator[tuple[str, int]]:
    """The elementwise functions in a body, and which derivatives of them."""
    for node in ir.walk(tuple(body)):
        if isinstance(node, ir.Apply):
            yield node.function, node.order
        elif isinstance(node, ir.Chosen) and node.function:
            yield node.function, 0
