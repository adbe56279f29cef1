"""The numbers of the equations that define something, so that proofs can refer to them."""

from __future__ import annotations

from symbptt.core.theory import Definition


class EquationNumbers:
    """Counts the defining equations of a report, over all its models."""

    def __init__(self) -> None:
        self._numbers: dict[Definition, str] = {}
        self._last = 0

    def give(self, definition: Definition) -> str:
        """The next number, for an equation that is shown now."""
        self._last += 1
        self._numbers[definition] = str(self._last)
        return str(self._last)

    def of(self, definition: Definition) -> str:
        """The number of the equation that shows a definition; empty if none does."""
        return self._numbers.get(definition, "")


def equation_target(number: str) -> str:
    """What a reference to an equation names."""
    return f"equation-{number}"
