"""Scaling, the decoder's noise, and how rows are generated: against what NumPy says of the same numbers."""

import dataclasses

import numpy as np
import pytest
from scipy import stats
from small_specs import small_replicate, small_spec

from vaebench.generator import Steps
from vaebench.latent_samplers import LatentSampler
from vaebench.losses import Loss
from vaebench.parts import make
from vaebench.trial.decoder_noise import SAMPLED_CODES
from vaebench.trial.fit import FittingError, Recipe, fit
from vaebench.trial.scaling import Scaler
from vaebench.variants import Variant

ROWS = np.random.default_rng(0).normal((5.0, -300.0), (2.0, 40.0), (67, 2))


# ---- scaling


def test_standard_scaling_gives_mean_0_and_std_1():
    scaled = Scaler.fit("standard", ROWS).transform(ROWS)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0)


def test_minmax_scaling_gives_0_to_1():
    scaled = Scaler.fit("minmax", ROWS).transform(ROWS)
    np.testing.assert_allclose((scaled.min(axis=0), scaled.max(axis=0)), ([0, 0], [1, 1]), atol=1e-12)


def test_no_scaling_leaves_the_rows():
    np.testing.assert_array_equal(Scaler.fit("none", ROWS).transform(ROWS), ROWS)


@pytest.mark.parametrize("scaling", ["standard", "minmax", "none"])
def test_scaling_is_undone_also_of_rows_beyond_the_training_range_and_of_constant_columns(scaling):
    scaler = Scaler.fit(scaling, np.where([True, False], ROWS, 7.0))
    other = 100.0 * ROWS
    assert np.isfinite(scaler.transform(other)).all()
    np.testing.assert_allclose(scaler.inverse(scaler.transform(other)), other)


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_the_scale_comes_from_the_training_rows_alone(scaling):
    replicate = small_replicate()
    fitted = fit(small_spec("ae", scaling=scaling, epochs=1), replicate)
    expected = Scaler.fit(scaling, replicate.draw().train)
    np.testing.assert_array_equal(fitted.recipe.scaler.shift, expected.shift)
    np.testing.assert_array_equal(fitted.recipe.scaler.scale, expected.scale)


# ---- generating


def test_rows_are_the_unscaled_decoded_draws_plus_noise():
    scaler = Scaler.fit("standard", np.array([[90.0, 3.0], [110.0, 7.0]]))
    recipe = Recipe(Steps((("normal", {"units": 2}),)), np.array([0.5, 0.0]), scaler)
    rows = recipe.generate(lambda z: 2.0 * z, 200_000, np.random.default_rng(0))
    assert stats.kstest(rows[:, 0], stats.norm(100.0, 10.0 * np.sqrt(4.0 + 0.25)).cdf).pvalue > 1e-4
    assert stats.kstest(rows[:, 1], stats.norm(5.0, 2.0 * 2.0).cdf).pvalue > 1e-4
    z = np.random.default_rng(0).standard_normal((200_000, 2))
    np.testing.assert_allclose(rows[:, 1], 5.0 + 2.0 * 2.0 * z[:, 1], err_msg="no noise where its std is 0")


def spread_of(fitted, n=40_000):
    return fitted.generate(n, np.random.default_rng(1)).std()


@pytest.mark.parametrize("variant", ["ae", "vae"])
def test_decoder_noise_adds_its_variance(variant):
    spec = small_spec(variant, latent_sampler="gaussian")
    on = fit(spec, small_replicate())
    off = fit(dataclasses.replace(spec, decoder_noise=False), small_replicate())
    assert not off.recipe.noise_std.any()
    noise = on.recipe.noise_std[0] * on.recipe.scaler.scale[0]
    assert noise > 0.01
    assert spread_of(on) ** 2 == pytest.approx(spread_of(off) ** 2 + noise**2, rel=0.05)


def residuals(fitted, z, repeats=1):
    scaled = np.tile(fitted.recipe.scaler.transform(fitted.draw.train), (repeats, 1))
    return scaled - fitted.trained.decode(z)


def test_the_noise_of_an_ae_is_the_spread_of_its_residuals():
    fitted = fit(small_spec("ae"), small_replicate())
    codes = fitted.trained.codes(fitted.recipe.scaler.transform(fitted.draw.train))
    assert not codes.std.any()
    expected = np.sqrt(np.mean(residuals(fitted, codes.mean) ** 2, axis=0))
    np.testing.assert_allclose(fitted.recipe.noise_std, expected, rtol=1e-5)


def test_the_noise_of_a_vae_is_the_spread_of_its_residuals_at_sampled_codes():
    fitted = fit(small_spec(make(Variant, "vae", {"beta": 0.2})), small_replicate())
    codes = fitted.trained.codes(fitted.recipe.scaler.transform(fitted.draw.train))
    repeats = 50 * SAMPLED_CODES
    z = np.tile(codes.mean, (repeats, 1))
    z += np.tile(codes.std, (repeats, 1)) * np.random.default_rng(9).standard_normal(z.shape)
    expected = np.sqrt(np.mean(residuals(fitted, z, repeats) ** 2, axis=0))
    # 67 x SAMPLED_CODES squared residuals, their relative spread about sqrt(2): 5 standard errors of the root
    np.testing.assert_allclose(fitted.recipe.noise_std, expected, rtol=5 * np.sqrt(0.5 / (67 * SAMPLED_CODES)))
    at_the_means = np.sqrt(np.mean(residuals(fitted, codes.mean) ** 2))
    assert fitted.recipe.noise_std[0] > 1.1 * at_the_means


def test_the_noise_of_iwae_is_the_spread_of_its_residuals_under_the_posterior():
    beta = 0.05
    fitted = fit(small_spec(make(Variant, "iwae", {"beta": beta, "draws": 5})), small_replicate())
    grid = np.linspace(-6, 6, 2401)  # one latent unit: the posterior by quadrature
    scaled = fitted.recipe.scaler.transform(fitted.draw.train)
    squares = (scaled - fitted.trained.decode(grid[:, None])[:, 0]) ** 2  # [rows, grid]
    density = np.exp(-0.5 * squares / beta - 0.5 * grid**2)
    expected = np.sqrt(((density * squares).sum(axis=1) / density.sum(axis=1)).mean())
    assert fitted.recipe.noise_std[0] == pytest.approx(expected, rel=0.1)
    codes = fitted.trained.codes(scaled)
    of_q = residuals(fitted, codes.choose("sampled", np.random.default_rng(0)))
    assert np.sqrt((of_q**2).mean()) > 1.5 * expected, "q is wider than the posterior"


def test_gaussian_nll_learns_the_noise():
    fitted = fit(small_spec("ae", loss="gaussian_nll", epochs=128), small_replicate())
    learned = fitted.trained.weights.vector[-1]
    assert learned != 0.0, "it was trained"
    np.testing.assert_allclose(fitted.recipe.noise_std, [np.exp(learned / 2)], rtol=1e-6)
    assert fitted.recipe.noise_std[0] < 0.9, "below the rows' own spread"


def test_student_t_learns_the_scale_of_noise_with_its_tails():
    loss = make(Loss, "student_t", {"degrees_of_freedom": 3.0})
    fitted = fit(small_spec("ae", loss=loss, epochs=128), small_replicate())
    np.testing.assert_allclose(fitted.recipe.noise_std, [np.exp(fitted.trained.weights.vector[-1] / 2)], rtol=1e-6)
    noise = fitted.recipe.noise((200_000, 1), np.random.default_rng(0))
    assert stats.kstest(noise[:, 0], stats.t(3.0, scale=fitted.recipe.noise_std[0]).cdf).pvalue > 1e-4
    np.testing.assert_allclose(fitted.recipe.noise_variance, stats.t(3.0, scale=fitted.recipe.noise_std).var())


def test_a_variant_that_does_not_use_the_loss_has_the_spread_of_its_residuals_as_noise():
    fitted = fit(small_spec("dist_vae", loss="student_t"), small_replicate())
    assert fitted.trained.weights.vector[-1] == 0.0, "nothing trains the decoder's variance"
    assert fitted.recipe.noise_std[0] != 1.0
    assert fitted.recipe.tails is None


# ---- breaking down


def test_training_that_diverges_says_when():
    with pytest.raises(FittingError, match=r"the training loss became (nan|inf) in epoch [12]$"):
        fit(small_spec("ae", learning_rate=1e30, scaling="none"), small_replicate())


@dataclasses.dataclass(frozen=True)
class Refuses(LatentSampler):
    """Finds every code too flat."""

    def fit(self, codes, random):
        raise ValueError("the codes are flat")


def test_a_latent_sampler_that_breaks_down_says_why():
    with pytest.raises(FittingError, match="latent sampler test_fit: the codes are flat"):
        fit(small_spec("ae", latent_sampler=Refuses(), epochs=1), small_replicate())


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_a_column_without_spread_is_not_stretched(scaling: str) -> None:
    """The standard deviation of 67 times 0.1 is 1.4e-17, and not 0."""
    train = np.full((67, 1), 0.1)
    assert train.std() > 0
    scaler = Scaler.fit(scaling, train)  # type: ignore[arg-type]
    assert scaler.scale.tolist() == [1.0]
    assert abs(scaler.transform(np.array([[0.3]])).item()) < 1
