"""Worksheets: Markdown with models and statements to derive, and what building them gives."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .reader import load_sheet, read_sheet
    from .sheet import Sheet

__all__ = ["Sheet", "load_sheet", "read_sheet"]
_MODULES = {"Sheet": ".sheet", "load_sheet": ".reader", "read_sheet": ".reader"}


def __getattr__(name: str) -> Any:
    """The names above, imported when they are first used: not to build is quick."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
