"""Worksheets: Markdown with models and statements to derive, and what building them gives."""

from .reader import load_sheet, read_sheet
from .sheet import Sheet

__all__ = ["Sheet", "load_sheet", "read_sheet"]
