"""NumPy modules from models: ``generate_source`` gives the text, ``load_module`` imports a text."""

from .compiler import generate_source, load_module
from .passes import DEFAULT, PASSES

__all__ = ["DEFAULT", "PASSES", "generate_source", "load_module"]
