"""SVG as a part of an HTML page, and as a file of its own."""

from __future__ import annotations

import re
from zlib import crc32

_PROLOG = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_ID = re.compile(r"""(\bid="|url\(#|xlink:href="#|(?<!:)href="#)([^")]+)""")


def embedded(svg: str) -> str:
    """The element alone, without prolog and metadata; its identifiers made its own by a prefix.

    Several pictures of one page must not share identifiers, or one would use the parts of another.
    """
    svg = _METADATA.sub("", _PROLOG.sub("", svg, count=1)).strip()
    prefix = f"p{crc32(svg.encode()):08x}-"
    return _ID.sub(lambda m: f"{m[1]}{prefix}{m[2]}", svg)


def alone(svg: str) -> str:
    """The picture as a file of its own, on white, since the page around it may be dark."""
    return _METADATA.sub("", svg).replace("<svg ", '<svg style="background:#fff" ', 1)
