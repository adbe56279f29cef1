"""Which loops over steps run side by side, a chunk of steps of each at a time.

What a loop leaves for the next one is then still in the cache. This changes the order in which
steps of different loops are computed, and is done where none of them finds anything else than
before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import Expr

from . import ir
from .passes.rewrite import outer_loops, reads


@dataclass(frozen=True)
class Sweep:
    """Loops that run side by side; those in ``last`` only when the others run for the last time.

    ``turned``: truncation may run them several times, in either direction.
    """

    loops: tuple[ir.Loop, ...]
    turned: bool = False
    last: tuple[ir.Loop, ...] = ()

    @property
    def all(self) -> tuple[ir.Loop, ...]:
        """All of its loops."""
        return (*self.loops, *self.last)

    @property
    def first(self) -> Expr:
        """The first step."""
        return self.loops[0].first

    @property
    def ascending(self) -> bool:
        """The direction of those loops whose steps need each other."""
        return next((n.ascending for n in self.loops if not n.together), True)


def sweeps(body: ir.Body) -> list[Sweep]:
    """The sweeps of loops and passes of loops, in order."""
    out: list[Sweep] = []
    for node in body:
        if isinstance(node, ir.Loop):
            _join(out, node)
        elif isinstance(node, ir.Passes):
            own: list[Sweep] = []
            for loop in outer_loops(node.body):
                _join(own, loop)
            out += [replace(s, turned=True) for s in own] if _still(own) else _each(node)
    return out


def _join(out: list[Sweep], loop: ir.Loop) -> None:
    """One more loop, in the last sweep if that gives what it gave before."""
    if out and _fits(out[-1], loop):
        sweep = out[-1]
        place = "last" if sweep.turned else "loops"
        out[-1] = replace(sweep, **{place: (*getattr(sweep, place), loop)})
    else:
        out.append(Sweep((loop,)))


def _fits(sweep: Sweep, loop: ir.Loop) -> bool:
    before = sweep.all
    if (before[0].first, before[0].last) != (loop.first, loop.last):
        return False
    steady = [n for n in (*before, loop) if not n.together]
    if len({n.ascending for n in steady}) > 1 or (sweep.turned and not loop.together):
        return False
    ascending = steady[0].ascending if steady else True
    fixed = sweep.turned or not steady
    return all(_apart(n, loop, ascending, fixed) for n in before)


def _still(found: list[Sweep]) -> bool:
    """Whether the sweeps give the same in either direction."""
    return all(
        _apart(a, b, True, True) for s in found for i, b in enumerate(s.loops) for a in s.loops[:i]
    )


def _each(node: ir.Passes) -> list[Sweep]:
    """Every loop of the passes by itself."""
    return [Sweep((loop,), turned=True) for loop in outer_loops(node.body)]


def _apart(first: ir.Loop, then: ir.Loop, ascending: bool, fixed: bool) -> bool:
    """Whether a chunk of ``then`` may run before the later chunks of ``first``.

    ``fixed``: also if the steps run in the other direction.
    """
    stored, found = _stored(first), _stored(then)
    if any({stored[k], found[k]} not in ({"step"}, {"sum"}) for k in stored if k in found):
        return False
    for loop, other, sign in ((then, stored, 1), (first, found, -1)):
        for read in reads(loop):
            if read.array.name not in other:
                continue
            gap = None if read.index is None else read.index - loop.index
            if gap is None or not gap.is_Integer or other[read.array.name] != "step":
                return False
            behind = -gap if ascending else gap  # among what has been computed
            if gap != 0 and (fixed or sign * behind < 0):
                return False
    return True


def _stored(loop: ir.Loop) -> dict[str, str]:
    """The arrays that a loop writes: only at its own step, a sum over the steps, or otherwise."""
    out: dict[str, str] = {}
    for node in ir.walk((loop,)):
        if isinstance(node, ir.Store | ir.Accumulate):
            own = node.index is not None and node.index == loop.index
            sums = isinstance(node, ir.Accumulate) and node.index is None
            kind = "step" if own else "sum" if sums else "other"
            name = node.array.name
            out[name] = kind if out.get(name, kind) == kind else "other"
    return out
