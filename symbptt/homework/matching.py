"""Which claim answers which question: the same quantity on its left, and an answer on its right."""

from __future__ import annotations

import re

from symbptt.answers.elaborate import Question, Reading, elaborate
from symbptt.answers.setting import Setting
from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Elem, Param, Partial, Term
from symbptt.core.traverse import find
from symbptt.report.linebreak import split_relations

from .asked import Asked

_INDEXED = re.compile(r"\[([^\[\]]*)\]|\^\(([^()]*)\)|\((\w+=[^:()]*):")
_LETTER = re.compile(r"\b[a-z]\w*")
_WORD = re.compile(r"(?<![\\\w])[a-z]\w*(?![\w\[])")


def answers(asked: Asked, claim: str, here: Setting, there: Setting) -> bool:
    """Whether a claim, read ``here``, gives what is asked, to be read ``there``.

    Free indices may have other names. A derivative is given by what does not contain it, a
    statement by the same statement, a value by numbers.
    """
    chain, wanted = _questions(here, claim), _wanted(asked, there)
    if wanted and asked.kind != "prove" and _clashes(here, claim):
        chain = _questions(here, f"{split_relations(claim)[0]} = 0")
        return bool(chain) and _same(chain[0].left, wanted[0].left)
    if not chain or not wanted or not _same(chain[0].left, wanted[0].left):
        return False
    last = chain[-1].right
    if asked.kind == "prove":
        return any(_states(chain, i, wanted[-1]) for i in range(len(chain)))
    if any(q.relation not in ("=", "approx") for q in chain):
        return False
    if asked.kind == "evaluate":
        return not any(find(last, lambda x: isinstance(x, Param | Elem)))
    return str(chain[0].left) not in str(last)


def begins_alike(asked: Asked, claim: str, here: Setting, there: Setting) -> bool:
    """Whether the left sides are the same."""
    chain, wanted = _questions(here, claim), _wanted(asked, there)
    return bool(chain and wanted) and _same(chain[0].left, wanted[0].left)


def _states(chain: tuple[Question, ...], last: int, wanted: Question) -> bool:
    """Whether the links up to one say together what is to be proved."""
    relations = {q.relation for q in chain[: last + 1]} - {"="}
    relation = relations.pop() if len(relations) == 1 else "=" if not relations else ""
    whole = f"{_shown(chain[0].left)} | {_shown(chain[last].right)}"
    asked = f"{_shown(wanted.left)} | {_shown(wanted.right)}"
    return relation == wanted.relation and _renamed(whole) == _renamed(asked)


def _wanted(asked: Asked, setting: Setting) -> tuple[Question, ...]:
    text = asked.text if asked.kind == "prove" else f"{asked.text} = 0"
    return _questions(setting, text)


def _questions(setting: Setting, text: str) -> tuple[Question, ...]:
    try:
        reading: Reading = elaborate(setting, text)
    except SymbpttError:
        return ()
    return reading.questions


def _clashes(setting: Setting, text: str) -> bool:
    """Whether an equation is read, but its shapes do not fit."""
    try:
        return len(split_relations(text)) > 1 and elaborate(setting, text).clash is not None
    except SymbpttError:
        return False


def _same(a: Term, b: Term) -> bool:
    return _renamed(_shown(a)) == _renamed(_shown(b))


def _shown(term: Term) -> str:
    """The term as text; the derivative of a scalar is its gradient, in whatever layout."""
    if isinstance(term, Partial) and term.args[0].is_scalar and term.mode == "total":
        return f"∇[{term.args[1]}]({term.args[0]})"
    return str(term)


def _renamed(text: str) -> str:
    """The text with its indices, in small letters, numbered in the order in which they come."""
    places = " ".join("".join(m.groups(default=" ")) for m in _INDEXED.finditer(text))
    letters = set(_LETTER.findall(places))
    seen: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        letter = match[0]
        return seen.setdefault(letter, f"#{len(seen)}") if letter in letters else letter

    return _WORD.sub(number, text)
