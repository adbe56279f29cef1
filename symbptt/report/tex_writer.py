"""A document as a LaTeX file that pdflatex (or xelatex, for Chinese) compiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

from symbptt.report import tex_chain, words
from symbptt.report.document import (
    AnswerSpace, Block, CodeListing, Content, Display, Document, Equations, Heading, Items, Math,
    MatrixView, Picture, Prose, Quote, Replay, RuleEntry, SymbolsTable, Table, TheoremBlock,
    content,
)  # fmt: skip
from symbptt.report.formulas import equation, formula
from symbptt.report.katex_render import width
from symbptt.report.places import Places
from symbptt.report.sayings import (
    Chain, conditions_of, made_by, proof_parts, reason_of, sketch,
)  # fmt: skip
from symbptt.report.tex_text import (
    escape, has_cjk, inline, katex_commands, needs_unicode_engine, unicode_symbols,
)  # fmt: skip
from symbptt.report.slides import slides
from symbptt.report.templating import call_macro, tex_templates
from symbptt.report.walking import walk

_LINE = 38.9  # em; the width of the text in the template
_SLIDE = 35.0  # em; that on a slide
_LIST_INDENT = 2.5
_PROOF_INDENT = 1.5
_LONG_TABLE = 14  # rows from which a table may go on on the next page
_SECTIONS = {1: "section", 2: "subsection", 3: "subsubsection"}
_SHOWN = (tuple, Display, MatrixView)  # what stands on lines of its own inside a paragraph
_QED = r"\qedsymbol"
_RAGGED = r">{\raggedright\arraybackslash}X"


def to_tex(document: Document) -> str:
    """The LaTeX source; a formula that is not LaTeX is a ReadError."""
    writer = TexWriter(words.load(document.lang), document.detail, Places(document.blocks))
    title = escape(document.title)
    on_slides = document.kind == "slides"
    body = writer.slides(document.blocks) if on_slides else writer.blocks(document.blocks, _LINE)
    made = writer.text(made_by(document))
    everything = "\n".join([title, body, made])
    cjk = document.lang != "en" or has_cjk(everything)
    unicode_engine = cjk or needs_unicode_engine(everything)
    return (
        tex_templates()
        .get_template("slides.tex.j2" if on_slides else "report.tex.j2")
        .render(
            engine="xelatex" if unicode_engine else "pdflatex",
            cjk=cjk,
            title=title,
            words=writer.words,
            characters=unicode_symbols(everything),
            commands=katex_commands(everything),
            body=body,
            proof_indent=_PROOF_INDENT,
            made=made,
        )
    )


def blocks_to_tex(blocks: Iterable[Block], lang: str) -> str:
    """Blocks as LaTeX for a document of one's own."""
    shown = tuple(blocks)
    return TexWriter(words.load(lang), "normal", Places(shown)).blocks(shown, _LINE)


class TexWriter:
    """Writes blocks; ``room`` is the width that a block has, in em."""

    def __init__(self, vocabulary: words.Words, detail: str, known: Places) -> None:
        self.words, self.detail, self.known = vocabulary, detail, known
        self.macros = tex_templates().get_template("blocks.tex.j2")

    def text(self, items: Content) -> str:
        return inline(items, self.words, self.known)

    def blocks(self, blocks: Iterable[Block], room: float) -> str:
        return _joined([(block, self.block(block, room)) for block in blocks])

    def block(self, block: Block, room: float) -> str:
        match block:
            case Heading(level, title, target):
                command = _SECTIONS.get(level, "paragraph")
                text = self.text(title)
                return call_macro(self.macros, "heading", command=command, text=text, label=target)
            case Prose(text) if len(self.words.spoken) > 1 and words.speaks(text):
                return "\n\n".join(self.in_words(w).text(text) for w in self.words.spoken)
            case Prose(text):
                return self.text(text)
            case Items(items, ordered):
                inner = [self.blocks(item, room - _LIST_INDENT) for item in items]
                environment = "enumerate" if ordered else "itemize"
                return call_macro(self.macros, "items", environment=environment, items=inner)
            case Quote(blocks):
                inside = self.blocks(blocks, room - 2 * _LIST_INDENT)
                return call_macro(self.macros, "quote", text=inside)
            case Display(latex, tag, summands, target):
                return tex_chain.display(formula(latex), room, escape(tag), summands, target)
            case Equations(rows):
                for row in rows:
                    formula(f"{row.left} = {row.right} {row.where}")
                return tex_chain.equations(rows, room)
            case RuleEntry():
                return self.rule(block, room)
            case MatrixView(left, sides, tag):
                return tex_chain.display(formula(equation(left, sides)), room, escape(tag))
            case TheoremBlock():
                return self.theorem(block, room)
            case SymbolsTable():
                return self.symbols(block)
            case Table():
                return self.table(block)
            case CodeListing(code):
                # the end of the environment is the only thing that means something in it
                code = code.rstrip("\n").replace(r"\end{Verbatim}", r"\end {Verbatim}")
                return call_macro(self.macros, "code", text=code)

            case AnswerSpace(lines):
                word = self.words.say("ask.answer")
                return call_macro(self.macros, "space", lines=lines, word=word)
            case Picture(tex, _, caption):
                return call_macro(self.macros, "picture", tex=tex, caption=self.text(caption))

    def slides(self, blocks: Iterable[Block]) -> str:
        """The blocks as frames of a presentation."""
        frames = []
        for slide in slides(blocks):
            text = self.blocks(slide.blocks, _SLIDE)
            fragile = any(isinstance(x, CodeListing) for x in walk(slide.blocks))
            title = self.text(slide.title)
            frames.append(call_macro(self.macros, "slide", title=title, text=text, fragile=fragile))
        return "\n".join(frames)

    def in_words(self, vocabulary: words.Words) -> TexWriter:
        """The same writer in another language."""
        other = copy(self)
        other.words = vocabulary
        return other

    # ------------------------------------------------------------ theorems

    def theorem(self, block: TheoremBlock, room: float) -> str:
        theorem = call_macro(
            self.macros,
            "theorem",
            kind=block.kind,
            number=escape(block.number),
            name=self.text(block.name),
            conditions=self.text(conditions_of(block, self.words)),
            statement=self.blocks(block.statement, room),
            label=block.target,
            lines=sum(b.lines for b in block.statement if isinstance(b, AnswerSpace)),
        )
        shown = [theorem]
        if block.proof:
            shown.append(self.proof(block, room))
        if block.proof and block.replays and self.detail == "full":
            shown.append(self.replays(block.replays, room))
        return "\n".join(shown)

    def rule(self, block: RuleEntry, room: float) -> str:
        """An entry of the appendix: a short formula stands beside its name."""
        latex = formula(block.latex) if block.latex else ""
        short = bool(latex) and width(latex) <= 0.45 * room
        key = escape(block.key) if latex else ""  # a kind of step has no row in the table
        return call_macro(
            self.macros,
            "rule",
            label=block.target,
            number=escape(block.number),
            name=self.text(block.name),
            key=key,
            beside=rf"$\displaystyle {latex}$" if short else "",
            shown=tex_chain.display(latex, room) if latex and not short else "",
            notes=r" $\cdot$ ".join(self.text(note) for note in block.notes),
        )

    def replays(self, replays: Sequence[Replay], room: float) -> str:
        """Every step of the kernel, with its number."""
        texts, number = [], 0
        for part in replays:
            statement = f"${formula(part.statement, display=False)}$" if part.statement else ""
            rows = []
            for step in part.steps:
                number += 1
                said = f"{number}.~{self.text(step.reason)}"
                rows.append(tex_chain.Row("", formula(step.latex or r"\quad"), said))
            head = " ".join(filter(None, [self.text(part.title), statement]))
            steps = tex_chain.chain(rows, room - _PROOF_INDENT) if rows else ""
            texts.append(call_macro(self.macros, "replay", head=head, steps=steps))
        return "\n".join(texts)

    def proof(self, block: TheoremBlock, room: float) -> str:
        """The proof; if it ends with a chain, the last line bears the mark of the end.

        A brief report says what the proof uses.
        """
        if self.detail == "brief":
            said = self.text(sketch(block.proof, self.words))
            return call_macro(self.macros, "proof", text=said, marked=False)
        *parts, last = proof_parts(block.proof)
        texts = [(part, self.part(part, room)) for part in parts]
        texts.append((last, self.part(last, room, _QED)))
        marked = isinstance(last, tuple)
        return call_macro(self.macros, "proof", text=_joined(texts), marked=marked)

    def part(self, part: Chain | Block, room: float, closing: str = "") -> str:
        if not isinstance(part, tuple):
            return self.block(part, room)
        rows = [
            tex_chain.Row(x.relation, formula(x.latex), self.text(reason_of(x)), x.summands)
            for x in part
        ]
        return tex_chain.chain(rows, room - _PROOF_INDENT, closing)

    # ------------------------------------------------------------ tables

    def symbols(self, block: SymbolsTable) -> str:
        head = [self.words.say(f"table.{key}") for key in ("symbol", "shape", "meaning")]
        rows = [
            [
                self.text((Math(row.latex),)),
                self.text((Math(row.shape),)) if row.shape else "",
                self.text(content(row.meaning)),
            ]
            for row in block.rows
        ]
        return self.grid("llX", head, rows)

    def table(self, block: Table) -> str:
        columns = "".join(_RAGGED if i in block.wide else "l" for i in range(len(block.head)))
        head = [self.text(content(cell)) for cell in block.head]
        rows = [[self.text(content(cell)) for cell in row] for row in block.rows]
        return self.grid(columns, head, rows)

    def grid(self, columns: str, head: list[str], rows: list[list[str]]) -> str:
        breakable = len(rows) > _LONG_TABLE
        return call_macro(
            self.macros, "table", columns=columns, head=head, rows=rows, breakable=breakable
        )


def _joined(texts: Sequence[tuple[Chain | Block, str]]) -> str:
    """Texts one after the other; a display belongs to the paragraph in which it stands."""
    result = ""
    for position, (block, text) in enumerate(texts):
        if position:
            shown = isinstance(block, _SHOWN) or isinstance(texts[position - 1][0], _SHOWN)
            result += "\n" if shown else "\n\n"
        result += text
    return result
