"""Pages that say what the tables of the package say: written anew whenever the pages are built."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from grammar import DIAGRAMS
from grammar import Rule as GrammarRule
from sphinx.application import Sphinx
from sympy import latex as scalar_latex

from symbptt import Model
from symbptt.answers.mistakes import RELATIONS, ROWS, Mistake
from symbptt.core.functions import ROWS as FUNCTIONS
from symbptt.core.functions import Function
from symbptt.core.terms import Meta
from symbptt.core.traverse import find
from symbptt.models.builtin import Builtin, builtins
from symbptt.notation.index import conditions_text
from symbptt.notation.latex import LATEX, latex
from symbptt.report.document import TheoremBlock
from symbptt.report.html_writer import to_fragment
from symbptt.report.pen import LATEX_PEN
from symbptt.report.preliminaries import equations, shape, symbols
from symbptt.rules import FAMILIES, SCHEMAS, Rule

FOLDER = "generated"
RULES_HEAD = """# Rules

Every step of a proof applies one of these rows, a definition, an earlier theorem, or an equality of
canonical forms. The letters stand for any terms of the shapes beside them. Each row is checked for
its shapes when the package is imported, and held against random values by the tests.
"""
SCHEMAS_HEAD = """## For any number of parts

Each stands for a family of rows, one for each number; this is the smallest.
"""
FUNCTIONS_HEAD = """# Elementwise functions

SymPy derives each derivative and each supremum from the formula. A name that is not in this table
is an unspecified differentiable function that acts entrywise.
"""
MISTAKES_HEAD = """# Mistakes

A wrong answer is compared with mutations of the right one, in this order; the first that fits is
named. Each row is tested on every reference answer that it can be applied to.
"""
GALLERY_HEAD = """# Gallery of models

Every built-in model with the gradients of all its parameters, each with its proof. The
[table of proofs](../models.md) has their sizes and times.
"""
GRAMMAR_HEAD = """# Grammar

What stands in a rounded box is written as it is; a square box is another diagram, or what its name
says. Lines that are refused stand after lines that say x_t ∈ ℝ^d and h_t ∈ ℝ^n.
"""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"


def _math(text: str) -> str:
    return f"${text.replace('|', chr(92) + 'vert ')}$" if text else ""


def rules_page() -> str:
    """Every row of the rules table: equation, shapes, conditions, source."""
    lines = [RULES_HEAD]
    for family, rows in FAMILIES.items():
        lines += [f"## {family.capitalize()}", "", *_rule_table(rows), ""]
    smallest = [schema.make(schema.arities[0]) for schema in SCHEMAS.values()]
    return "\n".join([*lines, SCHEMAS_HEAD, *_rule_table(smallest), ""])


def _rule_table(rows: Sequence[Rule]) -> Iterator[str]:
    """The rows; a column that is empty in all is left out, and a common source stands above."""
    head = ["Rule", "Equation", "Shapes", "Holds for", "Source"]
    sources = {row.source for row in rows}
    if len(sources) == 1:
        yield from (f"Source: {sources.pop()}.", "")
        head.pop()
    cells = [_rule_cells(row) for row in rows]
    shown = [i for i, _ in enumerate(head) if any(row[i] for row in cells)]
    yield from _table([head[i] for i in shown], ([row[i] for i in shown] for row in cells))


def _rule_cells(rule: Rule) -> tuple[str, ...]:
    relation = "=" if rule.relation == "=" else r"\le"
    sides = (rule.left, rule.right)
    metas = dict.fromkeys(z for s in sides for _, z in find(s, lambda z: isinstance(z, Meta)))
    conditions = [conditions_text(rule.conditions, LATEX)] if rule.conditions else []
    conditions += [rf"{latex(term)} \ge 0" for term in rule.nonnegative]
    conditions += [f"{latex(term)} > 0" for term in rule.positive]
    conditions += [f"{latex(a)} = {latex(b)}" for a, b in rule.premises]
    return (
        f"`{rule.name}`",
        _math(f"{latex(rule.left)} {relation} {latex(rule.right)}"),
        ", ".join(_math(f"{latex(m)}: {shape(m, LATEX_PEN)}") for m in metas),
        ", ".join(map(_math, conditions)),
        rule.source,
    )


def functions_page() -> str:
    """The elementwise functions: derivative, ranges, the supremum of the slope."""
    sup = r"$\sup\vert f'\vert$"
    head = ("Function", "In print", "Formula", "Derivative", "Range", "Slopes", sup, "NumPy")
    return "\n".join([FUNCTIONS_HEAD, *_table(head, map(_function_cells, FUNCTIONS)), ""])


def _function_cells(f: Function) -> tuple[str, ...]:
    steepest = "unbounded" if f.sup_slope is None else _math(scalar_latex(f.sup_slope))
    parts = (f.sympy, f.slope(), f.range, f.slopes)
    texts = (_math(scalar_latex(part)) for part in parts)
    return (f"`{f.name}`", _math(f.latex), *texts, steepest, f"`{f.numpy}`" if f.numpy else "none")


def mistakes_page() -> str:
    """The common mistakes, in the order in which they are tried."""
    names = (*(row.id for row in ROWS), *RELATIONS)
    rows = ((f"`{n}`", *(Mistake(n).message(lang) for lang in ("en", "zh"))) for n in names)
    return "\n".join([MISTAKES_HEAD, *_table(("Mistake", "What is said", "中文"), rows), ""])


def gallery_page(names: Iterable[str]) -> str:
    """The list of all models, each a link to its page."""
    tree = ["```{toctree}", ":maxdepth: 1", "", *(f"models/{name}" for name in names), "```", ""]
    return "\n".join([GALLERY_HEAD, *tree])


def model_page(entry: Builtin) -> str:
    """One model: its text, its equations and symbols, and what is derived from it."""
    model = Model.named(entry.name)
    told = [equations(model, LATEX_PEN), symbols(model, (), LATEX_PEN)]
    if model.loss is not None:
        found = model.derive(r"\partial L/\partial\theta").blocks()
        told += (replace(b, replays=()) if isinstance(b, TheoremBlock) else b for b in found)
    text = (line for line in entry.text.splitlines() if not line.startswith("%"))
    return "\n".join([
        f"# {entry.name}", "", entry.title, "", f"Source: {entry.source}", "",
        "```text", *text, "```", "",
        "```{raw} html", f'<div class="derivation">{to_fragment(told, "en")}</div>', "```", "",
    ])  # fmt: skip


def grammar_page() -> str:
    """The railroad diagrams of the model language."""
    sections = ("\n".join(_section(name, rule)) for name, rule in DIAGRAMS.items())
    return "\n".join([GRAMMAR_HEAD, *sections])


def _section(name: str, rule: GrammarRule) -> Iterator[str]:
    svg: list[str] = []
    rule.diagram.writeSvg(svg.append)
    label = html.escape(f"{name}: {rule.words}", quote=True)
    picture = "".join(svg).replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    yield from (f"## {name}", "", rule.words, "", "```{raw} html", picture, "```", "")
    if rule.examples:
        yield from ("```text", *rule.examples, "```", "")
    if rule.refused:
        yield from ("Refused:", "", "```text", *rule.refused, "```", "")


def pages() -> Iterator[tuple[str, str]]:
    """The name of every page with its text."""
    yield "rules", rules_page()
    yield "functions", functions_page()
    yield "mistakes", mistakes_page()
    yield "grammar", grammar_page()
    yield "gallery", gallery_page(builtins())
    for name, entry in builtins().items():
        yield f"models/{name}", model_page(entry)


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / FOLDER
    for name, text in pages():
        place = folder / f"{name}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            place.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Writes the pages before the others are read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
