"""Fuzzed CSV and Parquet files."""

import csv
import io
import json
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from limits import clear, limited
from mutations import NAMES, NUMBERS, change_bytes, change_lines, write_toml

from vaebench.cli.doubts import doubts
from vaebench.errors import InputError
from vaebench.study.file import from_plain, load, to_plain


def _cell(random: Random) -> str:
    ways = [
        lambda: f"{random.gauss(0, 1):.4f}",
        lambda: str(random.choice(NUMBERS)),
        lambda: random.choice(NAMES),
        lambda: f"{random.randrange(1, 999)},{random.randrange(1000):03}",
        lambda: random.choice(["", "nan", "1e400", "9" * 400, "$5", "true", "2024-01-01", "007", " 1 ", "1\n2", "?"]),
    ]
    return random.choice(ways)()


MEASURED = [
    lambda random, row: f"{random.gauss(0, 1):.5g}",
    lambda random, row: f"{random.gauss(100, 9):.1f}",
    lambda random, row: str(random.randrange(30)),
]
UNUSUAL = [
    lambda random, row: str(row),
    lambda random, row: str(int(random.random() < 0.02)),
    lambda random, row: f"{random.randrange(2000):,}",
    lambda random, row: "5",
]


def _table(random: Random) -> tuple[list[str], list[list[str]]]:
    """Return a header and rows of numbers, some cells of which are something else."""
    columns, rows = random.choice([1, 1, 2, 3, 8]), random.choice([0, 1, 3, 10, 40, 40, 200])
    header = [random.choice(NAMES) if random.random() < 0.1 else f"c{place}" for place in range(columns)]
    kinds = [random.choice([*MEASURED, *MEASURED, *MEASURED, *UNUSUAL]) for _ in header]
    table = [[kind(random, row) for kind in kinds] for row in range(rows)]
    for _ in range(random.choice([0, 0, 0, 0, 0, 1, 2])):
        if table:
            random.choice(table)[random.randrange(columns)] = _cell(random)
    return header, table


def csv_file(random: Random, folder: Path) -> str:
    """Check a CSV: parse, look for doubts, draw."""
    header, rows = _table(random)
    text = io.StringIO()
    csv.writer(
        text, delimiter=random.choice("," * 18 + ";\t"), lineterminator=random.choice(["\n", "\n", "\r\n", "\r"])
    ).writerows([header, *rows])
    content = text.getvalue().encode(random.choice(["utf-8"] * 20 + ["utf-8-sig", "utf-16"]), errors="surrogatepass")
    match random.randrange(4):
        case 0:
            content = change_bytes(random, content)
        case 1:
            content = change_lines(random, content)
    (folder / "rows.csv").write_bytes(content)
    return _data(random, folder, "rows.csv", header)


def _column(random: Random, rows: int) -> pa.Array:
    numbers = [random.gauss(0, 1) for _ in range(rows)]
    kind = random.randrange(28)
    if kind < 10:
        return pa.array(numbers, random.choice([pa.float64(), pa.float32()]))
    if kind < 18:
        return pa.array([int(10 * x) for x in numbers], random.choice([pa.int64(), pa.int8(), pa.int32()]))
    return [
        lambda: pa.array([x if abs(x) < 2 else None for x in numbers], pa.float64()),
        lambda: pa.array([x > 0 for x in numbers]),
        lambda: pa.array(
            [round(10**6 * abs(x)) for x in numbers], random.choice([pa.timestamp("us"), pa.duration("s"), pa.uint64()])
        ),
        lambda: pa.array([str(x) for x in numbers], random.choice([pa.string(), pa.large_string()])),
        lambda: pa.array([str(int(x)) for x in numbers]).dictionary_encode(),
        lambda: pa.array([[x] for x in numbers]),
        lambda: pa.array([{"x": x} for x in numbers]),
        lambda: pa.array([None] * rows),
        lambda: pa.array([bytes([rows % 256])] * rows),
        lambda: pa.array([int(100 * x) for x in numbers], pa.int64()).cast(pa.decimal128(24, 2)),
    ][kind - 18]()


def parquet_file(random: Random, folder: Path) -> str:
    """Check a Parquet file: parse, look for doubts, draw."""
    rows = random.choice([0, 1, 3, 10, 60, 60, 60])
    names = [
        random.choice(NAMES) if random.random() < 0.2 else f"c{place}" for place in range(random.choice([0, 1, 2, 4]))
    ]
    table = pa.table([_column(random, rows) for _ in names], names=names)
    if random.random() < 0.2:
        metadata = {
            b"pandas": random.choice(
                [b"{}", b"[]", b"null", b'{"index_columns": ["c0"], "columns": [], "column_indexes": []}', b"\xff"]
            )
        }
        table = table.replace_schema_metadata(metadata)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    content = buffer.getvalue()
    if random.random() < 0.5:
        content = change_bytes(random, content)
    (folder / "rows.parquet").write_bytes(content)
    return _data(random, folder, "rows.parquet", names)


def _data(random: Random, folder: Path, file: str, names: list[str]) -> str:
    columns = random.sample(names, random.randrange(1, len(names) + 1)) if names and random.random() < 0.3 else None
    value = write_toml(file) if columns is None else f"{{ path = {json.dumps(file)}, columns = {json.dumps(columns)} }}"
    (folder / "study.toml").write_text(
        f'[study]\nname = "own"\n[data]\nfile = {value}\n[fixed]\nvariant = "ae"\nlatent_sampler = "gaussian"\n',
        encoding="utf-8", errors="surrogatepass",
    )  # fmt: skip
    with limited():
        try:
            definition = load(folder / "study.toml")
            list(doubts(definition))
            draw = definition.replicate("search", 0).draw()
        except InputError as error:
            return clear(error)
        for rows in (draw.train, draw.test, draw.true):
            assert not np.isinf(rows).any()
            assert draw.support.kinds or not np.isnan(rows).any()  # an empty cell
            assert rows.shape[1] == len(definition.data_set.columns)
        assert from_plain(json.loads(json.dumps(to_plain(definition)))) == definition
    return "accepted"
