r"""What does not fit, shown with the shape of each piece beneath it and the clash marked.

>>> print("\n".join(clash_lines(Clash("", (("U", "n x d"), ("h_t", "n x 1")), 0, 1))))
U      h_t
n × d  n × 1
    ~~~~ these do not fit
"""

from __future__ import annotations

from symbptt.core.errors import Clash

_GAP = 2
_BAR = r"\big|"


def clash_lines(clash: Clash, said: str = "these do not fit") -> list[str]:
    """The pieces in a row, their shapes beneath them, and a mark between the two that clash."""
    signs = ["", *([clash.sign] * (len(clash.pieces) - 1))]
    texts = [f"{sign} {text}".strip() for sign, (text, _) in zip(signs, clash.pieces, strict=True)]
    shapes = [shape.replace(" x ", " × ") for _, shape in clash.pieces]
    widths = [max(map(len, pair)) + _GAP for pair in zip(texts, shapes, strict=True)]
    rows = [
        "".join(x.ljust(w) for x, w in zip(row, widths, strict=True)).rstrip()
        for row in (texts, shapes)
    ]
    begin = sum(widths[: clash.first]) + max(len(shapes[clash.first]) - 1, 0)
    end = sum(widths[: clash.second]) + 1
    return [*rows, " " * begin + "~" * (end - begin) + f" {said}"]


def clash_latex(clash: Clash) -> str:
    r"""The same in LaTeX: a crossed sign stands between the two that clash."""
    out = []
    for i, (text, shape) in enumerate(clash.pieces):
        sign = clash.sign if i else ""
        if i == clash.second:
            sign = rf"\underset{{\neq}}{{\textcolor{{#b00020}}{{{sign or _BAR}}}}}"
        size = shape.replace(" x ", r" \times ").replace("**", "^").replace("*", r" \, ")
        out.append(rf"{sign} \underset{{{size}}}{{{text}}}".strip())
    return r" \; ".join(out)
