"""Runs what the pages show: Python blocks, and every command of a console block with its output.

Each page has a folder of its own, where its commands run, with ``derivations`` of the project
beside them; a ``code-block`` with a caption is a file there. ``pytest docs --update`` writes what
the commands print into the pages. A line ``...`` in a block stands for any number of lines.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

DOCS = Path(__file__).resolve().parent
_FILE = re.compile(
    r"^(?P<fence>`{3,})\{code-block\} \w+\n:caption: (?P<name>\S+)\n\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_TIME = re.compile(r""" *\b\d+(\.\d+)? m?s\b *|(?<="ms": )[\d.]+""")
_COMMAND = re.compile(r"^\$ (.*(?:\n> .*)*)\n?", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """With the tests' own option where both are collected."""
    with contextlib.suppress(ValueError):
        parser.addoption("--update", action="store_true", help="write the outputs anew")


class Console(CodeBlockParser):
    """Commands after ``$`` (continued by ``>``), each followed by what it prints."""

    language = "console"
    update = False

    def evaluate(self, example: Example) -> str | None:
        """A diff where a command prints something else than the page says."""
        shown = str(example.parsed)
        now = "".join(
            f"$ {command}\n{_run(command, example.namespace['folder'])}"
            for command in _commands(shown)
        )
        if _fits(shown, now):
            return None
        if self.update:
            _replace(example, shown, now)
            return None
        lines = difflib.unified_diff(
            shown.splitlines(), now.splitlines(), "page", "now", lineterm=""
        )
        return "\n".join(lines) + "\n\nIf this is what it should be: pytest docs --update"


def _commands(block: str) -> list[str]:
    return [match[1] for match in _COMMAND.finditer(block)]


def _run(command: str, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    script = command.replace("\n> ", "\n")
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, text=True, timeout=300,
        env=os.environ | {"PATH": path, "COLUMNS": "100"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def _fits(shown: str, now: str) -> bool:
    # times differ from run to run, and with them the widths of columns
    shown, now = (re.sub(" +", " ", _TIME.sub(" some time ", text)) for text in (shown, now))
    parts = (re.escape(part) for part in re.split(r"(?m)^\.\.\.$\n?", shown.rstrip() + "\n"))
    return re.fullmatch("(?:.*\n)*?".join(parts), now.rstrip() + "\n") is not None


def _replace(example: Example, shown: str, now: str) -> None:
    page = Path(example.path)
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace(f"```console\n{shown}", f"```console\n{now}", 1), encoding="utf-8")


def files(document: Document) -> Iterator[Region]:
    """The blocks that are files: written before anything after them runs."""
    for match in _FILE.finditer(document.text):
        yield Region(match.start(), match.end(), (match["name"], match["text"]), _write)


def _write(example: Example) -> None:
    name, text = example.parsed
    (example.namespace["folder"] / name).write_text(text, encoding="utf-8")


def _setup(namespace: dict[str, object]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="page-"))
    (folder / "derivations").symlink_to(DOCS.parent / "derivations")
    namespace.update(folder=folder, before=Path.cwd())
    os.chdir(folder)
    sys.path.insert(0, str(folder))  # modules that a page writes are imported from its folder


def _teardown(namespace: dict[str, object]) -> None:
    os.chdir(str(namespace["before"]))
    sys.path.remove(str(namespace["folder"]))
    shutil.rmtree(str(namespace["folder"]))


_console = Console()


def pytest_configure(config: pytest.Config) -> None:
    """Tells the console blocks whether to write."""
    _console.update = config.getoption("--update", default=False)


pytest_collect_file = Sybil(
    parsers=[
        files,
        _console,
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        SkipParser(),
    ],
    patterns=["*.md"],
    excludes=["generated/**", "_build/**"],
    setup=_setup,
    teardown=_teardown,
).pytest()
