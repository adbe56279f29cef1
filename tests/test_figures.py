"""Figures: their numbers against independent computations, and that they are drawn alike twice."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from symbptt.core.errors import SymbpttError
from symbptt.core.functions import TABLE
from symbptt.figures import Request, make
from symbptt.figures.draw import draw
from symbptt.models import Model

RECALL = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
p \in \mathbb{R}^q
h_t = \tanh(W h_{t-1} + U x_t + b)
p = V h_T + c
"""
MATRICES = {"A": np.array([[0.5, 2.0], [0.0, 0.5]]), "B": np.array([[0.0, -1.0], [1.0, 0.0]])}


def find(name: str) -> Model:
    return Model.parse(RECALL, "recall") if name == "recall" else Model.named(name)


def figure(kind: str, **options: str):
    return make(kind, Request(options, find, lambda text: MATRICES))


def test_powers_are_norms_of_powers_with_their_rate():
    (panel,) = figure("powers", **{"with": "", "steps": "7"}).panels
    norms, rate, turned, _ = panel.lines
    for n in range(8):
        exact = np.linalg.norm(np.linalg.matrix_power(MATRICES["A"], n), 2)
        assert norms.y[n] == pytest.approx(exact)
        assert rate.y[n] == pytest.approx(0.5**n)
        assert turned.y[n] == pytest.approx(1)
    assert max(norms.y) > 2  # transient growth, although the spectral radius is below one


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm"])
def test_jacobians_against_differences(name):
    """The norm of a matrix of central differences of the generated forward function."""
    z, steps = ("C", 4) if name == "lstm" else ("h", 4)
    fig = figure("jacobians", series=name, state=f"{name}: {z}", steps=str(steps))
    from symbptt.figures.series import load

    module, rng = load(Model.named(name)), np.random.default_rng(0)
    params = module.init_params({"n": 12, "d": 3}, rng)
    x = rng.normal(size=(steps, 1, 3))
    states = {k: rng.normal(size=(1, 12)) / 2 for k in module.SHAPES["states"]}
    columns = []
    for j in range(12):
        ends = []
        for sign in (1, -1):
            moved = {k: v.copy() for k, v in states.items()}
            moved[z][0, j] += sign * 1e-6
            ends.append(module.forward(params, x, moved)[0][z][:, 0])
        columns.append((ends[0] - ends[1]) / 2e-6)
    jacobians = np.stack(columns, axis=-1)
    wanted = [np.linalg.norm(j, 2) for j in jacobians]
    assert fig.panels[0].lines[0].y == pytest.approx(wanted, rel=1e-6)


def test_settings_change_the_parameters():
    small, large = (
        figure("jacobians", series=r"rnn-tanh, \|W\| = 0.5; rnn-tanh, \|W\| = 2", steps="3")
        .panels[0]
        .lines
    )
    assert small.y[2] < 0.5**3 + 1e-12
    assert large.y[2] > small.y[2]


def test_a_constant_gate_gives_a_geometric_product():
    biased = figure("gates", series="lstm, b_f = 60", steps="5").panels[0].lines[0]
    assert biased.y == pytest.approx([1.0] * 5)
    closed = figure("gates", series="lstm, f_t = 0.25", steps="5").panels[0].lines[0]
    assert closed.y == pytest.approx([0.25**t for t in range(1, 6)])


def test_training_to_recall_raises_the_first_adjoint():
    (panel,) = figure("adjoints", series="recall", steps="4").panels
    before, after = panel.lines
    assert (before.label, after.label) == ("0", "400")
    assert after.y[-1] < before.y[-1]  # the error is smaller


@pytest.mark.parametrize("name", [n for n, row in TABLE.items() if row.sup_slope])
def test_suprema_bound_the_derivative(name):
    (panel,) = figure("activations", functions=name).panels
    sup = float(TABLE[name].sup_slope)
    assert np.abs(panel.lines[1].y).max() <= sup + 1e-12
    marked = panel.marks[0].y if panel.marks else panel.lines[2].y[0]
    assert abs(marked) == pytest.approx(sup)


def test_clipped_steps_are_no_longer_than_the_threshold():
    free, clipped = figure("clipping", step="0.5, 0.2", steps="9").panels[0].lines
    lengths = [np.hypot(*np.diff([line.x, line.y])) for line in (free, clipped)]
    assert lengths[1].max() <= 0.5 * 0.2 + 1e-12 < lengths[0].max()
    assert (free.x[0], free.y[0]) == (clipped.x[0], clipped.y[0])


def test_drawn_alike_twice_and_well_formed():
    fig = figure("clipping", steps="3")
    one, two = draw(fig), draw(fig)
    assert one == two
    assert one["pdf"].startswith(b"%PDF")
    assert ET.fromstring(one["svg"]).tag.endswith("svg")


REFUSED = [
    ("nothing", {}, "no figure"),
    ("powers", {}, ":with:"),
    ("powers", {"with": "", "steps": "0"}, "number from 1"),
    ("powers", {"with": "", "color": "red"}, "no option :color:"),
    ("jacobians", {"series": ""}, "no series"),
    ("jacobians", {"series": "rnn-tanh, W"}, "not an equation"),
    ("jacobians", {"series": r"rnn-tanh, \|Z\| = 2"}, "not a parameter"),
    ("jacobians", {"series": "rnn-tanh", "state": "rnn-tanh: x"}, "no initial value"),
    ("gates", {"series": "rnn-tanh"}, "no sequence f"),
    ("activations", {"functions": "exp"}, "unbounded"),
    ("activations", {"functions": "step"}, "zero"),
    ("activations", {"functions": "tanhh"}, "no function"),
    ("clipping", {"w": "1"}, "2 numbers"),
]


@pytest.mark.parametrize(("kind", "options", "message"), REFUSED)
def test_refusals(kind, options, message):
    with pytest.raises(SymbpttError, match=message):
        figure(kind, **options)
