"""The fraction of the factorial design mixes up no main effect, and keeps the interaction that A9 is about apart."""

import itertools
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def design(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from experiments.factors import design

    return design


def test_main_effects_are_apart_from_each_other_and_from_interactions(design):
    runs = list(design.runs())
    assert len({design.name(run) for run in runs}) == len(runs) == 32
    columns = {factor: np.array([run[factor] for run in runs]) for factor in design.LEVELS}
    pairs = {pair: columns[pair[0]] * columns[pair[1]] for pair in itertools.combinations(columns, 2)}
    for column in columns.values():
        assert column.sum() == 0
        assert all(column @ pair == 0 for pair in pairs.values())
    assert all(columns[a] @ columns[b] == 0 for a, b in pairs)
    for pair, column in pairs.items():
        if "scaling" in pair:
            assert all(column @ other == 0 for name, other in pairs.items() if name != pair)
