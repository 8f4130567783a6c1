"""Records that earlier versions wrote are read, and gone on with.

first_record/ (of 995f308), second_record/ (of fbca7a3, the last whose records have no number of their format),
third_record/ (of 290dd2e, the last of format 1, before networks were parts) and fourth_record/ (of 032704e, format 2,
before the baseline behind score 1 was chosen by the whole score) each hold a study file, the journal that
`vaebench run` of that version made of it, and the CSV that its `vaebench leaderboard` wrote.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from cheap_evaluations import cheap
from small_studies import Heard, evaluated_by, none_at_all

from vaebench.files import study_names
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.results.summary import summary
from vaebench.rows import ANY_VALUES
from vaebench.search.run import run
from vaebench.search.store import RecordStore
from vaebench.study.file import load
from vaebench.study.records import StudyRecord
from vaebench.study.replicate import DEFAULTS

HERE = Path(__file__).parent
NAMES = ("first", "second", "third", "fourth")
SCORE_1 = (
    "Score 1 is what can be expected of true_family, 2000 draws, standard errors 0.9%, 1.7%, 1.7% "
    "(ks, mean_error, std_error)."
)

TRIED_NEXT = [(1, 10.0, 1664541219064948), (3, 0.1, 7165232146142527)]
"""latent_dim, learning rate and seed of trials 6 and 7, when each version went on to four trials of each arm."""


def kept(name: str, file: str) -> Path:
    return HERE / f"{name}_record" / file


def lines_of(name: str) -> list[str]:
    return kept(name, "journal.log").read_text().splitlines(keepends=True)


def home_with(folder: Path, lines: Sequence[str], name: str = "first") -> Path:
    """Return `folder` as a home with a record of these lines."""
    journal = folder / "studies" / name / "journal.log"
    journal.parent.mkdir(parents=True)
    journal.write_text("".join(lines))
    return folder


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path, name: str) -> Path:
    return home_with(tmp_path, lines_of(name), name)


def record_in(home: Path) -> StudyRecord:
    (name,) = study_names(home)
    return RecordStore.open(home, name).record()


def frame_in(home: Path) -> pd.DataFrame:
    return leaderboard(standings(record_in(home)))


def check_leaderboard(home: Path) -> None:
    """Check that the leaderboard is the one that its version wrote, bit by bit."""
    file = home / "leaderboard.csv"
    frame_in(home).to_csv(file, index=False)
    now, then = (
        pd.read_csv(path, float_precision="round_trip").drop(columns=["mlflow_run_id", "far_off"], errors="ignore")
        for path in (file, kept(*study_names(home), "leaderboard.csv"))
    )
    pd.testing.assert_frame_equal(now, then, check_exact=True)


def test_the_record_holds_all_that_a_record_can(home: Path) -> None:
    record = record_in(home)
    statuses = frame_in(home).query("kind == 'trial'")["status"]
    assert statuses.value_counts().to_dict() == {"confirmed": 2, "searched": 2, "pruned": 1, "failed": 1}
    assert {trial.arm for trial in record.trials if trial.confirmation} == {"variant=ae", "variant=vae"}
    assert all(trial.diagnosis and trial.diagnosis.findings for trial in record.trials if trial.confirmation)


def test_its_leaderboard_is_the_same(home: Path) -> None:
    check_leaderboard(home)


def test_it_says_the_same_of_score_1(home: Path) -> None:
    assert SCORE_1 in summary(standings(record_in(home)))


def test_with_the_same_study_file_there_is_nothing_to_do(home: Path, name: str) -> None:
    before, heard = record_in(home), Heard()
    assert run(load(kept(name, f"{name}.toml")), home=home, executors=none_at_all, observer=heard) == before
    assert (heard.idle, heard.numbers, heard.confirmations) == (1, [], [])
    assert record_in(home) == before


def test_with_more_trials_it_goes_on_with_what_its_version_would_have_tried(home: Path, name: str) -> None:
    before, heard = record_in(home), Heard()
    after = run(
        load(kept(name, f"{name}.toml")),
        home=home,
        executors=evaluated_by(cheap),
        observer=heard,
        trials=4,
        confirm=False,
    )
    assert (heard.targets, heard.numbers) == ([8], [6, 7])
    assert after.trials[:6] == before.trials
    assert (after.attainable, after.baselines) == (before.attainable, before.baselines)
    assert [trial.arm for trial in after.trials[6:]] == ["variant=ae", "variant=vae"]
    tried = [
        (trial.params["latent_dim"], trial.params["learning_rate"], trial.params["seed"]) for trial in after.trials[6:]
    ]
    assert tried == TRIED_NEXT
    assert record_in(home) == after


def test_killed_between_the_two_writes_of_what_is_attainable_it_is_still_read(tmp_path: Path) -> None:
    home = home_with(tmp_path, [line for line in lines_of("first") if '"attainable_by"' not in line])
    check_leaderboard(home)
    said = summary(standings(record_in(home)))
    assert said[0].startswith("Best: trial 3 (vae), score ")
    assert not any(line.startswith("Score 1 ") for line in said), "nobody knows of whom"
    assert run(load(kept("first", "first.toml")), home=home, executors=none_at_all) == record_in(home)


def test_killed_right_there_it_goes_on(tmp_path: Path) -> None:
    lines = lines_of("first")
    cut = next(number for number, line in enumerate(lines) if '"attainable_by"' in line)
    home = home_with(tmp_path / "killed", lines[:cut])
    attainable = record_in(home).attainable
    assert attainable.metrics == record_in(home_with(tmp_path / "whole", lines)).attainable.metrics
    assert frame_in(home).empty
    record = run(load(kept("first", "first.toml")), home=home, executors=evaluated_by(cheap))
    assert len(record.trials) == 6
    assert record.attainable == attainable
    assert summary(standings(record))


LEAVING_OUT = """
[study]
name = "least"
trials = 2
replicates = 1
batch = 1

[data]
distribution = { name = "norm", loc = 100, scale = 10 }

[evaluation]
generated = 50
true = 50

[search]
latent_dim = { int = [1, 42] }

[compare]
variant = ["ae", "vae"]

[confirm]
top = 0
"""


def chosen_in(record: StudyRecord) -> list[tuple[object, object, object]]:
    names = ("variant", "latent_sampler", "variant.vae.beta")
    return [tuple(trial.params.get(name) for name in names) for trial in record.trials]  # type: ignore[misc]


def test_what_its_study_file_leaves_out_stays_as_it_was_when_it_began(tmp_path: Path) -> None:
    file = tmp_path / "least.toml"
    file.write_text(LEAVING_OUT)
    now = [("ae", "gmm", None), ("vae", "gmm", 0.1)]
    assert chosen_in(run(load(file), home=tmp_path, executors=evaluated_by(cheap))) == 2 * now
    (journal,) = tmp_path.glob("studies/*/journal.log")
    before = journal.read_text().replace('"learn_support":true', '"rows":100').replace(f'"defaults":{DEFAULTS},', "")
    journal.write_text("".join(line for line in before.splitlines(keepends=True) if '"op_code":4' not in line))
    heard = Heard()
    record = run(load(file), home=tmp_path, executors=evaluated_by(cheap), observer=heard)
    assert heard.numbers == [0, 1, 2, 3]
    assert chosen_in(record) == 2 * [("ae", "prior", None), ("vae", "prior", 1.0)]
    assert (record.definition.defaults, record.definition.support) == (1, ANY_VALUES)
    assert run(load(file), home=tmp_path, executors=none_at_all) == record
