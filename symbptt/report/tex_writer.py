"""A document as a LaTeX file that pdflatex (or xelatex, for Chinese) compiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symbptt.report import tex_chain, words
from symbptt.report.document import (
    Block, CodeListing, Content, Display, Document, Heading, Items, Math, MatrixView,
    Picture, Prose, Quote, SymbolsTable, Table, TheoremBlock, content,
)  # fmt: skip
from symbptt.report.formulas import equation, formula
from symbptt.report.sayings import Chain, conditions_of, made_by, proof_parts, reason_of
from symbptt.report.tex_text import (
    escape, has_cjk, inline, katex_commands, needs_unicode_engine, unicode_symbols,
)  # fmt: skip
from symbptt.report.templating import call_macro, tex_templates

_LINE = 38.9  # em; the width of the text in the template
_LIST_INDENT = 2.5
_PROOF_INDENT = 1.5
_LONG_TABLE = 25  # rows from which a table may go on on the next page
_SECTIONS = {1: "section", 2: "subsection", 3: "subsubsection"}
_SHOWN = (tuple, Display, MatrixView)  # what stands on lines of its own inside a paragraph
_QED = r"\qedsymbol"
_RAGGED = r">{\raggedright\arraybackslash}X"


def to_tex(document: Document) -> str:
    """The LaTeX source; a formula that is not LaTeX is a ReadError."""
    writer = _TexWriter(words.load(document.lang))
    title = escape(document.title)
    body = writer.blocks(document.blocks, _LINE)
    made = writer.text(made_by(document))
    everything = "\n".join([title, body, made])
    cjk = document.lang == "zh" or has_cjk(everything)
    unicode_engine = cjk or needs_unicode_engine(everything)
    return (
        tex_templates()
        .get_template("report.tex.j2")
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
    return _TexWriter(words.load(lang)).blocks(blocks, _LINE)


class _TexWriter:
    """Writes blocks; ``room`` is the width that a block has, in em."""

    def __init__(self, vocabulary: words.Words) -> None:
        self.words = vocabulary
        self.macros = tex_templates().get_template("blocks.tex.j2")

    def text(self, items: Content) -> str:
        return inline(items, self.words)

    def blocks(self, blocks: Iterable[Block], room: float) -> str:
        return _joined([(block, self.block(block, room)) for block in blocks])

    def block(self, block: Block, room: float) -> str:
        match block:
            case Heading(level, title):
                command = _SECTIONS.get(level, "paragraph")
                return call_macro(self.macros, "heading", command=command, text=self.text(title))
            case Prose(text):
                return self.text(text)
            case Items(items, ordered):
                inner = [self.blocks(item, room - _LIST_INDENT) for item in items]
                environment = "enumerate" if ordered else "itemize"
                return call_macro(self.macros, "items", environment=environment, items=inner)
            case Quote(blocks):
                inside = self.blocks(blocks, room - 2 * _LIST_INDENT)
                return call_macro(self.macros, "quote", text=inside)
            case Display(latex, tag, summands):
                return tex_chain.display(formula(latex), room, escape(tag), summands)
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

            case Picture(tex, _, caption):
                return call_macro(self.macros, "picture", tex=tex, caption=self.text(caption))

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
        )
        return theorem + ("\n" + self.proof(block, room) if block.proof else "")

    def proof(self, block: TheoremBlock, room: float) -> str:
        """The proof; if it ends with a chain, the last line bears the mark of the end."""
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
