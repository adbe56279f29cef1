"""Markdown prose becomes blocks."""

from __future__ import annotations

import pytest

from symbptt.report.document import (
    Block, Code, CodeListing, Display, Emph, Heading, Items, Link, Math, Prose, Quote, Table, Text,
)  # fmt: skip
from symbptt.report.markdown import blocks

ONE_BLOCK: list[tuple[str, Block]] = [
    ("Let $x$ be *so* **it** `is`.", Prose((
        Text("Let "), Math("x"), Text(" be "), Emph((Text("so"),)), Text(" "),
        Emph((Text("it"),), strong=True), Text(" "), Code("is"), Text("."),
    ))),
    ("## One $x$", Heading(2, (Text("One "), Math("x")))),
    ("$$\ny = x\n$$", Display("y = x")),
    ("$$y = x \\tag{3}$$", Display("y = x", "3")),
    ("> quoted", Quote((Prose((Text("quoted"),)),))),
    ("```python\nx = 1\n```", CodeListing("x = 1\n", "python")),
    ("1. a\n2. b", Items(((Prose((Text("a"),)),), (Prose((Text("b"),)),)), ordered=True)),
    ("|a|$b$|\n|-|-|\n|1|2|", Table(
        ((Text("a"),), (Math("b"),)), (((Text("1"),), (Text("2"),)),), wide=(0, 1))),
    ("[l](http://example.org)", Prose((Link((Text("l"),), "http://example.org"),))),
    ("costs $5 and $6", Prose((Text("costs $5 and $6"),))),
    ("<b>raw</b>", Prose((Text("<b>raw</b>"),))),
    ("two\nlines", Prose((Text("two"), Text(" "), Text("lines")))),
    ("两\n行", Prose((Text("两"), Text("行")))),
]  # fmt: skip


@pytest.mark.parametrize(("markdown", "block"), ONE_BLOCK, ids=[m[:12] for m, _ in ONE_BLOCK])
def test_one_block(markdown: str, block: Block) -> None:
    assert blocks(markdown) == (block,)


def test_a_display_inside_a_paragraph_stands_alone() -> None:
    assert blocks("so\n$$x$$\nand\n$$y$$") == (
        Prose((Text("so"),)),
        Display("x"),
        Prose((Text("and"),)),
        Display("y"),
    )


def test_nothing() -> None:
    assert blocks("") == ()
    assert blocks("---") == ()
