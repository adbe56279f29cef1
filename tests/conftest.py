"""What all tests share: golden files and how to renew them, and the draws of property tests.

Property tests draw the same examples in every run, so that a failure can be repeated and a change
is what made it. ``HYPOTHESIS_PROFILE=explore pytest ...`` draws new ones.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with tests/golden/NAME; ``pytest --update`` writes that file anew."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = difflib.unified_diff(
            old.splitlines(), text.splitlines(), f"golden/{name}", "now", lineterm="", n=2
        )
        if diff := "\n".join(lines):
            pytest.fail(f"{diff}\n\nIf this is what it should be: pytest --update", pytrace=False)

    return compare
