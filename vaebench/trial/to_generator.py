"""A fitted trial as a generator that is data: its decoder's layers, latent distribution, noise and scaling as steps."""

import dataclasses
import io
import json
from pathlib import Path

import numpy as np

from vaebench.engine.keras_models import trained_models
from vaebench.errors import InputError
from vaebench.generator import FORMAT, Generator, Steps
from vaebench.rows import Rows
from vaebench.seeds import derive
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import TrialRecord
from vaebench.study.spec import Spec
from vaebench.trial.decoder_steps import decoder_steps, saved
from vaebench.trial.fit import Fitted, FittingError, fit, fit_rows
from vaebench.trial.kept_generators import about, write


@dataclasses.dataclass(frozen=True)
class FittedRows:
    """Rows of a fitted trial that cannot be kept as steps: they are drawn from what was fitted."""

    fitted: Fitted

    def draw(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, columns)."""
        return self.fitted.generate(n, random)


def fit_all(trial: TrialRecord, definition: StudyDefinition) -> Fitted:
    """Fit a trial to all rows of a file; to drawn rows, as for its first search replicate. Raises FittingError."""
    spec = Spec.from_flat(trial.params)
    if definition.fresh_draws:
        return fit(spec, definition.replicate("search", 0))
    spec = dataclasses.replace(spec, early_stopping="off", epochs=about(trial, definition)["epochs"])
    return fit_rows(spec, definition.fitted_for_use(), derive("all rows", spec.seed, definition.seed))


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
    recipe, decoder = fitted.recipe, decoder_steps(fitted.trained)
    columns, of = definition.data_set.columns, about(trial, definition)
    if decoder is None or not isinstance(recipe.latent, Steps):
        return Generator(columns, FittedRows(fitted), of)
    steps = [*recipe.latent.steps, *decoder]
    if fitted.spec.loss.activation == "sigmoid":
        steps.append(("sigmoid", {}))
    if recipe.noise_std.any() and recipe.tails is None:
        steps.append(("noise", {"std": recipe.noise_std}))
    elif recipe.noise_std.any():
        steps.append(("student_noise", {"scale": recipe.noise_std, "degrees": recipe.tails}))
    steps += recipe.scaler.undo(recipe.level_noise).steps
    return Generator(columns, Steps(tuple(steps)), of)


def content(fitted: Fitted, made: Generator) -> dict[str, bytes]:
    """Return the files that keep a generator, by name; none if it is no Steps.

    generator.json and arrays.npz generate rows; encoder.keras and decoder.keras are ordinary Keras models of scaled
    rows, for users to build on; README.md says what all this is.
    """
    if not isinstance(made.steps, Steps):
        return {}
    numbers = [
        (name, {k: np.asarray(v).item() for k, v in rest.items() if np.ndim(v) == 0}) for name, rest in made.steps.steps
    ]
    plain = {"format": FORMAT, "columns": made.columns, "about": made.about, "steps": numbers}
    arrays = [(f"{i}.{k}", v) for i, (_, rest) in enumerate(made.steps.steps) for k, v in rest.items()]
    packed = io.BytesIO()
    np.savez_compressed(packed, **{place: array for place, array in arrays if np.ndim(array)})
    networks = {f"{model.name}.keras": saved(model) for model in trained_models(fitted.trained)}
    return {
        "generator.json": json.dumps(plain, indent=1).encode(),
        "arrays.npz": packed.getvalue(),
        "README.md": card(made).encode(),
        **{name: file for name, file in networks.items() if file is not None},
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

Array `I.NAME` of `arrays.npz` is argument NAME of step I, counted from 0. Rows are decimals, whatever the data were:
`vaebench generate` makes whole numbers, dates and categories of them, as the file has them.
"""
