"""A local page to try symbptt: models with shapes, derivations with their steps, answers judged.

``Page(port)`` is the server, on 127.0.0.1 only. Everything that reads what a user typed happens in
one worker process (``worker``), which is replaced when it takes too long or too much memory; the
server itself (``server``) only passes JSON to and fro.
"""

from .server import Page

__all__ = ["Page"]
