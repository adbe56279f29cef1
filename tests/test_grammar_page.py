"""The railroad diagrams of the documentation against the reader."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from symbptt import Model
from symbptt.core.errors import SymbpttError

pytest.importorskip("railroad")
sys.path.insert(0, str(Path(__file__).parent.parent / "docs" / "_ext"))
from grammar import CONTEXT, DIAGRAMS

EXAMPLES = [(name, line) for name, rule in DIAGRAMS.items() for line in rule.examples]
REFUSED = [(name, line) for name, rule in DIAGRAMS.items() for line in rule.refused]


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_examples_are_read(name: str, line: str) -> None:
    assert Model.parse(f"{CONTEXT}\n{line}").text.endswith(line)


@pytest.mark.parametrize(("name", "line"), REFUSED)
def test_counterexamples_are_refused(name: str, line: str) -> None:
    with pytest.raises(SymbpttError):
        Model.parse(f"{CONTEXT}\n{line}")
