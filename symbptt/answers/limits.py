"""A limit of processor time for one claim, by a timer signal where system and thread have one.

Processor time, so that a verdict does not depend on what else the machine does.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time
from types import FrameType

_MOMENT = 0.3  # s, to put together what is known when an inner limit used up the outer one


class OutOfTime(BaseException):
    """The time for a claim is over. No handler of ordinary errors catches it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in what it holds after some seconds of work; outside a main thread, never.

    Limits nest: an inner one ends no later than an outer one, which has a moment left after it.
    """
    timed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not timed:
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    start, before = process_time(), signal.signal(signal.SIGPROF, ring)
    outer, _ = signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_PROF, min(seconds, outer) if outer else seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        if outer:
            left = outer - (process_time() - start)
            signal.setitimer(signal.ITIMER_PROF, max(left, _MOMENT))
