r"""Text to tokens: TeX, Unicode and plain letters become the same few kinds of token.

Fonts, spacing, sizes, ``$`` and alignment marks are dropped here; words are told from products of
letters. Nesting is measured before anything recursive sees the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set

from . import vocabulary as v
from .commands import Commands
from .source import Source
from .symbols import ACCENT_OF_MARK, GREEK, OPERATORS, SUBSCRIPTS, SUPERSCRIPTS, WORDS
from .tokens import Token

MAX_TOKENS = 20_000

_MASTER = re.compile(
    r"(?P<space>[^\S\n]+)|(?P<nl>\n)|(?P<comment>%[^\n]*)|(?P<cmd>\\[A-Za-z]+|\\.)"
    r"|(?P<num>\d+\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?|\.\d+)|(?P<word>[A-Za-z]+)"
    r"|(?P<sign>:=|\+=|<=|>=|==|!=|->|\|\||\*\*|\.\.+)|(?P<char>.)",
    re.DOTALL,
)
_PLAIN_SCRIPT = re.compile(r"[A-Za-z0-9]+")
_FOREIGN = re.compile(r"[^\W\d_a-zA-Z\u0370-\u03ff]+")  # words in another script
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LONELY = re.compile(r"_(?![A-Za-z0-9{])")
_LATEX_LINE = re.compile(r"\\")
_ANGLED = re.compile(r"<[^<>{}=,;\n]*>")  # <t> in a script
_ACCENT_SIGNS = {"∥": r"\|", "∣": "|", "’": "'", "‘": "'", "⩽": r"\le", "⩾": r"\ge", "∗": "*"}
_CHAR_KINDS = {"_": "sub", "^": "sup", "'": "prime", ",": "comma", ";": "semi", "/": "slash",
               "+": "add", "-": "add", "{": "lbrace", "}": "rbrace", ".": "dot"}  # fmt: skip


class Lexer(Commands):
    """Makes the tokens of one text."""

    def run(self) -> list[Token]:
        """All tokens, closed by one of kind "end"."""
        pos, size, text = 0, len(self.text), self.text
        self.new_line(0)
        while pos < size:
            m = _MASTER.match(text, pos)
            assert m is not None  # the last alternative matches anything
            pos = getattr(self, m.lastgroup or "char")(m.group(), pos, m.end())
            if len(self.out) > MAX_TOKENS:
                raise self.source.fail(f"more than {MAX_TOKENS:,} symbols", pos)
        if self.environments:
            name, at = self.environments[-1]
            raise self.source.fail(rf"\begin{{{name}}} is never closed", at, rf"add \end{{{name}}}")
        self.out.append(Token("end", "", size, size, True))
        return self.out

    def new_line(self, pos: int) -> None:
        """Looks whether the line that starts here is LaTeX or plain."""
        end = self.text.find("\n", pos)
        line = self.text[pos : end if end >= 0 else len(self.text)]
        self.latex = _LATEX_LINE.search(line) is not None

    def space(self, text: str, at: int, end: int) -> int:
        self.gap = True
        return end

    def comment(self, text: str, at: int, end: int) -> int:
        return end

    def nl(self, text: str, at: int, end: int) -> int:
        self.new_line(end)
        self.gap = True
        if self.lines and not (self.open or self.braces or self.environments):
            self.emit("nl", text, at, end)
        return end

    def num(self, text: str, at: int, end: int) -> int:
        if self.after_script and self.latex and text[0].isdigit():  # TeX takes one digit
            text, end = text[0], at + 1
        elif self.after_script and not self.latex and self.text[end : end + 1] in _LETTERS:  # p_1i
            return self.bare_script(text, at, end)
        last = self.out[-1] if self.out else None
        touching = last and last.kind == "sym" and not self.gap and last.end == at
        if touching and not self.in_script and self.letters_end(at):
            self.emit("sub", "_", at, at)  # W2 is W_2
        return self.emit("num", text, at, end)

    def letters_end(self, at: int) -> bool:
        """Whether a word that is no script by itself ends at ``at``."""
        before = self.out[-2].kind if len(self.out) > 1 else ""
        return self.text[at - 1].isalpha() and before not in ("sub", "sup")

    def word(self, text: str, at: int, end: int) -> int:
        if self.after_script:
            return self.bare_script(text, at, end)
        if text == "lambda" and _LONELY.match(self.text, end):  # lambda_, as Python must have it
            end += 1
        if not self.in_script and not self.latex_letters(text) and text in v.PLAIN_WORDS:
            return self.cmd(v.PLAIN_WORDS[text], at, end)
        pieces = [text] if self.looks_applied(text, end) else self.split(text)
        for piece in pieces:
            stop = end if len(pieces) == 1 else at + len(piece)
            self.emit("sym", WORDS.get(piece, piece), at, stop)
            at = stop
        return end

    def bare_script(self, text: str, at: int, end: int) -> int:
        """The script after ``_`` or ``^`` without braces: a letter in TeX, a word in plain text."""
        plain_end = end
        if self.out[-1].kind == "sub":
            m = _PLAIN_SCRIPT.match(self.text, at)
            plain_end = m.end() if m else end
        run = self.text[at:plain_end]
        if len(run) == 1:
            return self.emit("sym", run, at, plain_end)
        base = self.out[-2].text if len(self.out) > 1 else ""
        known = f"{base}_{{{run}}}" in self.names
        if (self.latex and not known) or self.out[-1].kind == "sup":
            return self.emit("sym", text[0], at, at + 1)
        self.emit("lbrace", "{", at, at)
        for piece in self.script_pieces(run):
            kind = "num" if piece[0].isdigit() else "sym"
            self.emit(
                kind, WORDS.get(piece, piece) if len(piece) > 2 else piece, at, at + len(piece)
            )
            at += len(piece)
        return self.emit("rbrace", "}", at, at)

    def sign(self, text: str, at: int, end: int) -> int:
        if text in v.RELATIONS:
            return self.emit("rel", v.RELATIONS[text], at, end)
        if text == "||":
            return self.emit("bar", "‖", at, end)
        if text == "**":  # the power of programs
            return self.emit("sup", "^", at, end)
        return self.emit("dots", r"\dots", at, end)

    def char(self, text: str, at: int, end: int) -> int:
        if text in _CHAR_KINDS:
            return self.punctuation(text, at, end)
        if text in v.OPEN or text in v.CLOSE:
            return self.bracket(text, at, end)
        if text in "<>" and self.is_angle(text, at):
            return self.emit("open" if text == "<" else "close", text, at, end)
        if text in v.RELATIONS:
            return self.emit("rel", v.RELATIONS[text], at, end)
        if text in v.MULTIPLY:
            return self.emit("mul", v.MULTIPLY[text], at, end)
        if text in v.BARS:
            return self.emit("bar", v.BARS[text], at, end)
        if text in v.SKIP:
            return end
        if text == "&":
            in_grid = self.environments and self.environments[-1][0] in v.GRIDS
            return self.emit("amp", "&", at, end) if in_grid else end
        if ord(text) > 127:
            return self.unicode(text, at, end)
        raise self.source.fail(f"{text!r} does not belong to mathematics", at)

    def is_angle(self, text: str, at: int) -> bool:
        """Whether < or > is a bracket, as in ``a^{<t>}``."""
        if text == ">":
            return at == self.angle_end
        starts = self.in_script and self.out[-1].kind in ("lbrace", "close")
        m = _ANGLED.match(self.text, at) if starts or self.after_script else None
        if m is not None:
            self.angle_end = m.end() - 1
        return m is not None

    def punctuation(self, text: str, at: int, end: int) -> int:
        if text == "{":
            self.braces.append(self.in_script or self.after_script)
            if self.font_at >= 0:
                at, self.font_at = self.font_at, -1
        elif text == "}" and self.braces:
            self.braces.pop()
        return self.emit(_CHAR_KINDS[text], text, at, end)

    def unicode(self, char: str, at: int, end: int) -> int:
        """A letter or sign of Unicode, as the LaTeX it stands for."""
        if char in ACCENT_OF_MARK and self.out:
            return self.accent_before(ACCENT_OF_MARK[char].command, end)
        if char in SUBSCRIPTS or char in SUPERSCRIPTS:
            return self.unicode_scripts(at)
        char = _ACCENT_SIGNS.get(char, v.FULL_WIDTH.get(char, char))
        if ord(char[0]) < 128 and char[0] != "\\":
            return self.char(char, at, end)
        if char.startswith("\\"):
            return self.cmd(char, at, end)
        if char in GREEK:
            return self.emit("sym", GREEK[char], at, end)
        if char in OPERATORS:
            return self.operator(OPERATORS[char], at, end)
        base = unicodedata.normalize("NFKD" if 0x1D400 <= ord(char) <= 0x1D7FF else "NFD", char)
        if base != char:
            for mark in base[1:]:
                self.emit(
                    "accent", ACCENT_OF_MARK[mark].command, at, at
                ) if mark in ACCENT_OF_MARK else 0
            return (
                self.unicode(base[0], at, end)
                if ord(base[0]) > 127
                else self.ascii(base[0], at, end)
            )
        if char.isspace():
            return self.space(char, at, end)
        if char.isalpha():
            m = _FOREIGN.match(self.text, at)
            stop = m.end() if m else end
            return self.emit("text", self.text[at:stop], at, stop)
        raise self.source.fail(f"the character {char!r} is not understood", at)

    def ascii(self, char: str, at: int, end: int) -> int:
        kind = "num" if char.isdigit() else "sym"
        return self.emit(kind, char, at, end) if char.isalnum() else self.char(char, at, end)

    def operator(self, text: str, at: int, end: int) -> int:
        if text == r"\mathbb{R}":
            return self.emit("sym", r"\R", at, end)
        if text.startswith("'"):
            for _ in text:
                self.emit("prime", "'", at, end)
            return end
        return self.cmd(text, at, end) if text.startswith("\\") else self.char(text, at, end)

    def accent_before(self, command: str, end: int) -> int:
        """A combining mark: the accent goes before the letter it follows."""
        last = self.out.pop()
        self.out.append(Token("accent", command, last.at, last.at, last.gap))
        self.out.append(Token(last.kind, last.text, last.at, end, False))
        return end

    def unicode_scripts(self, at: int) -> int:
        """A run of superscript or subscript characters."""
        table, kind, sign = (
            (SUBSCRIPTS, "sub", "_") if self.text[at] in SUBSCRIPTS else (SUPERSCRIPTS, "sup", "^")
        )
        self.emit(kind, sign, at, at)
        self.emit("lbrace", "{", at, at)
        while at < len(self.text) and self.text[at] in table:
            plain = table[self.text[at]]
            if plain.startswith("\\"):
                self.emit("sym", plain, at, at + 1)
            else:
                self.ascii(plain, at, at + 1)
            at += 1
        return self.emit("rbrace", "}", at, at)


def tokenize(
    source: Source,
    words: Set[str] = frozenset(),
    names: Set[str] = frozenset(),
    lines: bool = False,
) -> list[Token]:
    """The tokens of a text; with ``lines`` a line break outside of brackets is a token."""
    return Lexer(source, words, names, lines).run()
