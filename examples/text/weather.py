"""A text to learn from: weather reports, made of a few rules."""

from __future__ import annotations

from random import Random

WHEN = ("in the morning", "at noon", "in the evening", "at night", "before dawn")
WHERE = ("on the coast", "in the hills", "in the valley", "by the lake", "over the plain")
WHAT = {
    "rain": ("light rain falls", "it pours", "showers pass"),
    "sun": ("the sun shines", "the sky clears", "it is bright and dry"),
    "wind": ("a cold wind rises", "a breeze comes up", "it is calm"),
    "fog": ("fog settles", "the fog lifts", "mist hangs low"),
}
AFTER = {"rain": "fog", "fog": "sun", "sun": "wind", "wind": "rain"}  # what tends to follow


def reports(length: int, seed: int = 0) -> str:
    """At least ``length`` characters; what a report says depends on the one before."""
    rng, kind, lines, count = Random(seed), "sun", [], 0
    while count < length:
        kind = AFTER[kind] if rng.random() < 0.7 else rng.choice(tuple(WHAT))
        parts = [rng.choice(WHEN), rng.choice(WHAT[kind]), rng.choice(WHERE)]
        if rng.random() < 0.4:
            parts = [parts[1], parts[2], parts[0]]
        degrees = f", {rng.randint(2, 28)} degrees" if rng.random() < 0.3 else ""
        line = " ".join(parts) + degrees + "."
        lines.append(line[0].upper() + line[1:])
        count += len(line) + 1
    return "\n".join(lines) + "\n"
