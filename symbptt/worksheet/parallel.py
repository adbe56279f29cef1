"""Work on several tasks at once, in processes that tell on the way what they have done."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from symbptt.core.errors import SymbpttError

T = TypeVar("T")
R = TypeVar("R")
Tell = Callable[[str], None]
_PAUSE = 0.05  # seconds between looks at what was told
_lines: Any = None  # in a worker process: where it tells


def work_on(
    tasks: Sequence[T],
    work: Callable[[T, Tell], R],
    jobs: int,
    told: Callable[[int, str], None],
    done: Callable[[int, R], None],
) -> None:
    """Does ``work(task, tell)`` for each task, at most ``jobs`` at once.

    ``told(number, line)`` is called, here, for each line that a task tells, ``done(number,
    result)`` when it ends, as it happens. With one job or one task nothing leaves this process.
    An exception of ``work`` ends everything and is raised; SymbpttError if a process dies.
    """
    if min(jobs, len(tasks)) > 1:
        _in_processes(tasks, work, jobs, told, done)
        return
    for number, task in enumerate(tasks):
        done(number, work(task, lambda line, number=number: told(number, line)))  # type: ignore[misc]


def _in_processes(
    tasks: Sequence[T],
    work: Callable[[T, Tell], R],
    jobs: int,
    told: Callable[[int, str], None],
    done: Callable[[int, R], None],
) -> None:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else None)
    lines = context.SimpleQueue()
    count = min(jobs, len(tasks))
    with ProcessPoolExecutor(count, context, _start, (lines,)) as pool:
        waiting: dict[Future[R], int] = {}
        try:
            waiting |= {pool.submit(_work, n, task, work): n for n, task in enumerate(tasks)}
            while waiting:
                ended, _ = wait(waiting, _PAUSE, FIRST_COMPLETED)
                while not lines.empty():
                    told(*lines.get())
                for future in sorted(ended, key=waiting.__getitem__):
                    done(waiting.pop(future), future.result())
        except BrokenProcessPool as error:
            raise SymbpttError(
                "a process that was building died", hint="was there enough memory? try --jobs 1"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                os.kill(process.pid or 0, signal.SIGINT)  # the work cleans up
            raise


def _start(lines: Any) -> None:
    """A worker: an interrupt from the keyboard reaches it, and means something at work only."""
    global _lines
    _lines = lines
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(number: int, task: T, work: Callable[[T, Tell], R]) -> R:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return work(task, lambda line: _lines.put((number, line)))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
