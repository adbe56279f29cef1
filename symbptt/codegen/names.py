"""Names: those of Python, which may clash with nothing, and those of the interface."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from symbptt.notation.symbols import ascii_name, ascii_names

from .outside import bare

# What the module's own text uses as names; quantities of a model get other ones.
RESERVED = frozenset({
    "np", "NamedTuple", "Mapping", "SHAPES", "EQUATIONS", "FUNCTIONS", "Gradients", "forward",
    "backward", "loss_and_grads", "init_params", "params", "inputs", "states", "targets", "mask",
    "truncate", "clip", "cache", "outputs", "grad_outputs", "functions", "steps", "sizes", "rng",
    "dtype", "read", "grads", "name", "order", "loss", "gradients", "space",
    "multiply",
})  # fmt: skip


class Names:
    """Hands out distinct Python names; none shadows a keyword, a builtin or the module's names."""

    def __init__(self) -> None:
        self._taken = {*RESERVED, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}

    def free(self, name: str) -> bool:
        """Whether nothing has the name yet."""
        return name not in self._taken

    def fresh(self, word: str) -> str:
        """``word``, or ``word_2``, ``word_3``, ..."""
        name, count = word, 2
        while name in self._taken:
            name, count = f"{word}_{count}", count + 1
        self._taken.add(name)
        return name

    def of(self, name: str) -> str:
        """A Python name for a normal name."""
        return self.fresh(ascii_name(name))


def public_names(keys: Iterable[str]) -> dict[str, str]:
    """The dictionary keys of the interface; different names never get the same one."""
    keys = list(keys)
    words = ascii_names(map(bare, keys))
    return {key: words[bare(key)] for key in keys}


def function_names(functions: dict[str, int], names: Names) -> dict[str, list[str]]:
    """sigma, d_sigma, d2_sigma, ... for a function and its derivatives."""
    out: dict[str, list[str]] = {}
    for name, order in functions.items():
        word = names.of(name)
        prefixes = ("", "d_", *(f"d{k}_" for k in range(2, order + 1)))
        out[name] = [word, *(names.fresh(p + word) for p in prefixes[1 : order + 1])]
    return out
