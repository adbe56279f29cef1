"""What an LSTM's forget gates have to do with what it remembers.

A value is shown at step 1 and asked for after step T; what comes between is noise. An LSTM is
trained on this at several delays with the generated module of ``lstm.txt`` and Adam; then its
forget gates are recorded and multiplied along sequences of many lengths. ``python study.py`` does
everything: it writes ``results.md`` and draws ``memory.pdf`` and ``memory.svg``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from symbptt import Model
from symbptt.codegen import load_module
from symbptt.figures.training import recall_batch, train_recall

HERE = Path(__file__).parent
SIZES = {"n": 12, "d": 2, "q": 1}
DELAYS = (10, 25, 50)
TESTED = (5, 10, 25, 50, 100, 200)
FORGET_BIASES = (0.0, 2.0, 4.0)
UPDATES = 900


LSTM = load_module(Model.load(HERE / "lstm.txt").numpy())


def train(T: int, forget_bias: float, seed: int = 0) -> dict[str, np.ndarray]:
    """Parameters after training on delay T with the squared error."""
    rng = np.random.default_rng(seed)
    params = LSTM.init_params(SIZES, rng)
    params["b_f"] += forget_bias
    train_recall(LSTM, params, T, rng, UPDATES)
    return params


@dataclass(frozen=True)
class Memory:
    """What a trained network does on sequences of one length.

    ``remembered`` is the squared correlation of output and value: 1 is all, 0 is nothing.
    ``product`` is the mean over samples of the largest entry of f_T * ... * f_2: how much of
    C_1 the best unit keeps. ``direct`` and ``total`` are the mean norms of dp/dC_1 along the
    direct path, V diag(o_T * tanh'(C_T)) diag(f_T) ... diag(f_2), and along all paths.
    """

    length: int
    remembered: float
    product: float
    direct: float
    total: float


def measure(params: dict[str, np.ndarray], T: int, seed: int = 1) -> Memory:
    """Records the forget gates of 256 fresh sequences of length T, and multiplies them."""
    x, y = recall_batch(np.random.default_rng(seed), T, 256)
    out, _ = LSTM.forward(params, x)
    kept = np.prod(out["f"][1:], axis=0)
    slope = out["o"][-1] * (1 - np.tanh(out["C"][-1]) ** 2)
    direct = params["V"][0] * slope * kept
    # The rest of the sequence from C_1 and h_1, which h_1 = o_1 * tanh(C_1) joins to C_1.
    first = {"C": out["C"][0], "h": out["h"][0]}
    _, cache = LSTM.forward(params, x[1:], first)
    states = LSTM.backward(cache, {"p": np.ones((256, 1))}).states
    total = states["C"] + states["h"] * out["o"][0] * (1 - np.tanh(first["C"]) ** 2)
    return Memory(
        T,
        float(np.corrcoef(out["p"][:, 0], y[:, 0])[0, 1] ** 2),
        float(kept.max(axis=1).mean()),
        float(np.linalg.norm(direct, axis=1).mean()),
        float(np.linalg.norm(total, axis=1).mean()),
    )


Study = dict[tuple[int, float], list[Memory]]


def study() -> Study:
    """A list over the tested lengths for every delay and forget bias that was trained."""
    return {
        (T, bias): [measure(params, length) for length in TESTED]
        for T in DELAYS for bias in FORGET_BIASES
        for params in [train(T, bias)]
    }  # fmt: skip


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation (no ties)."""
    ranks = [np.argsort(np.argsort(v)).astype(float) for v in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def table(results: Study) -> str:
    """The numbers as a Markdown table, and their rank correlation."""
    lines = [
        "| trained on T | bias of f | tested on T | remembered | product of f "
        "| dp/dC_1 direct | dp/dC_1 total |",
        "|---|---|---|---|---|---|---|",
    ]
    for (T, bias), memories in results.items():
        lines += [
            f"| {T} | {bias:g} | {m.length} | {m.remembered:.2f} | {m.product:.2e} "
            f"| {m.direct:.2e} | {m.total:.2e} |"
            for m in memories
        ]
    every = [m for memories in results.values() for m in memories]
    rho = rank_correlation(*np.array([[m.product, m.remembered] for m in every]).T)
    return "\n".join([*lines, "", f"Rank correlation of product and memory: {rho:.2f}"])


def draw(results: Study, folder: Path) -> None:
    """Product of the forget gates and memory against the length, a line for each network."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({
        "font.family": "serif", "mathtext.fontset": "cm", "font.serif": ["cmr10"],
        "axes.formatter.use_mathtext": True, "svg.hashsalt": "symbptt", "font.size": 9,
    })  # fmt: skip
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 2.7), layout="constrained")
    marks = dict(zip(DELAYS, "os^", strict=True))
    lines = dict(zip(FORGET_BIASES, ((":", "0.6"), ("--", "0.35"), ("-", "0")), strict=True))
    for (T, bias), memories in results.items():
        length = [m.length for m in memories]
        style = {
            "marker": marks[T], "linestyle": lines[bias][0], "color": lines[bias][1],
            "markersize": 4, "linewidth": 1, "label": f"$T={T}$, bias ${bias:g}$",
        }  # fmt: skip
        left.plot(length, [m.product for m in memories], **style)
        right.plot(length, [m.remembered for m in memories], **style)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(TESTED, [f"${T}$" for T in TESTED])
        axes.minorticks_off()
        axes.set_xlabel("length $T$ of the sequence")
    left.set_yscale("log")
    left.set_ylim(1e-12, 2)
    left.set_ylabel(r"largest entry of $f_T \odot \cdots \odot f_2$")
    right.set_ylabel("share of the value that is remembered")
    figure.legend(
        *right.get_legend_handles_labels(), loc="outside right upper", fontsize=7.5,
        frameon=False, title="trained on", title_fontsize=7.5,
    )  # fmt: skip
    for kind in ("pdf", "svg"):
        bare = {"CreationDate": None} if kind == "pdf" else {"Date": None}
        figure.savefig(folder / f"memory.{kind}", metadata=bare)


def main(folder: Path = HERE) -> None:
    results = study()
    text = table(results)
    print(text)
    (folder / "results.md").write_text(text + "\n", encoding="utf-8")
    draw(results, folder)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
