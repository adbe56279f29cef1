"""What makes a build the same again, and notes of the builds that were made.

The key of a build is a digest of everything that its files depend on: the text and the name of
the worksheet, the options, this package, the libraries, and whether there is TeX. A worksheet
reads no other file. A stamp is the key of the last build of a directory with the digests of the
files that it left there, so that a file that was changed or lost since is made again.

Nothing heavy is imported here: that nothing has changed is seen before SymPy is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PLACE = Path(".symbptt-cache")
_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = ("jinja2", "markdown-it-py", "matplotlib", "mdit-py-plugins", "numpy", "quickjs",
              "sympy")  # fmt: skip
_TEX = ("latexmk", "pdflatex", "xelatex")
_FORMAT = 1


@lru_cache(maxsize=1)
def machinery() -> str:
    """A digest of the package and of what it is run with."""
    whole = hashlib.sha256(repr((_FORMAT, sys.version_info[:3], _versions(), _tex())).encode())
    for file in sorted(_PACKAGE.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            whole.update(f"{file.relative_to(_PACKAGE).as_posix()}\0".encode())
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:  # one that is optional
            found.append((name, ""))
    return found


def _tex() -> list[bool]:
    return [shutil.which(name) is not None for name in _TEX]


def key_of(sheet: Path, options: object) -> str | None:
    """The key of building a worksheet with options that have a ``repr``; None if unreadable."""
    try:
        text = sheet.read_bytes()
    except OSError:
        return None
    named = repr((machinery(), str(sheet), os.getcwd(), options))
    return hashlib.sha256(named.encode() + b"\0" + text).hexdigest()


@dataclass(frozen=True)
class Stamps:
    """The stamps in a directory, one for each directory of results and choice of options."""

    place: Path = PLACE

    def fresh(self, folder: Path, key: str | None, options: object) -> Any:
        """What was noted of the build, if nothing has changed since; else None."""
        try:
            stamp = json.loads(self._file(folder, options).read_text(encoding="utf-8"))
            same = stamp["key"] == key and stamp["files"] == _digests(folder, stamp["files"])
            return stamp["noted"] if same else None
        except (OSError, ValueError, KeyError, TypeError):  # none, or not one of ours
            return None

    def keep(
        self, folder: Path, key: str | None, options: object, files: Iterable[str], noted: Any
    ) -> None:
        """Notes a build that is done; a directory that cannot be written has no stamps."""
        stamp = {"key": key, "files": _digests(folder, files), "noted": noted}
        file = self._file(folder, options)
        beside = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            self.place.mkdir(exist_ok=True)
            (self.place / ".gitignore").write_text("*\n", encoding="utf-8")
            beside.write_text(json.dumps(stamp), encoding="utf-8")
            os.replace(beside, file)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def _file(self, folder: Path, options: object) -> Path:
        name = repr((str(folder.resolve()), options))
        return self.place / f"{folder.name}-{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"


def _digests(folder: Path, files: Iterable[str]) -> dict[str, str]:
    """The digests of files by their names in a directory; OSError if one is missing."""
    return {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in sorted(files)}
