"""NumPy modules from models: ``generate_source`` gives the text, ``load_module`` imports a text."""

from .compiler import generate_source, load_module

__all__ = ["generate_source", "load_module"]
