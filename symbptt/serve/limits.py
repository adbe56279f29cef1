"""How much one request may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SECONDS = MappingProxyType(
    {
        "preview": 3.0,
        "read": 3.0,
        "derive": 20.0,
        "part": 20.0,
        "check": 20.0,
        "proof": 20.0,
        "file": 60.0,
    }
)


@dataclass(frozen=True)
class Limits:
    """Bounds on a request.

    ``seconds`` are those a task may take; ``megabytes`` what the worker may add to the memory that
    it starts with; ``waiting`` how many requests may wait for it at once; ``body`` the bytes of a
    request; ``idle`` the seconds for which a connection may say nothing; ``abandoned`` those that
    a task may go on after its client has gone.
    """

    seconds: Mapping[str, float] = field(default_factory=lambda: SECONDS)
    megabytes: int = 1024
    waiting: int = 16
    body: int = 64 * 1024
    idle: float = 60.0
    abandoned: float = 1.0
