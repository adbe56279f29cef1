"""A one-line text of a term, for messages and debugging; people read the writers in notation."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr

from .norms import Max, Min, Norm, Sup
from .powers import Binomial, Det, EntrywisePower, Radius
from .terms import (
    Block, Const, D, Diag, Elem, Entry, Func, Gradient, Hadamard, Identity, Inverse, Kron, Map,
    Meta, Ones, OrderedProduct, Partial, Plus, Power, Scale, Shock, Softmax, SumOver, Term, Times,
    Trace, Transposed, Unvec, Vec, When, Zero, _Leaf,
)  # fmt: skip
from .units import Unit

_JOIN = {Plus: (" + ", 1), Hadamard: (" * ", 2), Times: (" @ ", 2)}
_CALL = {
    Diag: "diag", Softmax: "softmax", D: "d", Vec: "vec", Trace: "tr", Shock: "shock",
    Radius: "rho", Det: "det",
}  # fmt: skip


@lru_cache(maxsize=4096)
def _index(expr: Expr) -> str:
    """SymPy takes long over a text."""
    return str(expr)


def plain(term: Term) -> str:
    """The text of a term, fully parenthesized where precedence asks for it."""
    return _text(term, 0)


def _text(t: Term, level: int) -> str:
    kind = type(t)
    if kind in _JOIN:
        sign, own = _JOIN[kind]
        text = sign.join(_text(a, own + (kind is not Plus)) for a in t.args)
        return f"({text})" if own < level or (own == level == 2) else text
    if kind in _CALL:
        return f"{_CALL[kind]}({_text(t.args[0], 0)})"
    if isinstance(t, _Leaf):
        return t.name
    if isinstance(t, Meta):
        return t.name + (f"({', '.join(map(_index, t.indices))})" if t.indices else "")
    if isinstance(t, Elem):
        return f"{t.name}[{_index(t.index)}]"
    if isinstance(t, Const):
        return _index(t.value)
    if isinstance(t, Zero | Ones | Identity):
        return f"{'0' if isinstance(t, Zero) else '1' if isinstance(t, Ones) else 'I'}"
    if isinstance(t, Scale):
        text = f"{_text(t.args[0], 3)} {_text(t.args[1], 2)}"
        return f"({text})" if level >= 2 else text
    if isinstance(t, Transposed):
        return f"{_text(t.args[0], 3)}^T"
    if isinstance(t, Inverse):
        return f"{_text(t.args[0], 3)}^-1"
    if isinstance(t, Power):
        return f"{_text(t.args[0], 3)}^({_index(t.exponent)})"
    if isinstance(t, EntrywisePower):
        return f"{_text(t.args[0], 3)}^*({_index(t.exponent)})"
    if isinstance(t, Binomial):
        return f"binom({t.above}, {t.below})"
    if isinstance(t, Unit):
        return f"unit({t.index})"
    if isinstance(t, Map):
        return f"{t.fname}{chr(39) * t.order}({_text(t.arg, 0)})"
    if isinstance(t, Func):
        index = "" if t.index is None else f"[{_index(t.index)}]"
        slot = f".D{t.slot}" if t.slot else ""
        return f"{t.name}{index}{slot}({', '.join(_text(a, 0) for a in t.arguments)})"
    if isinstance(t, SumOver | OrderedProduct):
        word = "sum" if isinstance(t, SumOver) else "prod"
        return f"{word}({t.bound.name}={_index(t.lo)}..{_index(t.hi)}: {_text(t.body, 0)})"
    if isinstance(t, When):
        return f"[{', '.join(f'{_index(c)}>=0' for c in t.conditions)}]({_text(t.args[0], 0)})"
    if isinstance(t, Kron):
        return f"kron({_text(t.args[0], 0)}, {_text(t.args[1], 0)})"
    if isinstance(t, Block):
        m, n = t.grid
        rows = (", ".join(_text(t.block(i, j), 0) for j in range(n)) for i in range(m))
        return f"[{'; '.join(rows)}]"
    if isinstance(t, Unvec):
        return f"unvec({_text(t.args[0], 0)})"
    if isinstance(t, Entry):
        return f"{_text(t.args[0], 3)}[{_index(t.row)},{_index(t.col)}]"
    if isinstance(t, Partial):
        mark = {"total": "", "immediate": "+", "direct": "°"}[t.mode]
        return f"∂{mark}({_text(t.args[0], 0)})/∂({_text(t.args[1], 0)})"
    if isinstance(t, Norm):
        return f"‖{_text(t.args[0], 0)}‖" + ("_inf" if t.kind == "inf" else "")
    if isinstance(t, Min | Max):
        word = "min" if isinstance(t, Min) else "max"
        return f"{word}({', '.join(_text(a, 0) for a in t.args)})"
    if isinstance(t, Sup):
        return f"sup|{t.fname}{chr(39) * t.order}|"
    if isinstance(t, Gradient):
        return f"∇[{_text(t.args[1], 0)}]({_text(t.args[0], 0)})"
    return f"{kind.__name__}({', '.join(map(str, t.args))})"
