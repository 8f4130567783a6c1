"""The best trials are confirmed, each once, on the draws that are missing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cheap_evaluations import logged
from hand_made import DEFINITION
from hand_made import record as hand_made_record
from hand_made import trial as hand_made_trial
from small_studies import Heard, evaluated_by, go, none_at_all

from vaebench.errors import InputError
from vaebench.search.confirmation import candidates
from vaebench.search.run import confirm
from vaebench.study.definition import Arm, StudyDefinition
from vaebench.study.records import Diagnosis
from vaebench.study.space import OneOf, Space

Read = Callable[..., StudyDefinition]


def test_a_trial_that_breaks_down_on_every_draw_is_not_diagnosed_again_and_again(
    definition: StudyDefinition, tmp_path: Path
) -> None:
    record = go(definition, tmp_path)
    confirmed = [trial for trial in record.trials if trial.confirmation]
    assert [trial.diagnosis for trial in confirmed] == [Diagnosis((), {})] * 3
    assert confirm("small", home=tmp_path, executors=none_at_all) == record


def test_the_best_of_each_variant_is_confirmed_too() -> None:
    scores = [3.0, 1.0, 1.1, None, 1.2, 5.0, 2.0, 1.6, 1.5]
    variants = ["ae", "vae", "vae", "ae", "vae", "other", "ae", "poor", "poor"]
    trials = [hand_made_trial(number, [score], variant=variants[number]) for number, score in enumerate(scores)]
    for number in (6, 7, 8):
        trials[number] = replace(trials[number], pruned="plainly worse than trial 1 after 4 of 8 replicates")
    assert [candidate.number for candidate in candidates(hand_made_record(*trials), 2)] == [1, 2, 0, 5, 8]
    assert candidates(hand_made_record(*trials), 0) == []


@pytest.mark.parametrize("top", [0, 1, 2, 50])
@pytest.mark.parametrize(
    "arms",
    [
        [{"vae"}],
        [{"ae", "vae"}],
        [{"ae"}, {"vae"}],
        [{"ae"}, {"vae"}, {"vae"}],
        [{"vae"}, {"vae"}],
        [{"ae", "vae"}, {"ae", "vae"}, {"ae", "vae"}],
    ],
    ids=lambda arms: " | ".join("+".join(sorted(arm)) for arm in arms),
)
def test_as_many_are_confirmed_as_is_said_beforehand_and_never_more(arms: list[set[str]], top: int) -> None:
    """Whatever the trials' order by score; the most is reached by some order."""
    random = np.random.default_rng(0)
    definition = replace(
        DEFINITION,
        confirm_top=top,
        arms=tuple(
            Arm(name=f"arm={number}", space=Space({"variant": OneOf({variant: {} for variant in sorted(variants)})}))
            for number, variants in enumerate(arms)
        ),
    )
    kinds = [(arm.name, variant) for arm in definition.arms for variant in arm.branches("variant")]
    counts = []
    for _ in range(200):
        scores = random.permutation(3 * len(kinds)) + 1.0
        trials = [
            hand_made_trial(number, [score], arm=kinds[number % len(kinds)][0], variant=kinds[number % len(kinds)][1])
            for number, score in enumerate(scores)
        ]
        counts.append(len(candidates(hand_made_record(*trials), top)))
    assert max(counts) == definition.most_confirmed(3 * len(kinds))


def test_without_confirmation(definition: StudyDefinition, tmp_path: Path) -> None:
    record = go(definition, tmp_path, confirm=False)
    assert not any(source.confirmation for source in (*record.trials, *record.baselines))


def test_what_is_confirmed_is_kept_and_what_is_missing_is_added(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "evaluations"
    monkeypatch.setenv("EVALUATIONS", str(log))
    first = go(read(), tmp_path, logged)
    log.write_text("")
    heard = Heard()
    kwargs = {"home": tmp_path, "executors": evaluated_by(logged), "observer": heard}
    second = confirm("small", top=4, replicates=6, **kwargs)  # type: ignore[arg-type]
    indices = sorted(int(line.split()[1]) for line in log.read_text().splitlines())
    assert indices == sorted([4, 5] * 3 + [0, 1, 2, 3, 4, 5])
    assert len(heard.confirmations) == 4
    for before, after in zip(first.trials, second.trials, strict=True):
        assert after.confirmation[: len(before.confirmation)] == before.confirmation
    assert {len(baseline.confirmation) for baseline in second.baselines} == {6}
    again = confirm("small", top=4, replicates=6, **(kwargs | {"executors": none_at_all}))  # type: ignore[arg-type]
    assert again == second
    assert heard.idle == 1
    third = confirm("small", top=1, replicates=8, **kwargs)  # type: ignore[arg-type]
    assert {len(trial.confirmation) for trial in third.trials} == {0, 8}, "rows are compared draw by draw"
    assert sum(bool(trial.confirmation) for trial in third.trials) == 4


def test_confirming_what_nobody_ran_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown study 'small'"):
        confirm("small", home=tmp_path, executors=none_at_all)
    assert list(tmp_path.iterdir()) == []
