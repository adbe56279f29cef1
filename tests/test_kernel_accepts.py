"""Right developments are accepted, from JSON alone, in a process that never sees the calculus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import theories as th

from symbptt.calculus.derive import GRADIENT_FORMS, derive
from symbptt.core.meaning import agree
from symbptt.core.terms import Gradient, Partial
from symbptt.proof.files import dumps, loads
from symbptt.proof.kernel import check

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import sys
from symbptt.proof.files import loads
from symbptt.proof.kernel import check
for name in sys.argv[1:]:
    check(loads(open(name, encoding="utf-8").read()))
assert not any(m.startswith("symbptt.calculus") for m in sys.modules), "calculus was imported"
print("accepted", len(sys.argv) - 1)
"""


def developments() -> dict[str, str]:
    plain, gated = th.plain().problem, th.gated().problem
    out = {}
    for form in GRADIENT_FORMS:
        length = 3 if form == "expanded" else None
        out[f"plain-{form}"] = dumps(derive(plain, Gradient(th.L, th.W), form, length).development)
    for leaf in (th.x.at(th.k), th.h.at(0), th.h.at(th.k)):
        out[f"plain-{leaf}"] = dumps(derive(plain, Gradient(th.L, leaf)).development)
    out["product"] = dumps(derive(plain, Partial(th.h, th.h.at(th.k))).development)
    out["gated"] = dumps(derive(gated, Gradient(th.L, th.R), "sum").development)
    zero = th.zero_start().problem
    out["zero"] = dumps(derive(zero, Gradient(th.L, th.W), "adjoint").development)
    return out


def test_replay_without_the_calculus(tmp_path: Path) -> None:
    files = []
    for number, text in enumerate(developments().values()):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, files)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"accepted {len(files)}"


@pytest.mark.parametrize("name", ["plain-sum", "plain-adjoint", "product", "gated"])
def test_every_lemma_holds(name: str) -> None:
    """Not only the answers: each theorem on the way agrees with the evaluation of terms."""
    development = loads(developments()[name])
    check(development)
    for theorem in development.theorems:
        found = agree(
            theorem.left, theorem.right, development.theory, theorem.facts, theorem.frame, trials=2
        )
        assert found is None, f"{theorem.id}: {found}"


def test_the_kernel_is_small() -> None:
    lines = (ROOT / "symbptt/proof/kernel.py").read_text(encoding="utf-8").count("\n")
    assert lines <= 400
    lines = (ROOT / "symbptt/proof/order.py").read_text(encoding="utf-8").count("\n")
    assert lines <= 240  # inequalities, trusted as well
