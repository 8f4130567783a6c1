"""What is shown of a trial is what was scored."""

import dataclasses

import numpy as np
import pytest
from small_specs import small_definition, small_spec, small_trial

from vaebench.trial.fit import FittingError
from vaebench.trial.plot_data import SAMPLES, PlotData


def test_its_rows_are_as_they_were_scored():
    shown = PlotData.of_trial(small_trial(small_spec("vae", latent_sampler="gmm")), small_definition(size=15_000))
    mean, std = (shown.result.metrics[f"generated_{name}"] for name in ("mean", "std"))
    error = std / np.sqrt(SAMPLES)  # of each of two means; a std's is smaller for anything but heavy tails
    assert shown.generated.mean() == pytest.approx(mean, abs=5 * np.sqrt(2) * error)
    assert shown.generated.std(ddof=1) == pytest.approx(std, abs=5 * np.sqrt(2) * error)
    np.testing.assert_array_equal(shown.draw.train, small_definition().replicate("search", 0).draw().train)
    assert shown.columns == ("x",)


def test_a_trial_that_breaks_down_cannot_be_shown():
    spec = dataclasses.replace(small_spec("ae"), learning_rate=1e30, scaling="none")
    with pytest.raises(FittingError, match="training loss became"):
        PlotData.of_trial(small_trial(spec), small_definition())
