"""The model language as railroad diagrams, each with lines that are read by it.

The reader is not made from these diagrams (how juxtaposed factors group depends on their shapes),
so the tests of the documentation read every example, and see every counterexample refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from railroad import (
    Choice, Diagram, NonTerminal, OneOrMore, Optional, Sequence, Skip, Terminal, ZeroOrMore,
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A diagram, what it says in words, and lines to add to ``CONTEXT`` that show it."""

    diagram: Diagram
    words: str
    examples: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


CONTEXT = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t + b)
"""


def _or(*parts: object) -> Choice:
    return Choice(0, *parts)


def _names() -> OneOrMore:
    return OneOrMore(NonTerminal("name"), Terminal(","))


DIAGRAMS: dict[str, Rule] = {
    "model": Rule(
        Diagram(
            OneOrMore(
                Sequence(
                    NonTerminal("statement"), Optional(NonTerminal("comment")), Terminal("new line")
                )
            )
        ),
        "A model is text with one statement on a line. A comment starts with % and ends "
        "with the line.",
        ("a_t = h_t + h_t  % twice the state",),
    ),
    "statement": Rule(
        Diagram(
            _or(
                *map(
                    NonTerminal,
                    ("shape", "equation", "loss", "boundary", "function", "group", "layout"),
                )
            )
        ),
        "What a line can say.",
    ),
    "shape": Rule(
        Diagram(
            _names(),
            _or(
                Sequence(
                    Terminal(r"\in"),
                    _or(
                        Sequence(
                            Terminal(r"\mathbb{R}"),
                            Optional(Sequence(Terminal("^"), NonTerminal("size"))),
                        ),
                        Sequence(
                            Terminal(r"\mathrm{onehot}("), NonTerminal("dimension"), Terminal(")")
                        ),
                    ),
                ),
                Sequence(Terminal(":"), NonTerminal("size")),
            ),
        ),
        "The shape of names. Without a size it is a scalar. Shapes that are not declared "
        "are inferred "
        "from the equations.",
        (
            r"V \in \mathbb{R}^{q \times n}",
            "c : q",
            r"y_t \in \mathrm{onehot}(q)",
            r"\alpha \in \mathbb{R}",
        ),
        (r"W \in \mathbb{R}^{q \times d}",),
    ),
    "size": Rule(
        Diagram(
            NonTerminal("dimension"),
            Optional(Sequence(_or(Terminal(r"\times"), Terminal("x")), NonTerminal("dimension"))),
        ),
        "One dimension makes a column vector, two a matrix. A dimension is a number, a "
        "letter, or a sum "
        "or multiple of them.",
        (r"R \in \mathbb{R}^{n \times 2n}", r"z_t \in \mathbb{R}^{n + d}"),
    ),
    "equation": Rule(
        Diagram(
            NonTerminal("sequence"),
            _or(Terminal("="), Terminal(":=")),
            NonTerminal("term"),
            Optional(Sequence(Terminal(","), NonTerminal("range"))),
        ),
        "Defines a sequence for every step. A reference to t + 1 makes it run backward in time.",
        (
            r"o_t = V h_t + c",
            r"g_t = \tanh(R g_{t+1} + S x_t)",
            r"s_t = s_{t-1} + x_t, \quad t = 1, \dots, S",
        ),
    ),
    "boundary": Rule(
        Diagram(NonTerminal("sequence"), Terminal("="), NonTerminal("term")),
        "An element with a number as its index: the value the recurrence starts from. "
        "Without such a "
        "line it is given, and no parameter changes it.",
        ("h_0 = 0", "h_0 = b"),
    ),
    "loss": Rule(
        Diagram(
            Terminal("L"),
            Terminal("="),
            _or(Sequence(Terminal(r"\sum_{t=1}^{T}"), NonTerminal("term")), NonTerminal("term")),
        ),
        "The scalar that gradients are of: a sum over steps, or a function of the last state.",
        (r"L = \sum_{t=1}^{T} L_t(h_t)", r"L = \ell(h_T)"),
    ),
    "function": Rule(
        Diagram(
            NonTerminal("name"),
            Terminal("="),
            _or(
                Sequence(Terminal(r"\mathrm{"), NonTerminal("known function"), Terminal("}")),
                NonTerminal("known function"),
            ),
        ),
        "Says which function a letter stands for. Without such a line it is any "
        "differentiable function "
        "that acts entrywise.",
        (r"\sigma = \mathrm{sigmoid}",),
        (r"\sigma = \mathrm{sigmiod}",),
    ),
    "group": Rule(
        Diagram(NonTerminal("name"), Terminal("= ("), _names(), Terminal(")")),
        r"One name for several parameters, as in ∂L/∂θ.",
        (r"\theta = (W, U, b)",),
    ),
    "layout": Rule(
        Diagram(Terminal("layout:"), _or(Terminal("numerator"), Terminal("denominator"))),
        "The layout of derivatives in what is asked and answered. The default is numerator.",
        ("layout: denominator",),
        ("layout: sideways",),
    ),
    "term": Rule(
        Diagram(
            Optional(Terminal("-"), "skip"),
            OneOrMore(NonTerminal("product"), _or(Terminal("+"), Terminal("-"))),
        ),
        "Sums of products. A scalar added to a vector acts on every entry.",
        (r"z_t = 1 - h_t", r"u_t = -h_t + \frac{1}{2} W h_{t-1}"),
        (r"z_t = h_t + x_t",),
    ),
    "product": Rule(
        Diagram(
            OneOrMore(
                NonTerminal("factor"),
                _or(Skip(), *map(Terminal, (r"\cdot", r"\times", "@", r"\odot", r"\circ", "*"))),
            )
        ),
        r"Juxtaposition, \cdot, \times and @ are the matrix product; \odot, \circ and * "
        r"are elementwise.",
        (r"z_t = W h_{t-1} \odot h_t", r"z_t = \alpha h_t"),
        (r"z_t = h_t x_t",),
    ),
    "factor": Rule(
        Diagram(
            _or(
                NonTerminal("name"),
                NonTerminal("sequence"),
                NonTerminal("number"),
                Sequence(Terminal("("), NonTerminal("term"), Terminal(")")),
                Sequence(
                    NonTerminal("function name"),
                    Terminal("("),
                    OneOrMore(NonTerminal("term"), Terminal(",")),
                    Terminal(")"),
                ),
                Sequence(Terminal(r"\mathrm{diag}("), NonTerminal("term"), Terminal(")")),
                Sequence(
                    Terminal("["), OneOrMore(NonTerminal("term"), Terminal(";")), Terminal("]")
                ),
                Sequence(Terminal(r"\|"), NonTerminal("term"), Terminal(r"\|")),
                Sequence(
                    Terminal(r"\sum_{"),
                    NonTerminal("limits"),
                    Terminal("}^{"),
                    NonTerminal("index"),
                    Terminal("}"),
                    NonTerminal("product"),
                ),
            ),
            ZeroOrMore(
                _or(
                    Terminal(r"^\top"),
                    Terminal("^T"),
                    Sequence(Terminal("^"), NonTerminal("exponent")),
                )
            ),
        ),
        "What products are made of. [a; b] stacks vectors.",
        (
            r"z_t = W^\top h_t",
            r"z_t = \mathrm{diag}(b) h_t",
            r"z_t = [h_t; x_t]",
            r"z_t = f(h_t)",
            r"\ell_t = \frac12 \|h_t\|^2",
        ),
    ),
    "sequence": Rule(
        Diagram(
            NonTerminal("name"),
            _or(
                Sequence(Terminal("_{"), NonTerminal("index"), Terminal("}")),
                Sequence(Terminal("^{("), NonTerminal("index"), Terminal(")}")),
                Sequence(Terminal("["), NonTerminal("index"), Terminal("]")),
                Sequence(Terminal(r"^{\langle"), NonTerminal("index"), Terminal(r"\rangle}")),
            ),
        ),
        "An element of a sequence. A name that carries a time index anywhere is a sequence.",
        (r"g_t = h^{(t-1)}", r"g[t] = h[t-1]", r"g^{\langle t \rangle} = h^{\langle t-1 \rangle}"),
    ),
}
