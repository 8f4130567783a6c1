"""A study of a file with several columns, several objectives and [compare], through every command."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import invoke
from whole_studies import QUICK, few_draws, new_study

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]


def test_several_columns_several_objectives_and_a_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_draws(monkeypatch, tmp_path / "cache")
    random = np.random.default_rng(0)
    rows = random.multivariate_normal([5, -300], [[1, 20], [20, 900]], size=60)
    pd.DataFrame(rows, columns=["height", "depth, m"]).to_csv(tmp_path / "rows.csv", index=False)
    text = re.sub(r"\[data\].*\[evaluation\]", '[data]\nfile = "rows.csv"\n\n[evaluation]', QUICK, flags=re.S)
    text = text.replace("trials = 2", 'trials = 3\nobjectives = ["score", "correlation_error"]')
    pairs = new_study(tmp_path, text + '\n[compare]\nscaling = ["standard", "minmax"]\n')

    said = invoke("check", pairs.study, "--trials", 2).stdout
    assert "2 trials of each of 2 arms x 1 replicates: at most 4 fits" in said
    assert "scaling=minmax: " in said
    assert "height, depth, m" in said
    kept = "kept of these rows, a saved generator may hold each column's smallest and largest value (scaling minmax)"
    assert kept in " ".join(said.split())

    result = invoke("run", pairs.study, "--home", pairs.home, "--workers", 0)
    assert " searching: 0 of 6 trials done, 3 for each of 2 arms\n" in result.stderr
    assert "each trial is scored against only 10 true samples" in result.stderr
    frame = pairs.leaderboard()
    trials = frame[frame["kind"] == "trial"]
    assert trials["arm"].value_counts().to_dict() == {"scaling=standard": 3, "scaling=minmax": 3}
    assert (trials["arm"] == "scaling=" + trials["param.scaling"]).all()
    values = trials[["score", "metric.correlation_error"]].to_numpy()
    beaten = [((values <= pair).all(axis=1) & (values < pair).any(axis=1)).any() for pair in values]
    assert trials["pareto_front"].tolist() == [not some for some in beaten]

    content = (tmp_path / "rows.csv").read_bytes()
    for command in (["generate", "-o"], ["report", "-o"], ["leaderboard", "--csv"]):
        target = tmp_path / "." / "rows.csv"
        refused = invoke(command[0], "small", "--home", pairs.home, command[1], target, status=2)
        assert "rows.csv: study 'small' has its rows from there" in refused.stderr
    assert (tmp_path / "rows.csv").read_bytes() == content

    pairs.generate("-n", 500)
    asked = "generate", "small", "--home", pairs.home, "-o", tmp_path / "again.csv", "--trial"
    rest = set(trials["trial"].astype(int)) - {int(path.name) for path in pairs.home.glob("studies/small/generators/*")}
    other = min(rest, default=0)
    said = invoke(*asked, other)
    assert "It generates as fitted to all 60 rows of the file; scores are of fits to 40 of them." in said.stdout
    assert said.stderr == f"fitting trial {other} again, since its generator is not kept ...\n" * bool(rest)
    assert invoke(*asked, other).stderr == "", "it is kept now"
    generated = pd.read_csv(tmp_path / "new.csv")
    assert list(generated.columns) == ["height", "depth, m"]
    assert generated.shape == (500, 2)
    spread = np.abs(generated.mean().to_numpy() - rows.mean(axis=0)) / rows.std(axis=0)
    assert (spread < 3).all(), "in the data's own units, in which zero is 5 and 10 standard deviations away"
