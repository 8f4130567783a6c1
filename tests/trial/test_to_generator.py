"""A fitted trial as data: it generates the engine's rows, is fitted to all rows of a file, and holds none of them."""

import dataclasses
import json

import keras
import numpy as np
import pandas as pd
import pytest
from small_specs import small_definition, small_spec, small_trial

from vaebench.data_sets.file import File
from vaebench.engine.keras_models import trained_models
from vaebench.errors import InputError
from vaebench.generator import Generator
from vaebench.latent_samplers import LatentSampler
from vaebench.seeds import generator
from vaebench.trial.evaluate import evaluate_fitted
from vaebench.trial.kept_generators import about, folder_of, read
from vaebench.trial.to_generator import content, fit_again, fit_all, generator_of

# Keras, when it saves a model
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SPECS = {
    "vae": small_spec("vae", latent_dim=3, latent_sampler="gmm"),
    "vamp": small_spec("vamp", latent_dim=2, latent_sampler="vamp"),
    "lin_nf, draws through the flow": small_spec("lin_nf", latent_dim=2, latent_sampler="aggregate"),
    "vae, batch norm": small_spec("vae", latent_dim=42, batch_norm=True, dropout=0.2, loss="gaussian_nll"),
    "ae, logits": small_spec("ae", loss="binary_crossentropy", scaling="minmax", latent_sampler="gaussian"),
    **{
        f"ae, {activation}": small_spec("ae", latent_sampler="gaussian", latent_dim=2, activation=activation)
        for activation in ("elu", "gelu", "swish", "tanh", "leaky_relu")
    },
    "ae, codes in [-1, 1]": small_spec("ae", latent_sampler="gaussian", code_activation="tanh", code_norm=True),
    **{f"vae, {scaling}": small_spec("vae", scaling=scaling) for scaling in ("power", "quantile", "log")},
    "network answer": small_spec("vae", latent_dim=2, network="answer"),
    "network question, logits": small_spec("ae", network="question", loss="binary_crossentropy", scaling="minmax"),
    "vae, heavy tails": small_spec("vae", loss="student_t"),
    "ae, no hidden layer": small_spec("ae", latent_sampler="uniform", decoder=(), decoder_noise=False),
}


@pytest.fixture(params=SPECS)
def spec(request):
    return SPECS[request.param]


def made(spec, **data):
    trial, definition = small_trial(spec), small_definition(**data)
    fitted = fit_all(trial, definition)
    return fitted, generator_of(fitted, trial, definition)


@pytest.fixture
def table(tmp_path):
    rows = np.random.default_rng(0).multivariate_normal([5.0, -50.0], [[1.0, 0.8], [0.8, 4.0]], 90)
    pd.DataFrame(rows, columns=["a", "b"]).to_csv(tmp_path / "rows.csv", index=False)
    return File.parse("rows.csv", tmp_path)


def test_it_generates_what_the_engine_generates(spec):
    fitted, kept = made(spec)
    _, scored = evaluate_fitted(spec, small_definition().replicate("search", 0))
    rows = kept.steps.draw(500, generator("some", 3))
    assert rows.shape == (500, 1)
    np.testing.assert_allclose(rows, fitted.generate(500, generator("some", 3)), rtol=1e-4)
    np.testing.assert_allclose(rows, scored.generate(500, generator("some", 3)), rtol=1e-4)


def test_loaded_from_its_files_it_generates_the_same_rows(spec, tmp_path):
    fitted, kept = made(spec)
    for name, data in content(fitted, kept).items():
        (tmp_path / name).write_bytes(data)
    loaded = Generator.load(tmp_path)
    np.testing.assert_array_equal(loaded.generate(300, 5), kept.generate(300, 5))
    assert (loaded.columns, loaded.about) == (kept.columns, kept.about)


def test_its_keras_models_encode_and_decode_as_the_engine(spec):
    trained = made(spec)[0].trained
    encoder, decoder = trained_models(trained)
    rows = np.random.default_rng(1).normal(size=(50, 1)).astype(np.float32)
    z = np.repeat(np.linspace(-2, 2, 50, dtype=np.float32)[:, None], spec.latent_dim, axis=1)
    codes = encoder(rows, training=False)
    np.testing.assert_allclose(codes[0] if spec.variant.stochastic else codes, trained.codes(rows).mean, atol=1e-4)
    np.testing.assert_allclose(spec.loss.decoded(decoder(z, training=False)), trained.decode(z), rtol=1e-4, atol=1e-4)


def test_its_networks_are_keras_models_of_the_specs_own_width(tmp_path):
    fitted, kept = made(SPECS["vae"])
    for name, data in content(fitted, kept).items():
        (tmp_path / name).write_bytes(data)
    encoder, decoder = (keras.models.load_model(tmp_path / f"{name}.keras") for name in ("encoder", "decoder"))
    assert [tuple(output.shape) for output in encoder.outputs] == [(None, 3), (None, 3)]
    scaled = fitted.recipe.scaler.transform(fitted.draw.train)
    codes = fitted.trained.codes(scaled)
    mean, log_variance = encoder(scaled.astype(np.float32), training=False)
    np.testing.assert_allclose(mean, codes.mean, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(np.exp(0.5 * np.asarray(log_variance)), codes.std, rtol=1e-3, atol=1e-5)
    decoded = decoder(codes.mean.astype(np.float32), training=False)
    np.testing.assert_allclose(decoded, fitted.trained.decode(codes.mean), rtol=1e-3, atol=1e-5)


# ---- of a file


def test_all_rows_of_a_file_are_fitted_for_the_median_of_the_epochs_that_were_trained(table):
    spec = small_spec("ae", early_stopping="validation_loss", patience=3)
    trial = dataclasses.replace(small_trial(spec, epochs=(5, 30)), confirmation=small_trial(spec, epochs=(9,)).results)
    fitted = fit_all(trial, small_definition(data_set=table, rows=60))
    expected = pd.read_csv(table.path).sort_values("a").to_numpy()
    np.testing.assert_array_equal(fitted.draw.train[fitted.draw.train[:, 0].argsort()], expected)
    assert len(fitted.trained.history) == 9
    of = about(trial, small_definition(data_set=table, rows=60))
    assert (of["rows"], of["epochs"]) == (90, 9)


@pytest.mark.parametrize("scaling", ["standard", "none"])
def test_no_cell_of_the_users_is_in_it(table, scaling):
    fitted, kept = made(small_spec("vae", latent_sampler="gmm", scaling=scaling), data_set=table)
    stored = b"".join(content(fitted, kept).values())
    assert kept.about["keeps"] == []
    for cell in pd.read_csv(table.path).to_numpy().ravel():
        numbers = [number for _, rest in kept.steps.steps for value in rest.values() for number in np.ravel(value)]
        assert cell not in numbers
        assert cell.tobytes() not in stored
        assert np.float32(cell).tobytes() not in stored
        assert repr(float(cell)).encode() not in stored


def test_what_it_holds_of_the_rows_is_said(table):
    fitted, kept = made(small_spec("ae", latent_sampler="gaussian", scaling="minmax"), data_set=table)
    cells = pd.read_csv(table.path)
    scale = dict(kept.steps.steps)["scale"]
    np.testing.assert_array_equal(scale["shift"], cells.min())
    assert kept.about["keeps"] == ["each column's smallest and largest value (scaling minmax)"]
    card = content(fitted, kept)["README.md"].decode()
    assert "holds verbatim: each column's smallest and largest value (scaling minmax)" in card
    assert "fitted to 90 rows for 40 epochs" in card
    assert table.path not in card


# ---- what cannot be kept, or made


@dataclasses.dataclass(frozen=True)
class Comb:
    """Evenly spaced latent vectors: no steps."""

    units: int

    def draw(self, n, random):
        return np.linspace(-1, 1, n * self.units).reshape(n, self.units)


@dataclasses.dataclass(frozen=True)
class Even(LatentSampler):
    """A latent sampler whose distribution is no Steps."""

    def fit(self, codes, random):
        return Comb(codes.mean.shape[1])


def test_a_distribution_of_another_kind_generates_but_is_not_kept():
    trial, definition = small_trial(SPECS["vae"]), small_definition()
    fitted = fit_all(trial, definition)
    comb = Even().fit(fitted.trained.codes(fitted.draw.train), np.random.default_rng(0))
    odd = dataclasses.replace(fitted, recipe=dataclasses.replace(fitted.recipe, latent=comb))
    kept = generator_of(odd, trial, definition)
    rows = kept.steps.draw(50, np.random.default_rng(0))
    np.testing.assert_allclose(rows, odd.generate(50, np.random.default_rng(0)), rtol=1e-4)
    assert content(odd, kept) == {}


def test_a_trial_fitted_again_is_kept(tmp_path):
    trial, definition = small_trial(SPECS["ae, logits"], number=4), small_definition()
    assert read(tmp_path, trial, definition) is None
    again = fit_again(tmp_path, trial, definition)
    kept = read(tmp_path, trial, definition)
    np.testing.assert_array_equal(kept.generate(10), again.generate(10))
    files = {path.name for path in folder_of(tmp_path, "small", 4).iterdir()}
    assert files == {"generator.json", "arrays.npz", "README.md", "encoder.keras", "decoder.keras"}
    assert json.loads((folder_of(tmp_path, "small", 4) / "generator.json").read_text())["columns"] == ["x"]


def test_a_trial_that_breaks_down_makes_no_generator(tmp_path):
    spec = dataclasses.replace(SPECS["ae, logits"], learning_rate=1e30, scaling="none")
    with pytest.raises(InputError, match=r"trial 0 cannot be fitted again \(the training loss .*\): choose another"):
        fit_again(tmp_path, small_trial(spec), small_definition())
    assert list(tmp_path.iterdir()) == []
