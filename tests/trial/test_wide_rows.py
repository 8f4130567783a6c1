"""Categories and empty cells as numbers: exact round trips, shares kept, no level from nowhere, kept as data."""

import dataclasses

import numpy as np
import pytest
from small_specs import small_definition, small_spec, small_trial

from vaebench.generator import Generator
from vaebench.rows import Draw, Support
from vaebench.study.spec import Spec
from vaebench.trial.fit import fit_rows
from vaebench.trial.level_noise import LevelNoise
from vaebench.trial.scaling import Scaler
from vaebench.trial.to_generator import content, generator_of
from vaebench.trial.wide_rows import WideRows

KINDS = ("number", "category", "number", "category")
SUPPORT = Support(kinds=KINDS, learned=True)


def table(n=200, seed=0):
    """Return numbers, a category of four levels that the first depends on, numbers with gaps, a coin with gaps."""
    random = np.random.default_rng(seed)
    x = random.normal(50.0, 10.0, n)
    level = np.where(x > 60, 3.0, random.choice(3, n, p=[0.7, 0.25, 0.05]))
    gaps = np.where(random.random(n) < 0.3, np.nan, np.exp(random.normal(size=n)))
    coin = np.where(random.random(n) < 0.1, np.nan, random.random(n) < 0.4)
    return np.stack([x, level, gaps, coin], axis=1)


def draw(rows, held_out=None):
    held_out = rows if held_out is None else held_out
    return Draw(rows, held_out, held_out, held_out, SUPPORT)


@pytest.mark.parametrize("scaling", ["standard", "minmax", "none", "power", "quantile", "log"])
def test_every_row_comes_back(scaling):
    rows = table()
    rows[0, 2] = 7.25  # of its own
    scaler = Scaler.of(scaling, draw(rows))
    scaled = scaler.transform(rows)
    assert scaled.shape == (200, 1 + 4 + 3 + 3)
    assert np.isfinite(scaled).all()
    back = scaler.inverse(scaled)
    np.testing.assert_array_equal(back[:, [1, 3]], rows[:, [1, 3]])
    np.testing.assert_allclose(back[:, [0, 2]], rows[:, [0, 2]], rtol=1e-9)


def test_a_category_weighs_as_much_as_a_number():
    scaler = Scaler.of("standard", draw(table()))
    variance = scaler.transform(table()).var(axis=0)
    shares = scaler.wide.shares
    np.testing.assert_allclose([variance[part].sum() for part in shares], 1.0)
    assert variance[0] == pytest.approx(1.0)
    filled = scaler.transform(table())[~np.isnan(table()[:, 2]), 5]
    assert (filled.mean(), filled.std()) == pytest.approx((0.0, 1.0))


def test_splits_of_a_file_are_as_wide_though_training_rows_lack_a_level():
    rows = table()
    lacking = draw(rows[rows[:, 1] != 1.0], rows)
    assert WideRows.of(lacking).width == WideRows.of(draw(rows)).width
    scaler = Scaler.of("standard", lacking)
    anything = 20.0 * np.random.default_rng(0).normal(size=(5000, scaler.wide.width))
    noise = [LevelNoise.fit(block, np.eye(block.shape[1])[block.argmax(axis=1)]) for block in
             (scaler.wide.open(lacking.train)[:, part] for part in scaler.wide.shares)]  # fmt: skip
    for found in (scaler.inverse(anything), scaler.undo(noise).take(anything, np.random.default_rng(0))):
        assert set(found[:, 1]) == {0.0, 2.0, 3.0}
        assert np.isnan(found[:, [2, 3]]).any(axis=0).all()
        assert np.isfinite(found[:, [0, 1]]).all()


def test_a_column_without_a_training_cell_stays_empty():
    rows = table()
    train = rows.copy()
    train[:, 2] = np.nan
    scaler = Scaler.of("quantile", draw(train, rows))
    assert np.isnan(scaler.inverse(np.random.default_rng(0).normal(size=(99, scaler.wide.width)))[:, 2]).all()


def test_plain_numbers_pass_as_they_are():
    rows = table()[:, [0]]
    plain = Draw(rows, rows, rows, rows)
    wide = WideRows.of(plain)
    assert wide.open(rows) is rows
    assert (wide.width, wide.shares, wide.certain, wide.undo(()).steps) == (1, (), (), ())
    np.testing.assert_array_equal(Scaler.of("standard", plain).transform(rows), (rows - rows.mean(0)) / rows.std(0))


def test_level_noise_finds_the_probabilities_and_keeps_the_shares():
    """From decoded shares that are too sure and biased: the logits behind them are 3 y + (0.5, -1, 0)."""
    random = np.random.default_rng(0)
    y, bias = random.random((20_000, 3)), np.array([0.5, -1.0, 0.0])
    p = np.exp(3.0 * y + bias)
    p /= p.sum(axis=1, keepdims=True)
    one_hot = np.eye(3)[(random.random((len(y), 1)) > p.cumsum(axis=1)).sum(axis=1)]
    found = LevelNoise.fit(y, one_hot)
    assert found.factor == pytest.approx(3.0, abs=0.15)
    np.testing.assert_allclose(found.bias - found.bias[2], bias, atol=0.1)
    fitted = np.exp(found.factor * y + found.bias)
    np.testing.assert_allclose(
        (fitted / fitted.sum(axis=1, keepdims=True)).mean(axis=0), one_hot.mean(axis=0), atol=1e-4
    )
    sure = LevelNoise.fit(one_hot, one_hot)
    assert sure.factor > 10
    np.testing.assert_allclose(LevelNoise.fit(np.full_like(y, 0.2), one_hot).bias.argsort(), one_hot.sum(0).argsort())


SPEC = small_spec("vae", latent_dim=3, latent_sampler="aggregate", epochs=80)


@pytest.mark.parametrize("noise", [True, False])
def test_generated_rows_keep_shares_and_a_kept_generator_gives_the_same(tmp_path, noise):
    rows = table()
    spec: Spec = dataclasses.replace(SPEC, decoder_noise=noise)
    fitted = fit_rows(spec, draw(rows), 1)
    assert not fitted.recipe.noise_std[fitted.recipe.scaler.wide.are_shares].any()
    generated = fitted.generate(4000, np.random.default_rng(0))
    assert set(generated[:, 1]) <= {0.0, 1.0, 2.0, 3.0}
    assert set(generated[~np.isnan(generated[:, 3]), 3]) == {0.0, 1.0}
    if noise:
        for column, level in [(1, 0.0), (1, 2.0), (1, 3.0), (2, np.nan), (3, 1.0), (3, np.nan)]:
            share, true = (np.mean((x[:, column] == level) | (np.isnan(x[:, column]) & np.isnan(level)))
                           for x in (generated, rows))  # fmt: skip
            assert share == pytest.approx(true, abs=0.05), (column, level)
    kept = generator_of(fitted, small_trial(spec), small_definition())
    kept = dataclasses.replace(kept, columns=("x", "level", "gaps", "coin"))
    for name, data in content(fitted, kept).items():
        (tmp_path / name).write_bytes(data)
    loaded = Generator.load(tmp_path)
    np.testing.assert_array_equal(loaded.generate(300, 5), kept.generate(300, 5))
    same = np.isclose(loaded.steps.draw(4000, np.random.default_rng(0)), generated, rtol=1e-3, equal_nan=True)
    assert same.all(axis=1).mean() > 0.995  # rounding may flip a level
