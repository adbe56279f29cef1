"""The names of things, and the tables behind them; readers and writers share this module.

A *normal name* is LaTeX without fonts: a base (a letter, a Greek command or a word), accents,
primes, a superscript, a subscript, always in this order and with braces: ``W_{hh}``, ``\\hat{y}``,
``c^{(\\ell)}``, ``\\delta^{h}``, ``h'``. It contains no time index; ``index_name`` attaches one.

    >>> normal_name("W_hh"), normal_name(r"\\mathbf{W}_{hh}"), normal_name("sigma")
    ('W_{hh}', 'W_{hh}', '\\\\sigma')
    >>> ascii_name(r"W^{(sx)}"), ascii_name(r"\\tilde{C}"), ascii_name("h'")
    ('W_sx', 'C_tilde', 'h_prime')
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from ..core.errors import ReadError
from .tables import ACCENT_OF as ACCENT_OF
from .tables import ACCENT_OF_MARK as ACCENT_OF_MARK
from .tables import ACCENTS as ACCENTS
from .tables import COMMANDS as COMMANDS
from .tables import FONTS as FONTS
from .tables import GREEK as GREEK
from .tables import OPERATORS as OPERATORS
from .tables import PLAIN_ACCENTS as PLAIN_ACCENTS
from .tables import PRECEDENCE as PRECEDENCE
from .tables import SUBSCRIPTS as SUBSCRIPTS
from .tables import SUPERSCRIPTS as SUPERSCRIPTS
from .tables import WORDS as WORDS
from .tables import Accent as Accent
from .tables import Level as Level


@dataclass(frozen=True)
class Name:
    """A name in parts; scripts are normal LaTeX without their braces, or empty."""

    base: str
    accents: tuple[str, ...] = ()  # commands, innermost first
    primes: int = 0
    sup: str = ""
    sub: str = ""

    @property
    def head(self) -> str:
        """The name without its scripts."""
        head = self.base
        for accent in self.accents:
            head = f"{accent}{{{head}}}"
        return head + "'" * self.primes

    @property
    def text(self) -> str:
        """The normal name."""
        sup = f"^{{{self.sup}}}" if self.sup else ""
        sub = f"_{{{self.sub}}}" if self.sub else ""
        return f"{self.head}{sup}{sub}"

    def indexed(self, index: str) -> Name:
        """The name with one more subscript."""
        return replace(self, sub=f"{self.sub},{index}" if self.sub else index)


def expand(text: str) -> str:
    """Unicode letters, operators, accents and scripts as LaTeX."""
    out: list[str] = []
    for kind, run in groupby(unicodedata.normalize("NFD", text), _script_of):
        if kind is not None:
            mark, table = kind
            out.append(f"{mark}{{{''.join(table[c] for c in run)}}}")
            continue
        for char in run:
            if 0x1D400 <= ord(char) <= 0x1D7FF or char in "ℎℒℰℱℳ":  # letters of another font
                char = unicodedata.normalize("NFKD", char)
            if char in ACCENT_OF_MARK and out:
                out[-1] = f"{ACCENT_OF_MARK[char].command}{{{out[-1]}}}"
            else:
                command = GREEK.get(char) or OPERATORS.get(char, char)
                out.append(f"{command} " if len(command) > 2 and command[-1].isalpha() else command)
    return "".join(out)


def _script_of(char: str) -> tuple[str, dict[str, str]] | None:
    if char in SUBSCRIPTS:
        return "_", SUBSCRIPTS
    return ("^", SUPERSCRIPTS) if char in SUPERSCRIPTS else None


_NAMED = {*COMMANDS, r"\infty", r"\hbar", r"\imath", r"\jmath"}  # commands that may be a base
_PUNCTUATION = {*OPERATORS.values(), r"\prime", r"\ast", r"\star", r"\dagger", r"\pm", r"\,"}
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z0-9]+|\s+|.", re.DOTALL)
_WORD_THEN_DIGITS = re.compile(r"([A-Za-z]+)([0-9]+)")
_LONGEST = 200  # characters of a name
_ENDS_IN_COMMAND = re.compile(r"\\[A-Za-z]+$")


class _NameReader:
    """Reads one name from its tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [t for t in _TOKEN.findall(expand(text)) if not t.isspace()]
        self.at = 0

    def fail(self) -> ReadError:
        return ReadError(f"not a name: {self.text!r}")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        if not token or (expected and token not in expected):
            raise self.fail()
        self.at += 1
        return token

    def whole(self) -> Name:
        name = self.scripted(self.atom())
        if self.peek():
            raise self.fail()
        return name

    def atom(self) -> Name:
        """A letter, a word or a group, with the accents and fonts in front of it."""
        token = self.take()
        if token in FONTS:
            return self.atom()
        if token in ACCENT_OF:
            inner = self.atom()
            return replace(inner, accents=(*inner.accents, ACCENT_OF[token].command))
        if token == "{":
            name = self.scripted(self.atom())
            self.take("}")
            return name
        if token in _NAMED:
            return Name(token)
        word = token.removeprefix("\\")  # a macro that nobody declared is a word
        if not (word.isascii() and word[:1].isalpha()) or token in OPERATORS.values():
            raise self.fail()
        parts = _WORD_THEN_DIGITS.fullmatch(word)
        stem, digits = parts.groups() if parts else (word, "")
        return Name(WORDS.get(stem, stem), sub=digits)

    def scripted(self, name: Name) -> Name:
        """The name with the primes and scripts that follow."""
        while (token := self.peek()) in ("_", "^", "'"):
            self.at += 1
            if token == "'":
                name = replace(name, primes=name.primes + 1)
                continue
            script = self.script()
            if token == "_" and script in PLAIN_ACCENTS and not name.sub:
                name = replace(name, accents=(*name.accents, PLAIN_ACCENTS[script].command))
            elif script == (r"\prime" if token == "^" else "prime"):
                name = replace(name, primes=name.primes + 1)
            elif token == "^":
                name = replace(name, sup=f"{name.sup},{script}" if name.sup else script)
            else:
                name = name.indexed(script)
        return name

    def script(self) -> str:
        """A group, or one token; normalized."""
        if self.peek() != "{":
            return self.piece(nested=False)
        self.at += 1
        out = ""
        while self.peek() != "}":
            piece = self.piece(nested=True)
            out += f" {piece}" if piece[:1].isalpha() and _ENDS_IN_COMMAND.search(out) else piece
        self.at += 1
        return out

    def piece(self, nested: bool) -> str:
        """A part of a script: punctuation as it is, anything else as a name."""
        token = self.peek()
        if token in FONTS:
            self.at += 1
            return self.script() if self.peek() == "{" else self.piece(nested)
        if token in ("", "}", "_", "^"):
            raise self.fail()
        if token in COMMANDS or token in ACCENT_OF or token == "{":
            name = self.atom()
        elif token[0].isalnum() or (token[0] == "\\" and token not in _PUNCTUATION):
            self.at += 1
            word = token.removeprefix("\\")  # W_{xi} is x to i, W_{theta} is Greek
            name = Name(WORDS.get(word, word) if len(word) > 2 else word)
        else:
            return self.take()
        return self.scripted(name).text if nested else name.text


@lru_cache(maxsize=4096)
def split_name(text: str) -> Name:
    """The parts of a name in any notation; ReadError if it is not one name."""
    if len(text) > _LONGEST:
        raise ReadError(f"a name of {len(text)} characters: {text[:40]}...")
    escaped = text.endswith("_") and keyword.iskeyword(text[:-1])  # lambda_ is Python's \lambda
    return _NameReader(text[:-1] if escaped else text).whole()


def normal_name(text: str) -> str:
    """The normal LaTeX name, without fonts, of a name in LaTeX, Unicode or plain form."""
    return split_name(text).text


def index_name(name: str, index_latex: str) -> str:
    """A normal name with a time index: ``h_{t}``, ``z_{r,t}``, ``a^{f}_{t-1}``."""
    return split_name(name).indexed(index_latex).text


_ASCII = {"*": "star", "+": "plus", "'": "_prime", r"\ast": "star", r"\star": "star"}


_ACCENTED = re.compile(r"(\\[a-z]+)\{(\w+|\\[A-Za-z]+)\}")


def _ascii_script(script: str) -> str:
    script = _ACCENTED.sub(lambda m: f"{m[2]}_{ACCENT_OF[m[1]].word}", script)
    tokens = (_ASCII.get(t, t.lstrip("\\")) for t in _TOKEN.findall(script))
    words = "".join(t if t.replace("_", "").isalnum() else "_" for t in tokens)
    return re.sub("_+", "_", words).strip("_")


@lru_cache(maxsize=4096)
def ascii_name(name: str) -> str:
    """The Python identifier of a name."""
    parts = split_name(name)
    marks = [ACCENT_OF[a].word for a in parts.accents] + ["prime"] * parts.primes
    scripts = [_ascii_script(s) for s in (parts.sup, parts.sub)]
    word = "_".join(s for s in (parts.base.lstrip("\\"), *marks, *scripts) if s)
    return f"{word}_" if keyword.iskeyword(word) else word


def ascii_names(names: Iterable[str], reserved: Iterable[str] = ()) -> dict[str, str]:
    """Distinct Python identifiers for several names, in order; none of them is ``reserved``."""
    out: dict[str, str] = {}
    taken = set(reserved)
    for name in names:
        if name in out:
            continue
        word, count = ascii_name(name), 2
        while word in taken:
            word, count = f"{ascii_name(name)}_{count}", count + 1
        out[name] = word
        taken.add(word)
    return out
