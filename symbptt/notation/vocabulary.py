"""What the reader knows about TeX commands, Unicode signs and words: tables only."""

from __future__ import annotations

from ..core.functions import ALIASES, TABLE

RELATIONS: dict[str, str] = {
    "=": "=", "==": "=", ":=": ":=", "+=": "+=", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge",
    "!=": r"\ne", "->": r"\to", ":": ":", r"\coloneqq": ":=", r"\triangleq": ":=",
    r"\equiv": "=", r"\doteq": "=", r"\eqdef": ":=", r"\defeq": ":=", r"\le": r"\le",
    r"\leq": r"\le", r"\leqslant": r"\le", r"\ge": r"\ge", r"\geq": r"\ge", r"\geqslant": r"\ge",
    r"\lt": "<", r"\gt": ">", r"\ll": "<", r"\gg": ">", r"\ne": r"\ne", r"\neq": r"\ne",
    r"\approx": r"\approx", r"\simeq": r"\approx", r"\sim": r"\sim", r"\propto": r"\propto",
    r"\in": r"\in", r"\notin": r"\notin", r"\subset": r"\subset", r"\subseteq": r"\subset",
    r"\to": r"\to", r"\rightarrow": r"\to", r"\longrightarrow": r"\to", r"\mapsto": r"\mapsto",
    r"\leftarrow": r"\gets", r"\gets": r"\gets", r"\colon": ":",
    r"\Rightarrow": r"\implies", r"\implies": r"\implies", r"\iff": r"\iff",
    r"\Leftrightarrow": r"\iff", r"\Longrightarrow": r"\implies",
}  # fmt: skip
MULTIPLY: dict[str, str] = {
    "*": "*", "@": "@", r"\cdot": r"\cdot", r"\times": r"\times", r"\odot": r"\odot",
    r"\circ": r"\circ", r"\otimes": r"\otimes", r"\ast": "*", r"\star": "*", r"\bullet": r"\cdot",
    r"\oslash": r"\oslash", r"\div": r"\oslash", r"\kron": r"\otimes",
}  # fmt: skip
OPEN: dict[str, str] = {
    "(": "(", "[": "[", r"\{": "{", r"\lbrace": "{", r"\langle": "<", r"\lbrack": "[",
    r"\lparen": "(", r"\lVert": "‖", r"\lvert": "|",
}  # fmt: skip
CLOSE: dict[str, str] = {
    ")": ")", "]": "]", r"\}": "}", r"\rbrace": "}", r"\rangle": ">", r"\rbrack": "]",
    r"\rparen": ")", r"\rVert": "‖", r"\rvert": "|",
}  # fmt: skip
CLOSER_OF = {"(": ")", "[": "]", "{": "}", "<": ">", "‖": "‖", "|": "|", ".": "."}
BARS = {"|": "|", r"\|": "‖", "||": "‖", r"\Vert": "‖", r"\vert": "|", r"\mid": "|"}
DOTS = {r"\dots", r"\ldots", r"\cdots", r"\vdots", r"\ddots", r"\dotsc", r"\dotsb", r"\iddots"}
BIG = {
    r"\sum": "sum", r"\prod": "prod", r"\lim": "lim", r"\max": "max", r"\min": "min",
    r"\sup": "sup", r"\inf": "inf", r"\bigodot": "bigodot", r"\bigoplus": "bigoplus",
    r"\argmax": "argmax", r"\argmin": "argmin", r"\limsup": "lim", r"\liminf": "lim",
}  # fmt: skip
FRACTIONS = {r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"}
SHORT_DERIVATIVES = {r"\pdv": r"\partial", r"\pd": r"\partial", r"\dv": "d", r"\odv": "d"}
"""Derivatives with two arguments, as in the packages physics and derivative."""
BINOMIALS = {r"\binom", r"\dbinom", r"\tbinom"}
QUANTIFIERS = {r"\forall": "forall", r"\exists": "exists"}

SIZES = {
    rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
} | {r"\left", r"\right", r"\middle"}
SKIP = {
    r"\,", r"\;", r"\:", r"\!", r"\ ", r"\>", "\\\n", "~", r"\limits", r"\nolimits", r"\mathstrut",
    r"\strut", r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\scriptscriptstyle",
    r"\nonumber", r"\notag", r"\hfill", r"\thinspace", r"\medspace", r"\thickspace",
    r"\negthinspace", r"\enspace", r"\hline", r"\noindent", r"\centering", r"\relax",
    r"\allowbreak", r"\nobreak", r"\par", r"\mathop", r"\mathord",
    r"\ensuremath", r"\mathopen", r"\mathclose", r"\mathpunct", r"\(", r"\)", r"\[", r"\]", "$",
    r"\-",
}  # fmt: skip
SKIP_WITH_ARGUMENT = {
    r"\tag", r"\label", r"\hspace", r"\vspace", r"\phantom", r"\vphantom", r"\hphantom", r"\color",
    r"\eqref", r"\ref", r"\cite", r"\footnote",
}  # fmt: skip
LABELLED = {r"\underbrace", r"\overbrace", r"\underbracket", r"\overbracket"}
BOXES = {r"\boxed", r"\fbox", r"\framebox", r"\cancel", r"\bcancel", r"\smash", r"\mathclap"}
STACKED = {r"\stackrel", r"\overset", r"\underset"}  # first argument is a label
TEXT_FONTS = {
    r"\text", r"\textrm", r"\textbf", r"\textit", r"\textsf", r"\texttt", r"\mbox", r"\mathrm",
    r"\mathsf", r"\mathtt", r"\mathit", r"\operatorname", r"\textnormal", r"\emph", r"\hbox",
}  # fmt: skip
"""Fonts in which several letters are one word."""
BOLD_FONTS = {r"\mathbf", r"\bm", r"\boldsymbol", r"\mathbb", r"\textbf", r"\pmb", r"\bf"}
GRIDS = {
    "bmatrix", "pmatrix", "matrix", "vmatrix", "Bmatrix", "Vmatrix", "smallmatrix", "array",
    "psmallmatrix", "bsmallmatrix", "cases", "dcases", "rcases",
}  # fmt: skip
ALIGNED = {
    "aligned", "align", "align*", "alignat", "alignat*", "gather", "gather*", "gathered", "split",
    "equation", "equation*", "multline", "multline*", "eqnarray", "eqnarray*", "displaymath",
    "math", "alignedat", "flalign", "flalign*",
}  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FORBIDDEN = frozenset(
    rf"\{name}"
    for name in _words("""
    input include write immediate openout openin closeout closein read newwrite newread def edef
    gdef xdef let futurelet newcommand renewcommand providecommand newenvironment renewenvironment
    DeclareMathOperator catcode csname endcsname expandafter noexpand usepackage documentclass
    RequirePackage loop repeat special href url includegraphics verb verbatiminput lstinputlisting
    makeatletter makeatother jobname the directlua luaexec uppercase lowercase shipout batchmode
    scrollmode errorstopmode string meaning afterassignment aftergroup bibliography typeout message
    newcount newdimen newtoks toks everymath everydisplay output endinput InputIfFileExists
    IfFileExists ShellEscape pdfliteral afterpage AtBeginDocument AtEndDocument char scantokens
    romannumeral number
    """)
)
"""Commands that do something other than show mathematics."""

FUNCTION_WORDS: frozenset[str] = frozenset(
    {*TABLE, *ALIASES} - {"step", "id"}
    | {"softmax", "diag", "tr", "vec", "det", "rank", "sign", "sgn", "max", "min", "onehot", "Diag",
       "trace", "argmax", "argmin", "ker", "dim", "SoftMax", "Softmax", "binom"}
)  # fmt: skip
"""Words that stand for a function also without a backslash or a font."""
PLAIN_WORDS: dict[str, str] = {
    "sum": r"\sum", "prod": r"\prod", "in": r"\in", "grad": r"\nabla", "partial": r"\partial",
    "forall": r"\forall", "nabla": r"\nabla", "odot": r"\odot", "dots": r"\dots",
    "otimes": r"\otimes", "sup": r"\sup",
}  # fmt: skip
"""Words of the plain form that are commands; only where they stand alone."""
LOSS_WORDS: frozenset[str] = _words("CE BCE MSE NLL XE KL SE CrossEntropy CCE")
"""Names of losses in front of their arguments; words, and no products of letters."""
CONNECTIVES = _words("""
    for all where with if when otherwise and or so thus hence let then since because as via by else
    such that given at each every any while we have is are using from here subject to
    其中 所以 因此 则 令 设 当 对 对于 所有 且 即 或 有 和 得 又 因为
    """)
"""Words that join statements."""
OBJECTIVES = frozenset(
    {"L", "E", "J", r"\ell", "l", r"\varepsilon", r"\epsilon", "loss", "cost", "Loss", r"\L"}
)
"""Letters of scalars that are minimized; fonts are gone, so L is also the calligraphic one."""
FULL_WIDTH = dict(zip("，；：（）＝＋－。｜［］", ",;:()=+-.|[]", strict=True))
