r"""Letters that stand for any number: z in \sigma'(z) = \sigma(z) (1 - \sigma(z))."""

from __future__ import annotations

from ..notation import syntax as sx
from ..notation.names import resolve
from ..notation.scope import Scope
from .claim_text import symbols

_CONSTANTS = frozenset({"e", "d", r"\mathrm{d}", r"\pi"})


def free_letters(node: sx.Node, scope: Scope) -> set[str]:
    """The letters of a statement about functions of one number; none where it names anything else.

    A function without a letter that the model has no meaning for stands for nothing known.
    """
    letters: set[str] = set()
    for part in symbols(node):
        if _is_function(part, scope):
            continue
        base = sx.base_of(part)
        assert isinstance(base, sx.Sym)
        if base.base in _CONSTANTS:
            continue
        known = resolve(part, scope) is not None or scope.is_index(base.base)
        scripts = part.subs if isinstance(part, sx.Scripted) else ()
        if known or scripts or len(base.base) != 1 or base.accents:
            return set()
        letters.add(base.base)
    applied = len(letters) == 1 and any(_is_function(part, scope) for part in sx.walk(node))
    return letters if applied else set()


def _is_function(part: sx.Node, scope: Scope) -> bool:
    base = sx.base_of(part)
    if not isinstance(base, sx.Sym):
        return False
    reading = resolve(base, scope)
    return reading is not None and reading.function is not None
