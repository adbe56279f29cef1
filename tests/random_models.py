"""Writes recurrent models at random, as text in the model language.

A model has 2 to 4 sequences of sizes n, m or p and 1 to 3 gates, the smaller numbers more often. An
equation is a sum, or a gated mixture, of matrix products, Hadamard products and scaled copies of
what was computed before: sequences at t-1 and t-2, and at t what stands above it.
"""

from __future__ import annotations

from random import Random

ACTIVATIONS = (r"\tanh", r"\mathrm{sigmoid}", r"\mathrm{softplus}", r"\mathrm{relu}", r"\phi",
               r"\psi")  # fmt: skip


class Writer:
    """One model; everything is drawn from one generator."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.size: dict[str, str] = {}
        self.above: list[str] = []
        self.equations: list[str] = []
        self.declared: list[str] = []
        self.older: dict[str, None] = {}
        self.count = 0

    def text(self) -> str:
        rng = self.rng
        names = list("hsrv"[: rng.choice((2, 2, 2, 2, 3, 4))])
        gates = list("fgk"[: rng.choice((1, 1, 1, 1, 2, 3))])
        for name in names:
            self.size[name] = rng.choice("nmp")
        for gate in gates:
            self.size[gate] = self.size[rng.choice(names)]
        order = [*gates, *names]
        rng.shuffle(order)
        for name in order:
            right = self.gate(names) if name in gates else self.state(name, names, gates)
            self.equations.append(f"{name}_t = {right}")
            self.above.append(name)
        for name in names:
            self.boundary(name)
        heads = [r"x_t \in \mathbb{R}^d", *(rf"{z}_t \in \mathbb{{R}}^{s}" for z, s in
                                               self.size.items())]  # fmt: skip
        return "\n".join([*heads, *self.declared, *self.equations, *self.loss(names)])

    # ------------------------------------------------------------ equations

    def gate(self, names: list[str]) -> str:
        """The sigmoid of a sum of matrix products."""
        inside = [self.product(*self.earlier(names)), self.product("x", 0)]
        if self.rng.random() < 0.3:
            inside.append(self.bias())
        return rf"\mathrm{{sigmoid}}({' + '.join(inside)})"

    def state(self, name: str, names: list[str], gates: list[str]) -> str:
        """A sequence: an activation of a sum, a sum, or a gated mixture of old and new."""
        kind = self.rng.choice(("plain", "plain", "mixture", "skip", "linear"))
        new = f"{self.rng.choice(ACTIVATIONS)}({self.inside(name, names, gates)})"
        if kind == "mixture":
            gate = next((g for g in gates if g in self.above and self.fits(g, name)), None)
            if gate is not None:
                return rf"(1 - {gate}_t) \odot {name}_{{t-1}} + {gate}_t \odot {new}"
        if kind == "skip":
            self.older[name] = None
            return rf"{new} + {self.scalar()} {name}_{{t-2}}"
        if kind == "linear":
            return self.inside(name, names, gates)
        return new

    def inside(self, name: str, names: list[str], gates: list[str]) -> str:
        """A sum of one to five terms, its own past among them."""
        rng = self.rng
        terms = [self.product(name, 1)]
        if rng.random() < 0.5:
            terms.append(self.product("x", 0))
        if rng.random() < 0.5:
            terms.append(self.product(*self.earlier(names)))
        gate = next((g for g in gates if g in self.above and rng.random() < 0.6), None)
        if gate is not None:
            terms.append(self.gated(gate, name, names))
        if rng.random() < 0.3:
            terms.append(self.bias())
        rng.shuffle(terms)
        return " + ".join(terms)

    def gated(self, gate: str, name: str, names: list[str]) -> str:
        """gate * M y, M (gate * y), or gate * y, as the sizes let."""
        other, lag = self.earlier(names)
        shown = self.at(other, lag)
        if self.fits(gate, other):
            if self.fits(gate, name) and self.rng.random() < 0.5:
                return rf"{gate}_t \odot {shown}"
            return rf"{self.matrix()} ({gate}_t \odot {shown})"
        if self.fits(gate, name):
            return rf"{gate}_t \odot ({self.product(other, lag)})"
        return self.product(gate, 0)

    def earlier(self, names: list[str]) -> tuple[str, int]:
        """Something already known at t: a sequence or gate from above, or older."""
        choices = [(name, 1) for name in names] + [(name, 2) for name in names]
        return self.rng.choice([*choices, *((name, 0) for name in self.above)])

    def fits(self, a: str, b: str) -> bool:
        return self.size[a] == self.size[b]

    # ------------------------------------------------------------ pieces

    def at(self, name: str, lag: int) -> str:
        if lag == 2:
            self.older[name] = None
        return f"{name}_{{t-{lag}}}" if lag else f"{name}_t"

    def product(self, name: str, lag: int) -> str:
        return f"{self.matrix()} {self.at(name, lag)}"

    def matrix(self) -> str:
        """A new matrix; its shape follows from its use."""
        return self.new(self.rng.choice("WUVR"))

    def bias(self) -> str:
        return self.new("b")

    def scalar(self) -> str:
        name = self.new(r"\alpha")
        self.declared.append(rf"{name} \in \mathbb{{R}}")
        return name

    def new(self, letter: str) -> str:
        """A name that is not used yet."""
        self.count += 1
        return f"{letter}_{{{self.count}}}"

    # ------------------------------------------------------------ boundary values and loss

    def boundary(self, name: str) -> None:
        """h_0: given, zero or a parameter; h_{-1}, where it occurs: zero or a parameter."""
        first = self.rng.choice(("", "", "0", f"u_{name}"))
        if first:
            self.equations.append(f"{name}_0 = {first}")
        if name in self.older:
            self.equations.append(f"{name}_{{-1}} = {self.rng.choice(('0', f'w_{name}'))}")

    def loss(self, names: list[str]) -> list[str]:
        """An unspecified loss of one or two sequences, or the squared error of one."""
        last, other = names[-1], names[0]
        if self.rng.random() < 0.3:
            self.declared.append(rf"y_t \in \mathbb{{R}}^{self.size[last]}")
            return [rf"L = \sum_{{t=1}}^{{T}} \frac{{1}}{{2}} \|{last}_t - y_t\|^2"]
        seen = f"{last}_t" if self.rng.random() < 0.5 else f"{last}_t, {other}_t"
        return [r"L_t \in \mathbb{R}", rf"L = \sum_{{t=1}}^{{T}} L_t({seen})"]


def write_model(seed: int) -> str:
    """The text of a model; the same for the same seed."""
    return Writer(seed).text() + "\n"
