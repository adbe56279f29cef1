"""A model of a worksheet together with what an answer defines on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from symbptt.answers.elaborate import elaborate
from symbptt.answers.judge import judge_in
from symbptt.answers.setting import Setting, setting_in
from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Elem
from symbptt.core.theory import Definition
from symbptt.core.traverse import substitute
from symbptt.models.model import Model

from .conventions import NOTHING, Supposed

_BARE = re.compile(r"\s*(?P<name>\\?[A-Za-z]+)\s*:?=(?P<right>[^=]+)", re.DOTALL)
_ENTRY = re.compile(
    r"\s*(?P<name>\\?[A-Za-z]+)\s*(?:"
    r"_\{?(?P<a>[a-z])\}?\s*\^\{?\(?(?P<b>[a-z])\)?\}?|\^\{?\(?(?P<c>[a-z])\)?\}?\s*_\{?(?P<d>[a-z])\}?"
    r")\s*:?=(?P<right>[^=]+)",
    re.DOTALL,
)


@dataclass
class Growing:
    """``lines`` are statements of the model language added to the model's text, ``claims`` are
    read as claims; both in the order of the answer."""

    model: Model
    given: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    _made: dict[Supposed, Setting | None] = field(default_factory=dict, repr=False)

    @property
    def setting(self) -> Setting:
        """The setting as the worksheet and the answer have it."""
        found = self.under(NOTHING)
        assert found is not None  # every addition has been tried
        return found

    @property
    def names(self) -> set[str]:
        """All names that mean something."""
        model = self.setting.model
        defined = (d.name for d in (*model.theory.definitions, *model.abbreviations))
        return {*model.scope.names, *defined}

    def under(self, supposed: Supposed) -> Setting | None:
        """The setting under a convention; None where that is not understood."""
        if supposed not in self._made:
            try:
                self._made[supposed] = self._make(supposed)
            except SymbpttError:
                self._made[supposed] = None
        return self._made[supposed]

    def introduces(self, text: str) -> Growing | None:
        """With the names that an equation introduces; None where it introduces none."""
        for other in (self._as_line(text), self._as_claim(text)):
            if other is not None and other.under(NOTHING) is not None:
                return other
        return None

    def _make(self, supposed: Supposed) -> Setting:
        model = self.model
        lines = [dict(supposed.lines).get(x, x) for x in model.text.split("\n")]
        if self.lines or supposed.lines:
            text = "\n".join((*lines, *self.lines))
            model = Model.parse(text, model.name, equations=False)
        setting = setting_in(model, (*self.given, *supposed.given))
        known = {d.key for d in self.model.theory.definitions}
        for d in setting.model.theory.definitions if self.lines else ():
            setting = setting if d.key in known else _joined(setting, d)
        for text in self.claims:
            before = {d.key for d in setting.model.theory.definitions}
            setting = elaborate(setting, text).setting
            for d in setting.model.theory.definitions:
                setting = setting if d.key in before else _joined(setting, d)
        return setting

    def _as_claim(self, text: str) -> Growing | None:
        try:
            defined = elaborate(self.setting, text).defined
        except SymbpttError:
            return None
        known = not defined or {*defined} & self.model.scope.names  # such as W = 2 I
        return None if known else replace(self, claims=(*self.claims, text), _made={})

    def _as_line(self, text: str) -> Growing | None:
        """A name that looks like an index where there is no time, or one given by its entries."""
        names = self.setting.model.scope.names | {str(d) for d in self.model.dims}
        timed = any(d.index is not None for d in self.model.theory.definitions)
        bare, entry = _BARE.fullmatch(text), _ENTRY.fullmatch(text)
        if bare and not timed and bare["name"] not in names:
            return self._with_lines(f"{text}")
        if not entry or entry["name"] in names:
            return None
        time = str(self.model.time)
        if time not in (entry["b"] or entry["c"], entry["a"] or entry["d"]):
            return None
        # the entry's range is that of one size of the model only, as reading finds out
        for size in map(str, self.model.dims):
            shape = rf"{entry['name']}_{time} \in \mathbb{{R}}^{{{size}}}"
            other = self._with_lines(shape, " ".join(text.split()))
            if other is not None:
                return other
        return None

    def _with_lines(self, *lines: str) -> Growing | None:
        other = replace(self, lines=(*self.lines, *lines), _made={})
        return other if other.under(NOTHING) is not None else None


def _joined(setting: Setting, new: Definition) -> Setting:
    """The setting where what the model computes on the way goes through a new name for it.

    With s_t = W h_{t-1} + U x_t and h_t = sigma(a_t), where a_t is the same, a_t = s_t: only then
    is h_t a function of s_t.
    """
    theory = setting.model.theory
    for old in theory.definitions:
        if old.key == new.key or old.head.shape != new.head.shape or not new.head.is_column:
            continue
        if isinstance(old.head, Elem) != isinstance(new.head, Elem) or not _equal(
            setting, new, old
        ):
            continue
        body = new.head
        if old.index is not None and new.index is not None:
            body = substitute(new.head, {new.index: old.index})
        rest = [d for d in theory.definitions if d is not new]
        at = rest.index(old)
        order = (*rest[:at], new, replace(old, body=body), *rest[at + 1 :])
        model = replace(setting.model, theory=replace(theory, definitions=order))
        return setting_in(model, facts=setting.facts)
    return setting


def _equal(setting: Setting, a: Definition, b: Definition) -> bool:
    def shown(d: Definition) -> str:
        return d.name if d.index is None else f"{d.name}_{{{setting.model.time}}}"

    try:
        return judge_in(setting, f"{shown(a)} = {shown(b)}").verdict == "proved"
    except SymbpttError:
        return False
