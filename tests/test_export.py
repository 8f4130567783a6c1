import json
import os
import threading

import numpy as np
import pandas as pd
import pytest
from hand_made import baseline, floor, record, trial
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from vaebench.errors import InputError
from vaebench.export import table, write
from vaebench.ranking import COLUMNS, leaderboard


@pytest.fixture
def frame():
    """Return a leaderboard whose figures have many digits."""
    random = np.random.default_rng(0)
    trials = [
        trial(number, random.gamma(2, size=3), random.gamma(2, size=8) if number % 4 == 0 else (), seed=2**61 + number)
        for number in range(12)
    ]
    references = [baseline("gaussian", [1.0, 1 / 3], [2 / 3] * 8), floor([0.1, 0.1], [0.1] * 8)]
    return leaderboard(record(*trials, trial(12, [None]), references=references), {3: "abc"})


def shown(frame: pd.DataFrame, top: int, width: int = 100) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(table(frame, top, width))
    return [line.rstrip() for line in capture.get().splitlines()]


def cells(lines: list[str]) -> list[list[str]]:
    """Return the cells of the table's rows, which end where the notes begin."""
    end = next(place for place, line in enumerate(lines) if line.startswith(("from", "=")))
    return [line.split() for line in lines[2:end] if line]


def test_csv_reads_back_exactly(frame, tmp_path):
    write(frame, tmp_path / "leaderboard.csv", "csv")
    read = pd.read_csv(tmp_path / "leaderboard.csv", float_precision="round_trip", dtype=frame.dtypes.to_dict())
    pd.testing.assert_frame_equal(read, frame.where(frame.notna(), np.nan), check_exact=True)
    assert list(read.columns[: len(COLUMNS)]) == list(COLUMNS)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_csv_keeps_every_bit_of_a_float(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("bits") / "rows.csv"
    write(pd.DataFrame({"x": values}), path, "csv")
    assert pd.read_csv(path, float_precision="round_trip")["x"].tolist() == values


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_spreadsheets_run_is_defused(start, tmp_path):
    frame = pd.DataFrame({"text": [f"{start}1+1", "a=1", None], "number": [-1.5, -2.0, 1e-300], "int": [-1, 2, 3]})
    write(frame, tmp_path / "x.csv", "csv")
    read = pd.read_csv(tmp_path / "x.csv", float_precision="round_trip")
    assert read["text"].tolist()[:2] == [f"'{start}1+1".replace("\r", "\n"), "a=1"]
    assert pd.isna(read["text"][2])
    assert read["number"].tolist() == [-1.5, -2.0, 1e-300]
    assert read["int"].tolist() == [-1, 2, 3]
    assert frame["text"][0] == f"{start}1+1", "the caller's frame is left as it is"


def test_json_holds_records_with_every_bit(frame, tmp_path):
    write(frame, tmp_path / "x.json", "json")
    records = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert len(records) == len(frame)
    assert list(records[0]) == list(frame.columns)
    for row, (_, expected) in zip(records, frame.iterrows(), strict=True):
        for name, value in row.items():
            assert value == expected[name] if value is not None else pd.isna(expected[name])
    assert any(row["tied_with_best"] is True for row in records)
    assert {type(row["rank"]) for row in records} == {int, type(None)}


def test_parquet_keeps_types(frame, tmp_path):
    write(frame, tmp_path / "x.parquet", "parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "x.parquet"), frame)


def test_markdown_is_a_table_of_the_first_columns(frame, tmp_path):
    frame.loc[0, "study"] = "a|b\nc"
    write(frame, tmp_path / "x.md", "markdown")
    lines = (tmp_path / "x.md").read_text(encoding="utf-8").splitlines()
    columns = [*COLUMNS, "metric.search_score", "diagnosis"]
    assert lines[0] == f"| {' | '.join(columns)} |"
    assert len(lines) == 2 + len(frame)
    assert "a\\|b c" in lines[2]
    assert f"{frame['score'][1]:.4g}" in lines[3]
    assert {line.replace("\\|", "").count("|") for line in lines} == {len(columns) + 1}


def test_markdown_of_other_rows_has_their_columns(tmp_path):
    write(pd.DataFrame({"x": [1.0], "y|z": [2]}), tmp_path / "x.md", "markdown")
    assert (tmp_path / "x.md").read_text(encoding="utf-8") == "| x | y\\|z |\n| --- | --- |\n| 1 | 2 |\n"


@pytest.mark.parametrize("format", ["csv", "json", "markdown", "parquet"])
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
        write(pd.DataFrame({"x": [float("inf")]}), path, "json")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write(pd.DataFrame({"x": [1]}), tmp_path / "link.csv", "csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "x\n1\n"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write(pd.DataFrame({"x": [1]}), pipe, "csv")
    reader.join()
    assert read == ["x\n1\n"]
    assert pipe.is_fifo()


def test_wrong_places_are_bad_input(frame, tmp_path):
    missing = tmp_path / "no" / "x.csv"
    with pytest.raises(InputError, match=r"cannot write .*x\.csv: the folder .*no does not exist"):
        write(frame, missing, "csv")
    with pytest.raises(InputError, match="it is a folder"):
        write(frame, tmp_path, "csv")
    with pytest.raises(InputError, match=r"unknown format 'cvs' .*did you mean 'csv'"):
        write(frame, tmp_path / "x", "cvs")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"cannot write .*: File name too long"):
        write(frame, tmp_path / ("x" * 300), "csv")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_bad_input(frame, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        write(frame, tmp_path / "x.csv", "csv")


def test_table_shows_the_top_trials_and_every_reference_in_place(frame):
    lines = shown(frame, 5)
    assert max(map(len, lines)) <= 100
    rows = cells(lines)
    trials = [row for row in rows if row[0].isdigit()]
    assert [int(row[0]) for row in trials] == [1, 2, 3, 4, 5]
    ranked = frame[frame["rank"].notna()]
    assert [int(row[2]) for row in trials] == ranked["trial"].tolist()[:5]
    others = {row[0]: place for place, row in enumerate(rows) if not row[0].isdigit()}
    scored = frame[~(frame["rank"] > 5).fillna(False)].reset_index()
    assert others == {name: int(scored.index[scored["variant"] == name][0]) for name in ("gaussian", "truth")}
    tie = f"= a paired test cannot tell it from trial {ranked['trial'].iloc[0]}"
    assert lines[-3:] == [tie, "7 more trials", "1 failed: loss is NaN in epoch 3"]


def test_a_gap_parts_confirmed_rows_from_searched_ones(frame):
    lines = shown(frame, 5)
    gap = lines.index("")
    confirmed = frame[(frame["status"] == "confirmed") & frame["rank"].notna()]
    ranked = [line for line in lines[2:gap] if line.split()[0].isdigit()]
    assert [int(line.split()[2]) for line in ranked] == confirmed["trial"].tolist()
    for line, searched in zip(ranked, confirmed["metric.search_score"], strict=True):
        assert line.removesuffix(" =").split()[-1] == f"{searched:.2f}"
    assert [line.split()[0] for line in lines[gap + 1 : gap + 3]] == ["4", "5"]
    assert lines[gap + 3].startswith("from gap to gap: confirmed; searched, partly luck")


@pytest.mark.parametrize("width", [70, 80, 96])
def test_a_narrow_table_keeps_ranks_and_figures(width):
    params = {"loss": "binary_cross_entropy", "latent_sampler": "a_long_sampler", "latent_dim": 42}
    trials = [trial(980 + n, [10.0 + n, 900.0], variant="a_variant", **params) for n in range(101)]
    lines = shown(leaderboard(record(*trials)), 101, width)
    assert max(map(len, lines)) <= width
    if width >= 80:
        assert lines[2].split() == ["1", "a_variant", "980", "binary_c…", "a_long_…", "42", *lines[2].split()[6:]]
        assert len(lines[2].split()) == 11, "score, ks, mean error, std error, mark"
        assert lines[102].split()[0] == "101"


def test_an_empty_table_says_so():
    assert shown(leaderboard(record()), 5)[-1] == "no trial yet"


def test_table_fits_100_characters_at_its_widest():
    params = {"loss": "binary_cross_entropy", "latent_sampler": "a_long_sampler", "latent_dim": 42}
    trials = [trial(98_000 + n, [10.0 + n, 900.0], variant="a_very_long_variant", **params) for n in range(1001)]
    lines = shown(leaderboard(record(*trials)), 1001)
    assert max(len(line.rstrip()) for line in lines) <= 100
    last = next(line for line in lines if line.startswith("1001"))
    assert "99000" in last
    assert "binary_c…" in last
    assert last.endswith(" 955 =")


def test_table_marks_the_front_of_several_objectives_only(frame):
    assert "P Pareto front" not in " ".join(shown(frame, 5))
    frame["pareto_front"] = frame["rank"].isin([1, 2]).astype("boolean")
    lines = shown(frame, 5)
    assert [row[-1].endswith("P") for row in cells(lines) if row[0].isdigit()] == [True] * 2 + [False] * 3
    assert "P Pareto front" in " ".join(lines)


def test_table_does_not_read_names_as_markup():
    lines = shown(leaderboard(record(trial(0, [1.0], loss="[red]x"), references=[baseline("kde", [None])])), 5)
    assert "[red]x" in lines[2]
    assert "kde failed: loss is NaN in epoch 3" in lines[-1]
