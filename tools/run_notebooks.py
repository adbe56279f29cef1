"""Runs the notebooks of the documentation and writes what they give into them.

With --check nothing is written: the text that each cell prints or shows must be what stands there.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
SECONDS = 300  # for a cell, on a busy machine
TEXTS = ("text/plain", "text/latex")  # the reports, which are HTML, have tests of their own


def run(path: Path) -> Any:
    """The notebook as it is after a run in its own directory, without times and ids of runs."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()  # fmt: skip
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"},
                         "language_info": {"name": "python"}}  # fmt: skip
    return notebook


def texts(notebook: Any) -> list[str]:
    """What the cells print and show as text, line by line."""
    lines = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            shown = [output.get("text", ""), *(data.get(kind, "") for kind in TEXTS)]
            shown += [f"({kind})" for kind in data if kind not in TEXTS]
            lines += [f"cell {number}: {line}" for text in shown for line in text.splitlines()]
    return lines


def main() -> None:
    """Runs all, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="teacher, engineer, student; by default all")
    parser.add_argument("--check", action="store_true", help="write nothing, show differences")
    asked = parser.parse_args()
    fine = True
    for path in sorted(FOLDER.glob("*.ipynb")):
        if asked.names and path.stem not in asked.names:
            continue
        notebook = run(path)
        if not asked.check:
            nbformat.write(notebook, path)
            print(f"{path.name}: written")
            continue
        there = texts(nbformat.read(path, as_version=4))
        found = list(difflib.unified_diff(there, texts(notebook), path.name, "now", lineterm=""))
        print("\n".join(found) if found else f"{path.name}: up to date")
        fine = fine and not found
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
