"""Names: every way of writing one has one normal form and one Python identifier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbptt.core.errors import ReadError
from symbptt.notation.symbols import ascii_name, ascii_names, index_name, normal_name, split_name

NAMES = [  # written, normal, in Python
    ("σ", r"\sigma", "sigma"), ("sigma", r"\sigma", "sigma"), (r"\sigma", r"\sigma", "sigma"),
    ("W_hh", "W_{hh}", "W_hh"), (r"\mathbf{W}_{hh}", "W_{hh}", "W_hh"),
    (r"\hat y", r"\hat{y}", "y_hat"), (r"\hat{\mathbf y}", r"\hat{y}", "y_hat"),
    ("ŷ", r"\hat{y}", "y_hat"), ("y_hat", r"\hat{y}", "y_hat"), ("C̃", r"\tilde{C}", "C_tilde"),
    (r"\widetilde{\bm C}", r"\tilde{C}", "C_tilde"), ("y_hat_r", r"\hat{y}_{r}", "y_hat_r"),
    ("c^{(ℓ)}", r"c^{(\ell)}", "c_ell"), (r"c^{(\ell)}", r"c^{(\ell)}", "c_ell"),
    ("W^{(sx)}", "W^{(sx)}", "W_sx"), (r"\delta^{h}", r"\delta^{h}", "delta_h"),
    (r"\delta^{a^f}", r"\delta^{a^{f}}", "delta_a_f"),
    (r"\xi^{\hat y}", r"\xi^{\hat{y}}", "xi_y_hat"),
    ("h'", "h'", "h_prime"), (r"h^\prime", "h'", "h_prime"), ("h_prime", "h'", "h_prime"),
    (r"{\bf h}", "h", "h"), ("𝐡", "h", "h"), (r"\mathcal{L}", "L", "L"), (r"\vh", "vh", "vh"),
    (r"\widehat{y^t}", r"\hat{y}^{t}", "y_hat_t"), (r"\mathbf{h_t}", "h_{t}", "h_t"),
    (r"\delta_{h_t}", r"\delta_{h_{t}}", "delta_h_t"), ("z_{r,t}", "z_{r,t}", "z_r_t"),
    ("W_{xi}", "W_{xi}", "W_xi"), ("W_theta", r"W_{\theta}", "W_theta"), ("W_1", "W_{1}", "W_1"),
    ("W1", "W_{1}", "W_1"), ("W_i2h", "W_{i2h}", "W_i2h"), ("dW_f", "dW_{f}", "dW_f"),
    (r"\text{net}", "net", "net"), (r"W_{\mathrm{rec}}", "W_{rec}", "W_rec"),
    (r"\lambda", r"\lambda", "lambda_"), ("lambda_", r"\lambda", "lambda_"),
    (r"\overleftarrow{h}", r"\overleftarrow{h}", "h_left"), ("W^{*}", "W^{*}", "W_star"),
    ("ε", r"\varepsilon", "varepsilon"), ("h₀", "h_{0}", "h_0"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "normal", "python"), NAMES)
def test_a_name_in_its_forms(written: str, normal: str, python: str) -> None:
    assert normal_name(written) == normal
    assert normal_name(normal) == normal
    assert ascii_name(written) == ascii_name(normal) == python


def test_a_time_index_is_attached_to_a_name() -> None:
    shown = [("h", "t"), ("a^{f}", "t"), ("z_{r}", "t"), (r"\hat{y}", "t"), (r"\delta^{h}", "t-1")]
    assert [index_name(*pair) for pair in shown] == [
        "h_{t}", "a^{f}_{t}", "z_{r,t}", r"\hat{y}_{t}", r"\delta^{h}_{t-1}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "1", "W x", "a+b", "{W", "W_", "W^{", r"\odot", "é", "权", "_a", "{" * 300]
)
def test_what_is_not_a_name_is_refused(text: str) -> None:
    with pytest.raises(ReadError):
        split_name(text)


def test_python_names_are_distinct_and_leave_reserved_ones_alone() -> None:
    names = ["W_{hh}", "W^{(hh)}", r"\lambda", "T", "W_{hh}"]
    assert ascii_names(names, reserved=["T"]) == {
        "W_{hh}": "W_hh", "W^{(hh)}": "W_hh_2", r"\lambda": "lambda_", "T": "T_2",
    }  # fmt: skip


_LETTER = st.sampled_from(
    ["h", "W", r"\sigma", r"\ell", "net", r"\hat{y}", r"\tilde{\theta}", "xi"]
)
_SCRIPT = st.lists(
    st.sampled_from(["hh", "(", ")", r"\ell", "1", ",", "t", "-", r"\hat{y}", "a^{f}", r"\theta"]),
    max_size=4,
).map(" ".join)


@given(_LETTER, _SCRIPT, _SCRIPT, st.sampled_from(["", "'", "''"]))
def test_every_name_has_one_normal_form_and_a_python_name(
    base: str, sup: str, sub: str, primes: str
) -> None:
    name = normal_name(f"{base}{primes}" + f"^{{{sup}}}" * bool(sup) + f"_{{{sub}}}" * bool(sub))
    assert normal_name(name) == name
    assert ascii_name(name).isidentifier() and ascii_name(name).isascii()
