"""symbptt models, rules and mistakes: what it knows, as tables."""

from __future__ import annotations

from symbptt.answers.mistakes import RELATIONS, ROWS, Mistake
from symbptt.models.builtin import builtins
from symbptt.notation.unicode import UNICODE, unicode
from symbptt.notation.index import conditions_text
from symbptt.rules import FAMILIES, SCHEMAS, Rule

from .tables import print_table


def print_models() -> None:
    """Name, what it is, where it comes from."""
    rows = [(m.name, m.title.rstrip("."), m.source) for m in builtins().values()]
    print_table(("model", "what it is", "source"), rows)


def print_rules() -> None:
    """Every row of the rules table, with the condition under which it holds."""
    rows = [(family, *_rule(r)) for family, members in FAMILIES.items() for r in members]
    for schema in SCHEMAS.values():
        smallest = schema.make(schema.arities[0])
        rows.append(("for any number", *_rule(smallest)))
    print_table(("family", "rule", "equation", "holds for", "source"), rows)


def _rule(rule: Rule) -> tuple[str, str, str, str]:
    relation = UNICODE.templates["eq" if rule.relation == "=" else "le"]
    equation = f"{unicode(rule.left)}{relation}{unicode(rule.right)}"
    conditions = [conditions_text(rule.conditions, UNICODE)] if rule.conditions else []
    conditions += [f"{unicode(term)} ≥ 0" for term in rule.nonnegative]
    conditions += [f"{unicode(term)} > 0" for term in rule.positive]
    return rule.name, equation, ", ".join(conditions), rule.source


def print_mistakes() -> None:
    """Every row of the table of common mistakes, in the order in which they are tried."""
    names = (*(row.id for row in ROWS), *RELATIONS)
    rows = [(name, *(Mistake(name).message(lang) for lang in ("en", "zh"))) for name in names]
    print_table(("mistake", "what is said", "中文"), rows)
