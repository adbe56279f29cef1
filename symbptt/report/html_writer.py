"""A document as one offline HTML page, its formulas typeset ahead of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from markupsafe import Markup, escape

from symbptt.report import katex_render, words
from symbptt.report.document import (
    Block, Code, CodeListing, Content, Display, Document, Emph, Heading, Inline, Items, Link, Math,
    MatrixView, Phrase, Picture, ProofLine, Prose, Quote, Saying, SymbolsTable, Table, Text,
    TheoremBlock, content, phrase,
)  # fmt: skip
from symbptt.report.formulas import equation, formula
from symbptt.report.linebreak import begins_with_operator, pieces, split_relations, take_relation
from symbptt.report.pictures import embedded
from symbptt.report.sayings import Chain, conditions_of, is_safe, made_by, proof_parts, reason_of
from symbptt.report.templating import call_macro, html_templates

_PHONE = 15.0  # em; a summand wider than that may be broken
_START = 12.0  # em; a left side up to that width shares a line with the first step
_PAGE = 30.0  # em; a display wider than that is set from the left, so that its lines hang

Pieces = list[list[Markup]]


def to_html(document: Document, *, fold: bool = False) -> str:
    """The page; with ``fold``, proofs open on a click. ReadError if a formula is not LaTeX."""
    writer = _HtmlWriter(words.load(document.lang), fold)
    body = writer.blocks(document.blocks)
    made = writer.text(made_by(document))
    style = files(__package__).joinpath("templates", "report.css").read_text(encoding="utf-8")
    return (
        html_templates()
        .get_template("report.html.j2")
        .render(
            words=writer.words,
            title=document.title,
            body=body,
            made=made,
            katex_css=Markup(katex_render.css(f"{body}{made}")),
            page_css=Markup(style),
        )
    )


def to_fragment(blocks: Iterable[Block], lang: str) -> Markup:
    """Blocks as a piece of a page. ReadError if a formula is not LaTeX."""
    return _HtmlWriter(words.load(lang), fold=False).blocks(blocks)


@dataclass(frozen=True)
class _Step:
    """A line of a chain as the template wants it.

    ``relation`` is empty for what the chain starts from; ``long`` if that needs a line for itself.
    """

    relation: Markup
    summands: Pieces
    reason: Markup
    rule: str
    long: bool


class _HtmlWriter:
    """Writes blocks."""

    def __init__(self, vocabulary: words.Words, fold: bool) -> None:
        self.words = vocabulary
        self.fold = fold
        self.macros = html_templates().get_template("blocks.html.j2")

    def macro(self, macro: str, /, **values: object) -> Markup:
        return Markup(call_macro(self.macros, macro, **values))

    # ------------------------------------------------------------ inside a line

    def text(self, items: Content) -> Markup:
        return Markup("").join(self.inline(item) for item in items)

    def inline(self, item: Inline) -> Markup:
        match item:
            case Text(text):
                return escape(text)
            case Math(latex):
                return Markup(katex_render.render(latex))
            case Code(text):
                return Markup("<code>{}</code>").format(text)
            case Emph(inner, strong):
                tag = "strong" if strong else "em"
                return Markup(f"<{tag}>{{}}</{tag}>").format(self.text(inner))
            case Link(inner, url) if is_safe(url):
                return Markup('<a href="{}">{}</a>').format(url, self.text(inner))
            case Link(inner):
                return self.text(inner)
            case Phrase():
                return self.text(self.words.phrase(item))

    def texts(self, cells: Iterable[Saying]) -> list[Markup]:
        return [self.text(content(cell)) for cell in cells]

    # ------------------------------------------------------------ blocks

    def blocks(self, blocks: Iterable[Block]) -> Markup:
        return Markup("\n").join(self.block(block) for block in blocks)

    def block(self, block: Block) -> Markup:
        match block:
            case Heading(level, title):
                return self.macro("heading", level=min(level + 1, 4), text=self.text(title))
            case Prose(text):
                return self.macro("prose", text=self.text(text))
            case Items(items, ordered):
                inside = [self.blocks(item) for item in items]
                return self.macro("items", ordered=ordered, items=inside)
            case Quote(blocks):
                return self.macro("quote", text=self.blocks(blocks))
            case Display(latex, tag, summands):
                return self.display(latex, tag, summands)
            case MatrixView(left, sides, tag):
                return self.display(equation(left, sides), tag)
            case TheoremBlock():
                return self.theorem(block)
            case SymbolsTable(rows):
                head = [self.words.say(f"table.{key}") for key in ("symbol", "shape", "meaning")]
                cells = [self.texts((Math(r.latex), Math(r.shape), r.meaning)) for r in rows]
                return self.macro("table", head=head, rows=cells, wide=(2,))
            case Table(head, rows, wide):
                cells = [self.texts(row) for row in rows]
                return self.macro("table", head=self.texts(head), rows=cells, wide=wide)
            case CodeListing(code, language):
                return self.macro("code", text=code, language=language)
            case Picture(_, svg, caption, alt):
                said = self.text(caption)
                return self.macro("picture", svg=Markup(embedded(svg)), caption=said, alt=alt)

    def display(self, latex: str, tag: str, summands: Sequence[str] = ()) -> Markup:
        """A display, which may be broken before its relations and signs."""
        latex = formula(latex)
        wide = katex_render.width(latex) > _PAGE
        *sides, last = split_relations(latex)
        if summands and sides:
            relation, _ = take_relation(last)
            summands = (f"{relation} {summands[0]}", *summands[1:])
        shown = [p for i, side in enumerate(sides) for p in self.pieces(side, goes_on=i > 0)]
        shown += self.pieces(last, summands, goes_on=bool(sides))
        return self.macro("display", summands=shown, wide=wide, tag=tag)

    def pieces(self, latex: str, summands: Sequence[str] = (), goes_on: bool = False) -> Pieces:
        """What a line may be broken between; ``goes_on`` if something stands before it."""
        rows = pieces(formula(latex), _PHONE, katex_render.width, summands)
        return [
            [_piece(piece, goes_on or i + j > 0) for j, piece in enumerate(row)]
            for i, row in enumerate(rows)
        ]

    # ------------------------------------------------------------ theorems

    def theorem(self, block: TheoremBlock) -> Markup:
        kind = Phrase(f"theorem.{block.kind}")
        theorem = self.macro(
            "theorem",
            id=f"{block.kind}-{block.number}",
            head=self.inline(phrase("theorem.numbered", kind=kind, number=Text(block.number))),
            name=self.text(block.name),
            conditions=self.text(conditions_of(block, self.words)),
            statement=self.blocks(block.statement),
        )
        if not block.proof:
            return theorem
        parts = [self.part(part) for part in proof_parts(block.proof)]
        word = self.words.say("proof.show" if self.fold else "proof.proof")
        proof = self.macro("proof", word=word, text=Markup("\n").join(parts), fold=self.fold)
        return theorem + "\n" + proof

    def part(self, part: Chain | Block) -> Markup:
        if not isinstance(part, tuple):
            return self.block(part)
        return self.macro("chain", steps=[self.step(line) for line in part])

    def step(self, line: ProofLine) -> _Step:
        return _Step(
            relation=Markup(katex_render.render(line.relation)) if line.relation else Markup(""),
            summands=self.pieces(line.latex, line.summands),
            reason=self.text(reason_of(line)),
            rule=line.rule,
            long=katex_render.width(line.latex) > _START,
        )


def _piece(latex: str, goes_on: bool) -> Markup:
    """A part of a formula, with the space that TeX would put before it."""
    space = ("{}" if begins_with_operator(latex) else r"\,") if goes_on else ""
    return Markup(katex_render.render(rf"\displaystyle {space}{latex}"))
