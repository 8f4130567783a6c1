"""A fitted trial as a generator that is data: its decoder's layers, latent distribution, noise and scaling as steps."""

import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vaebench.engine.keras_models import trained_models
from vaebench.engine.perceptron import BATCH_NORM_EPSILON
from vaebench.engine.train import Trained
from vaebench.errors import InputError
from vaebench.generator import FORMAT, Generator, Steps
from vaebench.latent_samplers import Latent, LatentDistribution
from vaebench.rows import Draw, Rows
from vaebench.seeds import derive, generator
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import TrialRecord
from vaebench.study.spec import Spec
from vaebench.trial.fit import Fitted, FittingError, fit, fit_rows
from vaebench.trial.kept_generators import about, write


@dataclasses.dataclass(frozen=True)
class Joined:
    """A latent distribution that is no Steps, and the steps after it: it generates, but cannot be kept."""

    latent: LatentDistribution
    rest: Steps

    def draw(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, columns)."""
        rows: Rows = self.rest.take(self.latent.draw(n, random), random)
        return rows


def fit_all(trial: TrialRecord, definition: StudyDefinition) -> Fitted:
    """Fit a trial to all rows of a file; to drawn rows, as for its first search replicate. Raises FittingError."""
    spec, rows = Spec.from_flat(trial.params), definition.data_set.available_rows
    if rows is None:
        return fit(spec, definition.replicate("search", 0))
    random = generator("all rows", definition.seed)
    every = definition.data_set.draw(random, rows=rows, test_fraction=0.0, generated=0, true=0).train
    spec = dataclasses.replace(spec, early_stopping="off", epochs=about(trial, definition)["epochs"])
    return fit_rows(spec, Draw(every, every, every, every), derive("all rows", spec.seed, definition.seed))


def fit_again(home: Path, trial: TrialRecord, definition: StudyDefinition) -> Generator:
    """Fit a trial whose generator is not kept, and keep it. Raises InputError if the fit fails."""
    try:
        fitted = fit_all(trial, definition)
    except FittingError as error:
        raise InputError(f"trial {trial.number} cannot be fitted again ({error}): choose another") from None
    made = generator_of(fitted, trial, definition)
    if files := content(fitted, made):
        write(home, definition.name, trial.number, files)
    return made


def generator_of(fitted: Fitted, trial: TrialRecord, definition: StudyDefinition) -> Generator:
    """Return the generator of a fitted trial. Its rows are those of `fitted` but for rounding."""
    recipe = fitted.recipe
    steps: list[tuple[str, dict[str, Any]]] = list(_layers(fitted.trained))
    if fitted.spec.loss.activation == "sigmoid":
        steps.append(("sigmoid", {}))
    if recipe.noise_std.any():
        steps.append(("noise", {"std": recipe.noise_std}))
    steps.append(("scale", {"factor": recipe.scaler.scale, "shift": recipe.scaler.shift}))
    rest = Steps(tuple(steps))
    latent = recipe.latent
    whole = Steps((*latent.steps, *rest.steps)) if isinstance(latent, Steps) else Joined(latent, rest)
    return Generator(definition.data_set.columns, whole, about(trial, definition))


def content(fitted: Fitted, made: Generator) -> dict[str, bytes]:
    """Return the files that keep a generator, by name; none if its latent distribution is no Steps.

    generator.json and arrays.npz generate rows; encoder.keras and decoder.keras are ordinary Keras models of scaled
    rows, for users to build on; README.md says what all this is.
    """
    if not isinstance(made.steps, Steps):
        return {}
    numbers = [(name, {k: v for k, v in rest.items() if np.ndim(v) == 0}) for name, rest in made.steps.steps]
    plain = {"format": FORMAT, "columns": made.columns, "about": made.about, "steps": numbers}
    arrays = [(f"{i}.{k}", v) for i, (_, rest) in enumerate(made.steps.steps) for k, v in rest.items()]
    packed = io.BytesIO()
    np.savez_compressed(packed, **{place: array for place, array in arrays if np.ndim(array)})
    networks = {}
    with TemporaryDirectory() as folder:
        for model in trained_models(fitted.trained):
            file = Path(folder) / f"{model.name}.keras"
            model.save(file)
            networks[file.name] = file.read_bytes()
    return {
        "generator.json": json.dumps(plain, indent=1).encode(),
        "arrays.npz": packed.getvalue(),
        "README.md": card(made).encode(),
        **networks,
    }


def card(made: Generator) -> str:
    """Return the model card: what a kept generator is, what it holds of the rows, how it is used. Markdown."""
    of, kept = made.about, "; ".join(made.about["keeps"]) or "nothing"
    return f"""# A generator of rows: {", ".join(f"`{column}`" for column in made.columns)}

It is trial {of["trial"]} ({of["variant"]}, latent sampler {of["latent_sampler"]}) of the vaebench study \
`{of["study"]}`, fitted to {of["rows"]} rows for {of["epochs"]} epochs.

Of these rows it holds verbatim: {kept}. Everything else in it is weights and statistics. \
That is no proof of privacy: a network may still have learned single rows by heart.

`generator.json` and `arrays.npz` hold the generator, as numbers. \
`encoder.keras` and `decoder.keras` are ordinary Keras models of scaled rows. Nothing here is code.

As a model of MLflow, say `models:/STUDY@champion`, it needs neither vaebench nor Keras:

```python
mlflow.pyfunc.load_model(MODEL).predict(pandas.DataFrame({{"n": [15000], "seed": [0]}}))
```

From this folder, with vaebench:

```python
vaebench.generator.Generator.load(pathlib.Path(FOLDER)).generate(15000, seed=0)
```

Array `I.NAME` of `arrays.npz` is argument NAME of step I, counted from 0. Rows are decimals, whatever the data were.
"""


def _layers(trained: Trained) -> Iterator[tuple[str, dict[str, Latent]]]:
    """Yield the decoder's layers, latent_dim wide. Batch norm is part of the dense layer before it."""
    variables = trained.layout.unpack(trained.weights, trained.statistics)
    inputs = slice(trained.spec.latent_dim)
    for layer, tensors, moments in zip(trained.layout.layers, variables.trained, variables.moments, strict=True):
        if layer.role not in ("decoder", "output"):
            continue
        values = {name: np.asarray(value, np.float64) for name, value in tensors.items()}
        kernel, bias = values["kernel"][inputs], values["bias"]
        if layer.normed:
            mean, variance = (np.asarray(value, np.float64) for value in moments)
            factor = values["gamma"] / np.sqrt(variance + BATCH_NORM_EPSILON)
            kernel, bias = kernel * factor, (bias - mean) * factor + values["beta"]
        yield "dense", {"kernel": kernel, "bias": bias}
        if layer.hidden:
            yield "relu", {}
        inputs = slice(None)
