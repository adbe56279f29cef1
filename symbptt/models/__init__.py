"""Models: text in the model language, read to theories."""

from .builtin import Builtin, builtins
from .model import Model

__all__ = ["Builtin", "Model", "builtins"]
