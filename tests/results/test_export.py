"""Files of a leaderboard or of rows, in every format, whole or not at all."""

import json
import os
import threading

import numpy as np
import pandas as pd
import pytest
from hand_made import many_digits
from hypothesis import given, settings
from hypothesis import strategies as st
from unprivileged import unprivileged

from vaebench.errors import InputError
from vaebench.results.export import write
from vaebench.results.leaderboard import COLUMNS, leaderboard
from vaebench.results.standings import standings


@pytest.fixture
def frame():
    return leaderboard(standings(many_digits()), {3: "abc"})


def test_csv_reads_back_exactly(frame, tmp_path):
    write(frame, tmp_path / "leaderboard.csv", ".csv")
    read = pd.read_csv(tmp_path / "leaderboard.csv", float_precision="round_trip", dtype=frame.dtypes.to_dict())
    pd.testing.assert_frame_equal(read, frame.where(frame.notna(), np.nan), check_exact=True)
    assert list(read.columns[: len(COLUMNS)]) == list(COLUMNS)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_csv_keeps_every_bit_of_a_float(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("bits") / "rows.csv"
    write(pd.DataFrame({"x": values}), path, ".csv")
    assert pd.read_csv(path, float_precision="round_trip")["x"].tolist() == values


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_spreadsheets_run_is_defused(start, tmp_path):
    frame = pd.DataFrame({"text": [f"{start}1+1", "a=1", None], "number": [-1.5, -2.0, 1e-300], "int": [-1, 2, 3]})
    frame[f"{start}1+1"] = 1
    write(frame, tmp_path / "x.csv", ".csv")
    read = pd.read_csv(tmp_path / "x.csv", float_precision="round_trip")
    assert read["text"].tolist()[:2] == [f"'{start}1+1".replace("\r", "\n"), "a=1"]
    assert pd.isna(read["text"][2])
    assert read["number"].tolist() == [-1.5, -2.0, 1e-300]
    assert read["int"].tolist() == [-1, 2, 3]
    assert read.columns[3] == f"'{start}1+1".replace("\r", "\n")
    assert frame["text"][0] == f"{start}1+1", "the caller's frame is left as it is"


def test_json_holds_records_with_every_bit(frame, tmp_path):
    write(frame, tmp_path / "x.json", ".json")
    records = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert len(records) == len(frame)
    assert list(records[0]) == list(frame.columns)
    for row, (_, expected) in zip(records, frame.iterrows(), strict=True):
        for name, value in row.items():
            assert value == expected[name] if value is not None else pd.isna(expected[name])
    assert any(row["tied_with_best"] is True for row in records)
    assert {type(row["rank"]) for row in records} == {int, type(None)}


def test_parquet_keeps_types(frame, tmp_path):
    write(frame, tmp_path / "x.parquet", ".parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "x.parquet"), frame)


def test_markdown_is_a_table_of_the_first_columns(frame, tmp_path):
    frame.loc[0, "study"] = "a|b\nc"
    write(frame, tmp_path / "x.md", ".md")
    lines = (tmp_path / "x.md").read_text(encoding="utf-8").splitlines()
    columns = [*COLUMNS, "metric.search_score", "diagnosis"]
    assert lines[0] == f"| {' | '.join(columns)} |"
    assert len(lines) == 2 + len(frame)
    assert "a\\|b c" in lines[2]
    assert f"{frame['score'][1]:.4g}" in lines[3]
    assert {line.replace("\\|", "").count("|") for line in lines} == {len(columns) + 1}


def test_markdown_of_other_rows_has_their_columns(tmp_path):
    write(pd.DataFrame({"x": [1.0], "y|z": [2]}), tmp_path / "x.md", ".md")
    assert (tmp_path / "x.md").read_text(encoding="utf-8") == "| x | y\\|z |\n| --- | --- |\n| 1 | 2 |\n"


@pytest.mark.parametrize("format", [".csv", ".json", ".md", ".parquet"])
def test_a_file_is_replaced_whole(format, frame, tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    reader = path.open()
    write(frame, path, format)
    assert reader.read() == "old", "who reads the old file is not disturbed"
    reader.close()
    assert os.listdir(tmp_path) == ["x"]
    assert path.stat().st_size > 100


def test_a_failing_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(pd.DataFrame({"x": [float("inf")]}), path, ".json")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write(pd.DataFrame({"x": [1]}), tmp_path / "link.csv", ".csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "x\n1\n"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write(pd.DataFrame({"x": [1]}), pipe, ".csv")
    reader.join()
    assert read == ["x\n1\n"]
    assert pipe.is_fifo()


def test_wrong_places_are_bad_input(frame, tmp_path):
    missing = tmp_path / "no" / "x.csv"
    with pytest.raises(InputError, match=r"cannot write .*x\.csv: the folder .*no does not exist"):
        write(frame, missing, ".csv")
    with pytest.raises(InputError, match="it is a folder"):
        write(frame, tmp_path, ".csv")
    with pytest.raises(InputError, match=r"its name must end in \.csv, \.json, \.md, \.parquet"):
        write(frame, tmp_path / "x", "cvs")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"cannot write .*: File name too long"):
        write(frame, tmp_path / ("x" * 300), ".csv")
    assert os.listdir(tmp_path) == []


def test_a_folder_without_permission_is_bad_input(frame, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        unprivileged(lambda: write(frame, tmp_path / "x.csv", ".csv"))
