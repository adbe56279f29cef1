"""Figures of worksheets: computed as numbers from matrices and generated code, then drawn."""

from .data import Figure, Line, Mark, Panel, Surface
from .kinds import KINDS, Kind, Request, make

__all__ = ["KINDS", "Figure", "Kind", "Line", "Mark", "Panel", "Request", "Surface", "make"]
