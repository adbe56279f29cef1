"""Symbols and precedences as data: Unicode and LaTeX, fonts, accents, scripts, binding strength."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

GREEK: dict[str, str] = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon",
    "ϵ": r"\epsilon", "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta", "ϑ": r"\vartheta", "ι": r"\iota",
    "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi", "π": r"\pi",
    "ϖ": r"\varpi", "ρ": r"\rho", "ϱ": r"\varrho", "σ": r"\sigma", "ς": r"\varsigma", "τ": r"\tau",
    "υ": r"\upsilon", "φ": r"\phi", "ϕ": r"\varphi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega",
    "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi",
    "Σ": r"\Sigma", "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "ℓ": r"\ell",
}  # fmt: skip

OPERATORS: dict[str, str] = {
    "⊙": r"\odot", "∘": r"\circ", "⊗": r"\otimes", "·": r"\cdot", "⋅": r"\cdot", "×": r"\times",
    "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "−": "-", "≤": r"\le",
    "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∝": r"\propto", "≡": r"\equiv", "≜": r"\triangleq",
    "∈": r"\in", "∀": r"\forall", "∃": r"\exists", "→": r"\to", "∞": r"\infty", "⊤": r"\top",
    "…": r"\dots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "‖": r"\|", "ℝ": r"\mathbb{R}",
    "⟨": r"\langle", "⟩": r"\rangle", "√": r"\sqrt", "′": "'", "″": "''", "‴": "'''",
}  # fmt: skip

SUPERSCRIPTS: dict[str, str] = {
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁱⁿᵗᵏʲᵈʰˡᵐ", "0123456789+-()intkjdhlm", strict=True)), "ᵀ": r"\top",
    "°": r"\circ",
}  # fmt: skip
SUBSCRIPTS: dict[str, str] = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-()aehijklmnoprstuvx", strict=True)
)

FONTS: frozenset[str] = frozenset({
    r"\mathbf", r"\mathrm", r"\mathit", r"\mathsf", r"\mathtt", r"\mathcal", r"\mathbb",
    r"\mathfrak", r"\mathscr", r"\mathnormal", r"\boldsymbol", r"\bm", r"\pmb", r"\textbf",
    r"\textit", r"\textrm", r"\textsf", r"\texttt", r"\text", r"\mbox", r"\bf", r"\rm", r"\it",
    r"\sf", r"\tt", r"\cal", r"\boldmath", r"\operatorname", r"\displaystyle", r"\large",
    r"\Large", r"\small", r"\normalsize",
})  # fmt: skip
"""Commands that change the look of a symbol, not the symbol."""


@dataclass(frozen=True)
class Accent:
    """A mark on a letter: its other LaTeX command, its combining character, its word in Python."""

    command: str
    wide: str
    mark: str
    word: str


ACCENTS: tuple[Accent, ...] = (
    Accent(r"\hat", r"\widehat", "\u0302", "hat"),
    Accent(r"\tilde", r"\widetilde", "\u0303", "tilde"),
    Accent(r"\bar", r"\overline", "\u0304", "bar"),
    Accent(r"\dot", "", "\u0307", "dot"),
    Accent(r"\ddot", "", "\u0308", "ddot"),
    Accent(r"\check", r"\widecheck", "\u030c", "check"),
    Accent(r"\breve", "", "\u0306", "breve"),
    Accent(r"\vec", "", "\u20d7", "vec"),
    Accent(r"\overrightarrow", "", "\u20d7", "right"),
    Accent(r"\overleftarrow", "", "\u20d6", "left"),
    Accent(r"\underline", "", "\u0332", "underline"),
)
ACCENT_OF: dict[str, Accent] = {c: a for a in ACCENTS for c in (a.command, a.wide) if c}
ACCENT_OF_MARK: dict[str, Accent] = {a.mark: a for a in reversed(ACCENTS)}
PLAIN_ACCENTS = {a.word: a for a in ACCENTS if a.word in ("hat", "tilde", "bar", "dot")}


class Level(IntEnum):
    """How tightly a construct binds. It is parenthesized where a tighter one is asked for."""

    SUM = 1  # a + b, -a
    PRODUCT = 2  # a b, a \odot b, a \otimes b, s a, [t < T] a
    PREFIX = 3  # \sum a, \prod a, \mathrm{d}a, \nabla_x a: reach to the right; fine as last factor
    FACTOR = 4  # a fraction
    POSTFIX = 5  # a^\top, a^{-1}, a^k
    ATOM = 6  # names, f(a), matrices


PRECEDENCE: dict[str, Level] = {
    "Plus": Level.SUM,
    **dict.fromkeys(("Times", "Hadamard", "Kron", "Scale", "When"), Level.PRODUCT),
    **dict.fromkeys(("SumOver", "OrderedProduct", "D", "Gradient", "Sup"), Level.PREFIX),
    **dict.fromkeys(("Partial", "Slot"), Level.FACTOR),
    **dict.fromkeys(("Transposed", "Inverse", "Power", "EntrywisePower"), Level.POSTFIX),
}
"""By node type; "Slot" is a Jacobian of an unspecified function; what is not listed is an atom."""

COMMANDS: dict[str, str] = {command: char for char, command in GREEK.items()}
WORDS: dict[str, str] = {command[1:]: command for command in COMMANDS}
