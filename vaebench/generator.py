"""Generates rows from a fitted autoencoder that is kept as data: steps, and the arrays they compute with.

A saved model has this file as its only code, so it imports nothing of vaebench. A step turns an array x, shape
(n, width), into the next one; the first x has width 0. A step of one column changes that column in place. A folder
holds the steps in generator.json and their arrays in arrays.npz, named "INDEX OF THE STEP.ARGUMENT".
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

FORMAT = 1
BLOCK = 4096
"""Rows generated at once. Whole blocks are drawn, so that the first rows do not depend on how many are asked for."""


def mixture(x: Any, random: np.random.Generator, *, weights: Any, means: Any, factors: Any) -> Any:
    """Component k with probability weights[k], then N(means[k], factors[k] factors[k]')."""
    component = random.choice(len(weights), size=len(x), p=weights)
    rows = random.standard_normal((len(x), means.shape[1]))
    for k in range(len(weights)):
        rows[component == k] = means[k] + rows[component == k] @ factors[k].T
    return rows


def kernels(x: Any, random: np.random.Generator, *, centres: Any, stds: Any) -> Any:
    """N(centres[i], stds[i]^2), each i with equal probability; `stds` has a row for each centre, or one for all."""
    row = random.integers(len(centres), size=len(x))
    return centres[row] + np.broadcast_to(stds, centres.shape)[row] * random.standard_normal((len(x), centres.shape[1]))


def beta_ranks(x: Any, random: np.random.Generator, *, ranks: Any) -> Any:
    """Row i with equal probability, then the normal scores of Beta(ranks[i], n + 1 - ranks[i]); ranks count from 1."""
    from scipy.special import ndtri

    drawn = ranks[random.integers(len(ranks), size=len(x))]
    return ndtri(np.clip(random.beta(drawn, len(ranks) + 1 - drawn), 1e-12, 1 - 1e-12))


def autoregressive(x: Any, random: np.random.Generator, *, kernels: Any, biases: Any, outs: Any, shifts: Any) -> Any:
    """Invert a masked autoregressive layer: z_j = x_j exp(s_j) + m_j, where m_j and s_j depend on z_1 ... z_(j-1)."""
    z = np.zeros_like(x)
    for j in range(x.shape[1]):
        out = np.tanh(z @ kernels + biases) @ outs[:, [j, x.shape[1] + j]] + shifts[[j, x.shape[1] + j]]
        z[:, j] = x[:, j] * np.exp(3.0 * np.tanh(out[:, 1] / 3.0)) + out[:, 0]
    return z


def gelu(x: Any, random: np.random.Generator) -> Any:
    """Return x times the probability that N(0, 1) is below x."""
    from scipy.special import ndtr

    return x * ndtr(x)


def keras(x: Any, random: np.random.Generator, *, model: Any) -> Any:
    """Return what a Keras model makes of x; `model` is the content of its .keras file, as bytes."""
    return np.asarray(_keras_model(model.tobytes())(x.astype(np.float32), training=False), np.float64)


@lru_cache(maxsize=4)
def _keras_model(content: bytes) -> Any:
    for name, value in (("TF_CPP_MIN_LOG_LEVEL", "3"), ("TF_ENABLE_ONEDNN_OPTS", "0"), ("CUDA_VISIBLE_DEVICES", "-1")):
        os.environ.setdefault(name, value)  # or TensorFlow prints lines when it is imported
    from keras.saving import load_model

    with TemporaryDirectory() as folder:
        (Path(folder) / "model.keras").write_bytes(content)
        return load_model(Path(folder) / "model.keras", compile=False, safe_mode=True)  # without code


def box_cox(x: Any, random: np.random.Generator, *, column: int, exponent: float, ends: Any) -> Any:
    """Undo Box and Cox's transformation of a column, y = (u^exponent - 1) / exponent, or log u for exponent 0."""
    from scipy.special import inv_boxcox

    return _beyond(x, column, ends, lambda y: inv_boxcox(y, exponent))


def yeo_johnson(x: Any, random: np.random.Generator, *, column: int, exponent: float, ends: Any) -> Any:
    """Undo Yeo and Johnson's: Box and Cox's of 1 + u where u >= 0, else minus that of 1 - u with 2 - exponent."""
    from scipy.special import inv_boxcox1p

    def undo(y: Any) -> Any:
        below = -inv_boxcox1p(np.maximum(-y, 0), 2 - exponent)
        return np.where(y >= 0, inv_boxcox1p(np.maximum(y, 0), exponent), below)

    return _beyond(x, column, ends, undo)


def logistic(x: Any, random: np.random.Generator, *, column: int, ends: Any) -> Any:
    """Undo the logit of a column, y = log(u / (1 - u))."""
    return _beyond(x, column, ends, lambda y: 1.0 / (1.0 + np.exp(-y)))


def interpolated(x: Any, random: np.random.Generator, *, column: int, scores: Any, values: Any, ends: Any) -> Any:
    """Interpolate a column between `scores`, which stand for `values`."""
    return _beyond(x, column, ends, lambda y: np.interp(y, scores, values))


def _beyond(x: Any, column: int, ends: Any, undo: Any) -> Any:
    """Replace a column y by undo(y), which goes on beyond each of the `ends`, rows (y, undo(y), slope), as a line."""
    (low, at_low, rise_low), (high, at_high, rise_high) = ends
    y = x[:, column]
    line = np.where(y < low, at_low + rise_low * (y - low), at_high + rise_high * (y - high))
    x[:, column] = np.where((y >= low) & (y <= high), undo(np.clip(y, low, high)), line)
    return x


def fold(x: Any, random: np.random.Generator, *, column: int, low: Any = -np.inf, high: Any = np.inf) -> Any:
    """Reflect what is beyond a column's lowest or highest value, as often as needed, and leave what is between."""
    beyond = (x[:, column] < low) | (x[:, column] > high)
    y = x[beyond, column]
    if np.isfinite(high - low):
        there = np.mod(y - low, 2 * (high - low))
        inside = np.minimum(low + np.minimum(there, 2 * (high - low) - there), high)  # the last for rounding
    else:
        inside = low + (low - y) if np.isfinite(low) else high - (y - high)
    x[beyond, column] = inside
    return x


def whole(x: Any, random: np.random.Generator, *, column: int) -> Any:
    """Round a column to whole numbers."""
    x[:, column] = np.rint(x[:, column]) + 0.0  # not -0.0
    return x


def nearest(x: Any, random: np.random.Generator, *, column: int, values: Any) -> Any:
    """Replace a column by the nearest of ascending `values`; NaN stays."""
    filled = ~np.isnan(x[:, column])
    x[filled, column] = values[np.searchsorted((values[1:] + values[:-1]) / 2, x[filled, column])]
    return x


def level(x: Any, random: np.random.Generator, *, column: int, levels: Any, factor: float, bias: Any) -> Any:
    """Replace columns y, one for each of `levels`, by a level drawn with the probabilities softmax(factor y + bias)."""
    after = column + len(levels)
    logits = factor * x[:, column:after] + bias
    edges = np.cumsum(np.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)
    drawn = (edges < edges[:, -1:] * (1.0 - random.random((len(x), 1)))).sum(axis=1)
    cells = np.where(np.isnan(edges[:, -1]), np.nan, levels[drawn])
    return np.column_stack([x[:, :column], cells, x[:, after:]])


def empty(x: Any, random: np.random.Generator, *, column: int) -> Any:
    """Empty a column, which makes it NaN, where the next one is 1, and leave out the next."""
    x[x[:, column + 1] == 1.0, column] = np.nan
    return np.delete(x, column + 1, axis=1)


STEPS: Mapping[str, Any] = {
    "normal": lambda x, random, *, units: random.standard_normal((len(x), int(units))),
    "uniform": lambda x, random, *, units: random.random((len(x), int(units))),
    "mixture": mixture,
    "kernels": kernels,
    "beta_ranks": beta_ranks,
    "autoregressive": autoregressive,
    "dense": lambda x, random, *, kernel, bias: x @ kernel + bias,
    "planar": lambda x, random, *, u, w, b: x + np.tanh(x @ w + b)[:, None] * u,
    "relu": lambda x, random: np.maximum(x, 0.0),
    "elu": lambda x, random: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
    "gelu": gelu,
    "swish": lambda x, random: x / (1.0 + np.exp(-x)),
    "tanh": lambda x, random: np.tanh(x),
    "leaky_relu": lambda x, random: np.where(x > 0, x, 0.2 * x),
    "keras": keras,
    "sigmoid": lambda x, random: 1.0 / (1.0 + np.exp(-x)),
    "noise": lambda x, random, *, std: x + std * random.standard_normal(x.shape),
    "student_noise": lambda x, random, *, scale, degrees: x + scale * random.standard_t(degrees, x.shape),
    "scale": lambda x, random, *, factor, shift: x * factor + shift,
    "box_cox": box_cox,
    "yeo_johnson": yeo_johnson,
    "logistic": logistic,
    "interpolated": interpolated,
    "fold": fold,
    "whole": whole,
    "nearest": nearest,
    "level": level,
    "empty": empty,
}
"""What a step does to x, by its name."""


@dataclass(frozen=True)
class Steps:
    """Steps to take one after the other, each a name in STEPS and its arguments: numbers and arrays."""

    steps: tuple[tuple[str, Mapping[str, Any]], ...]

    def take(self, x: Any, random: np.random.Generator) -> Any:
        """Return the array that `x` becomes."""
        for name, arguments in self.steps:
            x = STEPS[name](x, random, **arguments)
        return x

    def draw(self, n: int, random: np.random.Generator) -> Any:
        """Draw `n` rows from nothing."""
        return self.take(np.empty((n, 0)), random)


@dataclass(frozen=True)
class Generator:
    """A fitted generator: rows of `columns` in the data's own units."""

    columns: tuple[str, ...]
    steps: Any  # Steps, or anything else that draws
    about: Mapping[str, Any] = field(default_factory=dict)  # what it was fitted to; JSON-able

    def generate(self, n: int, seed: int = 0) -> Any:
        """Generate `n` rows as a pandas.DataFrame; the same `seed`, 0 or more, gives the same rows."""
        import pandas as pd

        random = np.random.default_rng(seed)
        blocks = [self.steps.draw(BLOCK, random) for _ in range(0, max(n, 1), BLOCK)]
        return pd.DataFrame(np.concatenate(blocks)[:n], columns=list(self.columns))

    def predict(self, model_input: Any, params: Any = None) -> Any:
        """Generate `n` rows for each row of `model_input`, with its `seed` if it has one. MLflow calls this."""
        import pandas as pd

        wanted = pd.DataFrame({"seed": 0, **pd.DataFrame(model_input)}).fillna(0).astype(int)
        drawn = [self.generate(n, seed) for n, seed in zip(wanted["n"], wanted["seed"], strict=True)]
        return pd.concat(drawn, ignore_index=True)

    @classmethod
    def load(cls, folder: Path) -> "Generator":
        """Load what `save` wrote: numbers and names, never code. Raises ValueError for another format."""
        content = json.loads((folder / "generator.json").read_text())
        if content["format"] != FORMAT or not {name for name, _ in content["steps"]} <= STEPS.keys():
            raise ValueError(f"{folder} was written by another version of vaebench")
        steps = [(name, dict(rest)) for name, rest in content["steps"]]
        with (folder / "arrays.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            for place in arrays.files:
                index, _, name = place.partition(".")
                steps[int(index)][1][name] = arrays[place]
        return cls(tuple(content["columns"]), Steps(tuple(steps)), content["about"])


def _load_pyfunc(path: str) -> Generator:  # MLflow prescribes the name
    return Generator.load(Path(path))
