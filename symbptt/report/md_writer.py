r"""A document as Markdown that GitHub renders, formulas and all.

GitHub hands ``$`...`$`` and fenced ``math`` blocks to MathJax untouched, refuses \operatorname, and
follows links to anchors of ``<a id>``. Source: docs.github.com, "Writing mathematical expressions".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy

from symbptt.report import plain, words
from symbptt.report.document import (
    AnswerSpace, Block, Code, CodeListing, Content, Display, Document, Emph, Equations, Heading,
    Inline, Items, Link, Math, MatrixView, Phrase, Picture, Prose, Quote, Ref, Replay,
    RuleEntry, Saying, SymbolsTable, Table, Text, TheoremBlock, content, phrase,
)  # fmt: skip
from symbptt.report.formulas import equation, formula
from symbptt.report.katex_render import width
from symbptt.report.linebreak import break_lines
from symbptt.report.numbers import equation_target
from symbptt.report.places import Places
from symbptt.report.sayings import (
    Chain, conditions_of, is_safe, made_by, proof_parts, reason_of, sketch,
)  # fmt: skip

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|$~&])")
_OPERATOR = re.compile(r"\\operatorname(\*?)\s*\{([^{}]*)\}")
_ROOM = 44.0  # em; a line of a page of GitHub
_END = "□"


def to_markdown(document: Document, pictures: Mapping[str, str]) -> str:
    """The Markdown text; ``pictures`` are the addresses of pictures by their SVG.

    ReadError if a formula is not LaTeX.
    """
    vocabulary = words.load(document.lang)
    writer = _Writer(vocabulary, document.detail, Places(document.blocks), pictures)
    made = writer.text(made_by(document))
    parts = [f"# {_escaped(document.title)}", writer.blocks(document.blocks), "---", made]
    return "\n\n".join(parts) + "\n"


def github(latex: str) -> str:
    """A formula in commands that GitHub allows."""
    limits = {"": r"\nolimits ", "*": ""}
    named = _OPERATOR.sub(lambda m: rf"\mathop{{\mathrm{{{m[2]}}}}}{limits[m[1]]}", latex)
    return " ".join(named.split())


class _Writer:
    """Writes blocks, an empty line between two of them."""

    def __init__(
        self, vocabulary: words.Words, detail: str, known: Places,
        pictures: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.words, self.detail, self.known, self.pictures = vocabulary, detail, known, pictures

    # ------------------------------------------------------------ inside a line

    def text(self, items: Content, in_cell: bool = False) -> str:
        return "".join(self.inline(item, in_cell) for item in items)

    def inline(self, item: Inline, in_cell: bool) -> str:
        match item:
            case Text(text):
                return _escaped(text)
            case Math(latex):
                shown = github(formula(latex, display=False))
                return f"$`{_without_bars(shown) if in_cell else shown}`$"
            case Code(text):
                return f"`{text}`" if "`" not in text else f"`` {text} ``"
            case Emph(inner, strong):
                mark = "**" if strong else "*"
                return f"{mark}{self.text(inner, in_cell)}{mark}"
            case Link(inner, url) if is_safe(url):
                return f"[{self.text(inner, in_cell)}]({url.replace(')', '%29')})"
            case Ref():
                return self.reference(self.known.resolved(item), in_cell)
            case Link(inner):
                return self.text(inner, in_cell)
            case Phrase():
                return self.text(self.words.phrase(item), in_cell)

    def reference(self, ref: Ref, in_cell: bool) -> str:
        said = self.text(ref.content, in_cell)
        if ref.target not in self.known or _has_math(ref.content, self.words):
            return said
        return f"[{said}](#{ref.target})"

    # ------------------------------------------------------------ blocks

    def blocks(self, blocks: Iterable[Block]) -> str:
        return "\n\n".join(filter(None, map(self.block, blocks)))

    def block(self, block: Block) -> str:
        match block:
            case Heading(level, title, target):
                return f"{_anchor(target)}{'#' * min(level + 1, 6)} {self.text(title)}"
            case Prose(text) if len(self.words.spoken) > 1 and words.speaks(text):
                return "\n\n".join(self.in_words(w).text(text) for w in self.words.spoken)
            case Prose(text):
                return self.text(text)
            case Items(items, ordered):
                return "\n".join(
                    _hanging(f"{n}. " if ordered else "- ", self.blocks(item))
                    for n, item in enumerate(items, 1)
                )
            case Quote(inner):
                return "\n".join(f"> {line}" for line in self.blocks(inner).split("\n"))
            case Display(latex, tag, summands, target):
                return _anchor(target, "\n\n") + _math(_broken(formula(latex), summands), tag)
            case MatrixView(left, sides, tag):
                return _math(formula(equation(left, sides)), tag)
            case Equations(rows):
                anchors = "".join(_anchor(equation_target(r.number)) for r in rows)
                return f"{anchors}\n\n" + "\n\n".join(
                    _math(f"{formula(r.left)} = {_broken(formula(r.right), r.summands)}"
                          + (rf" \qquad {r.where}" if r.where else ""), r.number)
                    for r in rows
                )  # fmt: skip
            case TheoremBlock():
                return self.theorem(block)
            case RuleEntry():
                return self.rule(block)
            case SymbolsTable(rows):
                names = [Phrase(f"table.{key}") for key in ("symbol", "shape", "meaning")]
                cells = [(Math(r.latex), Math(r.shape) if r.shape else Text(""), r.meaning)
                         for r in rows]  # fmt: skip
                return self.table(names, cells)
            case Table(head, rows):
                return self.table(head, rows)
            case CodeListing(code, language):
                return _fenced(code.rstrip("\n"), language)
            case Picture(_, svg, caption, alt):
                said = self.text(caption)
                name = _escaped(alt or plain.said(caption, self.words))
                shown = f"![{name}]({self.pictures[svg]})" if svg in self.pictures else ""
                return "\n\n".join(filter(None, [shown, said]))
            case AnswerSpace():
                return f"**{self.words.say('ask.answer')}**\n\n<br>"

    def in_words(self, vocabulary: words.Words) -> _Writer:
        """The same writer in another language."""
        other = copy(self)
        other.words = vocabulary
        return other

    def rule(self, block: RuleEntry) -> str:
        """An entry of the appendix."""
        key = f" `{block.key}`" if block.latex else ""
        head = f"{_anchor(block.target)}{block.number}. **{self.text(block.name)}**{key}"
        shown = _math(formula(block.latex)) if block.latex else ""
        said = " · ".join(self.text(note) for note in block.notes)
        return "\n\n".join(filter(None, [head, shown, said]))

    def table(self, head: Sequence[Saying], rows: Iterable[Sequence[Saying]]) -> str:
        def line(cells: Iterable[str]) -> str:
            return f"| {' | '.join(cells)} |"

        texts = [[self.text(content(cell), in_cell=True) for cell in row] for row in (head, *rows)]
        first, *others = texts
        return "\n".join([line(first), line("---" for _ in first), *map(line, others)])

    # ------------------------------------------------------------ theorems

    def theorem(self, block: TheoremBlock) -> str:
        kind = phrase("theorem.numbered", kind=Phrase(f"theorem.{block.kind}"),
                      number=Text(block.number))  # fmt: skip
        name = f" ({self.text(block.name)})" if block.name else ""
        head = f"{_anchor(block.target)}**{self.text((kind,))}**{name}."
        conditions = self.text(conditions_of(block, self.words))
        parts = [f"{head} {conditions}".rstrip(), self.blocks(block.statement)]
        if block.proof:
            parts.append(self.proof(block))
        if block.proof and block.replays and self.detail == "full":
            parts.append(self.replays(block.replays))
        return "\n\n".join(filter(None, parts))

    def proof(self, block: TheoremBlock) -> str:
        word = f"*{self.words.say('proof.proof')}.*"
        if self.detail == "brief":
            return f"{word} {self.text(sketch(block.proof, self.words))} {_END}"
        first, *others = proof_parts(block.proof)
        between = "\n\n" if isinstance(first, tuple) else " "
        parts = [word + between + self.part(first), *map(self.part, others)]
        ended = "\n\n" if isinstance((first, *others)[-1], tuple) else " "
        return "\n\n".join(parts) + ended + _END

    def part(self, part: Chain | Block) -> str:
        """A chain as a table: the relation, the line, and why."""
        if not isinstance(part, tuple):
            return self.block(part)
        rows = [(_line(x.relation), _line(x.latex), reason_of(x)) for x in part]
        return self.table((Text(""),) * 3, rows)

    def replays(self, replays: Sequence[Replay]) -> str:
        """Every step of the kernel, folded."""
        texts, number = [], 0
        for part in replays:
            statement = (Math(part.statement),) if part.statement else ()
            head = " ".join(filter(None, [self.text(part.title), self.text(statement)]))
            lines = []
            for step in part.steps:
                number += 1
                change = self.text((Math(step.latex),)) if step.latex else ""
                lines.append(f"{number}. {change} {self.text(step.reason)}".replace("  ", " "))
            texts.append("\n\n".join(filter(None, [head, "\n".join(lines)])))
        said = self.words.phrase(phrase("proof.replay", steps=Text(str(number))))
        inside = "\n\n".join(texts)
        return f"<details><summary>{self.text(said)}</summary>\n\n{inside}\n\n</details>"


def _line(latex: str) -> Inline:
    """A piece of a chain in a cell, as large as in a display."""
    return Math(rf"\displaystyle {formula(latex)}") if latex else Text("")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _without_bars(latex: str) -> str:
    r"""A cell of a table ends at a bar, escaped or not: \| and | by their other names."""
    return latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def _has_math(items: Content, vocabulary: words.Words) -> bool:
    """Whether a formula stands in some content: GitHub does not look for one in a link."""
    return any(isinstance(x, Math) for x in vocabulary.plain(items))


def _anchor(target: str, after: str = "") -> str:
    return f'<a id="{target}"></a>{after}' if target else ""


def _math(latex: str, tag: str = "") -> str:
    number = rf" \tag{{{tag}}}" if tag else ""
    return _fenced(github(latex) + number, "math")


def _fenced(text: str, language: str) -> str:
    longest = max((len(m) for m in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _broken(latex: str, summands: Sequence[str] = ()) -> str:
    """A formula that is too wide for a line, in several."""
    if width(latex) <= _ROOM:
        return latex
    lines = break_lines(latex, _ROOM, width, summands)
    body = r" \\ & ".join(r"\quad " * line.indent + line.latex for line in lines)
    return rf"\begin{{aligned}}[t] & {body} \end{{aligned}}"


def _hanging(mark: str, text: str) -> str:
    first, *others = text.split("\n")
    indent = " " * len(mark)
    return "\n".join([mark + first, *(indent + x if x else x for x in others)])
