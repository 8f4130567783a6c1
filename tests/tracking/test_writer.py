"""A trial, a baseline and the noise floor are each one complete run, whatever happened in between."""

from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import START
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from stored import nested

from vaebench.results.standings import standings
from vaebench.tracking.runs import curve_points, trial_run
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date
from vaebench.tracking.writer import StudyRuns, common_tags


def test_a_trial_is_one_complete_nested_run(home: Path) -> None:
    written_trial = trial(3)
    written = bring_up_to_date(home, standings(study([written_trial])), {})
    assert written.warning is None
    client = open_client(home)
    run = client.get_run(written.run_ids[3])
    assert run.info.run_name == "trial 3 · vae · mse · gaussian"
    assert (run.info.start_time, run.info.end_time, run.info.status) == (
        int((START + 30) * 1000),
        int((START + 34.5) * 1000),
        "FINISHED",
    )
    assert run.data.params == {
        "variant": "vae",
        "loss": "mse",
        "latent_sampler": "gaussian",
        "latent_sampler.gaussian.scale": "1.25",
        "latent_dim": "4",
        "encoder": "[200, 200, 50]",
        "learning_rate": "0.001",
        "batch_norm": "false",
    }
    # ks of the two replicates: 0.06 and 0.07; mean error 1.2, std error 0.84; attainable 0.05, 1.0, 0.7
    expected = {"ks": 0.065, "mean_error": 1.2, "std_error": 0.84, "std_ratio": 0.94, "seconds": 1.0, "epochs": 8}
    expected["score"] = (0.065 / 0.05 + 1.2 / 1.0 + 0.84 / 0.7) / 3
    assert {name: run.data.metrics[name] for name in expected} == pytest.approx(expected)
    for name, curve in written_trial.results[0].curves.items():
        points = client.get_metric_history(run.info.run_id, name)
        assert sorted((point.step, point.value) for point in points) == list(curve)


def test_a_run_is_the_same_as_by_the_calls_of_mlflows_client(home: Path) -> None:
    record = study([trial(3), trial(1, reason="loss is NaN")])
    runs = StudyRuns.open(home, record)
    for described in (trial_run(record, written) for written in record.trials):
        plain = {"vaebench.trial": described.identity, **common_tags()}
        points = [*((name, 0, value) for name, value in described.metrics.items()), *curve_points(described.curves)]
        ids = (
            runs._inserted(described, plain, described.params, points),
            runs._created(described, plain, described.params, points),
        )
        inserted, created = (runs.client.get_run(run_id) for run_id in ids)
        assert inserted.data.to_dictionary() == created.data.to_dictionary()
        without_id = [
            {name: str(value).replace(run_id, "") for name, value in dict(run.info).items()}
            for run, run_id in zip((inserted, created), ids, strict=True)
        ]
        assert without_id[0] == without_id[1]
        for name in created.data.metrics:
            histories = [
                sorted(
                    (point.step, point.timestamp, point.value) for point in runs.client.get_metric_history(run_id, name)
                )
                for run_id in ids
            ]
            assert histories[0] == histories[1]


@pytest.mark.parametrize(("epochs", "kept"), [(0, []), (1, [1]), (5, [1, 2, 3, 4, 5]), (12, [1, 3, 5, 8, 10, 12])])
def test_a_curve_has_few_points_the_last_among_them_and_is_there_once(epochs: int, kept: list[int]) -> None:
    falling = tuple((epoch, 1 / epoch) for epoch in range(1, epochs + 1))
    curves = {"training.reconstruction": falling, "training.total": falling, "validation.total": falling}
    names = ("training.reconstruction", "validation.total")
    assert list(curve_points(curves)) == [(name, epoch, 1 / epoch) for name in names for epoch in kept]


def test_a_failed_trial_says_why(home: Path) -> None:
    written = bring_up_to_date(home, standings(study([trial(0), trial(1, reason="loss is NaN in epoch 3")])), {})
    run = open_client(home).get_run(written.run_ids[1])
    assert run.info.status == "FAILED"
    assert run.data.tags["vaebench.reason"] == "loss is NaN in epoch 3"
    assert "loss is NaN in epoch 3" in run.data.tags["mlflow.note.content"]
    assert "score" not in run.data.metrics


def test_baselines_and_floor_stand_beside_the_trials(home: Path) -> None:
    written = bring_up_to_date(home, standings(study([trial(0)])), {})
    runs = nested(home, written.parent_run_id)
    assert set(runs) == {"trial 0 · ae · mse · gaussian", "baseline · gaussian", "baseline · kde", "noise floor"}
    assert runs["baseline · kde"].data.params == {"variant": "kde"}
    assert runs["noise floor"].data.tags["vaebench.kind"] == "floor"
    assert runs["noise floor"].data.metrics["ks"] == pytest.approx(0.015)


def test_a_half_written_run_is_redone(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0)])), {})
    client = open_client(home)
    tags = {"vaebench.trial": "gaussian/1", "mlflow.parentRunId": first.parent_run_id}
    half = client.create_run(first.experiment_id, start_time=int(trial(1).started * 1000), tags=tags)
    second = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    assert client.get_run(half.info.run_id).info.lifecycle_stage == "deleted"
    runs = nested(home, second.parent_run_id)
    assert len(runs) == 2 + 3
    assert runs["trial 1 · vae · mse · gaussian"].info.status == "FINISHED"


def test_a_fresh_start_replaces_the_trials_of_the_same_number(home: Path) -> None:
    old = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    anew = replace(trial(0), started=START + 500, ended=START + 501)
    new = bring_up_to_date(home, standings(study([anew])), {})
    assert new.run_ids[0] != old.run_ids[0]
    assert sum("trial" in name for name in nested(home, new.parent_run_id)) == 1


def test_awkward_names_and_sizes_are_stored(home: Path) -> None:
    """Columns may be called anything; one call takes 100 params at most; infinity would hide every chart."""
    plain = trial(0)
    awkward = replace(
        plain.results[0], metrics={**plain.results[0].metrics, "ks.Größe (cm)/x": 0.25, "odd": float("inf")}
    )
    params = {**plain.params, **{f"own.{number}": number for number in range(250)}, "empty": "", "long": "x" * 9000}
    written = bring_up_to_date(home, standings(study([replace(plain, results=(awkward,), params=params)])), {})
    assert written.warning is None
    run = open_client(home).get_run(written.run_ids[0])
    assert run.data.metrics["ks.Größe _cm__x"] == 0.25
    assert "odd" not in run.data.metrics
    assert run.data.params["own.249"] == "249"


LABORATORY = (
    "CO %", "CO #", "NO2 (µg/m³)", "NO2 [µg/m³]", "=SUM(A1)", 'a,b "q"', "x.y", "X.Y", "温度",
    *(f"dissolved organic carbon, {'filtered and acidified, ' * 12}series {letter}" for letter in "AB"),
)  # fmt: skip


def test_every_column_has_metrics_and_curves_of_its_own(home: Path) -> None:
    """Columns as a laboratory names them: MLflow's rules would make several of them one."""
    plain = trial(0, confirmed=1)
    own = {f"generated_mean.{name}": float(place) for place, name in enumerate(LABORATORY)}
    named = replace(plain.results[0], metrics={**plain.results[0].metrics, **own})
    record = study([replace(plain, results=(named,), confirmation=(named,))], confirmed=1)
    written = bring_up_to_date(home, standings(record), {})
    assert written.warning is None
    metrics = open_client(home).get_run(written.run_ids[0]).data.metrics
    for prefix in ("generated_mean.", "confirmed.generated_mean."):
        values = [value for name, value in metrics.items() if name.startswith(prefix)]
        assert sorted(values) == list(range(len(LABORATORY)))
