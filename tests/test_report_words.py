"""The word lists: the same keys and slots in every language, and every rule has its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symbptt.report import words
from symbptt.report.document import Math, Phrase, Text, phrase
from symbptt.report.katex_render import lint

EN, ZH = words.load("en"), words.load("zh")


def slots(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", re.sub(r"\$[^$]*\$", "", text)))


def test_both_languages_have_the_same_keys_and_slots() -> None:
    assert EN.known == ZH.known
    assert [k for k in sorted(EN.known) if slots(EN.say(k)) != slots(ZH.say(k))] == []


@pytest.mark.parametrize("vocabulary", [EN, ZH], ids=["en", "zh"])
def test_formulas_in_phrases_are_latex(vocabulary: words.Words) -> None:
    formulas = [f for k in vocabulary.known for f in re.findall(r"\$([^$]*)\$", vocabulary.say(k))]
    assert formulas
    assert [lint(f) for f in formulas] == [None] * len(formulas)


def test_chinese_is_chinese() -> None:
    # phrases that only put their slots together, in any language
    frames = {
        "table.name", "list.between", "theorem.numbered", "symbols.ranged", "step.equal",
        "errors.hinted",
    }  # fmt: skip
    plain = {k for k in ZH.known - frames if not re.search("[\u4e00-\u9fff]", ZH.say(k))}
    assert plain == set()


def test_every_rule_has_words() -> None:
    rules = pytest.importorskip("symbptt.rules")
    names = {r.name.partition("/")[0] for r in rules.RULES.values()}
    names |= {s.name for s in rules.SCHEMAS.values()}
    assert sorted(n for n in names if f"rule.{n}" not in EN.known) == []


def test_phrases_are_filled() -> None:
    filled = EN.phrase(phrase("reason.unfold", symbol=Math("h_t")))
    assert filled == (Text("definition of "), Math("h_t"))
    assert ZH.phrase(phrase("reason.unfold", symbol=Math("h_t"))) == (Math("h_t"), Text(" 的定义"))
    nested = phrase("reason.reverse", reason=Phrase("rule.d-diag"))
    assert EN.phrase(nested) == (
        Math(r"\mathrm{d}"),
        Text(" and diag commute"),
        Text(", backwards"),
    )


def test_lists_in_words() -> None:
    a, b, c = Math("a"), Math("b"), Math("c")
    assert EN.joined((a,)) == (a,)
    assert EN.joined((a, b, c)) == (a, Text(", "), b, Text(" and "), c)


def test_a_missing_key_or_slot_is_an_error() -> None:
    with pytest.raises(KeyError):
        EN.phrase(Phrase("reason.nonsense"))
    with pytest.raises(KeyError):
        EN.phrase(Phrase("reason.unfold"))
    with pytest.raises(ValueError, match="no words for the language 'fr'"):
        words.load("fr")


def test_a_rule_without_words_is_called_by_its_name() -> None:
    assert EN.phrase(Phrase("rule.brand-new-rule")) == (Text("brand new rule"),)
    assert EN.phrase(Phrase("rule.d-stack/7")) == EN.phrase(Phrase("rule.d-stack"))


def test_no_sentence_sits_in_python() -> None:
    """No Chinese, and no string that a page would show, in the modules of the report."""
    folder = Path(words.__file__).parent.parent
    for module in folder.glob("*.py"):
        assert not re.search("[\u4e00-\u9fff]{2}", module.read_text(encoding="utf-8")), module.name
