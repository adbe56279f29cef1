r"""What the reader says of shapes and indices is said in Chinese on a Chinese page."""

from __future__ import annotations

import pytest

from symbptt import check
from symbptt.answers.notes import in_language

MODEL = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t)
L = \sum_{t=1}^{T} L_t(h_t)
"""


@pytest.mark.parametrize(
    ("claim", "said", "kept"),
    [
        (r"\frac{\partial h_t}{\partial h_{t-1}} = U W", "不能相乘", "n x d"),
        (r"\nabla_W L = \sum_t \nabla_{h_t} L + W", "不能相", "n x n"),
        (r"\nabla_U L = \nabla_W L", "不能相等", "位于"),
        (r"\nabla_U L = \sum_{t=1}^{T} \nabla_{h_t} L \, x_{t-1}^\top", "没有任何下标", "x[t - 1]"),
        (r"L_W = \sum_t \nabla_{h_t} L", "可能是新的名字", r"\partial L/\partial W"),
        (r"\lim_{t \to \infty} W^t = 0", "极限", r"\|W\| < 1"),
        (r"\frac{\partial^3 h_t}{\partial W^3} = 0", "二阶导数", r"\partial x"),
    ],
)
def test_a_message_is_said_in_chinese(claim: str, said: str, kept: str) -> None:
    message = in_language(check(claim, model=MODEL).message, "zh")
    assert said in message, message
    assert kept in message, message
    assert not any(word in message.split() for word in ("cannot", "is", "the", "declared", "at"))
