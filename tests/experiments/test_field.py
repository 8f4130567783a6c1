"""The experiment that compares variants: its studies are valid and give all the same budget; ranks and intervals."""

from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from vaebench.parts import modules
from vaebench.study.file import load
from vaebench.variants import Variant

FOLDER = Path(__file__).parents[2] / "experiments"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER / "field"))
    import confirmed

    return confirmed


@pytest.mark.parametrize(("short", "trials", "replicates", "draws"), [(False, 15, 3, 20), (True, 4, 2, 8)])
def test_every_variant_has_the_same_budget_on_every_data_set(scripts, tmp_path, short, trials, replicates, draws):
    for name in scripts.data_sets():
        file = tmp_path / "study.toml"
        file.write_text(scripts.study_text(name, short))
        definition = load(file)
        assert definition.name == f"field-{name}"
        assert definition.variants == set(modules(Variant)) - {"answer"}
        assert set(definition.targets.values()) == {trials}
        assert (definition.replicates, definition.confirm_replicates) == (replicates, draws)


def rows(**scores: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"name": name, "draw": draw, "score": s} for name, of in scores.items() for draw, s in enumerate(of)]
    )


def test_a_rank_s_interval_is_as_wide_as_the_draws_leave_open(scripts):
    first = rows(best=[1.0, 1.1, 1.2], middle=[2.0, 2.1, 2.2], worst=[3.0, 3.1, 3.2])
    second = rows(best=[1.0, 1.1, 1.2], middle=[3.0, 3.1, 3.2], worst=[2.0, 9.0, 2.2])
    scores = pd.concat([first.assign(data_set="a"), second.assign(data_set="b")])
    ranks = scripts.mean_ranks(scores)
    assert ranks.loc["best"].tolist() == [1.0, 1.0, 1.0]
    # On b the worst is third in the mean, second in the resamples (8 of 27) that leave out its bad draw.
    assert ranks.loc["worst"].tolist() == [3.0, 2.5, 3.0]
    assert ranks.loc["middle"].tolist() == [2.0, 2.0, 2.5]
    assert list(ranks.index) == ["best", "middle", "worst"]
