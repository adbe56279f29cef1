"""All pieces of a document, from the outside in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass


def walk(item: object) -> Iterator[object]:
    """Blocks, content and what else a document is made of; tuples are looked through."""
    if isinstance(item, tuple):
        for part in item:
            yield from walk(part)
    elif is_dataclass(item) and not isinstance(item, type):
        yield item
        for field in fields(item):
            value = getattr(item, field.name)
            if not isinstance(value, str):
                yield from walk(value)
