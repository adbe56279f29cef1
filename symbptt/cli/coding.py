"""symbptt code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symbptt.api import generate
from symbptt.codegen.lines import Formula, needed
from symbptt.core.errors import NotSupported
from symbptt.core.terms import Elem, Gradient, Param
from symbptt.derivation import Derivation
from symbptt.notation.unicode import unicode
from symbptt.module import numpy_module, numpy_source

from .deriving import find_model


def print_code(model: str, target: str, out: Path | None, wrt: Sequence[str]) -> None:
    """Prints the module of a model, or writes it to a file."""
    about = find_model(model)
    if out is None:
        print(numpy_source(about, target=target, wrt=wrt), end="")
    else:
        generate(about, out, target, wrt)


def code_lines(derivation: Derivation) -> str:
    """The lines of the model's module that compute a gradient, and all that it needs, each under
    its equation.

    Raises NotSupported for a quantity that the module does not compute.
    """
    asked = derivation.quantity
    module = numpy_module(derivation.model)
    found: tuple[Formula, ...] = ()
    if isinstance(asked, Gradient) and isinstance(asked.args[1], Elem | Param):
        found = needed(module.formulas, f"∂{asked.args[1].key}")
    if not found:
        shown = unicode(derivation.main.left)
        raise NotSupported(
            f"the module has no line for {shown}: it computes the gradients of the loss with "
            "respect to parameters, inputs and initial states",
            hint="--code goes with such a gradient, for example dL/dW",
        )
    text, out = module.source.split("\n"), []
    for formula, following in zip(found, (*found[1:], None), strict=True):
        out.append(formula.text)
        place = (formula.function, formula.lines)
        if following is None or place != (following.function, following.lines):
            first, last = formula.lines
            out += [f"{i:6}  {text[i - 1]}" for i in range(first, last + 1)]
    return "\n".join(out)
