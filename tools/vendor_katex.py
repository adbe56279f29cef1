"""Rebuild symbptt/report/katex/ from the npm package of KaTeX.

    npm pack katex@0.19.1
    python tools/vendor_katex.py katex-0.19.1.tgz

Taken over unchanged: katex.min.js and LICENSE. katex.min.css is rewritten so that it needs no other
file: every @font-face names one source, the woff2 font as a data URI.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import tarfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "symbptt" / "report" / "katex"

README = """\
# KaTeX {version}, vendored

KaTeX typesets the formulas of the HTML reports ahead of time, so that a report is one offline page
without a script. KaTeX and its fonts are under the MIT licence (see LICENSE).

| file | what it is |
|---|---|
| katex.min.js | `dist/katex.min.js` of the npm package `katex`, unchanged |
| katex.min.css | `dist/katex.min.css` with the woff2 fonts embedded as data URIs |
| LICENSE | unchanged |

Made by `tools/vendor_katex.py` from the tarball of `npm pack katex@{version}`; to update, run it on
a newer one.
"""

_SOURCES = re.compile(r"src:url\((fonts/[\w-]+\.woff2)\)[^;}]*")


def read(archive: tarfile.TarFile, name: str) -> bytes:
    """One file of the npm package."""
    member = archive.extractfile(f"package/{name}")
    if member is None:
        raise SystemExit(f"{name} is not a file in the tarball")
    return member.read()


def embed_fonts(archive: tarfile.TarFile, css: str) -> str:
    """Replace the list of font files of each @font-face by its woff2 font as a data URI."""

    def source(match: re.Match[str]) -> str:
        font = base64.b64encode(read(archive, f"dist/{match[1]}")).decode("ascii")
        return f'src:url(data:font/woff2;base64,{font}) format("woff2")'

    embedded, count = _SOURCES.subn(source, css)
    if count != css.count("@font-face") or "url(fonts" in embedded:
        raise SystemExit("katex.min.css does not look as expected: a font was not embedded")
    return embedded


def main() -> None:
    """Write the vendored files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tarball", type=Path, help="the file that `npm pack katex` writes")
    tarball = parser.parse_args().tarball
    TARGET.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tarball) as archive:
        version = json.loads(read(archive, "package.json"))["version"]
        css = embed_fonts(archive, read(archive, "dist/katex.min.css").decode("utf-8"))
        (TARGET / "katex.min.css").write_text(css, encoding="utf-8")
        (TARGET / "katex.min.js").write_bytes(read(archive, "dist/katex.min.js"))
        (TARGET / "LICENSE").write_bytes(read(archive, "LICENSE"))
    (TARGET / "README.md").write_text(README.format(version=version), encoding="utf-8")
    print(f"KaTeX {version} written to {TARGET.name}/")


if __name__ == "__main__":
    main()
