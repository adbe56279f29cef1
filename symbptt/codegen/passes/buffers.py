"""No new arrays in a loop: every operation writes into storage that is there.

A formula becomes a short list of NumPy calls with ``out=``. What a sum or product holds for a
moment lies in ``work`` arrays, which are made once, in front of the loop. A sigmoid is
(1 + tanh(a / 2)) / 2, in place. Formulas with anything else stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sympy import Expr, Integer, Rational

from .. import ir
from ..build import mul
from .context import Context
from .rewrite import reads

_UNARY = {"tanh": "tanh", "exp": "exp", "log": "log", "recip": "reciprocal"}
_HALF = ir.Number(Rational(1, 2))
_PLAIN = ir.Read | ir.Number | ir.Spread | ir.Entries  # what a call takes as it is


def buffers(body: ir.Body, context: Context) -> ir.Body:
    """The body with preallocated storage."""
    members = {
        m.name: n.array.name
        for n in ir.walk(body) if isinstance(n, ir.Allocate) for m in n.members
    }  # fmt: skip
    pool = _Pool(context)
    sizes = tuple(n for n in body if isinstance(n, ir.Size))
    body = tuple(n for n in body if n not in sizes)
    pool.chunks = {n.lo: n.size for n in ir.walk(body) if isinstance(n, ir.Chunks)}
    out = _block(body, None, pool, members)
    return (*sizes, *(ir.Allocate(a, zeros="never") for a in pool.made), *out)


@dataclass
class _Pool:
    """Work arrays by axes and steps; those in use are not handed out again."""

    context: Context
    made: list[ir.Array] = field(default_factory=list)
    used: list[ir.Array] = field(default_factory=list)
    chunks: dict[Expr, Expr] = field(default_factory=dict)

    def take(self, axes: ir.Axes, loop: ir.Loop) -> ir.Array:
        size = self.chunks.get(loop.first)
        last = loop.last if size is None else loop.first + size - 1
        steps = (loop.first, last) if loop.together else (None, None)
        for array in self.made:
            if (array.axes, array.first, array.last) == (axes, *steps) and array not in self.used:
                break
        else:
            array = ir.Array(self.context.layout.names.fresh("work"), axes, *steps)
            self.made.append(array)
        self.used.append(array)
        return array


def _block(body: ir.Body, loop: ir.Loop | None, pool: _Pool, members: dict[str, str]) -> ir.Body:
    out: list[ir.Statement] = []
    for node in body:
        inner = getattr(node, "body", None)
        if inner is not None:
            own = node if isinstance(node, ir.Loop) else loop
            node = replace(node, body=_block(inner, own, pool, members))  # type: ignore[type-var]
            out.append(node)
        elif isinstance(node, ir.Store | ir.Accumulate) and loop is not None:
            pool.used.clear()
            out += _Formula(loop, pool, members).statement(node)
        else:
            out.append(node)
    return tuple(out)


@dataclass(frozen=True)
class _Target:
    """Where a value goes."""

    array: ir.Array
    index: Expr | None
    part: ir.Members | None = None

    @property
    def value(self) -> ir.Read:
        return ir.Read(self.array, self.index, self.part)


class _Formula:
    """The calls of one statement."""

    def __init__(self, loop: ir.Loop, pool: _Pool, members: dict[str, str]) -> None:
        self.loop, self.pool, self.members = loop, pool, members
        self.calls: list[ir.Statement] = []

    def statement(self, node: ir.Store | ir.Accumulate) -> list[ir.Statement]:
        """The calls; the statement itself if it cannot be done so."""
        target = _Target(node.array, node.index, node.part)
        value = node.value
        moves = isinstance(value, ir.Read | ir.Number | ir.Filled | ir.Spread | ir.Optional)
        moves = moves or isinstance(_signed(value)[1], ir.Chosen)  # a number for every sample
        plain = node.array.timed and ir.BATCH in target.value.axes
        if not plain or moves or not self.handled(value) or self.repeated(value, target):
            return [node]
        if isinstance(node, ir.Accumulate):
            self.more(value, target)
        else:
            self.into(value, target)
        return self.calls

    def handled(self, value: ir.Value) -> bool:
        """Whether all of a value has calls."""
        if isinstance(value, ir.Read | ir.Number | ir.Entries | ir.Spike):
            return True
        if isinstance(value, ir.Chosen):
            return self.handled(value.arg)
        if isinstance(value, ir.Apply):
            known = value.order == 0 and (value.function in _UNARY or value.function == "sigmoid")
            return known and self.handled(value.arg)
        if isinstance(value, ir.Add | ir.Mul):
            return all(map(self.handled, ir.children(value)))
        if isinstance(value, ir.MatMul):
            right = value.right.arg if isinstance(value.right, ir.Swap) else value.right
            steps = not self.loop.together or any(
                r.index is not None and r.index.has(self.loop.index) for r in reads(value.left)
            )
            plain = isinstance(right, ir.Read) and right.index is None
            return plain and steps and self.handled(value.left)
        if isinstance(value, ir.Softmax | ir.Spread):
            return bool(value.arg.axes) and self.handled(value.arg)
        if isinstance(value, ir.Total):
            stacked = value.axis == 0 and isinstance(value.arg, ir.MatMul)
            last = value.axis > 0 and value.axis == len(value.arg.axes) - 1
            return (stacked or last) and self.handled(value.arg)
        return False

    def repeated(self, value: ir.Value, target: _Target) -> bool:
        """Whether the value reads its own target, other than as f(target)."""
        while isinstance(value, ir.Apply):
            value = value.arg
        if value == target.value or _affine(value, target.value):
            return False
        home = self.members.get(target.array.name, target.array.name)
        return any(
            self.members.get(r.array.name, r.array.name) == home and r.index == target.index
            and (r.array.name == target.array.name or r.part or target.part)
            for r in reads(value)
        )  # fmt: skip

    # ------------------------------------------------------------ calls

    def call(self, function: str, target: _Target, *operands: ir.Value) -> None:
        self.calls.append(ir.Into(target.array, target.index, function, operands, target.part))

    def into(self, value: ir.Value, target: _Target) -> None:
        """target = value."""
        if isinstance(value, ir.Add):
            self.sum(value, target)
        elif isinstance(value, ir.Mul):
            self.product(value.factors, target)
        elif isinstance(value, ir.Apply):
            self.function(value, target)
        elif isinstance(value, ir.MatMul):
            left = self.leaf(value.left)
            self.call("product" if self.loop.together else "matmul", target, left, value.right)
        elif isinstance(value, ir.Total):
            last = value.axis > 0
            work = self.leaf(value.arg)
            self.call("sum over entries" if last else "add.reduce", target, work)
            self.free(value.arg, work)
        elif isinstance(value, ir.Softmax):
            self.call("softmax", target, self.leaf(value.arg))
        elif isinstance(value, ir.Chosen):
            self.call("copy", target, replace(value, arg=self.leaf(value.arg)))
        else:
            self.call("copy", target, value)

    def leaf(self, value: ir.Value) -> ir.Value:
        """The value as something with a name."""
        if isinstance(value, ir.Read | ir.Number | ir.Entries):
            return value
        if isinstance(value, ir.Spread):
            return ir.Spread(self.leaf(value.arg), value.width)
        work = self.pool.take(value.axes, self.loop)
        target = _Target(work, self.loop.index if work.timed else None)
        self.into(value, target)
        return target.value

    def free(self, value: ir.Value, work: ir.Value) -> None:
        """A work array that is not needed any more."""
        if isinstance(work, ir.Read) and work != value and work.array in self.pool.used:
            self.pool.used.remove(work.array)

    def function(self, value: ir.Apply, target: _Target) -> None:
        arg = value.arg
        if not isinstance(arg, ir.Read | ir.Number):
            self.into(arg, target)
            arg = target.value
        if value.function == "sigmoid":
            self.call("multiply", target, arg, _HALF)
            self.call("tanh", target, target.value)
            self.call("multiply", target, target.value, _HALF)
            self.call("add", target, target.value, _HALF)
        else:
            self.call(_UNARY[value.function], target, arg)

    def product(self, factors: tuple[ir.Value, ...], target: _Target) -> None:
        factors = tuple(self.leaf(f) if isinstance(f, ir.Spread) else f for f in factors)
        plain = [f for f in factors if isinstance(f, _PLAIN)]
        deep = [f for f in factors if f not in plain]
        plain.sort(key=lambda f: isinstance(f, ir.Number))
        if deep:
            self.into(deep[0], target)
        else:
            self.call("multiply", target, *plain[:2])
            plain = plain[2:]
        for factor in (*deep[1:], *plain):
            work = self.leaf(factor)
            self.call("multiply", target, target.value, work)
            self.free(factor, work)

    def sum(self, value: ir.Add, target: _Target) -> None:
        terms = [(s, self.leaf(t) if isinstance(t, ir.Spread) else t)
                 for s, t in map(_signed, value.terms)]  # fmt: skip
        plain = [(s, t) for s, t in terms if isinstance(t, _PLAIN)]
        deep = [(s, t) for s, t in terms if (s, t) not in plain]
        deep.sort(key=lambda item: item[0] < 0)
        if deep:
            sign, first = deep.pop(0)
            self.into(first, target)
            if sign < 0:
                at = next((i for i, (s, _) in enumerate(plain) if s > 0), None)
                if at is None:
                    self.call("negative", target, target.value)
                else:
                    self.call("subtract", target, plain.pop(at)[1], target.value)
        else:
            plain.sort(key=lambda item: item[0] < 0)
            (sign, first), (sign_2, second) = plain[:2]
            plain = plain[2:]
            if sign < 0:
                self.call("negative", target, first)
                self.call("subtract", target, target.value, second)
            else:
                self.call("add" if sign_2 > 0 else "subtract", target, first, second)
        for sign, term in (*plain, *deep):
            self.add(sign, term, target)

    def more(self, value: ir.Value, target: _Target) -> None:
        """target += value."""
        for sign, term in map(_signed, value.terms if isinstance(value, ir.Add) else (value,)):
            self.add(sign, term, target)

    def add(self, sign: int, term: ir.Value, target: _Target) -> None:
        if isinstance(term, ir.Spike):
            factor = term.factor if sign > 0 else mul([ir.Number(Integer(-1)), term.factor])
            self.call("add at", target, replace(term, factor=factor))
            return
        work = self.leaf(term)
        self.call("add" if sign > 0 else "subtract", target, target.value, work)
        self.free(term, work)


def _affine(value: ir.Value, own: ir.Value) -> bool:
    """Whether the value is a number times ``own`` plus a number."""
    if not isinstance(value, ir.Add) or len(value.terms) != 2:
        return False
    product, number = value.terms
    alone = isinstance(product, ir.Mul) and len(product.factors) == 2 and product.factors[1] == own
    return alone and isinstance(number, ir.Number) and isinstance(product.factors[0], ir.Number)


def _signed(value: ir.Value) -> tuple[int, ir.Value]:
    """A summand as its sign and the rest."""
    if isinstance(value, ir.Mul) and value.factors[0] == ir.Number(Integer(-1)):
        rest = value.factors[1:]
        return -1, rest[0] if len(rest) == 1 else ir.Mul(rest)
    return 1, value
