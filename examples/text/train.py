"""Trains a character-level model on a cell's generated module with Adam; it writes a sample.

``python train.py`` trains the RNN, the LSTM and the GRU one after the other, ``python train.py
gru`` one of them. Every update reads a batch of pieces of the text, each from a state of zeros.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
from symbptt import Model
from symbptt.codegen import load_module
from weather import reports

HERE = Path(__file__).parent
CELLS = ("rnn", "lstm", "gru")
UNITS, STEPS, BATCH = 64, 48, 16
Params = dict[str, np.ndarray]


class Adam:
    """D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR (2015), algorithm 1."""

    def __init__(self, params: Params, rate: float = 8e-3) -> None:
        self.params, self.rate, self.count = params, rate, 0
        self.mean = {name: np.zeros_like(p) for name, p in params.items()}
        self.square = {name: np.zeros_like(p) for name, p in params.items()}

    def update(self, gradients: Params) -> None:
        """One step against the gradients."""
        self.count += 1
        scale = self.rate * np.sqrt(1 - 0.999**self.count) / (1 - 0.9**self.count)
        for name, g in gradients.items():
            self.mean[name] += 0.1 * (g - self.mean[name])
            self.square[name] += 0.001 * (g**2 - self.square[name])
            self.params[name] -= scale * self.mean[name] / (np.sqrt(self.square[name]) + 1e-8)


def module_of(cell: str) -> ModuleType:
    """The generated module of a cell."""
    return load_module(Model.load(HERE / f"{cell}.txt").numpy())


class Text:
    """The text as numbers."""

    def __init__(self, text: str) -> None:
        self.characters = "".join(sorted(set(text)))
        self.codes = np.array([self.characters.index(c) for c in text])

    def one_hot(self, codes: np.ndarray) -> np.ndarray:
        """Characters as inputs."""
        return np.eye(len(self.characters), dtype=np.float32)[codes]

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Pieces of the text side by side, and the characters that come next: (STEPS, BATCH)."""
        starts = rng.integers(0, len(self.codes) - STEPS, BATCH)
        places = starts + np.arange(STEPS)[:, None]
        return self.codes[places], self.codes[places + 1]


def train(
    module: ModuleType, text: Text, updates: int, every: int = 0, seed: int = 0
) -> tuple[Params, list[float]]:
    """The parameters after the updates, and the loss of each in nats per character."""
    rng = np.random.default_rng(seed)
    params = module.init_params({"n": UNITS, "q": len(text.characters)}, rng, np.float32)
    adam, losses = Adam(params), []
    for update in range(1, updates + 1):
        x, y = text.batch(rng)
        loss, gradients = module.loss_and_grads(params, text.one_hot(x), y, clip=float(y.size))
        adam.update({name: g / y.size for name, g in gradients.params.items()})
        losses.append(float(loss) / y.size)
        if every and update % every == 0:
            print(f"  update {update:4d}: {np.mean(losses[-every:]):.3f} nats per character")
    return params, losses


def sample(module: ModuleType, params: Params, text: Text, length: int, seed: int = 1) -> str:
    """Characters drawn one after the other, each from what the model expects there."""
    rng = np.random.default_rng(seed)
    states: Params | None = None
    code, out = text.characters.index("\n"), ""
    for _ in range(length):
        outputs, _ = module.forward(params, text.one_hot(np.array([[code]])), states)
        states = {name: outputs[name][-1] for name in module.SHAPES["states"]}
        chances = outputs["y_hat"][0, 0].astype(np.float64) ** 1.5  # a little less adventurous
        code = int(rng.choice(len(chances), p=chances / chances.sum()))
        out += text.characters[code]
    return out


def main(cells: list[str]) -> None:
    """Trains each cell and prints what it writes."""
    text = Text(reports(120_000))
    for cell in cells or CELLS:
        module, start = module_of(cell), time.process_time()
        print(f"{cell.upper()}, {UNITS} units, {len(text.characters)} characters")
        params, _ = train(module, text, 500, every=100)
        print(f"  {time.process_time() - start:.0f} s of processor time; it writes:\n")
        print(sample(module, params, text, 300))
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
