"""Output layers with the losses they are made for: where reciprocals cancel.

The left sides are what the differential rules give; softmax and sigmoid are positive, so that the
reciprocals exist.
"""

from __future__ import annotations

from symbptt.core.terms import Diag, Map, Ones, Scale, Softmax

from .meta import A, A2, m, n, u, v
from .rule import Rule

_DL = "Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2.2"
_S = Softmax(u)
_SLOPE = Diag(_S) - _S @ _S.T
_P = Map("sigmoid", 0, A)
_ONE = Ones(m, n)

ROWS = (
    Rule(
        "softmax-log", _SLOPE @ (v * Map("log", 1, _S)), v - Scale(Ones(n).T @ v, _S), source=_DL
    ),
    Rule(
        "softmax-log-left", _SLOPE @ (Map("log", 1, _S) * v), v - Scale(Ones(n).T @ v, _S),
        source=_DL,
    ),
    Rule(
        "sigmoid-log", A2 * Map("log", 1, _P) * Map("sigmoid", 1, A), A2 * (_ONE - _P), source=_DL
    ),
    Rule(
        "sigmoid-log-other", A2 * Map("log", 1, _ONE - _P) * Map("sigmoid", 1, A), A2 * _P,
        source=_DL,
    ),
)  # fmt: skip
