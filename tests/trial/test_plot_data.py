"""What is shown of a trial is what was scored."""

import dataclasses

import numpy as np
import pytest
from small_specs import small_definition, small_spec, small_trial

from vaebench.engine.keras_models import trained_models
from vaebench.latent_samplers.gaussian import Gaussian
from vaebench.trial.fit import FittingError
from vaebench.trial.plot_data import SAMPLES, PlotData, Reconstructed
from vaebench.variants.vae import Vae


def test_its_rows_are_as_they_were_scored():
    shown = PlotData.of_trial(small_trial(small_spec("vae", latent_sampler="gmm")), small_definition(size=15_000))
    mean, std = (shown.result.metrics[f"generated_{name}"] for name in ("mean", "std"))
    error = std / np.sqrt(SAMPLES)  # of each of two means; a std's is smaller for anything but heavy tails
    assert shown.generated.mean() == pytest.approx(mean, abs=5 * np.sqrt(2) * error)
    assert shown.generated.std(ddof=1) == pytest.approx(std, abs=5 * np.sqrt(2) * error)
    np.testing.assert_array_equal(shown.draw.train, small_definition().replicate("search", 0).draw().train)
    assert shown.columns == ("x",)


@pytest.mark.parametrize("noise", [False, True])
def test_its_reconstructions_are_what_its_keras_models_return(noise):
    spec = small_spec("vae", latent_sampler="gaussian", latent_dim=3, decoder_noise=noise)
    shown = PlotData.of_trial(small_trial(spec), small_definition())
    encoder, decoder = trained_models(shown.fitted.trained)
    scaler = shown.fitted.recipe.scaler
    for part, rows in ((shown.train, shown.draw.train), (shown.test, shown.draw.test)):
        z_mean = np.asarray(encoder(scaler.transform(rows))[0])
        expected = scaler.inverse(np.asarray(decoder(z_mean), np.float64))
        np.testing.assert_array_equal(part.rows, rows)
        np.testing.assert_allclose(part.reconstructions, expected, rtol=1e-5)


def test_a_network_that_can_be_the_identity_returns_its_rows_and_a_collapsed_one_returns_their_mean():
    """One linear latent unit is enough for one column; a VAE whose KL weighs far more than its rows ignores them."""
    linear = {"encoder": (), "decoder": (), "epochs": 200, "latent_sampler": Gaussian(scale=0.1)}
    identity = PlotData.of_trial(small_trial(small_spec("ae", **linear)), small_definition())
    assert max(identity.train.errors[0], identity.test.errors[0]) < 0.02
    assert identity.result.metrics["std_ratio"] < 0.15, "and yet it generates badly, from codes a tenth as wide"
    collapsed = PlotData.of_trial(small_trial(small_spec(Vae(beta=100.0), **linear)), small_definition())
    assert np.ptp(collapsed.train.reconstructions) < 0.05 * collapsed.draw.train.std()
    assert collapsed.train.errors[0] == pytest.approx(collapsed.draw.train.std() / collapsed.draw.true.std(), rel=0.05)


def test_reconstruction_errors_are_in_units_of_each_columns_spread():
    rows, units = np.zeros((4, 2)), np.array([10.0, 0.5])
    found = Reconstructed(rows, np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]), units).errors
    np.testing.assert_allclose(found, [0.1, 2.0])


def test_a_trial_that_breaks_down_cannot_be_shown():
    spec = dataclasses.replace(small_spec("ae"), learning_rate=1e30, scaling="none")
    with pytest.raises(FittingError, match="training loss became"):
        PlotData.of_trial(small_trial(spec), small_definition())
