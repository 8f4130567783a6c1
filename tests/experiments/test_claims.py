"""The machinery of the claims: fits are shared, a torn store is gone on with, every page is what its results say."""

import dataclasses
import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from vaebench.study.file import load, read
from vaebench.study.records import BaselineRecord, Result, StudyRecord, TrialRecord
from vaebench.trial.evaluate import evaluate

ROOT = Path(__file__).parents[2]
STUDY = {
    "study": {"name": "tiny", "sampler": "grid", "replicates": 2},
    "data": {"distribution": {"name": "norm", "loc": 100, "scale": 10}},
    "evaluation": {"generated": 300, "true": 300},
    "fixed": {"encoder": [8], "decoder": [8], "batch_size": 16, "epochs": 40, "variant": "ae"},
    "search": {
        "latent_dim": {"choice": [1, 2]},
        "decoder_noise": {"choice": [False, True]},
        "latent_sampler": {"one_of": {"prior": {}, "gaussian": {"scale": {"choice": [1.0, 2.0]}}}},
    },
}


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def kit(name: str) -> ModuleType:
    return importlib.import_module(f"experiments.claims_kit.{name}")


def names() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "experiments").glob("*/claim.py"))


@pytest.fixture
def cells(monkeypatch):
    """Return the cells of a tiny study: 2 fits, 6 ways to generate from each, and a baseline."""
    tiny = kit("experiment").Experiment(
        title="", about="", claims=(), full=None, judge=None, table=None, picture=None, caption="", minutes=0,
        baselines=("kde",), extra=None,
    )  # fmt: skip
    monkeypatch.setattr(kit("measure"), "experiment", {"tiny": tiny}.get)
    return list(kit("cells").grid("", read(STUDY, Path()), tiny))


def test_cells_that_share_a_fit_have_the_numbers_of_separate_fits(cells):
    groups = kit("cells").fits(cells)
    assert [len(group) for group in groups] == [6, 6, 1]
    replicate = cells[0].definition.replicate("search", 1)
    for group in groups[:2]:
        specs = [cell.spec for cell in group]
        measured = kit("measure").measure_fit(specs, replicate)
        assert measured == [evaluate(spec, replicate).metrics for spec in specs]
        assert len({metrics["ks"] for metrics in measured}) > 3


def test_what_a_kill_left_is_gone_on_with(cells, tmp_path, monkeypatch):
    path = tmp_path / "of" / "tiny.jsonl"
    measure = kit("measure")
    measure.measure_missing("tiny", cells, path, workers=0)
    whole = measure.stored(path)
    assert len(whole) == 13 * 2
    frame = kit("frame").of_cells(cells, whole)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:15]) + lines[15][:-20])
    measured, original = [], measure._measure
    monkeypatch.setattr(measure, "_measure", lambda name, plan: measured.append(plan) or original(name, plan))
    measure.measure_missing("tiny", cells, path, workers=0)
    assert [len(specs) for specs, _, _ in measured] == [3, 6, 0, 0], "what is kept is not measured again"
    again = kit("frame").of_cells(cells, measure.stored(path))
    pd.testing.assert_frame_equal(again, frame)
    varying = {"baseline", "latent_sampler", "latent_sampler.gaussian.scale", "latent_dim", "decoder_noise"}
    assert varying <= {*frame.columns}
    assert not {"rows", "form", "epochs", "reason", "seed"} & {*frame.columns}


def test_results_are_stored_and_read_as_they_are(cells, tmp_path, monkeypatch):
    frames = kit("frame")
    monkeypatch.setattr(frames, "FOLDER", tmp_path)
    (tmp_path / "tiny").mkdir()
    measured = {(cell.key, draw): {"ks": 0.1 * draw, "std_ratio": 1.0} for cell in cells[:3] for draw in range(2)}
    measured[cells[0].key, 0] = {"reason": "it broke, down"}
    frame = frames.of_cells(cells, measured)
    frames.write("tiny", frame)
    first = frames.path_of("tiny").read_bytes()
    pd.testing.assert_frame_equal(frames.read("tiny"), frame)
    frames.write("tiny", frame)
    assert frames.path_of("tiny").read_bytes() == first


def test_verdicts_are_paired_by_draw_and_corrected_for_how_many_there_are():
    verdicts = kit("verdicts")
    draws = pd.Series(range(20)) % 5
    noise = pd.Series([0.01, -0.01] * 10)
    found = verdicts.compared({"equal": (draws + noise, draws), "lower": (draws - 0.1 + noise, draws)})
    assert (found["lower"].lower, found["lower"].higher) == (True, False)
    assert not found["equal"].lower
    assert not found["equal"].higher
    assert found["lower"].difference.high < 0
    assert verdicts.holm({"a": 0.02, "b": 0.02, "c": 0.5}) == pytest.approx({"a": 0.06, "b": 0.06, "c": 0.5})
    frame = pd.DataFrame({"draw": [0, 0, 1, 1, 2, 2], "a": [1, 2] * 3, "ks": [1.0, 3.0, 5.0, None, 2.0, 2.0]})
    assert verdicts.by_draw(frame, "ks").tolist() == [2.0, 2.0], "a draw on which a cell failed counts for none"
    assert verdicts.by_draw(frame, "ks", {"a": 1}).tolist() == [1.0, 5.0, 2.0]
    with pytest.raises(ValueError, match="no cell"):
        verdicts.by_draw(frame, "ks", {"a": 3})
    assert [verdicts.word(*parts) for parts in ((True, True), (True, False), (False,))] == [
        "holds", "holds partly", "does not hold",
    ]  # fmt: skip


@pytest.mark.parametrize("name", names())
def test_a_study_is_valid_in_both_forms_and_named_as_its_folder(name):
    folder = ROOT / "experiments" / name
    short = load(folder / "study.toml")
    assert (short.name, short.sampler, short.confirm_top) == (name, "grid", 0)
    full = kit("cells").cells_of(name)
    assert min(cell.definition.replicates for cell in full) >= 25
    assert len({(cell.form, cell.key) for cell in full}) == len(full)
    assert all(arm.space.size <= short.trials for arm in short.arms), "the short form is the whole grid"


@pytest.mark.parametrize("name", ["moments", "scale"])
def test_a_short_form_is_judged_as_the_full_one_is_whatever_baselines_a_study_has(name):
    definition, of = load(ROOT / "experiments" / name / "study.toml"), kit("experiment").experiment(name)
    random = np.random.default_rng(0)
    metrics = ("ks", "mean_error", "std_error", "std_ratio", "generated_mean")

    def results() -> tuple[Result, ...]:
        return tuple(Result(metrics=dict(zip(metrics, random.random(5), strict=True))) for _ in range(6))

    specs = [cell.spec for cell in kit("cells").grid("", definition, of)]
    trials = tuple(TrialRecord(number, spec.flat(), results(), 0.0, 1.0) for number, spec in enumerate(specs))
    record = StudyRecord(definition, trials=trials, baselines=(BaselineRecord("kde", "baseline", results()),))
    verdicts = of.judge(kit("frame").of_record(record, of.baselines))
    assert [verdict.claim for verdict in verdicts] == [claim.id for claim in of.claims]


def test_every_page_is_what_its_stored_results_say():
    assert kit("pages").drifted() == []


def test_a_page_that_was_edited_has_drifted(monkeypatch):
    pages = kit("pages")
    path = ROOT / "experiments" / "README.md"
    monkeypatch.setattr(pages, "pages", lambda: {path: f"{path.read_text()}edited"})
    assert pages.drifted() == [path]


def test_what_several_forms_have_in_common_is_measured_once(cells):
    groups = kit("cells").fits([*cells, *(dataclasses.replace(cell, form="again") for cell in cells)])
    assert [len(group) for group in groups] == [6, 6, 1]


def test_a_score_is_in_units_of_the_baseline_in_the_same_form():
    metrics = {"ks": [0.1, 0.3, 0.2, 1.0], "mean_error": [1.0, 3.0, 6.0, 1.0], "std_error": [0.5, 1.5, 1.0, 4.0]}
    frame = pd.DataFrame({"form": ["a", "a", "a", "b"], "baseline": ["kde", "kde", "", "kde"], **metrics})
    scored = kit("scores").scored(frame, "kde")["score"]
    assert scored.tolist() == pytest.approx([0.5, 1.5, (1 + 3 + 1) / 3, 1.0])
    assert kit("scores").scored(frame.drop(columns="form").head(3), "kde")["score"].tolist() == pytest.approx(
        scored[:3]
    )
