"""The table of the built-in models, docs/models.md: equations, parameters, source, size of proof.

``python tools/models_table.py`` writes it; ``--check`` compares what stands there with what it
should be, times aside, prints the difference and fails if there is one.
"""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path
from time import perf_counter

from symbptt.calculus.together import all_gradients
from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Elem, Gradient, Param, index_symbol
from symbptt.models.builtin import Builtin, builtins
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.models.theta import parameters
from symbptt.notation.latex import latex
from symbptt.proof.kernel import check
from symbptt.report.pen import LATEX_PEN
from symbptt.report.plan import all_steps
from symbptt.report.preliminaries import is_input, shape

PLACE = Path(__file__).resolve().parent.parent / "docs" / "models.md"
MACHINE = "2 shared cores"
RUNS = 3
_PIN = re.compile(r"\\\w+ = \\mathrm\{\w+\}")
_TIME = re.compile(r"\| [\d,]+ ms \|$", re.MULTILINE)
_HEAD = f"""# The built-in models

Each model is a text in the model language; `symbptt models` lists them, and worksheets and commands
take their names. In the table, a proof is that of the gradients of the loss with respect to all
parameters, inputs and initial states, derived together from one differential for any sizes and any
number of steps: its theorems, its steps as the kernel replays them, and the time from the text of
the model to the proof (the best of {RUNS} runs on {MACHINE}). This file is written by
`tools/models_table.py`.

| Model | Equations | Parameters | Source | Theorems | Steps | Time |
|---|---|---|---|--:|--:|--:|
"""


def table() -> str:
    """The whole file."""
    rows = (" | ".join(row(entry)) for entry in builtins().values())
    return _HEAD + "".join(f"| {text} |\n" for text in rows)


def row(entry: Builtin) -> list[str]:
    """The cells of one model."""
    model = Model.named(entry.name)
    pins = (line for line in entry.text.splitlines() if _PIN.fullmatch(line))
    equations = "<br>".join(f"${cell_safe(e)}$" for e in (*model.equations, *pins))
    return [
        f"**{entry.name}**<br>{entry.title.rstrip('.')}", equations, weights(model),
        entry.source.rstrip("."), *proof(entry.name),
    ]  # fmt: skip


def weights(model: Model) -> str:
    """The parameters, those of one shape together."""
    shapes: dict[str, list[str]] = {}
    for leaf in parameters(model):
        if isinstance(leaf, Param) and is_input(leaf, model):
            continue
        shapes.setdefault(shape(leaf, LATEX_PEN), []).append(latex(leaf))
    return "<br>".join(f"${', '.join(names)}$: ${size}$" for size, names in shapes.items())


def proof(name: str) -> tuple[str, str, str]:
    """Theorems, steps and time; dashes for a model without a loss."""
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        model = Model.named(name)
        if model.loss is None:
            return "–", "–", "–"
        problem = problem_of(model)
        quantities = [Gradient(model.loss, leaf) for leaf in given(model)]
        result = all_gradients(problem, quantities, "gradient")
        times.append(perf_counter() - start)
    check(result.development)
    theorems = result.development.theorems
    steps = sum(1 for theorem in theorems for _ in all_steps(theorem))
    return str(len(theorems)), str(steps), f"{1000 * min(times):,.0f} ms"


def given(model: Model) -> list[Param | Elem]:
    """Parameters, inputs at a step k, and initial states; no targets."""
    out: list[Param | Elem] = list(parameters(model))
    for leaf in problem_of(model).system.gradients:
        if isinstance(leaf, Elem) and leaf.is_column and leaf.name not in model.targets:
            running = leaf.index.is_Symbol and leaf.index != model.length
            out.append(leaf.at(index_symbol("k")) if running else leaf)
    return out


def cell_safe(formula: str) -> str:
    """A formula that a table may hold: without vertical bars."""
    for side in ("lVert ", "rVert "):
        formula = re.sub(r"\\\|", lambda _, s=side: "\\" + s, formula, count=1)
    if "|" in formula:
        raise SymbpttError(f"a table cannot hold {formula}")
    return formula


def timeless(text: str) -> str:
    """The file without its times."""
    return _TIME.sub("|", text)


def main(arguments: list[str]) -> int:
    """Write the file, or compare it."""
    new = table()
    if arguments == ["--check"]:
        old = PLACE.read_text(encoding="utf-8") if PLACE.exists() else ""
        sides = (timeless(x).splitlines() for x in (old, new))
        lines = list(difflib.unified_diff(*sides, "docs/models.md", "what it should be", "", "", 0))
        print("\n".join(lines) if lines else "docs/models.md is up to date, its times aside")
        return 1 if lines else 0
    if arguments:
        print("usage: python tools/models_table.py [--check]", file=sys.stderr)
        return 2
    PLACE.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
