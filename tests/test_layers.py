"""The order of the layers: a module imports only from packages that stand above its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "symbptt"
ORDER = (
    "core", "rules", "proof", "notation", "calculus", "models", "spectral", "codegen", "report",
    "refuting", "graph", "derivation", "proving", "ranging", "answers", "module", "interop",
    "figures", "worksheet", "homework", "api", "notebook", "serve", "cli",
)  # fmt: skip
APART = {("codegen", "report"), ("report", "codegen"), ("proof", "calculus")}
# imports inside functions keep slow libraries, or packages that load them, off the start-up path
LATE = {
    "quickjs", "sympy", "jinja2", "rich", "numpy", "yaml", "markdown_it", "mdit_py_plugins",
    "matplotlib", "typer",
}  # fmt: skip


def layer(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    single = ("api", "derivation", "proving", "module", "interop", "notebook")
    packaged = (p for p in ROOT.rglob("*.py") if p.name != "__main__.py" and p.parent != ROOT)
    return sorted(packaged) + [ROOT / f"{name}.py" for name in single]


def imported(path: Path) -> Iterator[tuple[str, ast.AST, bool]]:
    """(module, node, inside a function) of every import that is not for type checking only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ("symbptt", *path.relative_to(ROOT).parts[:-1])
    late = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    typing = {
        id(n) for i in ast.walk(tree)
        if isinstance(i, ast.If) and "TYPE_CHECKING" in ast.dump(i.test) for n in ast.walk(i)
    }  # fmt: skip
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
        if isinstance(node, ast.Import):
            yield from ((a.name, node, id(node) in late) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield ".".join((*base, *filter(None, [node.module]))), node, id(node) in late


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_order(path: Path) -> None:
    mine = layer(path)
    for name, _, _ in imported(path):
        parts = name.split(".")
        if parts[0] != "symbptt" or len(parts) < 2 or parts[1] not in ORDER:
            continue
        assert ORDER.index(parts[1]) <= ORDER.index(mine), f"{mine} imports {name}"
        assert (mine, parts[1]) not in APART, f"{mine} imports {name}"


@pytest.mark.parametrize("part", ["core", "rules", "proof", "calculus"])
def test_no_import_inside_a_function(part: str) -> None:
    """Two exceptions in core break a circle: terms print and substitute themselves."""
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / part).glob("*.py")
        for name, _, late in imported(path)
        if late and name.split(".")[0] not in LATE
    }
    allowed = {("core/terms.py", "symbptt.core.text"), ("core/terms.py", "symbptt.core.traverse")}
    assert found <= allowed
