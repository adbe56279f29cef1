"""An answer of the page's user: how it was understood, with shapes, and the verdict."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from symbptt.answers.notes import in_language
from symbptt.answers.elaborate import Reading, elaborate
from symbptt.answers.judge import is_statement, judge
from symbptt.answers.setting import Setting, setting_of
from symbptt.answers.verdict import LinkVerdict, Verdict
from symbptt.core.errors import Clash, SymbpttError
from symbptt.answers.showing import SIGNS, kind_of
from symbptt.notation.shaped import shaped
from symbptt.report import words
from symbptt.report.document import Blocks
from symbptt.report.pen import familiar

from . import parts
from .example import told
from .typeset import equation, written

_KEPT = 4  # verdicts, whose proofs may be asked for
Data = dict[str, Any]
_SIGN = {"=": "=", "approx": r"\approx", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}


def read(model: str, quantity: str, answer: str) -> Data:
    """The answer as it is understood. SymbpttError where it is not."""
    setting = setting_of(model)
    reading = elaborate(setting, _judged(setting, quantity, answer))
    clash = reading.clash
    return {
        "equations": _equations(reading),
        "notes": list(reading.notes),
        "message": "" if clash is None else clash.message,
        "clash": _clash(None if clash is None else clash.clash),
    }


def _equations(reading: Reading) -> list[Data]:
    return [
        equation(
            (shaped(familiar(q.left)), shaped(familiar(q.right))), (), sign=_SIGN[q.relation]
        )
        for q in reading.questions if q.relation in _SIGN
    ]  # fmt: skip


def check(model: str, quantity: str, answer: str, lang: str) -> Data:
    """The verdict on an answer, which is a statement or the value of a quantity.

    SymbpttError where the model is not understood; an answer that is not is a verdict.
    """
    verdict = _verdict(model, quantity, answer)
    setting, say = setting_of(model), words.load(lang).say
    example = verdict.counterexample
    mistake = verdict.mistake
    return {
        **_sign(verdict, lang),
        "message": in_language(verdict.message, lang),
        "reading": [in_language(x, lang) for x in verdict.reading],
        "assuming": [in_language(x, lang) for x in verdict.assuming],
        "links": [{**_sign(x, lang), **_link(x)} for x in verdict.links],
        "clash": _clash(verdict.clash),
        "parts": parts.outline(_blocks(verdict), lang),
        "counterexample": None if example is None else told(example),
        "mistake": "" if mistake is None else say(f"mistake.{mistake.id}"),
        "place": _place(verdict, _judged(setting, quantity, answer), answer),
        "ms": round(verdict.ms),
    }


def proof(model: str, quantity: str, answer: str, number: int, lang: str) -> Data:
    """One lemma or theorem of the proof of an answer, with its proof."""
    return parts.one(_blocks(_verdict(model, quantity, answer)), number, lang)


@lru_cache(maxsize=_KEPT)
def _verdict(model: str, quantity: str, answer: str) -> Verdict:
    return judge(setting_of(model).model, answer, quantity=quantity)


def _blocks(verdict: Verdict) -> Blocks:
    return () if verdict.proof is None else verdict.proof.blocks()


def _clash(clash: Clash | None) -> Data | None:
    """What stands side by side and does not fit, each piece with its shape."""
    if clash is None:
        return None
    wrong = (clash.first, clash.second)
    return {
        "sign": clash.sign,
        "pieces": [
            {"html": written(text), "text": text, "shape": shape.replace(" x ", " × "),
             "wrong": i in wrong}
            for i, (text, shape) in enumerate(clash.pieces)
        ],
    }  # fmt: skip


def _sign(x: Verdict | LinkVerdict, lang: str) -> Data:
    """A verdict as a sign, a word, and what it means."""
    kind, say = kind_of(x.verdict), words.load(lang).say
    return {
        "verdict": x.verdict, "kind": kind, "sign": SIGNS[kind],
        "word": say(f"marking.{x.verdict}"), "meaning": say(f"serve.verdict.{x.verdict}"),
    }  # fmt: skip


def _link(x: LinkVerdict) -> Data:
    return {"html": written(x.text), "text": x.text, "carried": x.carried, "message": x.message}


def _judged(setting: Setting, quantity: str, answer: str) -> str:
    """What is judged: the answer, or ``quantity = answer`` where it is a bare value."""
    try:
        bare = quantity and not is_statement(setting, answer)
    except SymbpttError:  # it does not read by itself
        return answer
    return f"{quantity} = {answer}" if bare else answer


def _place(verdict: Verdict, text: str, answer: str) -> Data | None:
    """Where in the text that was judged something is wrong; ``own`` is the answer's column."""
    if verdict.position is None or verdict.verdict not in ("ill-shaped", "not-understood"):
        return None
    line, column = verdict.position
    lines = text.split("\n")
    before = len(text) - len(answer) if line == 1 else 0
    shown = lines[min(line, len(lines)) - 1]
    return {"line": line, "column": column, "text": shown, "own": column - before}
