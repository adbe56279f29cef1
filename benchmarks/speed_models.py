"""The networks that are timed: a cell, a linear output layer, softmax cross-entropy."""

from __future__ import annotations

OUTPUT = r"""
o_t = V h_t + c
\hat y_t = \mathrm{softmax}(o_t)
L_t = -y_t^\top \log \hat y_t
L = \sum_{t=1}^{T} L_t
"""
HEAD = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
y_t \in \mathrm{onehot}(q)
"""
CELLS = {
    "RNN": r"h_t = \tanh(W h_{t-1} + U x_t + b)",
    "LSTM": r"""
f_t = \mathrm{sigmoid}(W_f h_{t-1} + U_f x_t + b_f)
i_t = \mathrm{sigmoid}(W_i h_{t-1} + U_i x_t + b_i)
k_t = \mathrm{sigmoid}(W_k h_{t-1} + U_k x_t + b_k)
g_t = \tanh(W_g h_{t-1} + U_g x_t + b_g)
C_t = f_t \odot C_{t-1} + i_t \odot g_t
h_t = k_t \odot \tanh(C_t)""",
    "GRU": r"""
r_t = \mathrm{sigmoid}(W_r h_{t-1} + U_r x_t + b_r)
z_t = \mathrm{sigmoid}(W_z h_{t-1} + U_z x_t + b_z)
g_t = \tanh(U_g x_t + b_g + r_t \odot (W_g h_{t-1} + c_g))
h_t = (1 - z_t) \odot g_t + z_t \odot h_{t-1}""",
}
SIZES = {
    "S1": {"T": 25, "B": 1, "d": 64, "n": 100, "q": 64},
    "S2": {"T": 50, "B": 32, "d": 64, "n": 128, "q": 64},
    "S3": {"T": 100, "B": 64, "d": 128, "n": 256, "q": 128},
    "S4": {"T": 200, "B": 16, "d": 512, "n": 512, "q": 512},
    "S5": {"T": 1000, "B": 8, "d": 32, "n": 64, "q": 32},
}
GATES = {"RNN": ("",), "LSTM": ("i", "f", "g", "k"), "GRU": ("r", "z", "g")}  # PyTorch's order


def text(cell: str) -> str:
    """The model with its output layer and loss."""
    return HEAD + CELLS[cell] + OUTPUT


def flops(cell: str, size: dict[str, int]) -> float:
    """Operations of all matrix products, forward and backward: three times those of the values."""
    rows = size["T"] * size["B"]
    gates = len(GATES[cell])
    return 6.0 * rows * size["n"] * (gates * (size["n"] + size["d"]) + size["q"])
