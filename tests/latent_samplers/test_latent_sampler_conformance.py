"""What every latent sampler must do; every file of vaebench.latent_samplers, and every installed one, runs through."""

import pickle
from dataclasses import fields, replace
from typing import Literal, get_args, get_origin

import numpy as np
import pytest

from vaebench.latent_samplers import Codes, LatentSampler
from vaebench.parts import field_types, load, modules

ROWS = 67


def settings(name):
    """Return every latent sampler of this name that one switch away from the defaults makes."""
    part = load(LatentSampler, name)
    types = field_types(part)
    switches = {key: get_args(expected) for key, expected in types.items() if get_origin(expected) is Literal}
    switches |= {key: (False, True) for key, expected in types.items() if expected is bool}
    short = {"steps": 20} if "steps" in types else {}  # of training
    turned = [part(**short, **{key: value}) for key, values in switches.items() for value in values]
    return [part(**short), *(sampler for sampler in turned if sampler != part(**short))]


SAMPLERS = [sampler for name in modules(LatentSampler) for sampler in settings(name)]


def short(part):
    return "-".join([part.name, *(str(getattr(part, field.name)) for field in fields(part))])


def codes_of(case: str, latent_dim: int) -> Codes:
    """Return codes as trained encoders give them, the bad cases included."""
    random = np.random.default_rng(0)
    spread = random.normal(0.3, 1.2, (ROWS, latent_dim))
    point = np.full((ROWS, latent_dim), 0.1)
    half = np.where(np.arange(latent_dim) % 2, spread, 0.0)
    codes = {
        "spread": Codes(spread, np.full_like(spread, 0.4)),
        "of an ae": Codes(spread, np.zeros_like(spread)),
        "collapsed": Codes(point, np.ones_like(point)),
        "collapsed to a point": Codes(point, np.zeros_like(point)),
        "half dead": Codes(half, np.zeros_like(half)),
        "tiny": Codes(1e-20 * spread, np.zeros_like(spread)),
        "huge": Codes(1e6 * spread, np.zeros_like(spread)),
        "twice the same": Codes(np.sign(spread), np.zeros_like(spread)),
    }[case]
    return replace(codes, pseudo_inputs=codes)


CASES = ("spread", "of an ae", "collapsed", "collapsed to a point", "half dead", "tiny", "huge", "twice the same")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("latent_dim", [1, 2, 42])
@pytest.mark.parametrize("sampler", SAMPLERS, ids=short)
def test_it_fits_and_draws(sampler, latent_dim, case):
    codes = codes_of(case, latent_dim)
    kept = codes.mean.copy(), codes.std.copy()
    fitted = sampler.fit(codes, np.random.default_rng(1))
    z, again, other = (fitted.draw(500, np.random.default_rng(seed)) for seed in (2, 2, 3))
    assert z.shape == (500, latent_dim)
    assert z.dtype == np.float64
    assert np.isfinite(z).all()
    np.testing.assert_array_equal(z, again)
    sampled = getattr(sampler, "codes", "sampled") == "sampled"
    if np.ptp(codes.mean) > 0 or (sampled and codes.std.any()):  # else all is one point, and so may be what is drawn
        assert not np.array_equal(z, other)
    np.testing.assert_array_equal(codes.mean, kept[0])
    np.testing.assert_array_equal(codes.std, kept[1])
    assert fitted.draw(1, np.random.default_rng(2)).shape == (1, latent_dim)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=short)
def test_its_fit_depends_on_the_codes_and_the_generator_alone(sampler):
    codes = codes_of("spread", 2)
    first, again = (sampler.fit(codes, np.random.default_rng(1)) for _ in range(2))
    draws = [fitted_sampler.draw(50, np.random.default_rng(2)) for fitted_sampler in (first, again)]
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=short)
def test_what_it_fits_is_pickled_with_the_model(sampler):
    fitted = sampler.fit(codes_of("spread", 3), np.random.default_rng(1))
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        *(fitted_sampler.draw(50, np.random.default_rng(2)) for fitted_sampler in (fitted, copy))
    )
