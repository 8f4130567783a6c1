"""Study files, data files and records from a stranger: reading them runs no code and opens nothing elsewhere."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hand_made import trial

from vaebench.errors import InputError
from vaebench.files import JOURNAL, study_folder, write_output
from vaebench.search.lock import lock
from vaebench.search.store import RecordStore
from vaebench.study.file import load
from vaebench.study.records import Attainable
from vaebench.tracking.discard import discard
from vaebench.tracking.store import artifact_root, database

ROOT = Path(__file__).parents[2]
CALL = "__import__('os').system('touch /tmp/vaebench-was-here')"
STUDY = (
    '[study]\nname = "study"\nquestion = {question}\n[data]\nfile = {file}\n[search]\nlatent_dim = {{ int = [1, 8] }}\n'
)
HARMLESS = ("a", "b", "c")
HOSTILE = ('=HYPERLINK("http://evil.example")', "<script>alert(1)</script>", "../../../../tmp/outside")


REFUSED = ("cauchy.toml", "loss.toml")


class Payload:
    """What a pickle can do."""

    def __reduce__(self):
        return os.system, ("touch /tmp/vaebench-was-here",)


def write_study(folder: Path, columns: tuple[str, ...], question: str) -> None:
    """Write a CSV, a study of it and a record of that study, with two trials."""
    folder.mkdir()
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(120, len(columns))), columns=list(columns))
    rows.to_csv(folder / "rows.csv", index=False)
    rows.to_parquet(folder / "rows.parquet", index=False)
    (folder / "study.toml").write_text(STUDY.format(question=json.dumps(question), file='"rows.csv"'))
    (folder / "parquet.toml").write_text(STUDY.format(question='"?"', file='"rows.parquet"'))
    (folder / "norm.toml").write_text('[study]\nname = "norm"\n[data]\ndistribution = { name = "norm" }\n')
    (folder / "cauchy.toml").write_text('[study]\nname = "norm"\n[data]\ndistribution = { name = "cauchy" }\n')
    (folder / "loss.toml").write_text('[study]\nname = "norm"\n[data]\nfile = "rows.csv"\n[fixed]\nloss = "none"\n')
    definition = load(folder / "study.toml")
    with lock(folder / "runs", "study"):
        store = RecordStore.create_or_open(folder / "runs", definition)
        store.set_attainable(Attainable({"ks": 0.05, "mean_error": 1.0, "std_error": 0.5}))
        from optuna.trial import create_trial

        for number, reason in enumerate([1.0, None]):
            record = trial(number, [reason])
            store.add(create_trial(value=1.0), record, None if reason is None else (1.0,))


def poison(folder: Path) -> None:
    """Put code wherever text can stand."""
    name = json.dumps(CALL)
    data = '[data]\n{}\n[study]\nname = "x"\n'
    for number, text in enumerate(
        [
            data.format(f"distribution = {{ name = {name} }}"),
            data.format('distribution = { name = "__class__" }'),
            data.format('distribution = { name = "rv_continuous" }'),
            data.format(f'file = "rows.csv"\n[fixed]\nvariant = {name}'),
            data.format('file = "rows.csv"\n[fixed]\nloss = "..hand_made"'),
            data.format('file = "rows.csv"\n[fixed]\nlatent_sampler = "os"'),
            data.format('"os.path" = "rows.csv"'),
            data.format('file = { path = "rows.csv", columns = ["__reduce__"] }'),
            f'[study]\nname = {name}\n[data]\nfile = "rows.csv"\n',
            '[study]\nname = "../../outside"\n[data]\nfile = "rows.csv"\n',
            STUDY.format(question="1", file='"rows.pkl"'),
            STUDY.format(question='"?"', file='"evil.parquet"'),
            STUDY.format(question='"?"', file='"pickled.parquet"'),
            STUDY.format(question='"?"', file='"pickled.csv"'),
            STUDY.format(question='"?"', file='"|touch /tmp/vaebench-was-here"'),
            STUDY.format(question='"?"', file='"http://127.0.0.1:9/rows.csv"'),
        ]
    ):
        (folder / f"hostile{number}.toml").write_text(text)
    payload = pickle.dumps(Payload())
    (folder / "rows.pkl").write_bytes(payload)
    (folder / "pickled.csv").write_bytes(payload)
    (folder / "pickled.parquet").write_bytes(payload)
    field = pa.field(
        "a",
        pa.float64(),
        metadata={"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": payload},
    )
    pq.write_table(
        pa.table([pa.array([row * row for row in range(50)], pa.float64())], schema=pa.schema([field])),
        folder / "evil.parquet",
    )
    study = folder / "runs" / "studies" / "study"
    (study / "mlflow.json").write_bytes(payload)
    (study / "generator.pickle").write_bytes(payload)
    lines = (study / JOURNAL).read_text().replace("loss is NaN", f"{CALL} {{{{7*7}}}} {{% import os %}} loss is NaN")
    (study / JOURNAL).write_text(lines)


def test_reading_what_a_stranger_wrote_runs_nothing(tmp_path: Path) -> None:
    write_study(tmp_path / "harmless", HARMLESS, "?")
    write_study(tmp_path / "hostile", HOSTILE, "{{ 7 * 7 }} <script>alert(1)</script>")
    poison(tmp_path / "hostile")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "tests/safety/watched.py"), str(tmp_path / "harmless"), str(tmp_path / "hostile")],
        capture_output=True, text=True, env=environment, timeout=600, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert said["found"] == []
    for name, (status, exception, output) in said["outcomes"].items():
        wrong = name in REFUSED or "outside" in name or (name.startswith("hostile") and name != "hostile11.toml")
        assert (name, status) == (name, 2 if wrong else 0), output
        assert exception == ("SystemExit" if wrong else "NoneType"), output
    assert not Path("/tmp/vaebench-was-here").exists()
    report = (tmp_path / "hostile" / "report.html").read_text()
    assert "<script>" not in report
    assert "{{ 7 * 7 }}" in report
    board = pd.read_csv(tmp_path / "hostile" / "board.csv")
    assert not any(str(name).startswith(("=", "+", "-", "@")) for name in board)


LINKS = ["runs/studies", "runs/studies/study", f"runs/studies/study/{JOURNAL}", "runs/studies/study/mlflow.json"]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_out_of_the_home_is_refused_and_what_it_points_to_is_left(tmp_path: Path, link: str) -> None:
    write_study(tmp_path / "work", HARMLESS, "?")
    home, outside = tmp_path / "work" / "runs", tmp_path / "outside"
    (tmp_path / "work" / "runs" / "studies" / "study" / "mlflow.json").write_text("{}")
    path = tmp_path / "work" / link
    path.rename(outside)
    path.symlink_to(outside)
    before = {file: file.read_bytes() for file in outside.rglob("*") if file.is_file()} or outside.read_bytes()
    definition = load(tmp_path / "work" / "study.toml")
    for use in (
        lambda: RecordStore.open(home, "study"),
        lambda: RecordStore.create_or_open(home, definition),
        lambda: discard(home, definition),
    ):
        with pytest.raises(InputError, match="is a link out of"):
            use()
    assert (
        {file: file.read_bytes() for file in outside.rglob("*") if file.is_file()} or outside.read_bytes()
    ) == before


def test_mlflows_files_stay_in_the_home_too(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    home = tmp_path / "real"
    home.mkdir()
    (tmp_path / "home").symlink_to(home)  # a home that is a link is the user's own choice
    assert study_folder(tmp_path / "home", "x") == tmp_path / "home" / "studies" / "x"
    for name, found in (("mlflow.db", database), ("artifacts", artifact_root)):
        assert found(tmp_path / "home") == tmp_path / "home" / name
        (home / name).symlink_to(tmp_path / "outside" / name)
        with pytest.raises(InputError, match="is a link out of"):
            found(tmp_path / "home")


def test_an_output_that_is_a_link_is_written_where_it_points(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "out.csv").symlink_to(tmp_path / "there" / "real.csv")
    write_output(tmp_path / "out.csv", lambda part: part.write_text("x"))
    assert (tmp_path / "there" / "real.csv").read_text() == "x"
