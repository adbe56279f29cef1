"""The appendix of a report: every rule that its proofs apply, stated from the rules table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from symbptt.core.terms import Meta, Term
from symbptt.core.traverse import find
from symbptt.rules import FAMILIES, SCHEMAS, Rule

from .document import (
    Block, Content, Heading, Phrase, Prose, Ref, RuleEntry, Text, phrase, rule_target,
)  # fmt: skip
from .pen import Pen
from .ranges import ranges
from .reasons import listed
from .walking import walk

KINDS = ("algebra", "vanish", "shock", "identification", "induction", "hypothesis", "assumption")
"""Kinds of steps that apply no row of the table."""
_ENTRIES = "entries"  # what several rules for entries are called together


def appendix(blocks: Iterable[Block], pen: Pen) -> tuple[Block, ...]:
    """The rules to which some blocks refer, by family; nothing if they refer to none."""
    used = {target for target in targets(blocks) if target.startswith("rule-")}
    numbers = count(1)
    out: list[Block] = []
    for family, entries in _families():
        found = [e for e in entries if rule_target(_key(e)) in used]
        if not found:
            continue
        place = rule_target(_ENTRIES) if family == "entry" else ""
        out.append(Heading(3, (Phrase(f"family.{family}"),), place))
        out += [_entry(e, str(next(numbers)), pen) for e in found]
    if not out:
        return ()
    intro = Prose((Phrase("rules.intro"),))
    return (Heading(1, (Phrase("heading.appendix"),)), intro, *out)


def targets(blocks: Iterable[Block]) -> Iterator[str]:
    """What all references in some blocks name."""
    return (item.target for item in walk(tuple(blocks)) if isinstance(item, Ref))


def _families() -> Iterator[tuple[str, list[Rule | str]]]:
    """The rows of the table by family, and the kinds of steps."""
    schemas = [schema.make(schema.arities[0]) for schema in SCHEMAS.values()]
    for name, rows in FAMILIES.items():
        yield name, list(rows)
    yield "blocks", [*schemas]
    yield "kernel", [*KINDS]


def _key(entry: Rule | str) -> str:
    """The name under which a rule is referred to: for an instance of a schema, the schema."""
    if isinstance(entry, str):
        return entry
    base = entry.name.partition("/")[0]
    return base if base in SCHEMAS else entry.name


def _entry(entry: Rule | str, number: str, pen: Pen) -> RuleEntry:
    if isinstance(entry, str):
        says: Content = (Phrase(f"kernel.{entry}_says"),)
        return RuleEntry(entry, number, (Phrase(f"kernel.{entry}"),), "", (says,))
    return rule_entry(entry, pen, number)


def rule_entry(rule: Rule, pen: Pen, number: str = "") -> RuleEntry:
    """A row of the table: the equation, its shapes, its conditions and its source."""
    notes = [_shapes(rule, pen), _conditions(rule, pen)]
    if _key(rule) in SCHEMAS:
        notes.append((Phrase("rules.any_number"),))
    notes.append((Text(rule.source),) if rule.source else ())
    latex = pen.relation_of(rule.relation, rule.left, rule.right)
    name: Content = (Phrase(f"rule.{rule.name}"),)
    return RuleEntry(_key(rule), number, name, latex, tuple(filter(None, notes)))


def _shapes(rule: Rule, pen: Pen) -> Content:
    """A in R^{m x n}, u in R^n, ..."""
    metas = {x.name: x for side in (rule.left, rule.right)
             for _, x in find(side, lambda x: isinstance(x, Meta))}  # fmt: skip
    return listed(tuple(pen.math(_membership(x, pen)) for _, x in sorted(metas.items())))


def _membership(meta: Term, pen: Pen) -> str:
    rows, cols = (pen.index(size) for size in meta.shape)
    size = rows if meta.is_column else rf"{rows} \times {cols}"
    power = "" if meta.is_scalar else f"^{{{size}}}"
    return rf"{pen.term(meta)} \in \mathbb{{R}}{power}"


def _conditions(rule: Rule, pen: Pen) -> Content:
    """What must hold; formulas, with commas between them."""
    zero = "0"
    texts = [
        *ranges(rule.conditions, pen),
        *(pen.term(x) + pen.relation("ge") + zero for x in rule.nonnegative),
        *(zero + pen.relation("lt") + pen.term(x) for x in rule.positive),
        *(pen.equation(left, right) for left, right in rule.premises),
    ]
    if not texts:
        return ()
    return (phrase("rules.conditions", conditions=listed(tuple(map(pen.math, texts)))),)
