"""The experiments on what can be trusted: their studies are valid, and a winner's further draws are further draws."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hand_made import ERRORS
from small_studies import evaluated_by

from vaebench.search import run as studies
from vaebench.study.file import load
from vaebench.study.records import Attainable, Result

FOLDER = Path(__file__).parents[2] / "experiments"


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER / "coverage"))
    import coverage

    return coverage


@pytest.mark.parametrize(("further_score", "covered"), [(1.0, True), (2.0, False)])
def test_the_further_draws_are_none_of_the_study_s_and_say_whether_the_interval_holds(
    coverage, monkeypatch, further_score, covered
):
    drawn = []

    def evaluate(spec, replicate):
        further = replicate.phase == "confirm" and replicate.index >= 25
        if further:
            drawn.append(replicate.index)
        wave = 0.1 * np.cos(np.pi * replicate.index)  # its mean over an even number of draws is 0
        value = (further_score if further else 1.0 + 0.01 * spec.latent_dim) + wave
        return Result(metrics={name: value * unit for name, unit in ERRORS.items()}, started=0.0)

    scale = Attainable(ERRORS, ERRORS, "gaussian", 2000)
    monkeypatch.setattr(studies, "begin_attainable", lambda definition, workers: lambda _: scale)
    definition = replace(load(FOLDER / "coverage" / "coverage.toml"), trials=4)
    found = coverage.outcome(definition, 6, evaluated_by(evaluate))
    assert drawn == list(range(25, 31))
    assert found.further == pytest.approx(further_score)
    assert found.further_error == pytest.approx(0.1 * np.sqrt(6 / 5) / np.sqrt(6))
    assert found.covered is covered
    assert found.low < found.confirmed < found.high


def test_the_study_of_coverage_is_that_of_the_shipped_question_but_small():
    definition = load(FOLDER / "coverage" / "coverage.toml")
    assert definition.confirm_replicates == 25
    assert definition.data_set == load(FOLDER.parent / "studies" / "gaussian.toml").data_set


def test_a_search_is_told_what_is_seen_and_judged_by_what_is_worth(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER / "search"))
    import search

    monkeypatch.setattr(search, "CONFIRMED", 1)
    monkeypatch.setattr(search, "LUCK", 1.0)
    asked = []

    def surrogate(values):
        asked.append(values["latent_dim"])
        return float(values["latent_dim"])

    outcome = search.search(surrogate, "random", seed=0)
    seen = np.array(asked) * np.exp(np.random.default_rng(0).standard_normal(200))
    for length in search.LENGTHS:
        assert outcome[f"{length} trials"] == asked[seen[:length].argmin()]
    assert outcome["above 1.5"] == np.mean(np.array(asked) > 1)


def test_a_race_of_recorded_scores_ends_early_for_the_hopeless_alone(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER / "coverage"))
    import races

    rows = races.recorded()["gaussian, 16 trials"]
    got = races.races(rows, 3, 0)
    best, worst = rows.mean(axis=1).argmin(), rows.mean(axis=1).argmax()
    assert got.shape == (3, len(rows))
    assert set(got[:, best]) == {races.DRAWS}
    assert set(got[:, worst]) == {10}


def test_what_is_worse_is_told_and_what_is_as_good_is_not(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER / "power"))
    import power

    random = np.random.default_rng(0)
    scores = random.normal(1.0, 0.1, size=(200, 25, len(power.GENERATORS)))
    scores[:, :, list(power.GENERATORS).index("spread 1.2")] += 0.2
    told = power.told(scores)
    assert told.pop("spread 1.2") > 0.99
    critical = told.pop("critical t")
    assert 1.7 < critical < 2.5, "2.06 of 24 degrees of freedom"
    assert max(told.values()) < 0.08, "one-sided, so half of the level"
    train = random.normal(size=(67, 2))
    draws = {name: generate(train, random) for name, generate in power.GENERATORS.items()}
    assert np.std(draws["spread 0.8"]) < 0.9 * np.std(draws["fit"])
    known, less = (np.corrcoef(draws[name].T)[0, 1] for name in ("fit", "correlation 0.2 less"))
    assert less == pytest.approx(known - 0.2, abs=0.1)
