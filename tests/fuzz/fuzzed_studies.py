"""Fuzzed study files."""

import json
import tomllib
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
from limits import STUDIES, clear, limited
from mutations import change_bytes, change_lines, change_tree, one_of, write_toml

from vaebench.cli.doubts import doubts
from vaebench.errors import InputError
from vaebench.study.file import from_plain, load, to_plain


def write_rows(folder: Path) -> None:
    random = np.random.default_rng(0)
    np.savetxt(folder / "rows.csv", random.normal(size=(60, 2)), delimiter=",", header="a,b", comments="")


def study_file(random: Random, folder: Path) -> str:
    """Check a study file: load, write back, look for doubts."""
    base = random.choice(STUDIES)
    content = one_of(
        random,
        [
            lambda: change_bytes(random, base),
            lambda: change_lines(random, base),
            lambda: write_toml(change_tree(random, tomllib.loads(base.decode()))).encode(errors="surrogatepass"),
            lambda: write_toml(change_tree(random, tomllib.loads(base.decode()))).encode(errors="surrogatepass"),
        ],
    )
    write_rows(folder)
    (folder / "study.toml").write_bytes(content)
    with limited():
        try:
            definition = load(folder / "study.toml")
        except InputError as error:
            return clear(error)
        assert from_plain(json.loads(json.dumps(to_plain(definition)))) == definition
        if definition.rows * len(definition.data_set.columns) <= 20_000 and random.random() < 0.25:
            with suppress(InputError):
                list(doubts(definition))
        assert sum(definition.targets.values()) > 0
    return "accepted"
