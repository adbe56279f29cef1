"""Steps lead to their rules, references to places, proofs unfold to the steps of the kernel."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from small_report import document, run

from symbptt.core.errors import ReadError
from symbptt.core.terms import Elem, SumOver, index_symbol
from symbptt.derivation import derive_quantity
from symbptt.models.model import Model
from symbptt.proof.objects import Step
from symbptt.proving import prove_statement
from symbptt.report.appendix import KINDS, rule_entry, targets
from symbptt.report.document import (
    Equations, Prose, Ref, RuleEntry, Text, TheoremBlock, rule_target,
)  # fmt: skip
from symbptt.report.html_writer import to_html
from symbptt.report.katex_render import lint
from symbptt.report.lettering import lettered
from symbptt.report.md_writer import to_markdown
from symbptt.report.pen import LATEX_PEN
from symbptt.report.places import Places
from symbptt.report.plan import all_steps
from symbptt.report.replay import changed
from symbptt.report.tex_writer import to_tex
from symbptt.report.words import load
from symbptt.rules import RULES, SCHEMAS
from symbptt.worksheet import read_sheet


def test_every_reference_has_a_place() -> None:
    """Reasons and appendix are made apart: what one names the other has."""
    blocks = document().blocks
    known = Places(blocks)
    assert {known.aliases.get(t, t) for t in targets(blocks)} <= known.keys()
    assert {t.partition("-")[0] for t in targets(blocks)} >= {"rule", "equation", "theorem"}


def test_links_of_a_page_lead_somewhere() -> None:
    html = to_html(document())
    links, ids = re.findall(r'href="#([^"]+)"', html), re.findall(r' id="([^"]+)"', html)
    assert len(links) > 50
    assert set(links) <= set(ids)
    own = [i for i in ids if not re.match(r"p[0-9a-f]{8}-", i)]  # those of pictures aside
    assert len(own) == len(set(own))


def test_labels_of_the_source_exist_once() -> None:
    tex = to_tex(document())
    labels = re.findall(r"\\label\{([^}]+)\}", tex)
    labels += re.findall(r"\\ruleentry\{([^}]+)\}", tex)
    assert set(re.findall(r"\\hyperref\[([^\]]+)\]", tex)) <= set(labels)
    assert len(labels) == len(set(labels))


def test_anchors_of_the_markdown_exist() -> None:
    text = to_markdown(document(), {})
    anchors = re.findall(r'<a id="([^"]+)"></a>', text)
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(anchors)
    assert len(anchors) == len(set(anchors)) > 30


def test_every_step_by_a_rule_names_it() -> None:
    """The kernel's steps of a theorem, each with the row that it applies, in order."""
    blocks = [b for b in document().blocks if isinstance(b, TheoremBlock) and b.replays]
    assert len(blocks) >= 3
    told = [t for b in blocks for t in targets(tuple(s for r in b.replays for s in r.steps))]
    theorems = [t for p in run().proved for t in p.derivation.development.theorems]
    used = {s.name for t in theorems for s in all_steps(t) if s.by == "rule"}
    in_file_only = {s.name for t in run().statement("ranges").derivation.development.theorems
                    for s in all_steps(t)}  # fmt: skip
    shown = {rule_target(n if n in RULES else n.partition("/")[0]) for n in used - in_file_only}
    assert shown and shown <= set(told)


def test_the_appendix_states_the_rule() -> None:
    entries = {b.key: b for b in document().blocks if isinstance(b, RuleEntry)}
    product = entries["d-product"]
    assert product.latex == r"\mathrm{d}(A C) = (\mathrm{d}A) C + A \, \mathrm{d}C"
    said = str(product.notes)
    assert r"A \\in \\mathbb{R}^{m \\times n}" in said
    assert "Magnus & Neudecker" in said
    assert r"a \\le b" in str(entries["product-last"].notes)
    assert entries["vanish"].latex == "" and entries["vanish"].notes
    numbers = [int(e.number) for e in entries.values()]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", [*RULES, *SCHEMAS])
def test_every_rule_can_stand_in_the_appendix(name: str) -> None:
    rule = RULES[name] if name in RULES else SCHEMAS[name].make(SCHEMAS[name].arities[0])
    entry = rule_entry(rule, LATEX_PEN)
    assert lint(entry.latex) is None
    assert entry.target == rule_target(name)
    assert entry.notes


def test_what_only_values_below_zero_forbid_is_said() -> None:
    assert "0" in str(rule_entry(RULES["geometric-series"], LATEX_PEN).notes)
    assert r"S^{\\top} S = I" in str(rule_entry(RULES["orthogonal-norm"], LATEX_PEN).notes)


def test_equations_are_numbered_and_referred_to() -> None:
    first, *_ = [b for b in document().blocks if isinstance(b, Equations)]
    assert [row.number for row in first.rows] == ["1", "2"]
    assert "equation-1" in set(targets(document().blocks))
    assert r"\tag{1}\label{equation-1}" in to_tex(document())


def test_authors_refer_to_statements() -> None:
    bound = next(b for b in document().blocks if isinstance(b, TheoremBlock) and b.alias == "bound")
    html, tex, md = to_html(document()), to_tex(document()), to_markdown(document(), {})
    name = f"Theorem {bound.number}"
    assert f'<a class="ref" href="#{bound.target}">{name}</a>' in html
    assert rf"\hyperref[{bound.target}]{{{name}}}" in tex
    assert f"[{name}](#{bound.target})" in md and "[its factors](#" in md
    assert "see [Question 3](#question-3)" in to_markdown(document("questions"), {})
    with pytest.raises(ReadError, match="there is no statement nothing") as caught:
        read_sheet("A.\n\nSee [](#nothing).", "s", "s.md")
    assert caught.value.where is not None
    assert (caught.value.where.line, caught.value.where.column) == (3, 8)


def test_a_reference_to_nothing_is_text() -> None:
    alone = replace(document(), blocks=(Prose((Ref((Text("Lemma 9"),), "lemma-9"),)),))
    for text in (to_html(alone), to_tex(alone), to_markdown(alone, {})):
        assert "Lemma 9" in text and "lemma-9" not in text


# ---------------------------------------------------------------- the kernel's steps


def test_steps_are_folded_and_open_with_all_detail() -> None:
    normal, full = to_html(document()), to_html(document(detail="full"))
    count = sum(1 for b in document().blocks if isinstance(b, TheoremBlock) and b.replays)
    assert normal.count('<details class="more kernel">') == count
    assert full.count('<details class="more kernel" open>') == count
    assert r"\begin{replay}" not in to_tex(document())
    assert r"\begin{replay}" in to_tex(document(detail="full"))


def test_all_steps_are_counted() -> None:
    """What is told in a block is what its theorem and the claims inside it are proved by."""
    blocks = {b.number: b for b in document().blocks if isinstance(b, TheoremBlock) and b.replays}
    told = sum(len(r.steps) for b in blocks.values() for r in b.replays)
    theorems = {
        (t.left, t.right, t.frame): t
        for id in ("gradient", "jacobian", "bound")
        for t in run().statement(id).derivation.development.theorems
    }
    steps = sum(1 for t in theorems.values() for _ in all_steps(t))
    assert 0.7 * steps < told < 1.3 * steps  # the same lemma may stand in several frames


@pytest.mark.parametrize("id", ["gradient", "jacobian", "bound"])
def test_what_a_step_changes_fits_into_its_line(id: str) -> None:
    for theorem in run().statement(id).derivation.development.theorems:
        before = theorem.left
        for step in all_steps(theorem):
            if before.shape == step.result.shape:
                old, new = changed(before, step)
                assert old.shape == new.shape
            before = step.result


def test_a_line_put_together_anew_is_shown_whole() -> None:
    a, b = Elem("a", index_symbol("t"), 2), Elem("b", index_symbol("t"), 2)
    assert changed(a + a, Step("algebra", (0,), b + a)) == (a, b)
    assert changed(a + a, Step("algebra", (0,), b + b)) == (a + a, b + b)
    assert changed(a + a + a, Step("algebra", (), b + a, span=(0, 2))) == (a + a, b)


def test_brief_proofs_say_what_they_use() -> None:
    brief = document(detail="brief")
    tex, html = to_tex(brief), to_html(brief)
    assert "By: " in tex and "chain rule" in tex
    assert r"\reason{" not in tex.split(r"\begin{document}")[1]
    proved = [b for b in brief.blocks if isinstance(b, TheoremBlock) and b.proof]
    assert html.count("Show the proof") == len(proved)  # nothing is lost on a page


# ---------------------------------------------------------------- signs, letters


def test_a_theorem_that_only_tells_a_sign_is_cited() -> None:
    model = Model.parse(r"W \in \mathbb{R}^{n \times n}", equations=False)
    given = (r"W \text{ symmetric}", r"k \ge 0")
    text = prove_statement(model, r"\|W^k\| \le \rho(W)^k", given).explain()
    normal = next(line for line in text.splitlines() if "the norm of a normal matrix" in line)
    assert re.search(r"; (Lemma \d+|\(i+\))\]", normal), text


def test_bound_indices_have_letters() -> None:
    derivation = derive_quantity(Model.named("rnn"), r"\partial L/\partial x_t", "sum")
    assert "t_1" not in derivation.explain() and "t_1" not in derivation.latex()
    assert derivation.explain().count("Theorem") == 1


def test_letters_do_not_clash() -> None:
    t, u, s = (index_symbol(x) for x in ("t", "t1", "s"))
    term = SumOver(Elem("h", u, 2) + Elem("h", s, 2), u, t, 9)
    assert str(lettered(term)) == "sum(r=t..9: h[r] + h[s])"


def test_kinds_of_steps_have_words() -> None:
    shown = {b.key for b in document().blocks if isinstance(b, RuleEntry)} & {*KINDS}
    assert shown >= {"algebra", "vanish", "identification", "induction", "hypothesis"}
    for vocabulary in map(load, ("en", "zh")):
        assert {
            f"kernel.{kind}{end}" for kind in KINDS for end in ("", "_says")
        } <= vocabulary.known
