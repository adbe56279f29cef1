"""The models in force for an exercise, with the names that the answer has introduced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from symbptt.answers.elaborate import elaborate
from symbptt.answers.judge import judge_in
from symbptt.answers.limits import OutOfTime, at_most
from symbptt.answers.setting import Setting, setting_in
from symbptt.answers.verdict import KINDS, Verdict
from symbptt.core.errors import SymbpttError
from symbptt.models.model import Model

from .conventions import stated_length, supposed

SECONDS = 5.0  # for one claim, in all the ways that it is tried
_LEAST = 0.05
_BARE_NAME = re.compile(r"\s*(?P<name>\\?[A-Za-z]+)\s*(?:=|:=)(?!=)(?P<right>[^=]+)", re.DOTALL)


@dataclass(frozen=True)
class Found:
    """A verdict with the model and the setting that it was found in."""

    verdict: Verdict
    model: str
    setting: Setting


@dataclass
class Scene:
    """The settings of an exercise by the names of its models; they grow with its definitions.

    ``formulas`` are all formulas of the exercise; ``said`` is what its part states of the length;
    ``false`` the equations of the answer that are wrong.
    """

    settings: dict[str, Setting]
    formulas: Sequence[str]
    said: tuple[str, ...] = ()
    false: list[tuple[str, int]] = field(default_factory=list)

    def judge(self, claim: str, names: Sequence[str], quantity: str = "") -> Found:
        """The verdict on a claim about one of several models: the first that it holds for."""
        until = monotonic() + SECONDS
        found: list[Found] = []
        for name in names:
            found.append(self._judge_for(claim, name, quantity, until))
            verdict = found[-1].verdict
            if verdict.accepted and verdict.verdict != "definition":
                return found[-1]
        return min(found, key=lambda f: _RANK[f.verdict.verdict])

    def _judge_for(self, claim: str, name: str, quantity: str, until: float) -> Found:
        base = self.settings[name]
        usual = Found(_guarded(base, claim, quantity, until), name, base)
        if usual.verdict.accepted:
            return usual
        last = usual
        for said, assuming, setting in self._ways(base):
            verdict = _guarded(setting, claim, quantity, until)
            if verdict.accepted:
                kind = verdict.verdict
                if assuming and kind not in ("assuming", "definition"):
                    kind = "assuming"
                return Found(_with(verdict, kind, said, assuming), name, setting)
            if verdict.verdict in ("wrong", "ill-shaped"):
                better = last.verdict.verdict == "not-understood" or last.verdict.mistake is None
                if better:
                    last = Found(_with(verdict, verdict.verdict, said, assuming), name, setting)
        return last

    def _ways(self, base: Setting) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Setting]]:
        """What is said, what is assumed, and the setting under both."""
        options: list[tuple[str, ...]] = list(supposed(base.model, self.formulas))
        for assuming in ([(), *options] if self.said else options):
            try:
                setting = setting_in(base.model, (*self.said, *assuming), base.facts)
            except SymbpttError:
                continue
            yield self.said, assuming, setting

    def follows(self, claim: str, found: Found) -> int | None:
        """The place of an earlier wrong equation that a wrong claim follows from, if there is one.

        An equation for a name of the model replaces the model's; what is right in the model that
        the answer has in mind carries the error on.
        """
        until = monotonic() + SECONDS
        for text, start in reversed(self.false):
            try:
                setting = setting_in(found.setting.model, (text,), found.setting.facts)
            except SymbpttError:
                continue
            if _guarded(setting, claim, "", until).verdict in ("proved", "equal"):
                return start
        return None

    def learn(self, text: str, name: str) -> bool:
        """Adds the names that an equation introduces to the model; whether there are any."""
        base = self.settings[name]
        try:
            reading = elaborate(base, text)
            if reading.defined:
                self.settings[name] = reading.setting
                return True
        except SymbpttError:
            pass
        longer = _extended(base, text)
        if longer is not None:
            self.settings[name] = longer
        return longer is not None

    def introduces(self, text: str, name: str) -> bool:
        """Whether an equation gives a new name that is also a letter for indices, as in t = W x."""
        return _extended(self.settings[name], text) is not None

    def state(self, text: str) -> None:
        """Takes note of a length, ``T = 3``, that a part is about."""
        for setting in self.settings.values():
            said = stated_length(setting.model, text)
            if said and said not in self.said:
                self.said = (*self.said, said)


_RANK = {k: i for i, k in enumerate((*KINDS[:4], "wrong", "ill-shaped", "definition",
                                     "not-understood"))}  # fmt: skip


def _extended(setting: Setting, text: str) -> Setting | None:
    """The setting with an equation for a bare name, where there is no time that it could be."""
    match = _BARE_NAME.fullmatch(text)
    model = setting.model
    if match is None or model.sequences and _timed(model):
        return None
    names = set(model.scope.names) | {str(d) for d in model.dims}
    if match["name"] in names:
        return None
    try:
        longer = Model.parse(f"{model.text}\n{text}", model.name, equations=False)
        return setting_in(longer, (), setting.facts)
    except SymbpttError:
        return None


def _timed(model: Model) -> bool:
    return any(d.index is not None for d in model.theory.definitions)


def _with(
    verdict: Verdict, kind: str, said: tuple[str, ...], assuming: tuple[str, ...]
) -> Verdict:  # fmt: skip
    reading = (*verdict.reading, *said)
    if kind in ("wrong", "ill-shaped", "not-understood"):
        return replace(verdict, reading=(*reading, *assuming))
    return replace(verdict, verdict=kind, reading=reading,
                   assuming=(*assuming, *verdict.assuming))  # fmt: skip


def _guarded(setting: Setting, claim: str, quantity: str, until: float) -> Verdict:
    """The verdict, or why there is none."""
    left = until - monotonic()
    if left < _LEAST:
        return Verdict("not-understood", message="no verdict within the time")
    try:
        with at_most(left):
            return judge_in(setting, claim, quantity)
    except OutOfTime:
        return Verdict("not-understood", message="no verdict within the time")
    except RecursionError:
        return Verdict("not-understood", message="it is nested too deeply")
    except SymbpttError as error:
        message = f"{error.message} ({error.hint})" if error.hint else error.message
        place = (error.where.line, error.where.column) if error.where is not None else (1, 1)
        return Verdict("not-understood", message=message, position=place)

