"""Worksheets are read here: Markdown with a YAML head and fenced blocks in MyST directive style.

    ---
    title: Homework 3
    ---
    ## Exercise 1
    ```{model} rnn
    h_t = \\sigma(W h_{t-1} + U x_t + b)
    ```
    ```{derive} \\frac{\\partial L}{\\partial W}
    :form: gradient
    ```

Whatever is wrong is said with file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from symbptt.core.errors import ReadError, Where
from symbptt.notation.source import Source, checked_source
from symbptt.report.katex_render import lint

from .blocks import READERS
from .directive import Directive, read_directive
from .kinds import DETAILS, LANGS, REPORTS
from .names import heading_name
from .reading import Reading
from .sheet import Item, Prose, Sheet

MAX_BYTES = 1_000_000
_CHOICES = {"lang": ("languages", LANGS), "detail": ("levels of detail", DETAILS),
            "kind": ("kinds", REPORTS)}  # fmt: skip
_HEAD_LIMIT = 10_000


def load_sheet(path: str | Path) -> Sheet:
    """The worksheet in a file; ReadError for what is not a readable text."""
    place = Path(path)
    return read_sheet(read_text(place), place.stem, str(path))


def read_text(path: Path) -> str:
    """The text of a file, if it is one: not a directory, not binary, not huge."""
    where = Where(1, 1, "", str(path))
    if path.is_dir():
        raise ReadError("this is a directory, not a worksheet", where)
    if not path.exists():
        raise ReadError("there is no such file", where)
    try:
        if path.stat().st_size > MAX_BYTES:
            size = f"{path.stat().st_size:,} bytes, more than the {MAX_BYTES:,}"
            raise ReadError(f"the file has {size} that are read", where)
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(f"this is not a text in UTF-8 (byte {error.start})", where) from error
    except OSError as error:
        raise ReadError(f"the file cannot be read: {error.strerror}", where) from error


def read_sheet(text: str, name: str = "", path: str = "") -> Sheet:
    """The worksheet that a text describes."""
    text = text.replace("\r\n", "\n")
    source = checked_source(text, path, MAX_BYTES)
    if not text.strip():
        raise ReadError("the worksheet is empty", Where(1, 1, "", path))
    tokens = _parser().parse(text)
    head = _head(tokens, source)
    items = tuple(_Reader(source).items(tokens))
    chosen = {key: head[key] for key in ("detail", "kind") if key in head}
    title, lang = str(head.get("title", name)), head.get("lang", "en")
    return Sheet(name, path, title, lang, items, **chosen)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.use(front_matter_plugin).use(colon_fence_plugin)
    return parser.use(dollarmath_plugin, allow_labels=False, double_inline=True, allow_digits=False)


def _head(tokens: list[Token], source: Source) -> dict[str, str]:
    """The YAML head: title, lang, detail and kind."""
    token = tokens[0] if tokens and tokens[0].type == "front_matter" else None
    if token is None:
        return {}
    if len(token.content) > _HEAD_LIMIT:
        raise source.fail("the head of the worksheet is too long", 0)
    try:
        data = yaml.safe_load(token.content) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 2 if mark is None else mark.line + 2
        raise ReadError("the head of the worksheet is not YAML", _at(source, line)) from error
    if not isinstance(data, dict):
        message = "the head of the worksheet must have lines such as title: ..."
        raise ReadError(message, _at(source, 2))
    for key, value in data.items():
        if key not in ("title", *_CHOICES) or not isinstance(value, str | int | float):
            allowed = f"title, {', '.join(_CHOICES)}"
            raise ReadError(f"the head of a worksheet has {allowed}, not {str(key)[:40]!r}",
                            _at(source, 2))  # fmt: skip
    for key, (what, allowed_values) in _CHOICES.items():
        if key in data and data[key] not in allowed_values:
            known = ", ".join(allowed_values)
            raise ReadError(f"the {what} are {known}, not {data[key]!r}", _at(source, 2))
    return {k: str(v) for k, v in data.items()}


def _at(source: Source, line: int, column: int = 1) -> Where:
    lines = source.text.split("\n")
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return Where(line, column, text, source.file)


class _Reader:
    """Takes a worksheet apart; the blocks are read by their kinds."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines = source.text.split("\n")
        self.reading = Reading()
        self.referred: list[tuple[str, int]] = []

    def items(self, tokens: list[Token]) -> Iterator[Item]:
        """The items in order; what stands between two blocks is prose."""
        begin = 0
        for number, token in enumerate(tokens):
            if token.type == "front_matter" and token.map:
                begin = token.map[1]
            elif token.type == "heading_open":
                name = heading_name(tokens[number + 1].content)
                self.reading.numbering.heading(int(token.tag[1:]), name)
            elif token.type == "inline":
                self._lint(token)
            elif token.type == "math_block":
                self._lint_formula(token.content, token)
            elif token.type in ("fence", "colon_fence") and token.info.strip().startswith("{"):
                directive = self._directive(token)
                yield from self._prose(begin, directive.line - 1)
                yield READERS[directive.name](directive, self.reading)
                begin = directive.end
        yield from self._prose(begin, len(self.lines))
        for id, line in self.referred:
            if not self.reading.numbering.has(id):
                where = _at(self.source, line, self.lines[line - 1].find(f"#{id}") + 1)
                raise ReadError(f"there is no statement {id}", where, "a reference names its :id:")

    def _prose(self, begin: int, end: int) -> Iterator[Prose]:
        text = "\n".join(self.lines[begin:end])
        if text.strip():
            yield Prose(text, begin + 1)

    # ------------------------------------------------------------ formulas in prose

    def _lint(self, token: Token) -> None:
        for child in token.children or ():
            if child.type == "link_open" and str(child.attrs["href"]).startswith("#"):
                id, begin = str(child.attrs["href"])[1:], (token.map or (0, 0))[0]
                places = (n for n in range(begin, len(self.lines)) if f"#{id}" in self.lines[n])
                self.referred.append((id, next(places, begin) + 1))
            if child.type in ("math_inline", "math_inline_double"):
                self._lint_formula(child.content, token)

    def _lint_formula(self, latex: str, token: Token) -> None:
        problem = lint(latex)
        if problem is None:
            return
        begin, end = token.map or (0, len(self.lines))
        for number in range(begin, end):
            column = self.lines[number].find(latex.strip().split("\n")[0])
            if column >= 0:
                raise ReadError(problem, _at(self.source, number + 1, column + 1))
        raise ReadError(problem, _at(self.source, begin + 1))

    # ------------------------------------------------------------ blocks

    def _directive(self, token: Token) -> Directive:
        assert token.map is not None
        directive = read_directive(token, self.lines, self.source.file)
        if token.level:
            message = "a block stands by itself, not in a list or a quotation"
            raise ReadError(message, directive.where)
        if directive.name not in READERS:
            raise ReadError(
                f"there is no block {{{directive.name}}}", directive.where,
                "the blocks are " + ", ".join(READERS),
            )  # fmt: skip
        return directive
