"""A fenced block in MyST directive style: name, argument, options and body, with their places.

```{name} argument
:option: value
body
```
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token

from symbptt.core.errors import ReadError, Where

_OPENING = re.compile(r"(?P<fence>[`:~]{3,})\s*\{(?P<name>[^}]*)\}[ \t]*(?P<argument>.*)")
_BETWEEN = re.compile(r"(?<!\\);")  # \; is a space of LaTeX
_OPTION = re.compile(r":(?P<key>[\w-]+):[ \t]*(?P<value>.*)")


@dataclass(frozen=True)
class Directive:
    """``line`` is that of the opening fence, from 1; ``end`` the number of lines up to its end.

    ``body`` has every line with its number in the file; ``options`` the first value of each key,
    ``places`` where it stands; ``lines`` all options in order, each with the place of its value.
    """

    name: str
    argument: str
    options: dict[str, str]
    body: tuple[tuple[str, int], ...]
    line: int
    end: int
    where: Where
    places: dict[str, Where]
    argument_where: Where
    lines: tuple[tuple[str, str, Where], ...] = ()

    def several(self, key: str) -> tuple[tuple[str, Where], ...]:
        """The values of an option that may be repeated, or has several between semicolons."""
        out = []
        for name, value, where in self.lines:
            start = 0
            for piece in _BETWEEN.split(value) if name == key else ():
                column = where.column + start + len(piece) - len(piece.lstrip())
                out.append((piece.strip(), replace(where, column=column)))
                start += len(piece) + 1
        return tuple((text, where) for text, where in out if text)

    def text(self) -> tuple[str, Where]:
        """The argument, or else the body as one text; and where it begins."""
        if self.argument:
            return self.argument, self.argument_where
        lines = [(text, line) for text, line in self.body if text.strip()]
        if not lines:
            return "", self.where
        text, line = lines[0]
        column = len(text) - len(text.lstrip()) + 1
        whole = " ".join(t.strip() for t, _ in lines)
        return whole, Where(line, column, text, self.where.file)

    def choice(self, key: str, allowed: Sequence[str]) -> str | None:
        """An option that is one of several words; None where it is not given."""
        value = self.options.get(key)
        if value is None or value in allowed:
            return value
        raise ReadError(
            f":{key}: is one of {', '.join(allowed)}, not {value[:40]!r}", self.places[key]
        )

    def natural(self, key: str) -> int | None:
        """An option that is a number from 1 on."""
        value = self.options.get(key)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and 1 <= len(value) <= 4 and int(value)):
            message = f":{key}: is a whole number from 1 to 9999, not {value[:40]!r}"
            raise ReadError(message, self.places[key])
        return int(value)

    def flag(self, key: str) -> bool:
        """An option that is there or not."""
        value = self.options.get(key)
        if value not in (None, "", "true", "false", "yes", "no"):
            raise ReadError(f":{key}: stands alone, or with yes or no", self.places[key])
        return value in ("", "true", "yes")


def read_directive(token: Token, lines: Sequence[str], file: str) -> Directive:
    """The directive of a fence token; ReadError where it has no name or is not closed."""
    assert token.map is not None
    begin, end = token.map
    opening = lines[begin]
    match = _OPENING.search(opening)
    where = Where(begin + 1, len(opening) - len(opening.lstrip()) + 1, opening, file)
    if match is None:
        raise ReadError("a block begins with ```{name}", where)
    closing = lines[end - 1].strip() if end - 1 > begin else ""
    fence = match["fence"]
    if not (closing and set(closing) == {fence[0]} and len(closing) >= len(fence)):
        raise ReadError(f"this block is not closed by {fence}", where)
    inner = [(text, begin + 2 + i) for i, text in enumerate(lines[begin + 1 : end - 1])]
    lines_of = _options(inner, file)
    options = {key: value for key, value, _ in reversed(lines_of)}
    places = {key: replace(at, column=at.text.index(":") + 1) for key, _, at in reversed(lines_of)}
    used = len(lines_of)
    argument = match["argument"].rstrip()
    place = Where(begin + 1, match.start("argument") + 1, opening, file)
    return Directive(
        match["name"].strip(), argument, options, tuple(inner[used:]), begin + 1, end, where,
        places, place, tuple(lines_of),
    )  # fmt: skip


def _options(lines: list[tuple[str, int]], file: str) -> list[tuple[str, str, Where]]:
    """The options at the head of a block, one a line."""
    found: list[tuple[str, str, Where]] = []
    for text, line in lines:
        match = _OPTION.fullmatch(text.strip())
        if match is None:
            break
        column = len(text) - len(text.lstrip()) + match.start("value") + 1
        found.append((match["key"], match["value"].strip(), Where(line, column, text, file)))
    return found


def check_options(
    directive: Directive, allowed: Collection[str], several: Collection[str] = ()
) -> None:
    """Refuses an option that the block does not have, or has once and not ``several`` times."""
    seen: set[str] = set()
    for key, _, value_where in directive.lines:
        where = replace(value_where, column=value_where.text.index(":") + 1)
        if key in seen and key not in several:
            raise ReadError(f":{key}: is given twice", where)
        seen.add(key)
        if key not in allowed:
            raise ReadError(
                f"{{{directive.name}}} has no option :{key}:", where,
                "its options are " + ", ".join(f":{k}:" for k in sorted(allowed)),
            )  # fmt: skip
