"""How many numbers a module keeps: the sizes of the arrays that it makes, added up.

What is made under a mask, or inside an expression for a moment, does not count.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from sympy import Add, Expr, Integer, Max, Mul, Poly, Symbol

from . import ir
from .layout import Layout
from .numpy_numbers import Numbers
from .numpy_printer import CHUNK, WIDTH
from .passes.rewrite import writes
from .spans import Span

LEAST = 2048  # samples of all steps of a segment of steps, with checkpointing
_HARD = "\u00a0"  # no line breaks within a product


def memory_lines(
    layout: Layout, program: ir.Program, printer: Numbers, checkpoints: bool
) -> list[str]:
    """What the module's docstring says of its memory."""
    what = "loss_and_grads keeps" if program.loss else "forward and backward keep"
    total = numbers_kept(program)
    if not program.loss:
        total += Add(*(_within(layout.arrays[k], layout.axes.get(k)) for k in layout.outputs))
    turned = any(isinstance(n, ir.Slots) and n.turned for n in program.backward)
    truncation = " or truncation" if turned else ""
    text = (
        f"Memory: {what} {formula(total, layout.lengths, printer)} numbers besides the arguments "
        f"and what a mask{truncation} asks for, of 4 bytes in float32 and 8 in float64"
    )
    if checkpoints and program.loss:
        root = Symbol("√" + printer.index(layout.length))
        handed = (_within(layout.arrays[k], None) * root for k in layout.boundary)
        inputs = Add(*(_within(layout.arrays[k], layout.passed(k)) for k in layout.inputs))
        part = (numbers_kept(program) + inputs).xreplace({layout.length: root})
        total = Add(part, inputs, *(2 * state for state in handed))  # states, what flows back
        shown = formula(total.expand(), (layout.length, root), printer)
        steps, batch = printer.index(layout.length), printer.index(ir.BATCH)
        text += f"; with checkpoint {shown}, where √{steps} is {LEAST:,} / {batch} at least and "
        text += f"{steps} at most"
    lines = textwrap.wrap(text + ".", WIDTH, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_HARD, " ") for line in lines]


def numbers_kept(program: ir.Program) -> Expr:
    """The numbers in all arrays that the program makes for a loss, as a polynomial.

    A chunk of steps has as many samples as fit a cache, or one step. Functions share what a later
    call may use again.
    """
    given = writes(program.loss)
    bodies = [list(_used(b, given)) for b in (program.forward, program.loss, program.backward)]
    body = tuple(node for nodes in bodies for node in nodes)
    views = {m.name for n in body if isinstance(n, ir.Allocate) for m in n.members}
    made: dict[object, ir.Array] = {}
    stacked: set[ir.Stacked] = set()
    for i, nodes in enumerate(bodies):
        for node in nodes:
            plain = isinstance(node, ir.Store) and not node.array.timed and node.index is None
            if (plain or isinstance(node, ir.Allocate)) and node.array.name not in views:
                if isinstance(node, ir.Allocate) and node.place is not None:
                    continue
                again = isinstance(node, ir.Allocate) and node.again
                made.setdefault(node.array.name if again else (i, node.array.name), node.array)
            stacked |= {n for n in ir.children(node) if isinstance(n, ir.Stacked)}
    total = Add(*map(size_of, made.values()), *(Mul(*n.axes) for n in stacked)).expand()
    for node in ir.walk(body):
        if isinstance(node, ir.Size):
            total = total.subs(node.symbol * ir.BATCH, Max(Integer(CHUNK), ir.BATCH))
        if isinstance(node, ir.Slots):
            rows = Max(node.rows, ir.BATCH) + node.more * ir.BATCH
            total = total.subs(node.symbol * ir.BATCH, rows).expand()
    return total.expand()


def size_of(array: ir.Array) -> Expr:
    """The numbers in an array."""
    steps = array.last - array.first + 1 if array.timed else Integer(1)
    return Mul(steps, *array.axes, Integer(array.count or 1))


def _within(array: ir.Array, span: Span | None) -> Expr:
    """The numbers in the steps of a span; None: in one step."""
    steps = span[1] - span[0] + 1 if span else Integer(1)
    return Mul(steps, *array.axes)


def _used(body: Iterable[ir.Statement], given: set[str]) -> Iterator[ir.Statement]:
    """The statements that run without a mask, for a loss that gives these gradients of outputs."""
    for node in body:
        if isinstance(node, ir.Enough) and given:
            return
        missing = isinstance(node, ir.Given) and not any(a.name in given for a in node.arrays)
        if not isinstance(node, ir.Masked) and not (missing and given):
            yield node
            yield from _used(getattr(node, "body", ()), given)


def formula(total: Expr, lengths: Iterable[Symbol], printer: Numbers) -> str:
    """``T B (14 n + 6 q) + B (5 n) + 8 n²``: what grows with steps and samples first."""
    outer = [*lengths, *sorted(total.atoms(Max), key=str), ir.BATCH]
    outer = [s for s in dict.fromkeys(outer) if total.has(s)]
    if not outer:
        return _sum(total, printer)
    stand_in = {s: Symbol(f"*{i}") for i, s in enumerate(outer)}
    terms = Poly(total.xreplace(stand_in), *stand_in.values()).terms()
    out = []
    for powers, factor in terms:
        names = (str(s) if str(s).startswith("√") else printer.index(s) for s in outer)
        head = _HARD.join(_power(s, k) for s, k in zip(names, powers, strict=True) if k)
        inner = _sum(factor, printer)
        inner = f"({inner})" if head and " + " in inner else inner
        out.append(head if head and inner == "1" else f"{head}{_HARD}{inner}" if head else inner)
    return " + ".join(out)


def _sum(total: Expr, printer: Numbers) -> str:
    """A polynomial in dimensions."""
    terms = sorted(Add.make_args(total.expand()), key=lambda t: (-_degree(t), str(t)))
    return " + ".join(_product(t, printer) for t in terms)


def _degree(term: Expr) -> int:
    return sum(int(p) for p in term.as_powers_dict().values() if p.is_Integer and p > 0) - int(
        term.as_coeff_Mul()[0] != 1
    )


def _product(term: Expr, printer: Numbers) -> str:
    number, rest = term.as_coeff_Mul()
    powers = sorted(rest.as_powers_dict().items(), key=lambda item: str(item[0]))
    parts = [_power(printer.index(base), int(k)) for base, k in powers if base != 1]
    return _HARD.join([*([str(number)] if number != 1 or not parts else []), *parts])


def _power(text: str, power: int) -> str:
    return text + {1: "", 2: "²", 3: "³"}.get(power, f"^{power}")
