"""Mutated study files, data files, records and command lines end in success or one clear error (a short form).

experiments/fuzz/ has the long form and what came of it.
"""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import KINDS

CASES = {"study": 150, "csv": 250, "parquet": 250, "record": 80, "command": 120}


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_any_input_works_or_is_refused_with_one_clear_error(kind: str) -> None:
    @settings(max_examples=CASES[kind], deadline=None)
    @given(st.integers(0, 2**63))
    def check(seed: int) -> None:
        with TemporaryDirectory() as folder:
            KINDS[kind](Random(f"{kind} {seed}"), Path(folder))

    check()
