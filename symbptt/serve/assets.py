"""What the page is made of, from the package: scripts, style sheets, the fonts of formulas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_SHARED = ("katex/katex.min.css", "templates/report.css")  # of the report


@dataclass(frozen=True)
class Asset:
    """A file as it is sent; ``tag`` changes with its content."""

    data: bytes
    type: str
    tag: str


def assets() -> dict[str, Asset]:
    """Every asset by its path on the server."""
    report = files("symbptt.report")
    shared = [report.joinpath(*name.split("/")) for name in _SHARED]
    own = [f for f in files(__package__).joinpath("static").iterdir() if _ending(f) in _TYPES]
    return {f"/static/{f.name}": _read(f) for f in (*own, *shared)}


def _ending(file: Traversable) -> str:
    return f".{file.name.rpartition('.')[2]}"


def _read(file: Traversable) -> Asset:
    data = file.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    return Asset(data, _TYPES[_ending(file)], tag)
