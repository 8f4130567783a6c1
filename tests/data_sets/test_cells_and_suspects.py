"""What a file's message says to do about a cell that is no number, and which columns raise suspicion."""

from pathlib import Path

import numpy as np
import pytest

from vaebench.data_sets.file import File
from vaebench.data_sets.file.suspects import _none_among
from vaebench.errors import InputError


def refused(folder: Path, content: str | bytes, name: str = "my.csv") -> str:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as error:
        File.parse(name, folder)
    return str(error.value)


@pytest.mark.parametrize(
    ("cells", "row", "words"),
    [
        (["1", "($485.84)"], 2, ["write -485.84 for '($485.84)'"]),
        (["1", "-$3"], 2, ["write -3 for '-$3'"]),
        (["12 kg", "3 g"], 1, ["write 12 for '12 kg'", "unit in the column's name"]),
        (["kg", "1", "2"], 1, ["does that row hold units? Delete it"]),
        (["1", "2", "2024-03-01"], 3, ["days since the first"]),
    ],
)
def test_numbers_beside_other_cells_are_refused_with_the_way_out(tmp_path, cells, row, words):
    said = refused(tmp_path, "a,b\n" + "".join(f'"{cell}",{number}\n' for number, cell in enumerate(cells)))
    for word in ["not numeric: a", f"in row {row} below the header", *words, '"a" = { kind = "category" }']:
        assert word in said


def test_text_of_another_width_is_named(tmp_path):
    assert "UTF-32 text: save it as CSV UTF-8" in refused(tmp_path, "x,y\n0.1,2\n0.2,3\n".encode("utf-32"))


def test_a_damaged_file_is_named(tmp_path):
    assert "it has a NUL (byte 204)" in refused(tmp_path, b"x,y\n" + b"1,23\n" * 40 + b"\0,5\n")


@pytest.mark.parametrize("first", ["# exported 2024-03-01", "Sales of March", "# a, b"])
def test_a_comment_above_the_names_is_named(tmp_path, first):
    said = refused(tmp_path, f"{first}\nx,y,z\n1,2,3\n2,3,5\n")
    assert "a comment? Delete what stands above the names" in said


def test_a_sheet_has_to_be_saved_as_csv(tmp_path):
    assert "save the sheet as CSV UTF-8" in refused(tmp_path, b"PK", "my.xlsx")


# ---- columns that are used, with a doubt


def suspicions(folder: Path, **columns: object) -> list[str]:
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    (folder / "my.csv").write_text("\n".join(lines) + "\n")
    data_set = File.parse("my.csv", folder)
    return [brief for brief, details in data_set.doubts(data_set.available_rows, 0.33) if details]


RANDOM = np.random.default_rng(0)
NOISE = [f"{x:.4f}" for x in RANDOM.normal(size=120)]
SHARE = 500 - 8


def test_measurements_raise_no_suspicion(tmp_path):
    age = RANDOM.integers(20, 70, 120)
    price = [f"{x:.3f}" for x in RANDOM.normal(100, 10, 120)]
    assert suspicions(tmp_path, x=NOISE, age=age, price=price, flag=RANDOM.integers(0, 2, 120)) == []


@pytest.mark.parametrize("order", ["as they are", "shuffled"])
def test_row_numbers(tmp_path, order):
    number = np.arange(1, 121) if order == "as they are" else RANDOM.permutation(120) + 1
    said = suspicions(tmp_path, id=number, x=NOISE)
    assert said == ["not learned from: 'id' (identifier: it numbers the rows; made anew from 1)"]


def test_identifiers_and_times(tmp_path):
    said = suspicions(tmp_path, t=np.arange(120) * 7 + 1000, x=NOISE)
    assert said == ["column 't' increases from row to row: an identifier, or a time?"]


def test_codes_and_points_between_thousands(tmp_path):
    codes = [f"0{9000 - 7 * row}" for row in range(120)]
    units = [f"{1 + row % 5}.{183 + row}" if row % 3 else f"{500 + row}" for row in range(120)]
    assert suspicions(tmp_path, zip=codes, units=units, x=NOISE) == [
        "column 'zip' has codes such as '09000', which are read as numbers",
        "column 'units' has whole numbers, and others such as 2.184: does that mean 2184?",
    ]


def test_rare_values_are_said_and_few_of_them_refused(tmp_path):
    x = RANDOM.normal(size=500)
    flag = RANDOM.permutation([1] * 8 + [0] * SHARE)
    (said,) = suspicions(tmp_path, x=x, flag=flag)
    assert said == "column 'flag' is 0 in 492 of 500 rows; 23% of splits have nothing else to compare with"
    lines = "".join(f"{a},{int(row < 4)},{a}\n" for row, a in enumerate(x[:240]))
    message = refused(tmp_path, "load,leak,temp\n" + lines)
    for word in (
        "'leak' is 0 in 236 of 240 rows",
        'leave it out with columns = ["load", "temp"]',
        "other 4 are too few",
    ):
        assert word in message


def test_the_share_of_splits_is_the_hypergeometric_chance():
    from scipy.stats import hypergeom

    for rows, others, drawn in ((500, 8, 82), (240, 18, 40), (10, 3, 2), (10, 9, 2), (10_000_000, 50, 1000)):
        assert _none_among(drawn, rows, others) == pytest.approx(hypergeom.pmf(0, rows, others, drawn), rel=1e-6)
