"""A fitted generator: the same rows as the evaluation's, saved and loaded, as ordinary Keras models."""

import dataclasses

import keras
import numpy as np
import pytest
from small_specs import small_replicate, small_spec

from vaebench.seeds import generator
from vaebench.trial.evaluate import evaluate_fitted
from vaebench.trial.fit import FittingError
from vaebench.trial.generator import Generator

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras, when it saves a model
]

SPECS = {
    "vae": small_spec("vae", latent_dim=3, latent_sampler="gmm"),
    "vae, batch norm": small_spec("vae", latent_dim=42, batch_norm=True, dropout=0.2, loss="gaussian_nll"),
    "ae, logits": small_spec("ae", loss="binary_crossentropy", scaling="minmax", latent_sampler="gaussian"),
}


@pytest.fixture(params=SPECS)
def spec(request):
    return SPECS[request.param]


def test_it_generates_what_the_engine_generates(spec):
    replicate = small_replicate()
    _, fitted = evaluate_fitted(spec, replicate)
    model = Generator.fit(spec, replicate)
    theirs = fitted.generate(500, generator("generate", 3))
    rows = model.generate(500, 3)
    assert rows.shape == (500, 1)
    assert rows.dtype == np.float64
    np.testing.assert_allclose(rows, theirs, rtol=1e-4)
    assert len(np.unique(rows)) > 400
    np.testing.assert_array_equal(rows, model.generate(500, 3))
    assert not np.array_equal(rows, model.generate(500, 4))


def test_its_rows_are_as_they_were_scored(spec):
    model = Generator.fit(spec, small_replicate(size=15_000))
    rows = model.generate(15_000, 1)
    mean, std = (model.result.metrics[f"generated_{name}"] for name in ("mean", "std"))
    error = std / np.sqrt(15_000)  # of each of two means; a std's is smaller for anything but heavy tails
    assert rows.mean() == pytest.approx(mean, abs=5 * np.sqrt(2) * error)
    assert rows.std(ddof=1) == pytest.approx(std, abs=5 * np.sqrt(2) * error)
    np.testing.assert_array_equal(model.draw.train, small_replicate(size=15_000).draw().train)
    assert model.columns == ("x",)


def test_saved_and_loaded_it_generates_the_same_rows(spec, tmp_path):
    model = Generator.fit(spec, small_replicate())
    folder = tmp_path / "new" / "model"
    model.save(folder)
    loaded = Generator.load(folder)
    np.testing.assert_array_equal(loaded.generate(300, 5), model.generate(300, 5))
    assert loaded.spec == spec
    assert loaded.result == model.result
    assert loaded.columns == model.columns


def test_its_networks_are_keras_models_of_the_specs_own_width(tmp_path):
    spec = SPECS["vae"]
    model = Generator.fit(spec, small_replicate())
    model.save(tmp_path)
    encoder = keras.models.load_model(tmp_path / "encoder.keras")
    decoder = keras.models.load_model(tmp_path / "decoder.keras")
    assert [tuple(output.shape) for output in encoder.outputs] == [(None, 3), (None, 3)]
    assert (decoder.input_shape, decoder.output_shape) == ((None, 3), (None, 1))
    scaled = model.recipe.scaler.transform(model.draw.train)
    _, fitted = evaluate_fitted(spec, small_replicate())
    codes = fitted.trained.codes(scaled)
    mean, log_variance = encoder(scaled.astype(np.float32), training=False)
    np.testing.assert_allclose(mean, codes.mean, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(np.exp(0.5 * np.asarray(log_variance)), codes.std, rtol=1e-3, atol=1e-5)


def test_a_spec_that_breaks_down_makes_no_generator():
    spec = dataclasses.replace(SPECS["ae, logits"], learning_rate=1e30, scaling="none")
    with pytest.raises(FittingError, match="training loss became"):
        Generator.fit(spec, small_replicate())
