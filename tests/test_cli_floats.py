"""symbptt classify with a file of floats."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from symbptt.cli.app import app
from symbptt.cli.floats import print_floats
from symbptt.core.errors import SymbpttError


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["classify", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize(("radius", "kind"), [(0.9, "vanishing"), (1.1, "exponential")])
def test_a_large_matrix(tmp_path, radius, kind):
    rng = np.random.default_rng(0)
    W = rng.normal(size=(80, 80))
    W *= radius / np.abs(np.linalg.eigvals(W)).max()
    np.save(tmp_path / "w.npy", W)
    data = json.loads(run(str(tmp_path / "w.npy"), "--power", "30", "--json"))
    assert data["kind"] == kind and data["radius"] == pytest.approx(radius)
    wanted = np.linalg.matrix_power(W, 30)
    assert np.linalg.norm(np.array(data["power"]["value"]) - wanted) <= 2 * data["power"]["bound"]
    assert 1 <= data["power"]["condition"] < 1e6


def test_the_matrix_of_the_homework_in_decimals(tmp_path):
    Q, L = np.array([[-0.6, -0.8], [-0.8, 0.6]]), np.diag([0.9, 0.4])
    np.savetxt(tmp_path / "w.csv", Q @ L @ Q, delimiter=",")
    told = run(str(tmp_path / "w.csv"), "--power", "30")
    assert (
        "tend to zero" in told and "0.0152" in told and "normal                       yes" in told
    )


def test_one_is_never_decided(tmp_path):
    np.save(tmp_path / "i.npy", np.eye(3))
    assert "undecided" in run(str(tmp_path / "i.npy"))


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "1,2\n3\n"])
def test_what_is_no_matrix_is_refused(tmp_path, text):
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises(SymbpttError, match="no matrix of numbers"):
        print_floats(tmp_path / "w.csv", None, False)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SymbpttError, match="there is no file"):
        print_floats(tmp_path / "w.npy", None, False)
