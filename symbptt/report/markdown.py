r"""The prose of a worksheet: Markdown with formulas between dollars, as blocks of a document.

>>> blocks("The layer $y = \\sigma(W x)$:\n\n$$y = W x \\tag{1}$$")
(Prose(content=(Text(text='The layer '), Math(...), Text(text=':'))), Display(latex='y = W x', ...))
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin

from symbptt.report.document import (
    Block, Blocks, Code, CodeListing, Content, Display, Emph, Heading, Inline, Items, Link, Math,
    Prose, Quote, Ref, Table, Text,
)  # fmt: skip

_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_ENDS_CJK, _BEGINS_CJK = re.compile(f"[{_CJK}]$"), re.compile(f"[{_CJK}]")


def blocks(markdown: str) -> Blocks:
    """The blocks of a Markdown text; raw HTML is plain text."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.use(dollarmath_plugin, allow_labels=False, double_inline=True, allow_digits=False)
    root = SyntaxTreeNode(parser.parse(markdown))
    return _blocks(root.children)


def _blocks(nodes: Iterable[SyntaxTreeNode]) -> Blocks:
    return tuple(block for node in nodes for block in _block(node))


def _block(node: SyntaxTreeNode) -> Blocks:
    match node.type:
        case "heading":
            return (Heading(int(node.tag[1:]), _content(node.children)),)
        case "paragraph":
            return _paragraph(_pieces(node.children))
        case "math_block":
            return (_display(node.content),)
        case "bullet_list" | "ordered_list":
            items = tuple(_blocks(item.children) for item in node.children)
            return (Items(items, node.type == "ordered_list"),)
        case "blockquote":
            return (Quote(_blocks(node.children)),)
        case "fence" | "code_block":
            return (CodeListing(node.content, node.info.strip() if node.type == "fence" else ""),)
        case "table":
            return (_table(node),)
        case _:  # a rule between sections
            return ()


def _paragraph(pieces: Iterable[Inline | Display]) -> Blocks:
    """A paragraph, taken apart where a display stands in it."""
    parts: list[Block] = []
    line: list[Inline] = []
    for piece in pieces:
        if isinstance(piece, Display):
            parts += [_prose(line), piece] if line else [piece]
            line = []
        elif line or piece != Text(" "):
            line.append(piece)
    return (*parts, _prose(line)) if line else tuple(parts)


def _prose(line: list[Inline]) -> Prose:
    return Prose(tuple(line[:-1] if line[-1] == Text(" ") else line))


def _display(latex: str) -> Display:
    """A display; its number, if it has one, is not part of the formula."""
    tag = _TAG.search(latex)
    return Display(_TAG.sub("", latex).strip(), tag[1] if tag else "")


def _table(node: SyntaxTreeNode) -> Table:
    head, *rows = [
        tuple(_content(cell.children) for cell in row.children)
        for part in node.children
        for row in part.children
    ]
    return Table(head, tuple(rows), wide=tuple(range(len(head))))


def _content(nodes: Iterable[SyntaxTreeNode]) -> Content:
    """Inline content where a display has no place."""
    pieces = _pieces(nodes)
    return tuple(Math(p.latex) if isinstance(p, Display) else p for p in pieces)


def _pieces(nodes: Iterable[SyntaxTreeNode]) -> list[Inline | Display]:
    return [piece for node in nodes for piece in _piece(node)]


def _piece(node: SyntaxTreeNode) -> list[Inline | Display]:
    match node.type:
        case "inline":
            return _pieces(node.children)
        case "math_inline":
            return [Math(node.content)]
        case "math_inline_double":
            return [_display(node.content)]
        case "em" | "strong":
            return [Emph(_content(node.children), node.type == "strong")]
        case "link" if str(node.attrs["href"]).startswith("#"):
            return [Ref(_content(node.children), str(node.attrs["href"])[1:])]
        case "link":
            return [Link(_content(node.children), str(node.attrs["href"]))]
        case "code_inline":
            return [Code(node.content)]
        case "softbreak" | "hardbreak":
            return [] if _between_cjk(node) else [Text(" ")]
        case "image":
            return [Text(node.content)]
        case _:
            return [Text(node.content)] if node.content else []


def _between_cjk(node: SyntaxTreeNode) -> bool:
    """Whether a line ends between two Chinese characters, where no space belongs."""
    before, after = node.previous_sibling, node.next_sibling
    return (
        before is not None
        and after is not None
        and _ENDS_CJK.search(before.content) is not None
        and _BEGINS_CJK.match(after.content) is not None
    )
