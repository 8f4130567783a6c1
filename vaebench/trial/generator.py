"""A fitted generator that can be saved to a folder, loaded, and asked for rows, without its study."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from vaebench.engine.keras_models import trained_models
from vaebench.engine.tf_setup import keras
from vaebench.latent_samplers import Latent
from vaebench.rows import Draw, Rows
from vaebench.seeds import generator
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result, TrialRecord
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.trial.evaluate import evaluate_fitted
from vaebench.trial.fit import FittingError, Recipe


@dataclass(frozen=True)
class Generator:
    """A trial fitted to one replicate, ready to generate rows. Its networks are ordinary Keras models."""

    spec: Spec
    columns: tuple[str, ...]
    recipe: Recipe
    draw: Draw
    """The replicate's rows: those it was fitted to, and the true samples."""
    result: Result
    """Its evaluation on the replicate."""
    encoder: Any
    decoder: Any

    @classmethod
    def fit(cls, spec: Spec, replicate: Replicate) -> Self:
        """Fit `spec` to `replicate`, in the same way as the trial was. Raises FittingError if that fails."""
        result, fitted = evaluate_fitted(spec, replicate)
        if fitted is None:
            raise FittingError(result.reason)
        encoder, decoder = trained_models(fitted.trained)
        return cls(spec, replicate.data_set.columns, fitted.recipe, fitted.draw, result, encoder, decoder)

    @classmethod
    def of_trial(cls, trial: TrialRecord, definition: StudyDefinition) -> Self:
        """Fit a trial again to its study's first search replicate, with the same result as when it was scored."""
        return cls.fit(Spec.from_flat(trial.params), definition.replicate("search", 0))

    def decode(self, z: Latent) -> Rows:
        """Decode latent vectors, shape (n, latent_dim), to scaled rows, shape (n, columns)."""
        output = self.decoder(z.astype(np.float32), training=False)
        return np.asarray(self.spec.loss.decoded(output), np.float64)

    def generate(self, n: int, seed: int) -> Rows:
        """Generate `n` rows, shape (n, columns), in the data's own units; the same for the same seed."""
        return self.recipe.generate(self.decode, n, generator("generate", seed))

    def save(self, folder: Path) -> None:
        """Write encoder.keras, decoder.keras and generator.pickle into `folder`; create it if it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save(folder / "encoder.keras")
        self.decoder.save(folder / "decoder.keras")
        rest = {
            "spec": self.spec,
            "columns": self.columns,
            "recipe": self.recipe,
            "draw": self.draw,
            "result": self.result,
        }
        (folder / "generator.pickle").write_bytes(pickle.dumps(rest))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load what `save` wrote. The folder must be trusted: unpickling runs code."""
        rest = pickle.loads((folder / "generator.pickle").read_bytes())
        encoder, decoder = (keras.models.load_model(folder / f"{name}.keras") for name in ("encoder", "decoder"))
        return cls(**rest, encoder=encoder, decoder=decoder)
