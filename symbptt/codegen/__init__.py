"""NumPy modules from models: ``generate_source`` gives the text, and which lines compute which
equation; ``load_module`` imports a text.
"""

from .compiler import Generated, generate_source, load_module
from .passes import DEFAULT, PASSES

__all__ = ["DEFAULT", "PASSES", "Generated", "generate_source", "load_module"]
