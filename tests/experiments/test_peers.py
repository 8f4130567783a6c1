"""The experiment on other software: which settings are chosen, and what is called ahead of our best trial."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from vaebench.seeds import generator

FOLDER = Path(__file__).parents[2] / "experiments"


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER / "peers"))
    import measure

    return measure


def rows(**scores: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"name": name, "draw": draw, "score": s} for name, of in scores.items() for draw, s in enumerate(of)]
    )


def test_a_peer_s_settings_are_those_of_the_lowest_mean_and_a_failure_comes_last(measure):
    table = rows(**{"p; a": [1.0, np.nan], "p; b": [2.0, 3.0], "p; c": [2.0, 2.5], "q": [np.nan, np.nan]})
    assert measure.chosen(table) == ["p; c", "q"]


def test_what_is_plainly_better_than_our_best_trial_is_ahead_and_a_tie_is_not(measure):
    luck = generator("luck").normal(0, 0.3, 20)
    noise = generator("noise").normal(0, 0.3, 20)
    table = rows(ours=list(2 + luck), better=list(1.8 + luck), tie=list(2 + noise), worse=list(2.5 + luck))
    kinds = {"ours": "vaebench", "better": "baseline"}
    table = table.assign(data_set="a", kind=[kinds.get(name, "peer") for name in table["name"]])
    verdicts = measure.verdicts(table).set_index("name")
    assert verdicts["ahead"].to_dict() == {"ours": False, "better": True, "tie": False, "worse": False}
    assert "| better | 1." in measure.as_text(verdicts.reset_index())
