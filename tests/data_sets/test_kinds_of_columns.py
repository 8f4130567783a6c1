"""Small tables of all kinds, as spreadsheets, statistics packages and databases write them, go in and come back."""

import csv
import gzip
import io
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vaebench.data_sets.file import File
from vaebench.data_sets.file.table import as_written
from vaebench.errors import InputError
from vaebench.study.file import difference, from_plain, load, to_plain
from vaebench.study.file.earlier import going_on

RANDOM = np.random.default_rng(17)
N = 30
DAYS = pd.date_range("2023-11-20", periods=N)[RANDOM.permutation(N)]
AMOUNTS = RANDOM.normal(0, 2000, N)
CITIES = RANDOM.choice(["Oslo", "Bergen", "Tromsø"], N).tolist()


def grouped(mark: str, decimal: str) -> list[str]:
    return [f"{x:,.2f}".replace(",", "m").replace(".", decimal).replace("m", mark) for x in AMOUNTS]


COLUMNS: dict[str, tuple[str, list[str]]] = {
    "whole": ("integer", [str(x) for x in RANDOM.integers(-40, 90, N)]),
    "prices": ("continuous", [f"{x:.2f}" for x in RANDOM.lognormal(2, 1, N)]),
    "short": ("continuous", [f"{x / 4:g}" for x in RANDOM.integers(1, 99, N)]),
    "fine": ("continuous", [f"{x:.5f}" for x in RANDOM.normal(size=N)]),
    "thousands": ("integer", [f'"{x:,}"' for x in RANDOM.integers(1, 9_000_000, N)]),
    "apostrophes": ("continuous", grouped("'", ".")),
    "spaces": ("continuous", grouped("\u202f", ".")),
    "dollars": ("continuous", [f'"${x:,.2f}"' if x >= 0 else f'"(${-x:,.2f})"' for x in AMOUNTS]),
    "euros": ("continuous", [f"{x:.2f} €" for x in AMOUNTS]),
    "shares": ("continuous", [f"{x:.1f}%" for x in RANDOM.uniform(0, 100, N)]),
    "units": ("integer", [f"{x} kg" for x in RANDOM.integers(40, 99, N)]),
    "commas": ("continuous", [f'"{x:.1f}"'.replace(".", ",") for x in AMOUNTS]),
    "cities": ("category", CITIES),
    "answers": ("category", RANDOM.choice(["yes", "no"], N).tolist()),
    "gaps": ("category", RANDOM.choice(["", "low", "high"], N).tolist()),
    "logical": ("category", RANDOM.choice(["TRUE", "FALSE"], N).tolist()),
    "truth": ("category", RANDOM.choice(["True", "False", ""], N).tolist()),
    "codes": ("category", RANDOM.choice(["0150", "5003"], N).tolist()),
    "quoted": ("category", RANDOM.choice(['"a, b"', '"say ""c"""', "=d"], N).tolist()),
    "iso": ("datetime", DAYS.strftime("%Y-%m-%d").tolist()),
    "norwegian": ("datetime", DAYS.strftime("%d.%m.%Y").tolist()),
    "american": ("datetime", DAYS.strftime("%m/%d/%Y").tolist()),
    "unpadded": ("datetime", [f"{day.month}/{day.day}/{day.year}" for day in DAYS]),
    "month_names": ("datetime", DAYS.strftime("%d-%b-%Y").tolist()),
    "stamps": ("datetime", [f"{day:%Y-%m-%d}T{x % 24:02}:{x % 60:02}:07" for x, day in enumerate(DAYS)]),
    "minutes": ("datetime", [f"{x // 60:02}:{x % 60:02}" for x in RANDOM.integers(0, 1440, N)]),
    "some_whole": ("integer", ["" if x % 3 == 0 else str(x) for x in range(100, 100 + N)]),
    "some_prices": ("continuous", ["" if x % 4 == 0 else f"{y:.2f}" for x, y in enumerate(AMOUNTS)]),
    "some_dates": ("datetime", ["" if x % 5 == 0 else f"{day:%d.%m.%Y}" for x, day in enumerate(DAYS)]),
    "constant": ("constant", ["NO"] * N),
    "nothing": ("constant", [""] * N),
}  # fmt: skip


def table(folder: Path, **columns: list[str]) -> Path:
    lines = [",".join(columns), *(",".join(cells) for cells in zip(*columns.values(), strict=True))]
    (folder / "my.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "my.csv"


def there_and_back(path: Path) -> tuple[File, pd.DataFrame]:
    """Return a file and the table that its rows become again; its record gives the same file."""
    file = File.parse(path.name, path.parent)
    assert File.from_plain(json.loads(json.dumps(file.plain()))) == file
    rows = file._values()
    assert rows.shape == (file.available_rows, len(file.columns))
    return file, file.decode(rows)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_a_csv_comes_back_as_it_was_written(tmp_path, name):
    kind, cells = COLUMNS[name]
    path = table(tmp_path, x=COLUMNS["fine"][1], it=cells)
    file, frame = there_and_back(path)
    assert [column.kind for column in file.table] == ["continuous", kind]
    file.write_csv(frame, tmp_path / "new.csv")
    new, old = (
        list(csv.reader(io.StringIO(each.read_text(encoding="utf-8")))) for each in (tmp_path / "new.csv", path)
    )
    assert new == old


def test_an_index_and_a_comma_at_the_end_of_each_line_are_no_columns_to_learn_from(tmp_path):
    text = ",x,\n" + "".join(f"{row},{x},\n" for row, x in enumerate(COLUMNS["fine"][1]))
    (tmp_path / "my.csv").write_text(text)
    file, frame = there_and_back(tmp_path / "my.csv")
    assert file.columns == ("x",)
    file.write_csv(frame, tmp_path / "new.csv")
    assert (tmp_path / "new.csv").read_text() == text


def test_numbers_anew_free_text_left_out_and_the_order_kept(tmp_path):
    notes = [f"note {row} of many" for row in range(N)]
    columns = {
        "id": [str(row) for row in 101 + RANDOM.permutation(N)],
        "city": CITIES,
        "note": notes,
        "key": [f"K{row:04}" for row in RANDOM.permutation(N)],
        "x": COLUMNS["fine"][1],
    }
    file, frame = there_and_back(table(tmp_path, **columns))
    assert [column.kind for column in file.table] == ["identifier", "category", "text", "identifier", "continuous"]
    assert list(frame) == ["id", "city", "key", "x"]
    assert frame["id"].tolist() == list(range(101, 101 + N))
    assert frame["key"].tolist()[:2] == ["K0000", "K0001"]
    (said, _), *_ = file.doubts(N, 0.33)
    assert "'note' (text: a different text in each row; left out)" in said


def test_parquet_comes_back_with_its_types(tmp_path):
    start = date(2020, 2, 27)
    frame = pd.DataFrame(
        {
            "small": RANDOM.integers(0, 90, N).astype("int8"),
            "single": RANDOM.normal(size=N).astype("float32"),
            "nullable": pd.array(RANDOM.integers(0, 9, N), dtype="Int32"),
            "flag": RANDOM.random(N) < 0.4,
            "perhaps": pd.array(RANDOM.choice([True, False, None], N), dtype="boolean"),
            "text": CITIES,
            "level": pd.Categorical(RANDOM.choice(["low", "mid"], N), ["low", "mid"], ordered=True),
            "day": [start + timedelta(days=int(x)) for x in RANDOM.integers(0, 99, N)],
            "at": pd.to_datetime(DAYS).as_unit("us"),
            "zoned": (DAYS + pd.Timedelta("3h")).tz_localize("Europe/Oslo").as_unit("us"),
        }
    )
    frame.to_parquet(tmp_path / "my.parquet")
    read = pd.read_parquet(tmp_path / "my.parquet")
    _, back = there_and_back(tmp_path / "my.parquet")
    pd.testing.assert_frame_equal(back, read)
    back.to_parquet(tmp_path / "new.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "new.parquet"), read)


def test_rows_between_and_beyond_become_cells_that_the_column_could_have(tmp_path):
    columns = {name: COLUMNS[name][1] for name in ("whole", "prices", "cities", "norwegian", "minutes")}
    file = File.parse("my.csv", table(tmp_path, **columns).parent)
    rows = RANDOM.normal(0, 1e6, (50, 5))
    written = as_written(file.decode(rows), file.table)
    assert (written["whole"] == np.rint(rows[:, 0])).all()
    assert written["prices"].str.fullmatch(r"-?\d+\.\d\d").all()
    assert set(written["cities"]) <= set(CITIES)
    assert written["norwegian"].str.fullmatch(r"\d\d\.\d\d\.\d{4}").all()
    assert pd.to_datetime(written["minutes"], format="%H:%M").notna().all()


@pytest.mark.parametrize(
    ("cells", "declared", "kind"),
    [
        (["1", "2", "3"], 'kind = "category"', "category"),
        (["1", "2", "3"], 'kind = "continuous"', "continuous"),
        (["5", "6", "7"], 'kind = "text"', "text"),
        (["03/04/2024", "05/06/2024"], 'format = "%d/%m/%Y"', "datetime"),
        (["2024-03-04T05:00+01:00", "2024-03-05T05:30+01:00"], 'format = "%Y-%m-%dT%H:%M%z"', "datetime"),
        (["1.183", "2.041"], 'thousands = "."', "integer"),
        (['"1,183"', '"2,041"'], 'decimal = ","', "continuous"),
    ],
)
def test_a_study_file_declares_kinds(tmp_path, cells, declared, kind):
    table(tmp_path, x=COLUMNS["fine"][1], it=(cells * N)[:N])
    study = '[study]\nname = "s"\n[data]\nfile = "my.csv"\n[data.columns]\n'
    (tmp_path / "study.toml").write_text(f"{study}it = {{ {declared} }}\nx = {{ min = -99 }}\n")
    definition = load(tmp_path / "study.toml")
    assert [column.kind for column in definition.data_set.table] == ["continuous", kind]
    assert from_plain(json.loads(json.dumps(to_plain(definition)))) == definition


@pytest.mark.parametrize(
    ("cells", "declared", "words"),
    [
        (["03/04/2024", "05/06/2024"], "", ["'03/04/2024', can be read in two ways", '"it" = { format', '"%m/%d/%Y"']),
        (["a", "b"], 'kind = "integer"', ["'it' is declared as integer", "no numbers (such as 'a')"]),
        (["a", "b"], 'kind = "categry"', ["unknown kind 'categry'; did you mean 'category'?"]),
        (["a", "b"], "kind = 3", ["kind = 3: a text is expected"]),
        (["a", "b"], "min = 0", ["min and max are of numbers, and it is of kind category"]),
        (["2024-01-02", "2024-03-01"], "max = 9", ["it is of kind datetime"]),
        (["x"], "max = 9", ["it is of kind constant"]),
        (["1.5", "2"], 'kind = "integer"', ["numbers that are not whole"]),
        (["2024-01-02", "03/04/2024"], "", ["'2024-01-02', are not all of one format", '{ kind = "text" }']),
        (["2024-01-02T10:00+01:00"] * 2 + ["2024-01-03T10:00+01:00"], "", ["or of one that is not known"]),
        (["red", "blue"], 'kind = "datetime"', ["cannot be read as dates"]),
    ],
)
def test_what_cannot_be_read_so_is_refused_with_the_way_out(tmp_path, cells, declared, words):
    table(tmp_path, x=COLUMNS["fine"][1], it=(cells * N)[:N])
    study = '[study]\nname = "s"\n[data]\nfile = "my.csv"\n[data.columns]\n'
    (tmp_path / "study.toml").write_text(study + (f"it = {{ {declared} }}\n" if declared else ""))
    with pytest.raises(InputError) as error:
        load(tmp_path / "study.toml")
    for word in words:
        assert word in str(error.value)


def test_too_many_categories_are_free_text_and_refused_where_they_are_declared(tmp_path):
    levels = [f"level {row}" for row in range(1001)] * 2
    table(tmp_path, x=[repr(float(x)) for x in RANDOM.normal(size=2002)], it=levels)
    assert File.parse("my.csv", tmp_path).table[1].kind == "text"
    with pytest.raises(InputError, match="has 1001 different values: at most 1000 are possible; join rare ones"):
        File.parse("my.csv", tmp_path, {"it": {"kind": "category"}})


def test_a_study_that_was_begun_before_kinds_goes_on_with_all_columns_as_numbers(tmp_path):
    table(tmp_path, id=[str(row) for row in range(N)], x=COLUMNS["fine"][1])
    (tmp_path / "s.toml").write_text('[study]\nname = "s"\n[data]\nfile = "my.csv"\n[data.columns]\nx = { min = -9 }\n')
    new = load(tmp_path / "s.toml")
    plain = to_plain(new)
    del plain["data"]["file"]["table"]
    plain["data"]["file"]["columns"] = ["id", "x"]
    old = from_plain(plain)
    assert (new.data_set.columns, old.data_set.columns) == (("x",), ("id", "x"))
    assert difference(old, going_on(old, new)) == []
    assert list(old.data_set.decode(old.data_set._values())) == ["id", "x"]
    study = (tmp_path / "s.toml").read_text()
    (tmp_path / "s.toml").write_text(study + 'id = { kind = "integer" }\n')
    assert difference(old, going_on(old, load(tmp_path / "s.toml"))) == []
    (tmp_path / "s.toml").write_text(study + 'id = { kind = "category" }\n')
    declared = going_on(old, load(tmp_path / "s.toml"))
    assert "data.columns.id: a number -> category" in difference(old, declared)


# ---- how a file is written


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_and_encodings_are_seen_and_written_again(tmp_path, separator, encoding):
    columns = {"city": CITIES, "pris, kr": [f"{x:.2f}".replace(".", ",") for x in AMOUNTS], "n": COLUMNS["whole"][1]}
    with (tmp_path / "my.csv").open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out, delimiter=separator, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    file, frame = there_and_back(tmp_path / "my.csv")
    assert [column.kind for column in file.table] == ["category", "continuous", "integer"]
    np.testing.assert_allclose(frame["pris, kr"], AMOUNTS.round(2))
    file.write_csv(frame, tmp_path / "new.csv")
    assert (tmp_path / "new.csv").read_bytes() == (tmp_path / "my.csv").read_bytes()


@pytest.mark.parametrize("name", ["my.csv.gz", "my.tsv", "my.tsv.gz"])
def test_compressed_and_tab_separated_files(tmp_path, name):
    text = table(tmp_path, city=CITIES, x=COLUMNS["fine"][1]).read_text(encoding="utf-8")
    content = (text.replace(",", "\t") if ".tsv" in name else text).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    file, frame = there_and_back(tmp_path / name)
    file.write_csv(frame, tmp_path / "new.csv")
    assert (tmp_path / "new.csv").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("content", "given", "words"),
    [
        ("a,b;c\n1,2;3\n2,4;5\n", {}, ["do commas or semicolons separate the cells?", 'separator = ";" }']),
        ("a;b\n1;2\n", {"separator": ":"}, ["separator = ':': one of ',', ';', '\\t', '|' is expected"]),
        ("a;b\n1;2\n", {"encoding": "utf8000"}, ["there is no such encoding", "cp1252"]),
        (b"a;b\n\x81;2\n", {}, ["not cp1252 text (byte 4)", 'encoding = "latin-1" }']),
        ("n;x\n1,183;a\n2,041;b\n", {}, ["'1,183' is 1183, with { thousands = \",\" } or 1.183, with { decimal"]),
    ],
)
def test_files_that_can_be_read_in_two_ways_are_refused_with_the_key_that_reads_them(tmp_path, content, given, words):
    (tmp_path / "my.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as error:
        File.parse({"path": "my.csv", **given}, tmp_path)
    for word in words:
        assert word in str(error.value)
