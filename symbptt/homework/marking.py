"""Judging a homework: every display gets a verdict, every question points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

from symbptt.answers.notes import phrase, sentence
from symbptt.answers.verdict import Verdict
from symbptt.report.linebreak import split_relations

from .asked import Asked, Asking
from .conventions import NOTHING
from .growing import Growing
from .matching import answers, begins_alike
from .places import Place
from .reading import Answers, Stated
from .scene import SECONDS, Found, Scene


@dataclass(frozen=True)
class Judged:
    """A statement of the answers with its verdict.

    ``line`` and ``column`` are where it begins in the file, ``at`` where the verdict points;
    ``carried`` is the line of an earlier wrong equation that it follows from; ``answered`` are the
    questions that it decides or would decide.
    """

    stated: Stated
    verdict: Verdict
    model: str
    line: int
    column: int
    at: tuple[int, int] | None = None
    carried: int | None = None
    answered: tuple[Asked, ...] = ()

    def json(self, proof: bool = False) -> dict[str, Any]:
        """The verdict with its place in the file, and with its proof where that is wanted."""
        at = None if self.at is None else {"line": self.at[0], "column": self.at[1]}
        return {
            **self.verdict.json(proof), "position": at, "exercise": str(self.stated.place),
            "model": self.model, "line": self.line, "column": self.column,
            "claim": self.stated.claim, "carried_from": self.carried,
            "answers": [q.id for q in self.answered],
        }  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What a question got; ``by`` decides it, and is missing where it is not answered."""

    question: Asked
    by: Judged | None

    @property
    def points(self) -> int:
        """All or none."""
        return self.question.points if self.by is not None and self.by.verdict.accepted else 0

    def json(self) -> dict[str, Any]:
        """With the keys id, asked, points, of, line, verdict."""
        q = self.question
        return {
            "id": q.id, "asked": q.text, "points": self.points, "of": q.points,
            "line": None if self.by is None else self.by.line,
            "verdict": None if self.by is None else self.by.verdict.verdict,
        }  # fmt: skip


@dataclass(frozen=True)
class Marked:
    """The answers with all verdicts and results."""

    answers: Answers
    asking: Asking
    judged: tuple[Judged, ...]
    results: tuple[Result, ...]

    @property
    def accepted(self) -> bool:
        """Whether every display passes."""
        return all(j.verdict.accepted for j in self.judged)

    @property
    def exercises(self) -> dict[Place, tuple[Result, ...]]:
        """The results by exercise and part, as the worksheet has them."""
        places = dict.fromkeys(r.question.place for r in self.results)
        return {p: tuple(r for r in self.results if r.question.place == p) for p in places}

    @property
    def points(self) -> tuple[int, int]:
        """Those got and those to be had."""
        return sum(r.points for r in self.results), sum(r.question.points for r in self.results)

    def json(self, proof: bool = False) -> dict[str, Any]:
        """One object: exercises with points, verdicts in the order of the file."""
        got, of = self.points
        return {
            "answers": self.answers.source.file, "sheet": self.asking.title,
            "accepted": self.accepted, "points": got, "of": of,
            "left_out": list(self.asking.left_out),
            "exercises": [
                {
                    "name": str(place), "points": sum(r.points for r in results),
                    "of": sum(r.question.points for r in results),
                    "questions": [r.json() for r in results],
                }
                for place, results in self.exercises.items()
            ],
            "verdicts": [j.json(proof) for j in self.judged],
        }  # fmt: skip


def mark(
    document: Answers, asking: Asking, progress: Callable[[Judged], None] = lambda _: None
) -> Marked:  # fmt: skip
    """Judges every display; ReadError where there is none."""
    if not any(s.display for s in document.stated):
        raise document.source.fail("there is no display equation to judge", 0,
                                   "formulas that are judged stand between $$ and $$")  # fmt: skip
    judged = []
    for one in _Marker(document, asking).judged():
        judged.append(one)
        progress(one)
    results = tuple(
        Result(q, next((j for j in reversed(judged) if q in j.answered), None))
        for q in asking.questions
    )
    return Marked(document, asking, tuple(judged), results)


class _Marker:
    """Goes through the answers with the models as they grow."""

    def __init__(self, document: Answers, asking: Asking) -> None:
        self.document, self.asking = document, asking
        self.base = {name: Growing(model) for name, model in asking.models.items()}
        self.place = Place()
        self.scene = self.scene_of("")

    def scene_of(self, exercise: str) -> Scene:
        stated = self.document.stated
        formulas = tuple(s.text for s in stated if s.place.exercise == exercise)
        return Scene(dict(self.base), formulas)

    def judged(self) -> Iterator[Judged]:
        for stated in self.document.stated:
            if stated.place.exercise != self.place.exercise:
                self.scene = self.scene_of(stated.place.exercise)
            if stated.place != self.place:
                self.scene.said = NOTHING
            self.place = stated.place
            names = self.asking.models_for(stated.place)
            if stated.display or self.is_answer(stated, names):
                yield self.judge(stated, names)
            else:
                self.note(stated.text, names)

    def is_answer(self, stated: Stated, names: tuple[str, ...]) -> bool:
        """Whether an inline formula gives what is asked: it is judged like a display.

        Other formulas in prose may be what a sentence supposes, or denies.
        """
        if len(split_relations(stated.text)) == 1:
            return False
        self.scene.until = process_time() + SECONDS
        with self.scene.timed():
            for q in self.asking.questions:
                if q.model in names and stated.place.covers(q.place):
                    here, there = self.scene.models[q.model].setting, self.base[q.model].setting
                    if answers(q, stated.text, here, there):
                        return True
        return False

    def note(self, text: str, names: tuple[str, ...]) -> None:
        """Prose is not judged; an equation in it may introduce a name or say how long T is."""
        if "=" in text:
            self.scene.until = process_time() + SECONDS
            with self.scene.timed():
                self.scene.state(text)
                self.scene.learn(text, names)

    def judge(self, stated: Stated, names: tuple[str, ...]) -> Judged:
        where = self.document.source.where(stated.start)
        if not names:
            message = sentence("judged.no-exercise", place=str(stated.place))
            verdict = Verdict("not-understood", message=message)
            return Judged(stated, verdict, "", where.line, where.column)
        questions = [q for q in self.asking.questions if stated.place.covers(q.place)]
        claim, value_of = stated.claim, ""
        if len(split_relations(claim)) == 1 and len(questions) == 1:
            value_of = questions[0].text
        self.scene.until = process_time() + SECONDS
        found, answered, carried = None, list[Asked](), None
        with self.scene.timed():
            found = self.defined(claim, names)
        found = found or self.scene.judge(claim, names, value_of)
        with self.scene.timed():
            found = self.under_givens(claim, found, questions)
        whole = f"{value_of} = {claim}" if value_of else claim
        with self.scene.timed():
            for q in questions:
                if self.answers(q, whole, found):
                    answered.append(q)
        if found.verdict.verdict == "wrong":
            with self.scene.timed():
                carried = self.scene.follows(claim, found)
            self.scene.false.append((claim, where.line))
        return Judged(
            stated, found.verdict, found.model, where.line, where.column,
            self.pointed(stated, found.verdict), carried, tuple(answered),
        )  # fmt: skip

    def defined(self, claim: str, names: tuple[str, ...]) -> Found | None:
        """The verdict on an equation that introduces a name, if it does; what follows may use it.

        Behind the first relation of a chain there may be something to judge.
        """
        before = replace(self.scene, models=dict(self.scene.models))
        name = self.scene.learn(claim, names)
        if not name:
            return None
        old, new = before.models[name], self.scene.models[name]
        if old.lines == new.lines:
            return before.judge(claim, (name,))
        said = phrase("introduces", names=", ".join(sorted(new.names - old.names)))
        return Found(Verdict("definition", message=said), name, new.setting)

    def under_givens(self, claim: str, found: Found, questions: list[Asked]) -> Found:
        """What a question supposes may be supposed in its answer, and is said."""
        if found.verdict.accepted:
            return found
        for q in questions:
            if not q.given or not begins_alike(q, claim, found.setting, self.base[q.model].setting):
                continue
            model = replace(self.scene.models[q.model], given=q.given, _made={})
            if model.under(NOTHING) is None:
                continue
            other = replace(self.scene, models={q.model: model}).judge(claim, (q.model,))
            if other.verdict.accepted:
                kept = tuple(dict.fromkeys((*q.given, *other.verdict.assuming)))
                verdict = replace(other.verdict, verdict="assuming", assuming=kept)
                return Found(verdict, q.model, other.setting)
        return found

    def answers(self, question: Asked, claim: str, found: Found) -> bool:
        """Whether the claim is about the question's model and gives what it asks."""
        if found.model != question.model or found.verdict.verdict == "definition":
            return False
        return answers(question, claim, found.setting, self.base[question.model].setting)

    def pointed(self, stated: Stated, verdict: Verdict) -> tuple[int, int] | None:
        """The place in the file that the verdict points at."""
        if verdict.position is None:
            return None
        line, column = verdict.position
        rows = stated.claim.split("\n")
        offset = sum(len(r) + 1 for r in rows[: line - 1]) + column - 1 - len(stated.before)
        where = self.document.source.where(stated.start + max(0, min(offset, len(stated.text))))
        return where.line, where.column
