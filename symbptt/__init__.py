"""symbptt: gradients of recurrent networks, derived, proved, printed and turned into code.

>>> from symbptt import Model
>>> Model.named("rnn").derive(r"\\partial h_t / \\partial h_{t-1}").text()
"∂h_t/∂h_{t-1} = diag(σ'(a_t)) W"
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import (
        Derivation, Model, ProvedStatement, SymbpttError, Verdict, Worksheet, check,
        check_claims, derive, generate, prove, refute,
    )  # fmt: skip

__version__ = "0.1.0"
__all__ = [
    "Derivation", "Model", "ProvedStatement", "SymbpttError", "Verdict", "Worksheet",
    "__version__", "check", "check_claims", "derive", "generate", "prove", "refute",
]  # fmt: skip


def load_ipython_extension(ipython: Any) -> None:
    """What ``%load_ext symbptt`` in a notebook does."""
    import_module(".notebook", __name__).register(ipython)


def __getattr__(name: str) -> Any:
    """The names of ``symbptt.api``, imported when they are first used."""
    if name in __all__:
        return getattr(import_module(".api", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
