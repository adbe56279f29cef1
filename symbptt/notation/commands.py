"""TeX commands: fonts, sizes, environments, and the tables of those that are one token."""

from __future__ import annotations

import re

from . import vocabulary as v
from .symbols import ACCENT_OF, FONTS, GREEK, WORDS
from .tokens import MAX_DEPTH
from .words import Words

_ROW_GAP = re.compile(r"\*?\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|cm|mm)\s*\]")
_ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]+\*?)\}")
_ENVIRONMENT_OPTION = re.compile(r"\s*\[[tbc]\]|\s*\{[lcr|\s]*\}")
_ARGUMENT = re.compile(r"\*?\s*\{")
_DELIMITER = re.compile(r"\s*(\\[A-Za-z]+|\\.|.)")
_FONT_ARGUMENT = re.compile(r"\*?\s*(\{?)\s*")
_WORD = re.compile(r"[A-Za-z]+")
_PLUS_EQUALS = re.compile(r"[\s{]*\+[\s{}]*=\}*")
_PROSE = re.compile(
    r"\W*[^\W\d_]{2,}(?:[\s,.:;'’-]+[^\W\d_]+)+\W*|[(（]?[^\W\d_a-zA-Z\u0370-\u03ff]{2,}[)）]?"
)  # several words, or words of a script that no symbols come from; brackets around them
_UPRIGHT = {r"\mathrm", r"\mathsf", r"\mathtt", r"\mathit", r"\operatorname"}
_MATH_INSIDE = re.compile(r"[\\_^{}=+*/<>()\[\]]")


class Commands(Words):
    """Reads commands."""

    def cmd(self, text: str, at: int, end: int) -> int:
        if text in GREEK_COMMANDS:
            return self.emit("sym", text, at, end)
        if text in v.FORBIDDEN:
            raise self.source.fail(
                f"{text} does not belong to mathematics", at, "formulas are read, never executed"
            )
        for table, kind in _COMMAND_KINDS:
            if text in table:
                return self.emit(kind, table[text], at, end)
        if text in _HANDLERS:
            return int(getattr(self, _HANDLERS[text])(text, at, end))
        if text in v.OPEN or text in v.CLOSE:
            return self.bracket(text, at, end)
        if text in v.SKIP:
            return end
        if not (text[1].isascii() and text[1].isalpha()):
            raise self.source.fail(f"{text} is not understood", at)
        word = text[1:]
        return self.emit("sym", word if word in v.FUNCTION_WORDS else text, at, end)

    def sign_class(self, text: str, at: int, end: int) -> int:
        """``\\mathrel{+}=``: one sign made of two; else the command changes nothing."""
        m = _PLUS_EQUALS.match(self.text, end)
        if m is None or m.group().count("{") != m.group().count("}"):
            return end
        return self.emit("rel", "+=", at, m.end())

    def skip_argument(self, text: str, at: int, end: int) -> int:
        m = _ARGUMENT.match(self.text, end)
        return self.close_of[m.end() - 1] + 1 if m else end

    def size(self, text: str, at: int, end: int) -> int:
        """``\\left`` and the like: the delimiter decides; ``\\left.`` is an invisible one."""
        m = _DELIMITER.match(self.text, end)
        if m is None or text == r"\middle" or text.endswith("m"):
            return end
        delimiter = m.group(1)
        side = (
            "open"
            if text.endswith(("left", "l"))
            else "close"
            if text.endswith(("right", "r"))
            else ""
        )
        shown = delimiter if delimiter in (".", "<") else v.BARS.get(delimiter, "")
        if delimiter == ">":
            shown = ">"
        if not side or not shown:
            return end
        return self.emit(side, shown, m.start(1), m.end())

    def row(self, text: str, at: int, end: int) -> int:
        gap = _ROW_GAP.match(self.text, end)
        end = gap.end() if gap else end
        if self.environments and self.environments[-1][0] in v.GRIDS:
            return self.emit("row", text, at, end)
        if self.in_script:  # \substack
            return self.emit("comma", ",", at, end)
        return self.emit("nl", text, at, end) if not self.open and not self.braces else end

    def begin(self, text: str, at: int, end: int) -> int:
        m = _ENVIRONMENT.match(self.text, end)
        name = m.group(1) if m else ""
        if m is None or name not in v.GRIDS | v.ALIGNED:
            raise self.source.fail(f"the environment {name or '?'} is not understood", at)
        self.environments.append((name, at))
        if len(self.environments) > 8:
            raise self.source.fail("environments are nested more than 8 deep", at)
        option = _ENVIRONMENT_OPTION.match(self.text, m.end())
        end = option.end() if option else m.end()
        return self.emit("begin", name, at, end) if name in v.GRIDS else end

    def finish(self, text: str, at: int, end: int) -> int:
        m = _ENVIRONMENT.match(self.text, end)
        name, end = (m.group(1), m.end()) if m else ("?", end)
        if not self.environments or self.environments[-1][0] != name:
            was = rf"\begin{{{self.environments[-1][0]}}}" if self.environments else "nothing"
            raise self.source.fail(rf"\end{{{name}}} closes {was}", at)
        self.environments.pop()
        return self.emit("finish", name, at, end) if name in v.GRIDS else end

    def font(self, text: str, at: int, end: int) -> int:
        """A font: words in it are one symbol, sentences are text, bold 0 and 1 are matrices."""
        m = _FONT_ARGUMENT.match(self.text, end)
        assert m is not None
        inside = m.end()
        if not m.group(1):
            return self.font_of_letter(text, at, inside)
        close = self.close_of[m.start(1)]
        content = self.text[inside:close].strip()
        spaced = content != self.text[m.start(1) + 1 : close]
        if text in v.BOLD_FONTS and content in ("0", "1"):
            return self.emit("sym", r"\ones" if content == "1" else r"\zeros", at, close + 1)
        if text == r"\mathbb" and _WORD.fullmatch(content) and content != "I":
            return self.emit("sym", rf"\{content}", at, close + 1)
        if text in v.TEXT_FONTS - _UPRIGHT and _PROSE.fullmatch(content):
            return self.emit("text", content, at, close + 1)
        if text not in v.TEXT_FONTS or _MATH_INSIDE.search(content) or not content:
            self.font_at = at
            return end
        sentence = spaced and len(content) > 1 and not self.is_word(content)
        if not _WORD.fullmatch(content) or sentence or content.lower() in v.CONNECTIVES:
            if content.isdigit():
                self.font_at = at
                return end
            return self.emit("text", content, at, close + 1)
        if text == r"\textbf" and len(content) > 1 and not self.is_word(content):
            self.font_at = at
            return end
        if content == "d" and text != r"\textbf" and text != r"\mathit":
            return self.emit("sym", r"\mathrm{d}", at, close + 1)
        return self.emit("sym", WORDS.get(content, content), at, close + 1)

    def font_of_letter(self, text: str, at: int, end: int) -> int:
        """A font without braces; ``\\mathrm d`` and ``\\mathbb R`` and bold digits matter."""
        char = self.text[end : end + 1]
        alone = not self.text[end + 1 : end + 2].isalnum()
        if char in ("0", "1") and text in v.BOLD_FONTS and alone:
            return self.emit("sym", r"\ones" if char == "1" else r"\zeros", at, end + 1)
        if text == r"\mathbb" and char.isalpha():
            return self.emit("sym", rf"\{char}", at, end + 1)
        if text in (r"\mathrm", r"\rm") and char == "d":
            return self.emit("sym", r"\mathrm{d}", at, end + 1)
        return end

    def bracket(self, text: str, at: int, end: int) -> int:
        if text in v.OPEN:
            self.open.append(at)
            if len(self.open) + len(self.braces) > MAX_DEPTH:
                raise self.source.fail(f"brackets are nested more than {MAX_DEPTH} deep", at)
            return self.emit("open", v.OPEN[text], at, end)
        if self.open:
            self.open.pop()
        return self.emit("close", v.CLOSE[text], at, end)


GREEK_COMMANDS = frozenset(GREEK.values())
_COMMAND_KINDS: tuple[tuple[dict[str, str], str], ...] = (
    (v.RELATIONS, "rel"), (v.MULTIPLY, "mul"), (v.BIG, "big"),
    ({c: a.command for c, a in ACCENT_OF.items()}, "accent"),
    (dict.fromkeys(v.FRACTIONS, "frac"), "frac"), (v.SHORT_DERIVATIVES, "short"),
    ({r"\over": "over"}, "over"), ({r"\sqrt": "sqrt"}, "sqrt"),
    (dict.fromkeys(v.BINOMIALS, "binom"), "binom"),
    ({r"\partial": r"\partial"}, "partial"), ({r"\nabla": r"\nabla", r"\grad": r"\nabla"}, "nabla"),
    ({d: d for d in v.DOTS}, "dots"), (v.QUANTIFIERS, "quantifier"),
    ({r"\quad": "quad", r"\qquad": "quad"}, "quad"), ({r"\pm": r"\pm", r"\mp": r"\pm"}, "add"),
    ({r"\prime": "'"}, "prime"), ({r"\|": "‖", r"\Vert": "‖", r"\vert": "|", r"\mid": "|"}, "bar"),
    (dict.fromkeys(v.LABELLED, "label"), "label"),
    (dict.fromkeys(v.STACKED, "stacked"), "stacked"),
    ({r"\substack": "substack"}, "substack"), ({r"\backslash": "/"}, "slash"),
)  # fmt: skip
_HANDLERS: dict[str, str] = {
    **dict.fromkeys(v.SKIP_WITH_ARGUMENT, "skip_argument"), **dict.fromkeys(v.SIZES, "size"),
    **dict.fromkeys(FONTS | v.TEXT_FONTS | v.BOLD_FONTS, "font"), **dict.fromkeys(v.BOXES, "space"),
    **dict.fromkeys((r"\mathrel", r"\mathbin"), "sign_class"),
    "\\\\": "row", r"\newline": "row", r"\cr": "row", r"\begin": "begin", r"\end": "finish",
}  # fmt: skip
