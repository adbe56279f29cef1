"""Run the examples of README.md: what it shows must work.

Fenced blocks marked ``sh`` are run one by one with bash, those marked ``python`` together as one
program, all in the root of the project with its environment first on the path. A block that is not
meant to be run is marked otherwise (``text``, ``console``, ...).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


def examples(text: str, language: str) -> list[str]:
    """The fenced blocks in a language."""
    return [code for marked, code in _FENCE.findall(text) if marked == language]


def main() -> int:
    """Run everything; the number of examples that failed."""
    readme = ROOT / "README.md"
    if not readme.exists():
        print("README.md is missing")
        return 1
    text = readme.read_text(encoding="utf-8")
    program = "\n".join(examples(text, "python"))
    runs = [["bash", "-euo", "pipefail", "-c", code] for code in examples(text, "sh")]
    runs += [[sys.executable, "-c", program]] if program else []
    if not runs:
        print("README.md has no example: nothing was checked")
        return 1
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    failed = 0
    for command in runs:
        print(f"--- {command[-1].strip()}", flush=True)
        status = subprocess.run(command, cwd=ROOT, env=os.environ | {"PATH": path}).returncode
        if status:
            print(f"--- ended with status {status}")
            failed += 1
    print(f"{len(runs) - failed} of {len(runs)} examples ran")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
