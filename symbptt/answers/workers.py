"""Worker processes that answer one question at a time; one that dies or hangs loses only it."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Hashable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any

Ask = Callable[[Any], Any]
_COLLECT = 50_000  # allocations between collections of garbage; terms are many and short-lived
_POLL = 1.0  # seconds between looks whether the parent is still there


class Lost(Exception):
    """No answer: the worker died or took too long."""


class Workers:
    """Processes that apply ``ask``, a function of a module, to questions.

    Questions of one ``kind`` go to one worker as long as every worker has something to do: what it
    found out for the first of them it knows for the others. None is no kind.
    """

    def __init__(
        self, ask: Ask, count: int, seconds: float, kind: Callable[[Any], Hashable] | None = None
    ) -> None:
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("fork" if "fork" in methods else None)
        self._ask, self._seconds = ask, seconds
        self._kind = kind or (lambda question: None)
        self._knows: dict[Hashable, _Worker] = {}
        self._idle = [_Worker(self._context, ask) for _ in range(max(1, count))]
        self._busy: dict[Connection, _Worker] = {}

    def answers(self, questions: Iterable[Any], ahead: int = 8) -> Iterator[Any]:
        """The answers in the order of the questions; a Lost in place of one that is missing.

        Questions are taken as they are needed, at most ``ahead`` for each worker at once.
        """
        source, done = enumerate(questions), {}
        waiting: dict[int, Any] = {}  # for the workers that know their kinds
        most = ahead * len(self._idle)
        first, read, more = 0, 0, True
        try:
            while True:
                for number in [n for n, q in waiting.items() if self._knowing(q) in self._idle]:
                    if self._knowing(waiting[number]) in self._idle:
                        self._give(number, waiting.pop(number))
                while more and self._idle and read - first < most:
                    number, question = next(source, (None, None))
                    if number is None:
                        more = False
                        break
                    read = number + 1
                    if self._knowing(question) in self._busy.values():
                        waiting[number] = question
                    else:
                        self._give(number, question)
                while self._idle and waiting:  # rather than that a worker does nothing
                    number = min(waiting)
                    self._give(number, waiting.pop(number))
                while first in done:
                    yield done.pop(first)
                    first += 1
                if not self._busy:
                    if not more:
                        return
                    continue
                done.update(self._collect())
        finally:
            self.close()

    def _knowing(self, question: Any) -> _Worker | None:
        """The worker that has had questions of this kind, if there is one."""
        return self._knows.get(self._kind(question))

    def _give(self, number: int, question: Any) -> None:
        """Asks the worker that knows the kind if it is idle, else the one that knows fewest."""
        worker = self._knowing(question)
        if worker is None or worker not in self._idle:
            worker = min(self._idle, key=list(self._knows.values()).count)
        self._idle.remove(worker)
        kind = self._kind(question)
        if kind is not None:
            self._knows.setdefault(kind, worker)
        worker.take(number, question, monotonic() + self._seconds)
        self._busy[worker.line] = worker

    def _collect(self) -> Iterator[tuple[int, Any]]:
        """What has come in, or is lost by now."""
        pause = max(0.0, min(w.due for w in self._busy.values()) - monotonic())
        for line in wait(list(self._busy), pause):
            worker = self._busy.pop(line)  # type: ignore[call-overload]
            try:
                answer = worker.line.recv()
                self._idle.append(worker)
            except (EOFError, OSError):
                answer = Lost("the worker died")
                self._replace(worker)
            yield worker.number, answer
        now = monotonic()
        for worker in [w for w in self._busy.values() if w.due <= now]:
            del self._busy[worker.line]
            self._replace(worker)
            yield worker.number, Lost("it took too long")

    def _replace(self, worker: _Worker) -> None:
        worker.end()
        self._knows = {kind: w for kind, w in self._knows.items() if w is not worker}
        self._idle.append(_Worker(self._context, self._ask))

    def close(self) -> None:
        """Ends all processes."""
        for worker in (*self._idle, *self._busy.values()):
            worker.end()
        self._idle, self._busy = [], {}


class _Worker:
    """One process and the line to it."""

    def __init__(self, context: Any, ask: Ask) -> None:
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, ask, os.getpid()), daemon=True)
        self.process.start()
        theirs.close()
        self.number, self.due = 0, 0.0

    def take(self, number: int, question: Any, due: float) -> None:
        """Sends a question; a worker that has died shows when the answer is waited for."""
        self.number, self.due = number, due
        try:
            self.line.send(question)
        except (BrokenPipeError, OSError):
            self.due = 0.0

    def end(self) -> None:
        """Kills the process."""
        self.process.kill()
        self.process.join()
        self.line.close()


def collect_rarely() -> None:
    """Looks for garbage seldom, and not among what is there already, in a process for claims."""
    gc.freeze()
    gc.set_threshold(_COLLECT)


def _serve(line: Connection, ask: Ask, parent: int) -> None:
    """Answers until the line or the parent is gone."""
    collect_rarely()
    try:
        while True:
            while not line.poll(_POLL):
                if os.getppid() != parent:
                    return
            line.send(ask(line.recv()))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
