"""What every network must do; every file of vaebench.networks, and every installed network, is run through it."""

import dataclasses
import random

import numpy as np
import pytest
from small_specs import small_replicate, small_spec

from vaebench.errors import InputError
from vaebench.networks import Network
from vaebench.parts import make, modules
from vaebench.trial.evaluate import evaluate
from vaebench.trial.fit import fit

pytestmark = pytest.mark.slow


@pytest.fixture(params=modules(Network))
def network(request):
    return make(Network, request.param)


@pytest.fixture(params=["ae", "vae", "iwae"])
def spec(request, network):
    return small_spec(request.param, network=network, epochs=5, latent_sampler="gaussian", latent_dim=2)


def test_it_trains_with_variants_that_use_it_in_different_ways(spec):
    """Without a posterior, with one, and with several codes a row."""
    replicate = small_replicate(size=500)
    if spec.variant.stochastic and spec.network.name == "question":
        with pytest.raises(InputError, match="needs an encoder with two outputs"):
            evaluate(spec, replicate)
        return
    first = evaluate(spec, replicate)
    state, numbers = random.getstate(), np.random.get_state()[1].tolist()
    evaluate(dataclasses.replace(spec, seed=1), replicate)
    again = evaluate(spec, replicate)
    assert random.getstate() == state, "it leaves the process's random numbers alone"
    assert np.random.get_state()[1].tolist() == numbers
    assert first.reason is None
    assert np.isfinite(list(first.metrics.values())).all()
    assert first.epochs == spec.epochs
    assert dict(first.metrics) == dict(again.metrics)
    assert first.curves == again.curves


@pytest.mark.parametrize("latent_dim", [1, 42])
def test_its_codes_have_latent_dim_units(network, latent_dim):
    spec = small_spec("ae", network=network, epochs=1, latent_sampler="gaussian", latent_dim=latent_dim)
    fitted = fit(spec, small_replicate(size=100))
    assert fitted.trained.codes(fitted.draw.train).mean.shape == (67, latent_dim)
    assert fitted.trained.decode(np.zeros((5, latent_dim))).shape == (5, 1)


def test_no_default_is_a_replica():
    spec = small_spec("vae")
    assert not any(part.replica for part in (spec.variant, spec.loss, spec.latent_sampler, spec.network))
