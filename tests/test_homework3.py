"""What the first worksheet claims: its program runs, and its statements are what they should be."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from symbptt.codegen import load_module
from symbptt.report.document import Display
from symbptt.worksheet import load_sheet
from symbptt.worksheet.report import report
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
    "three-factors": "∂h_3/∂h_0 = diag(σ'(a_3)) W diag(σ'(a_2)) W diag(σ'(a_1)) W",
    "power": "M^n = Q Λ^n Q⁻¹",
    "power-diagonal": "(Λ^n)_ii = λ_i^n",
    "power-elsewhere": "(Λ^n)_ij = 0",
    "power-orthogonal": "B^n = Q Λ^n Qᵀ",
    "power-entry": "(B^n)_12 = (q_11 λ_1^n) q_21 + (q_12 λ_2^n) q_22",
    "bound": "‖∂h_t/∂h_k‖ ≤ ((sup|σ'|) ‖W‖)^{t-k}",
    "no-explosion": "‖∂h_t/∂h_k‖ ≤ 1",
    "kept": "C_t = C_{t-1}",
    "kept-jacobian": "∂C_t/∂C_k = I",
    "direct": "∂C_t/∂C_k = Π_{j=k+1}^{t} diag(f_j)",
    "gates": "‖Π_{j=k+1}^{t} diag(f_j)‖ ≤ Π_{j=k+1}^{t} ‖f_j‖_∞",
}
PATHS = {
    "C_{t-1} → h_{t-1} → a^f_t → f_t → C_t", "C_{t-1} → C_t",
    "C_{t-1} → h_{t-1} → a^i_t → i_t → C_t", "C_{t-1} → h_{t-1} → a^{C̃}_t → C̃_t → C_t",
}  # fmt: skip
RANGES = (
    "f_{t,j} ∈ (0, 1)", "i_{t,j} ∈ (0, 1)", "o_{t,j} ∈ (0, 1)", "C̃_{t,j} ∈ (-1, 1)",
    "C_{t,j} ∈ (-(|C_{0,j}| + t), |C_{0,j}| + t)", "h_{t,j} ∈ (-1, 1)",
)  # fmt: skip
NEGATIVE = ("cell", "output")


@lru_cache
def homework() -> Run:
    return run_sheet(load_sheet(SHEET))


def test_statements() -> None:
    texts = {p.block.id: p.derivation.text() for p in homework().proved}
    assert texts.pop("three-steps-again") == texts["three-steps"]
    paths = [line.partition(": ")[0] for line in texts.pop("paths").splitlines() if " → " in line]
    assert {*paths} == PATHS and len(paths) == len(PATHS)
    ranges = texts.pop("ranges")
    assert all(line in ranges for line in RANGES)
    assert texts == STATEMENTS


def test_what_can_be_negative_is_shown_to_be() -> None:
    """The values of the counterexamples, put through the equations of the cell once more."""
    for name in NEGATIVE:
        data = json.loads(homework().files[f"counterexamples/{name}-negative.json"])
        v = {k: float(Fraction(str(x))) for k, x in data["values"].items()}
        assert data["dims"]["n"] == data["dims"]["t"] == 1
        gate = {g: 1 / (1 + np.exp(-v.get(f"b_{g}", 0))) for g in "fio"}
        plain = {x: y for x, y in v.items() if not x.startswith("b_")}
        assert not any(plain.values())  # so that every pre-activation is its bias
        candidate = np.tanh(v["b_c"])
        cell = gate["i"] * candidate
        found = {"cell": cell, "output": gate["o"] * np.tanh(cell)}
        assert found[name] < 0 and np.isclose(found[name], float(data["left"]), atol=1e-3)


def test_the_thirtieth_power() -> None:
    """As the report has it, against NumPy."""
    Q, L = np.array([[-0.6, -0.8], [-0.8, 0.6]]), np.diag([0.9, 0.4])
    shown = [b.latex for b in report(homework()).blocks if isinstance(b, Display)]
    (power,) = (text for text in shown if r"W^{30} \approx" in text)
    numbers = [float(x) for x in re.findall(r"-?\d+\.\d+", power)]
    exact = np.linalg.matrix_power(Q @ L @ np.linalg.inv(Q), 30)
    assert np.allclose(numbers, exact.ravel(), atol=5e-5)


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
