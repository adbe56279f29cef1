"""One process that answers questions, one at a time; replaced when it is too slow or too large.

Linux kills nothing by itself: the limit of memory is one on the address space of the process, so
that what asks for too much gets a MemoryError, and the resident part is watched besides.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any

from .limits import Limits

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

Answer = Callable[[dict[str, Any]], dict[str, Any]]
Gone = Callable[[], bool]
_LOOK = 0.1  # seconds between looks at memory and at the client
_MEGABYTE = 1 << 20
_ADDRESSED, _RESIDENT = 0, 1  # columns of /proc/PID/statm
_COLLECT = 50_000  # allocations between collections of garbage; terms are many and short-lived


class Lost(Exception):
    """No answer; ``why`` is time, memory, died, busy or gone."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Worker:
    """Answers questions in a process of its own; threads that ask wait for each other."""

    def __init__(self, answer: Answer, warm: Callable[[], None], limits: Limits) -> None:
        methods = multiprocessing.get_all_start_methods()
        # not a fork of this process: its threads may hold locks
        kind = "forkserver" if "forkserver" in methods else "spawn"
        context: Any = multiprocessing.get_context(kind)
        if "forkserver" in methods:  # a new worker begins with everything imported
            context.set_forkserver_preload([answer.__module__])
        self._limits = limits
        self._parts = (context, answer, warm, limits.megabytes)
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(limits.waiting)
        self._closed = False
        self._current = _Process(*self._parts)

    @property
    def pid(self) -> int:
        """The process that answers at present."""
        return self._current.pid

    def ask(self, question: dict[str, Any], gone: Gone = lambda: False) -> dict[str, Any]:
        """The answer; Lost where there is none.

        ``gone`` tells whether nobody waits for it any more.
        """
        if not self._places.acquire(blocking=False):
            raise Lost("busy")
        try:
            while not self._turn.acquire(timeout=_LOOK):
                if gone():
                    raise Lost("gone")
            try:
                return self._ask(question, gone)
            finally:
                self._turn.release()
        finally:
            self._places.release()

    def _ask(self, question: dict[str, Any], gone: Gone) -> dict[str, Any]:
        if self._closed:
            raise Lost("died")
        if not self._current.is_alive:
            self._replace()
        try:
            self._current.line.send(question)
            self._wait(self._limits.seconds[question["task"]], gone)
            why, found = self._current.line.recv()
            if why:
                raise Lost(why)
        except (EOFError, OSError):
            self._replace()
            raise Lost("died") from None
        except Lost:
            self._replace()
            raise
        return dict(found)

    def _wait(self, seconds: float, gone: Gone) -> None:
        """Returns when the answer is there; Lost where it is not worth to wait longer."""
        start = monotonic()
        while not self._current.line.poll(_LOOK):
            passed = monotonic() - start
            if passed > seconds:
                raise Lost("time")
            if self._current.is_large:
                raise Lost("memory")
            if passed > self._limits.abandoned and gone():
                raise Lost("gone")

    def _replace(self) -> None:
        self._current.end()
        if not self._closed:
            self._current = _Process(*self._parts)

    def close(self) -> None:
        """Ends the process; questions that wait are lost."""
        self._closed = True
        self._current.kill()  # who waits for an answer gets none
        with self._turn:
            self._current.end()


class _Process:
    """One process that is ready, and the line to it."""

    def __init__(
        self, context: Any, answer: Answer, warm: Callable[[], None], megabytes: int
    ) -> None:
        self.line, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, answer, warm, megabytes), daemon=True
        )
        with _uninterrupted():
            self._process.start()
        theirs.close()
        self.pid = int(self._process.pid)
        self._most = self.line.recv() + megabytes * _MEGABYTE

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return bool(self._process.is_alive())

    @property
    def is_large(self) -> bool:
        """Whether it takes more memory than it may, where the system tells."""
        return bool(_pages(self.pid, _RESIDENT) > self._most)

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()

    def end(self) -> None:
        """Ends it, and the line."""
        self._process.kill()
        self._process.join()
        self.line.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started here is not ended by Ctrl-C, which every process of a terminal gets."""
    if threading.current_thread() is not threading.main_thread():
        yield  # later workers are children of the one process that was started first
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(line: Connection, answer: Answer, warm: Callable[[], None], megabytes: int) -> None:
    """Answers until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT)
    _limit_memory(megabytes)
    try:
        line.send(_pages(os.getpid(), _RESIDENT))
        while True:
            question = line.recv()
            line.send(answered(answer, question))
    except (EOFError, OSError):
        return


def answered(answer: Answer, question: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The answer, after an empty text; or why there is none, and the process is not to be trusted.

    Of a defect is printed where it is, not what was asked.
    """
    try:
        return "", answer(question)
    except MemoryError:
        return "memory", {}
    except Exception as error:
        print(f"error: a task failed with {type(error).__name__}", file=sys.stderr)
        traceback.print_tb(error.__traceback__)
        return "died", {}


def _limit_memory(megabytes: int) -> None:
    """No more than so much beyond what there is."""
    used = _pages(os.getpid(), _ADDRESSED)
    if resource is not None and used:
        most = used + megabytes * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _pages(pid: int, column: int) -> int:
    """Bytes of memory of a process; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        return int(pages[column]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
