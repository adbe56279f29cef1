"""A document as one offline HTML page, its formulas typeset ahead of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from importlib.resources import files

from markupsafe import Markup, escape

from symbptt.report import katex_render, words
from symbptt.report.document import (
    AnswerSpace, Block, Code, CodeListing, Content, Display, Document, Emph, Equations, Heading,
    Inline, Items, Link, Math, MatrixView, Phrase, Picture, ProofLine, Prose, Quote, Ref, Replay,
    RuleEntry, Saying, SymbolsTable, Table, Text, TheoremBlock, content, phrase,
)  # fmt: skip
from symbptt.report.formulas import equation, formula
from symbptt.report.html_formulas import (
    PHONE, Pieces, display_pieces, mathml, piece, pieces_of,
)  # fmt: skip
from symbptt.report.pictures import embedded
from symbptt.report.places import Places
from symbptt.report.sayings import (
    Chain, conditions_of, is_safe, made_by, proof_parts, reason_of, sketch,
)  # fmt: skip
from symbptt.report.slides import slides
from symbptt.report.templating import call_macro, html_templates

_ENDS = re.compile(r"[.,;:)。，；：、）]")
_START = 12.0  # em; a left side up to that width shares a line with the first step


def to_html(document: Document) -> str:
    """The page. ReadError if a formula is not LaTeX.

    A brief one has its proofs folded, one with all detail has the steps of the kernel open.
    """
    writer = _HtmlWriter(words.load(document.lang), document.detail, Places(document.blocks))
    on_slides = document.kind == "slides"
    body = writer.slides(document.blocks) if on_slides else writer.blocks(document.blocks)
    made = writer.text(made_by(document))
    style = "\n".join(map(_style, ("report.css", "slides.css") if on_slides else ("report.css",)))
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


def _style(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def to_fragment(blocks: Iterable[Block], lang: str) -> Markup:
    """Blocks as a piece of a page. ReadError if a formula is not LaTeX."""
    shown = tuple(blocks)
    return _HtmlWriter(words.load(lang), "normal", Places(shown)).blocks(shown)


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

    def __init__(self, vocabulary: words.Words, detail: str, known: Places) -> None:
        self.words = vocabulary
        self.detail, self.known = detail, known
        self.macros = html_templates().get_template("blocks.html.j2")

    def macro(self, macro: str, /, **values: object) -> Markup:
        return Markup(call_macro(self.macros, macro, **values))

    # ------------------------------------------------------------ inside a line

    def text(self, items: Content) -> Markup:
        said = Markup("")
        parts = list(self.words.plain(items))
        for position, item in enumerate(parts):
            after = parts[position + 1] if position + 1 < len(parts) else None
            if isinstance(item, Math) and isinstance(after, Text) and _ENDS.match(after.text):
                # no line begins with the comma after a formula
                mark = after.text[0]
                parts[position + 1] = Text(after.text[1:])
                said += self.kept(item, mark)
            else:
                said += self.inline(item)
        return said

    def kept(self, formula: Math, mark: str) -> Markup:
        """A formula and the punctuation mark after it."""
        if katex_render.width(formula.latex, False) > PHONE:
            return self.inline(formula) + mark
        return Markup('<span class="kept">{}{}</span>').format(self.inline(formula), mark)

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
            case Ref():
                return self.reference(self.known.resolved(item))
            case Phrase():
                return self.text(self.words.phrase(item))

    def reference(self, ref: Ref) -> Markup:
        said = self.text(ref.content)
        if ref.target not in self.known:
            return said
        return Markup('<a class="ref" href="#{}">{}</a>').format(ref.target, said)

    def texts(self, cells: Iterable[Saying]) -> list[Markup]:
        return [self.text(content(cell)) for cell in cells]

    # ------------------------------------------------------------ blocks

    def blocks(self, blocks: Iterable[Block]) -> Markup:
        return Markup("\n").join(self.block(block) for block in blocks)

    def block(self, block: Block) -> Markup:
        match block:
            case Heading(level, title, target):
                level = min(level + 1, 4)
                return self.macro("heading", level=level, text=self.text(title), id=target)
            case Prose(text) if len(self.words.spoken) > 1 and words.speaks(text):
                both = [(w.lang, self.in_words(w).text(text)) for w in self.words.spoken]
                return self.macro("both", texts=both)
            case Prose(text):
                return self.macro("prose", text=self.text(text))
            case Items(items, ordered):
                inside = [self.blocks(item) for item in items]
                return self.macro("items", ordered=ordered, items=inside)
            case Quote(blocks):
                return self.macro("quote", text=self.blocks(blocks))
            case Display(latex, tag, summands, target):
                return self.display(latex, tag, summands, target)
            case Equations():
                return self.equations(block)
            case RuleEntry():
                return self.rule(block)
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
            case Picture(_, svg, caption, alt, _):
                said = self.text(caption)
                return self.macro("picture", svg=Markup(embedded(svg)), caption=said, alt=alt)
            case AnswerSpace(lines):
                return self.macro("space", lines=lines, word=self.words.say("ask.answer"))

    def slides(self, blocks: Iterable[Block]) -> Markup:
        """The blocks cut into slides, each with the way to its neighbours."""
        shown = slides(blocks)
        sections = (
            self.macro("slide", number=n, count=len(shown), title=self.text(slide.title),
                       text=self.blocks(slide.blocks))
            for n, slide in enumerate(shown, 1)
        )  # fmt: skip
        return Markup("\n").join(sections)

    def in_words(self, vocabulary: words.Words) -> _HtmlWriter:
        """The same writer in another language."""
        other = copy(self)
        other.words = vocabulary
        return other

    def rule(self, block: RuleEntry) -> Markup:
        """An entry of the appendix."""
        return self.macro(
            "rule",
            id=block.target,
            key=block.key if block.latex else "",  # a kind of step has no row in the table
            number=block.number,
            name=self.text(block.name),
            summands=pieces_of(block.latex) if block.latex else [],
            notes=[self.text(note) for note in block.notes],
        )

    def equations(self, block: Equations) -> Markup:
        rows = [
            (
                f"equation-{row.number}", piece(row.left, goes_on=False),
                pieces_of(f"= {row.right}", [f"= {row.summands[0]}", *row.summands[1:]]
                            if row.summands else ()),
                piece(row.where, goes_on=False) if row.where else "", row.number,
            )
            for row in block.rows
        ]  # fmt: skip
        return self.macro("equations", rows=rows)

    def display(
        self, latex: str, tag: str, summands: Sequence[str] = (), target: str = ""
    ) -> Markup:
        """A display, which may be broken before its relations and signs."""
        shown, wide = display_pieces(formula(latex), summands)
        return self.macro("display", summands=shown, wide=wide, tag=tag, id=target)

    # ------------------------------------------------------------ theorems

    def theorem(self, block: TheoremBlock) -> Markup:
        kind = Phrase(f"theorem.{block.kind}")
        theorem = self.macro(
            "theorem",
            id=block.target,
            head=self.inline(phrase("theorem.numbered", kind=kind, number=Text(block.number))),
            name=self.text(block.name),
            conditions=self.text(conditions_of(block, self.words)),
            statement=self.blocks(block.statement),
        )
        if not block.proof:
            return theorem
        parts = [self.part(part) for part in proof_parts(block.proof)]
        replayed = self.replays(block.replays) if block.replays else Markup("")
        brief = self.detail == "brief"
        proof = self.macro(
            "proof",
            word=self.words.say("proof.proof"),
            text=Markup("\n").join(parts),
            sketch=self.text(sketch(block.proof, self.words)) if brief else "",
            show=self.words.say("proof.show"),
        )
        return theorem + "\n" + proof + replayed

    def replays(self, replays: Sequence[Replay]) -> Markup:
        """Every step of the kernel; its formulas are drawn by the browser."""
        shown, number = [], 0
        for part in replays:
            steps = [
                (mathml(step.latex) if step.latex else "", self.text(step.reason))
                for step in part.steps
            ]
            statement = mathml(part.statement) if part.statement else ""
            shown.append((self.text(part.title), statement, number + 1, steps))
            number += len(steps)
        said = self.text((phrase("proof.replay", steps=Text(str(number))),))
        return self.macro("replays", summary=said, parts=shown, open=self.detail == "full")

    def part(self, part: Chain | Block) -> Markup:
        if not isinstance(part, tuple):
            return self.block(part)
        return self.macro("chain", steps=[self.step(line) for line in part])

    def step(self, line: ProofLine) -> _Step:
        return _Step(
            relation=Markup(katex_render.render(line.relation)) if line.relation else Markup(""),
            summands=pieces_of(line.latex, line.summands),
            reason=self.text(reason_of(line)),
            rule=line.rule,
            long=katex_render.width(line.latex) > _START,
        )
