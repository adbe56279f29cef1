"""What the first worksheet claims: its program runs, and its statements are what they should be."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from symbptt.codegen import load_module
from symbptt.worksheet import load_sheet
from symbptt.worksheet.run import Run, run_sheet

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "derivations" / "homework3.md"
STATEMENTS = {
    "layer": "∂y/∂x = diag(σ'(a)) W",
    "one-step": "∂h_t/∂h_{t-1} = diag(σ'(a_t)) W",
    "many-steps": "∂h_t/∂h_k = Π_{i=k+1}^{t} diag(σ'(a_i)) W",
    "immediate": "∂⁺h_k/∂vec(W) = diag(σ'(a_k)) (h_{k-1}ᵀ ⊗ I)",
    "double-sum": "∂L/∂vec(W) = Σ_{t=1}^{T} Σ_{k=1}^{t} ∂L_t/∂h_t ∂h_t/∂h_k ∂⁺h_k/∂vec(W)",
    "three-steps": (
        "∂L/∂vec(W) = ∂L_1/∂h_1 diag(σ'(a_1)) (h_0ᵀ ⊗ I)"
        " + ∂L_2/∂h_2 diag(σ'(a_2)) W diag(σ'(a_1)) (h_0ᵀ ⊗ I)"
        " + ∂L_2/∂h_2 diag(σ'(a_2)) (h_1ᵀ ⊗ I)"
        " + ∂L_3/∂h_3 diag(σ'(a_3)) W diag(σ'(a_2)) W diag(σ'(a_1)) (h_0ᵀ ⊗ I)"
        " + ∂L_3/∂h_3 diag(σ'(a_3)) W diag(σ'(a_2)) (h_1ᵀ ⊗ I)"
        " + ∂L_3/∂h_3 diag(σ'(a_3)) (h_2ᵀ ⊗ I)"
    ),
    "gradient": "∇_W L = Σ_{t=1}^{T} (δ_t ⊙ σ'(a_t)) h_{t-1}ᵀ",
    "adjoint": "∇_W L = Σ_{t=1}^{T} (δ_t ⊙ σ'(a_t)) h_{t-1}ᵀ",
    "state": "∇_{h_k} L = δ_k",
    "components": "∂L/∂w_ij = Σ_{t=1}^{T} δ_{t,i} σ'(a_{t,i}) h_{t-1,j}",
    "kronecker": "vec(∇_W L) = Σ_{t=1}^{T} h_{t-1} ⊗ (δ_t ⊙ σ'(a_t))",
    "input-weights": "∇_U L = Σ_{t=1}^{T} (δ_t ⊙ σ'(a_t)) x_tᵀ",
    "bias": "∇_b L = Σ_{t=1}^{T} δ_t ⊙ σ'(a_t)",
    "inputs": "∇_{x_k} L = Uᵀ (δ_k ⊙ σ'(a_k))",
    "initial-state": "∇_{h_0} L = Wᵀ (δ_1 ⊙ σ'(a_1))",
}


def homework() -> Run:
    return run_sheet(load_sheet(SHEET))


def test_statements() -> None:
    assert {p.block.id: p.derivation.text() for p in homework().proved} == STATEMENTS


def test_its_example_program_descends() -> None:
    """The program in the prose, run as it stands, lowers the loss sum_t |h_t|^2 / 2."""
    run = homework()
    (program,) = re.findall(r"```python\n(.*?)```", SHEET.read_text(encoding="utf-8"), re.DOTALL)
    module: Any = load_module(run.modules["rnn"])
    rng = np.random.default_rng(1)
    x = rng.standard_normal((5, 4, 3))
    loss = [np.inf]

    def forward(*args: Any, **more: Any) -> Any:
        outputs, cache = module.forward(*args, **more)
        space["dL_dh"] = outputs["h"]
        loss.append(float((outputs["h"] ** 2).sum() / 2))
        return outputs, cache

    seen = SimpleNamespace(
        forward=forward, backward=module.backward, init_params=module.init_params
    )
    space: dict[str, Any] = {"np": np, "rnn": seen, "x": x}
    lines = program.strip().split("\n")
    exec("\n".join(lines[:4]), space)
    for _ in range(3):
        exec("\n".join(lines[4:]), space)
        assert loss[-1] < loss[-2]
