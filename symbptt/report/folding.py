"""Formulas in one line of text, broken where a terminal is too narrow for them.

>>> print("\\n".join(fold("x = A (b + c) + D (e + f) g", 16, "  ")))
x = A (b + c)
  + D (e + f) g
"""

from __future__ import annotations

import unicodedata

_OPEN, _CLOSE = "([{⟨", ")]}⟩"
_BEFORE = ("=", "≤", "<", "≥", ">", "≠", "≈", "+", "-", "−", "±")  # a line may begin with one


def cells(text: str) -> int:
    """The columns that a text takes in a terminal: two for a Chinese character."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def fold(text: str, width: int, indent: str) -> list[str]:
    """The text in lines, all but the first indented, broken at spaces outside of brackets.

    Of the spaces that fit on a line, one within fewest brackets is taken: before a sign if there
    is one in the second half of the line, else the last. What has no space is not broken.
    """
    lines, start = [], ""
    while cells(start + text) > width:
        place = _place(text, width - cells(start))
        if place is None:
            break
        lines.append(start + text[:place])
        text, start = text[place + 1 :], indent
    return [*lines, start + text]


def _place(text: str, room: int) -> int | None:
    """The space to break at: the best that fits, or else the first there is."""
    best: tuple[int, bool, int] | None = None
    depth = used = 0
    for place, char in enumerate(text):
        used += cells(char)
        depth += (char in _OPEN) - (char in _CLOSE)
        if char != " " or not text[:place].strip():
            continue
        if used - 1 > room:
            return place if best is None else -best[2]
        sign = text[place + 1 :].split(" ", 1)[0] in _BEFORE
        early = 3 * used < room  # worth two brackets
        found = (max(depth, 0) + 2 * early, not sign or 2 * used < room, -place)
        best = found if best is None else min(best, found)
    return None if best is None else -best[2]
