"""The code that MLflow calls to load a generator saved by `champion.save_model`."""

from pathlib import Path
from typing import Any

import pandas as pd


class Drawer:
    """A fitted generator as an MLflow model: asked for n rows, it generates them."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Generate `n` rows for each row of `model_input`, with its `seed` if it has one, else 0. Return all."""
        wanted = pd.DataFrame(model_input)
        if "seed" not in wanted:
            wanted = wanted.assign(seed=0)
        drawn = [
            pd.DataFrame(self._generator.generate(int(n), seed=int(seed)), columns=list(self._generator.columns))
            for n, seed in zip(wanted["n"], wanted["seed"].fillna(0), strict=True)
        ]
        return pd.concat(drawn, ignore_index=True)


def _load_pyfunc(path: str) -> Drawer:
    """Load the generator saved in the folder `path`. MLflow prescribes the name of this function."""
    from vaebench.trial.generator import Generator

    return Drawer(Generator.load(Path(path)))
