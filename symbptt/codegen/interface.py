"""The interface of a module: the shapes of what goes in and out, by argument and name."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from symbptt.core.errors import NotSupported
from symbptt.core.indices import linear

from .ir import BATCH
from .layout import Layout
from .spans import Span

Shape = tuple[str | int, ...]


def show(shape: Shape) -> str:
    """A shape for people: ``(T, B, n)``."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


class Interface:
    """``shapes`` is the module's SHAPES; ``sums`` tells what axes such as "n + d" consist of."""

    def __init__(self, layout: Layout, has_loss: bool) -> None:
        self.layout = layout
        self.sums: dict[str, Shape] = {}
        self.shapes = self._shapes(has_loss)
        self.mask_axes: Shape = () if layout.span is None else self._shape((BATCH,), layout.span)

    @property
    def counted(self) -> tuple[str, ...]:
        """The lengths that must be given, since no input shows them."""
        layout = self.layout
        inputs = [steps for k in layout.inputs if (steps := layout.passed(k)) is not None]
        shown = {s for span in inputs for end in span for s in end.free_symbols}
        timed = layout.lengths if layout.axes else ()
        return tuple(layout.dim_keys[s] for s in timed if s not in shown)

    @property
    def size_names(self) -> tuple[str, ...]:
        """The names of the dimensions, without the length and the batch."""
        keys = self.layout.dim_keys.items()
        return tuple(name for s, name in keys if s not in (BATCH, *self.layout.lengths))

    @property
    def param_sizes(self) -> tuple[str, ...]:
        """The sizes that the parameters need."""
        dims = [dim for shape in self.shapes["params"].values() for dim in shape]
        parts = (part for dim in dims for part in self.sums.get(str(dim), (dim,)))
        return tuple(dict.fromkeys(p for p in parts if isinstance(p, str)))

    @property
    def least(self) -> tuple[tuple[str, int], ...]:
        """The smallest lengths that the model's facts allow."""
        out = []
        for length in self.layout.lengths:
            facts = map(linear, self.layout.facts)
            least = max([1, *(-const for const, terms in facts if terms == ((length, 1),))])
            out.append((self.layout.dim_keys[length], least))
        return tuple(out)

    def _key(self, axis: Expr) -> str | int:
        """An axis: a name, a number, or a sum such as ``n + d``."""
        if axis.is_Integer:
            return int(axis)
        if axis in self.layout.dim_keys:
            return self.layout.dim_keys[axis]
        const, terms = linear(axis)
        if any(factor < 0 for _, factor in terms):
            raise NotSupported(f"no code for an axis of length {axis}")
        names = [self.layout.dim_keys[s] for s, factor in terms for _ in range(factor)]
        text = " + ".join(names) + (f" {'-' if const < 0 else '+'} {abs(const)}" if const else "")
        self.sums[text] = (*names, *((const,) if const else ()))
        return text

    def _shape(self, axes: Iterable[Expr], span: Span | None) -> Shape:
        steps = () if span is None else (span[1] - span[0] + 1,)
        return tuple(self._key(a) for a in (*steps, *axes))

    def _shapes(self, has_loss: bool) -> dict[str, dict[str, Shape]]:
        layout = self.layout

        def group(keys: Iterable[str]) -> dict[str, Shape]:
            return {
                layout.public[k]: self._shape(layout.arrays[k].axes, layout.passed(k)) for k in keys
            }

        states: dict[str, Shape] = {}
        for key, steps in layout.settable.items():
            several = (len(steps),) if len(steps) > 1 else ()
            states[layout.public[key]] = (*several, *self._shape(layout.arrays[key].axes, None))
        for key, span in layout.before.items():
            several = None if span[0] == span[1] else span
            states[layout.public[key]] = self._shape(layout.arrays[key].axes, several)
        outputs = {
            layout.public[k]: self._shape(layout.arrays[k].axes, layout.axes.get(k))
            for k in layout.outputs
        }
        shapes = {
            "params": group(layout.params), "inputs": group(layout.inputs), "states": states,
            "outputs": outputs,
        }  # fmt: skip
        return {**shapes, "targets": group(layout.targets)} if has_loss else shapes
