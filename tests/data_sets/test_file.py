"""Rows of a user's file."""

import dataclasses
import os

import numpy as np
import pandas as pd
import pytest

from vaebench.data_sets.file import File
from vaebench.errors import InputError
from vaebench.rows import Support
from vaebench.study.file import from_plain, load, to_plain


@pytest.fixture
def frame():
    random = np.random.default_rng(0)
    return pd.DataFrame({"height": random.normal(170, 8, 60), "age": random.permutation(60) + 20.5, "name": ["x"] * 60})


@pytest.fixture
def csv(tmp_path, frame):
    frame[["height", "age"]].to_csv(tmp_path / "my.csv", index=False)
    return tmp_path / "my.csv"


def draw(data_set, seed=0, rows=60):
    return data_set.draw(np.random.default_rng(seed), rows=rows, test_fraction=0.33, true=15_000, generated=15_000)


def sorted_rows(*arrays):
    rows = np.concatenate(arrays)
    return rows[np.lexsort(rows.T)]


def test_a_draw_splits_the_file_and_keeps_the_true_rows_out_of_training(csv, frame):
    data_set = File.parse("my.csv", csv.parent)
    assert (data_set.columns, data_set.available_rows) == (("height", "age"), 60)
    drawn = draw(data_set)
    assert [len(x) for x in (drawn.train, drawn.test, drawn.true)] == [40, 10, 10]
    np.testing.assert_array_equal(drawn.floor, np.concatenate([drawn.train, drawn.test]))
    expected = frame[["height", "age"]].to_numpy(dtype=float)
    np.testing.assert_allclose(sorted_rows(drawn.train, drawn.test, drawn.true), sorted_rows(expected))
    assert not np.array_equal(drawn.train, draw(data_set, seed=1).train)


def test_fewer_rows_are_a_random_part_of_the_file(csv):
    drawn = draw(File.parse("my.csv", csv.parent), rows=30)
    assert [len(x) for x in (drawn.train, drawn.test, drawn.true)] == [20, 5, 5]
    together = np.concatenate([drawn.train, drawn.test, drawn.true])
    assert len(np.unique(together[:, 1])) == 30
    assert together[:, 1].max() > 50


def test_parquet_gives_the_same_rows_as_csv(csv, frame):
    frame.astype({"age": "Float64"}).to_parquet(csv.parent / "my.parquet")
    parquet = File.parse({"path": "my.parquet", "columns": ["height", "age"]}, csv.parent)
    np.testing.assert_allclose(draw(parquet).train, draw(File.parse("my.csv", csv.parent)).train)


def test_chosen_columns_come_in_their_own_order(csv, frame):
    frame.to_csv(csv, index=False)
    data_set = File.parse({"path": str(csv), "columns": ["age", "height"]}, csv.parent)
    assert data_set.columns == ("age", "height")
    assert draw(data_set).train[:, 1].mean() == pytest.approx(170, abs=5)


def test_a_column_without_a_name_can_be_left_out(tmp_path):
    (tmp_path / "my.csv").write_text(",a,b,\n0,1,2,\n1,2,5,\n")
    assert File.parse({"path": "my.csv", "columns": ["b", "a"]}, tmp_path).columns == ("b", "a")


def test_a_byte_order_mark_and_spaces_are_no_part_of_the_names(tmp_path):
    (tmp_path / "my.csv").write_text("\ufeffa, b\n1, 2\n2, 4\n", encoding="utf-8")
    assert File.parse("my.csv", tmp_path).columns == ("a", "b")


def test_plain_values_give_it_back_without_the_file(csv):
    data_set = File.parse("my.csv", csv.parent)
    csv.unlink()
    assert File.from_plain(data_set.plain()) == data_set


def test_a_changed_file_is_another_data_set_and_no_longer_the_old_one(csv):
    old = File.parse("my.csv", csv.parent)
    draw(old)
    csv.write_text(csv.read_text() + "180,99\n")
    assert File.parse("my.csv", csv.parent).sha256 != old.sha256
    with pytest.raises(InputError, match=r"my\.csv.* has changed since the study began"):
        draw(old)


def test_a_touched_file_is_the_same_data_set(csv):
    data_set = File.parse("my.csv", csv.parent)
    before = draw(data_set).train
    os.utime(csv, (1, 1))
    np.testing.assert_array_equal(draw(data_set).train, before)


def test_a_file_that_is_gone_is_named(csv):
    data_set = File.parse("my.csv", csv.parent)
    csv.unlink()
    with pytest.raises(InputError, match=r"my\.csv.*No such file"):
        draw(data_set)


def test_drawn_rows_cannot_be_spoilt_for_the_next_draw(csv):
    data_set = File.parse("my.csv", csv.parent)
    draw(data_set).train[:] = 0
    assert draw(data_set).train.std() > 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["is empty"]),
        ("\n\n", ["is empty"]),
        ("a,b\n", ["has no rows"]),
        ("a,b\n1,2\n2,2.5\n3,4\n4,\n5,?\n", ["'b' has a value in 3 of 5 rows", "fill at least 10"]),
        ("a,b\n1,2\n2,3\n-inf,4\n", ["column 'a'", "infinite", "row 3"]),
        ("a,b\n1,2\n1,2\n", ["no column to learn from: 'a' (constant: one value in all rows; always 1)"]),
        (
            "a\nx\n" + "y\n" * 9 + "\n".join(f"no {row}" for row in range(90)),
            ["no column to learn from: 'a' (text: 92"],
        ),
        ("a,b,a\n1,2,3\n2,3,4\n", ["duplicate column names: a"]),
        (
            ",b\n0,2\n1,3\n",
            ["nameless column 1 holds values", "leave it out with file = { path"],
        ),
        ('a\n"1.5 kg"\n"2"\n', ["not numeric: a (such as '1.5 kg' in row 1", "write 1.5 for", 'kind = "category" }']),
        ("1.5,2.5\n2,3\n", ["first line must name", "1.5"]),
        ("a,b\n1,2\n\n1,2,3\n", ["row 2 below the header has 3 cells, the header names 2"]),
        ("a,b\n1,2,3\n4,5,6\n", ["row 1 below the header has 3 cells"]),
        ("a\n1,5\n2,5\n", ["row 1 below the header has 2 cells", "commas separate cells"]),
    ],
)
def test_what_cannot_be_learned_from_is_refused(tmp_path, content, words):
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(InputError) as error:
        File.parse("bad.csv", tmp_path)
    for word in ["bad.csv", *words]:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("none.csv", ["none.csv", "No such file"]),
        (".", ["file = '.'", "Is a directory"]),
        ("my.xlsx", ["my.xlsx", "ends in .csv, .tsv or .parquet", "save the sheet"]),
        ("latin.csv", ["latin.csv", "not cp1252", "byte 5", 'encoding = "latin-1"']),
        ("broken.parquet", ["broken.parquet", "cannot be read as parquet"]),
        (3, ["file = 3", "expected"]),
        ("\0.csv", ["file = '\\x00.csv'", "null byte"]),
        ("~nobody-of-this-name/my.csv", ["home directory"]),
        ("circle/my.csv", ["circle"]),
        ({"columns": ["age"]}, ["path", "expected"]),
        ({"path": "my.csv", "colums": ["age"]}, ["'colums'", "did you mean 'columns'"]),
        ({"path": "my.csv", "columns": ["ages"]}, ["'ages'", "known: age, height", "did you mean 'age'"]),
        ({"path": "my.csv", "columns": []}, ["columns = []", "list"]),
        ({"path": "my.csv", "columns": ["age", "age"]}, ["columns = ['age', 'age']", "different"]),
        ({"path": "my.csv", "columns": "age"}, ["columns = 'age'", "list"]),
    ],
)
def test_wrong_files_and_columns_are_refused(csv, value, words):
    (csv.parent / "my.xlsx").write_bytes(b"PK")
    (csv.parent / "circle").symlink_to("circle")
    (csv.parent / "latin.csv").write_bytes(b"a,b\n1\x81,2\n")
    (csv.parent / "broken.parquet").write_bytes(b"PAR1 not so")
    with pytest.raises(InputError) as error:
        File.parse(value, csv.parent)
    for word in words:
        assert word in str(error.value)


def test_a_data_set_is_hashable_and_its_content_is_part_of_it(csv):
    data_set = File.parse("my.csv", csv.parent)
    assert len({data_set, dataclasses.replace(data_set, sha256="0" * 64)}) == 2


def test_columns_that_parquet_numbers_are_named_by_their_numbers(tmp_path):
    pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3))).to_parquet(tmp_path / "rows.parquet")
    every = File.parse("rows.parquet", tmp_path)
    assert every.columns == ("0", "1", "2")
    some = File.parse({"path": "rows.parquet", "columns": ["2", "0"]}, tmp_path)
    draw = some.draw(np.random.default_rng(0), rows=20, test_fraction=0.5, true=10, generated=10)
    assert draw.train.shape == (10, 2)


def test_a_nan_that_signals_is_a_nan(tmp_path):
    values = np.arange(1, 31, dtype=np.float32)
    values.view(np.uint32)[4] = 0x7F800001
    pd.DataFrame({"a": values}).to_parquet(tmp_path / "signals.parquet")
    data_set = File.parse("signals.parquet", tmp_path)
    assert np.flatnonzero(np.isnan(data_set._values()[:, 0])).tolist() == [4]
    assert data_set.kinds == ("number",)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("income = { min = 0 }", []),
        ("income = { min = 3 }", ["columns.income: row 2 below the header has 2.5, outside min = 3", "or the bound"]),
        (
            "share = { min = 0, max = 0.7 }",
            ["row 3 below the header has 0.75, outside min = 0, max = 0.7"],
        ),
        ("incom = { min = 0 }", ["unknown column 'incom'; did you mean 'income'? (known: income, share)"]),
    ],
)
def test_a_row_outside_the_bounds_of_its_column_is_named(tmp_path, declared, words):
    (tmp_path / "rows.csv").write_text("income,share\n7,0.5\n2.5,0.25\n3,0.75\n" + "4,0.125\n5,0.375\n" * 5)
    study = '[study]\nname = "s"\n[data]\nfile = "rows.csv"\n[data.columns]\n' + declared + "\n"
    (tmp_path / "study.toml").write_text(study)
    if not words:
        definition = load(tmp_path / "study.toml")
        assert definition.support == Support(((0.0, np.inf), (-np.inf, np.inf)), learned=True)
        assert from_plain(to_plain(definition)) == definition
        return
    with pytest.raises(InputError) as error:
        load(tmp_path / "study.toml")
    for word in words:
        assert word in str(error.value)
