"""The models in force for an exercise, with the names that the answer has introduced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import process_time

from symbptt.answers.judge import judge_in
from symbptt.answers.limits import OutOfTime, at_most
from symbptt.answers.setting import Setting, setting_in
from symbptt.answers.verdict import KINDS, Verdict
from symbptt.core.errors import SymbpttError

from .conventions import NOTHING, Supposed, stated_length, supposed
from .growing import Growing

SECONDS = 5.0  # for one claim, in all the ways that it is tried
_LEAST = 0.05


@dataclass(frozen=True)
class Found:
    """A verdict with the model and the setting that it was found in."""

    verdict: Verdict
    model: str
    setting: Setting


@dataclass
class Scene:
    """The models of an exercise by their names; they grow with its definitions.

    ``formulas`` are all formulas of the exercise; ``said`` is what its part states of the length;
    ``false`` the equations of the answer that are wrong; ``until`` when the time for the claim is
    over.
    """

    models: dict[str, Growing]
    formulas: Sequence[str]
    said: Supposed = NOTHING
    false: list[tuple[str, int]] = field(default_factory=list)
    until: float = 0.0

    def judge(self, claim: str, names: Sequence[str], quantity: str = "") -> Found:
        """The verdict on a claim about one of several models: the first that it holds for."""
        found: list[Found] = []
        for name in names:
            found.append(self._judge_for(claim, name, quantity))
            verdict = found[-1].verdict
            if verdict.accepted and verdict.verdict != "definition":
                return found[-1]
        return min(found, key=lambda f: _RANK[f.verdict.verdict])

    def _judge_for(self, claim: str, name: str, quantity: str) -> Found:
        model = self.models[name]
        last = Found(_guarded(model.setting, claim, quantity, self.until), name, model.setting)
        if last.verdict.accepted:
            return last
        for assumed in self._ways(model):
            setting = model.under(self.said + assumed)
            if setting is None:
                continue
            verdict = _guarded(setting, claim, quantity, self.until)
            found = Found(_told(verdict, self.said, assumed), name, setting)
            if verdict.accepted:
                return found
            worse = last.verdict.verdict == "not-understood" or last.verdict.mistake is None
            if verdict.verdict in ("wrong", "ill-shaped") and worse:
                last = found
        return last

    def _ways(self, model: Growing) -> Iterator[Supposed]:
        """The conventions to try beside what the part says itself."""
        if self.said != NOTHING:
            yield NOTHING
        yield from supposed(model.model, self.formulas)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Ends what it holds, with nothing said, when the time for the claim is over."""
        try:
            with at_most(max(_LEAST, self.until - process_time())):
                yield
        except (OutOfTime, RecursionError):
            pass

    def follows(self, claim: str, found: Found) -> int | None:
        """The place of an earlier wrong equation that a wrong claim follows from, if there is one.

        An equation for a name of the model replaces the model's; what is right in the model that
        the answer has in mind carries the error on.
        """
        for text, start in reversed(self.false):
            try:
                setting = setting_in(found.setting.model, (text,), found.setting.facts)
            except SymbpttError:
                continue
            if _guarded(setting, claim, "", self.until).verdict in ("proved", "equal"):
                return start
        return None

    def learn(self, text: str, names: Sequence[str]) -> str:
        """Adds the names that an equation introduces to the first model where it does.

        Gives the name of that model, empty where there is none. A name that one of the models in
        force knows is not new.
        """
        known = {n for name in names for n in self.models[name].names}
        for name in names:
            other = self.models[name].introduces(text)
            if other is not None and not (other.names - self.models[name].names) & known:
                self.models[name] = other
                return name
        return ""

    def state(self, text: str) -> None:
        """Takes note of a length, ``T = 3``, that a part is about."""
        for model in self.models.values():
            said = stated_length(model.model, text)
            if said and said not in self.said.given:
                self.said += Supposed((said,))


_RANK = {k: i for i, k in enumerate((*KINDS[:4], "wrong", "ill-shaped", "definition",
                                     "not-understood"))}  # fmt: skip


def _told(verdict: Verdict, said: Supposed, assumed: Supposed) -> Verdict:
    """The verdict with what was supposed: by the answer itself, or beyond what it says."""
    if not verdict.accepted:
        return replace(verdict, reading=(*verdict.reading, *said.said, *assumed.said))
    weak = assumed != NOTHING and verdict.verdict not in ("assuming", "definition")
    return replace(
        verdict, verdict="assuming" if weak else verdict.verdict,
        reading=(*verdict.reading, *said.said), assuming=(*assumed.said, *verdict.assuming),
    )  # fmt: skip


def _guarded(setting: Setting, claim: str, quantity: str, until: float) -> Verdict:
    """The verdict, or why there is none."""
    left = until - process_time()
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
