"""The experiment on verdicts: what pruning saves of the stored study is what its README says."""

import json
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "verdicts"


@pytest.mark.parametrize(("rule", "counts", "saved"), [("now", "32, 3, 6", "27 %"), ("before", "41, 19, 5", "42 %")])
def test_the_stored_study_is_pruned_as_the_readme_says(monkeypatch, rule, counts, saved):
    monkeypatch.syspath_prepend(str(FOLDER))
    import verdicts

    trials = np.array(json.loads(verdicts.TRIALS.read_text()))
    had = verdicts.replayed(trials, verdicts.RULES[rule])
    assert ", ".join(str(had.count(n)) for n in (4, 8, 12)) == counts
    assert f"{1 - sum(had) / trials.size:.0%}".replace("%", " %") == saved
    assert f"| {rule} | {counts} | {saved} |" in (FOLDER / "README.md").read_text()
