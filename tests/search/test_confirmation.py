"""The best trials are confirmed, each once, on the draws that are missing; plainly worse ones on the first draws."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cheap_evaluations import logged
from hand_made import DEFINITION
from hand_made import record as hand_made_record
from hand_made import trial as hand_made_trial
from small_studies import Heard, Substituting, evaluated_by, go, none_at_all, timeless

from vaebench.errors import InputError
from vaebench.results.standings import standings
from vaebench.scoring.baseline_scores import evaluate_baseline
from vaebench.scoring.race import race
from vaebench.search.confirmation import candidates
from vaebench.search.in_process import InProcess
from vaebench.search.run import confirm
from vaebench.search.store import RecordStore
from vaebench.seeds import generator
from vaebench.study.definition import Arm, StudyDefinition
from vaebench.study.records import Diagnosis, Result, StudyRecord
from vaebench.study.replicate import Replicate
from vaebench.study.space import OneOf, Space
from vaebench.study.spec import Spec

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


# ---- the race

POOR = """
[study]
name = "small"
trials = 12
replicates = 2
seed = 2
sampler = "random"

[data]
distribution = { name = "norm", loc = 100, scale = 10 }

[evaluation]
generated = 50
true = 50

[search]
latent_dim = { int = [1, 42] }

[confirm]
top = 6
replicates = 50
"""


def free(name: str, replicate: Replicate) -> Result:
    """Score a baseline at no cost."""
    return Result(metrics={"ks": 0.05 + len(name) / 100, "mean_error": 1.0, "std_error": 0.7})


@contextlib.contextmanager
def one_process() -> Iterator[Executor]:
    yield Substituting(InProcess(), {evaluate_baseline: free})


@contextlib.contextmanager
def four_threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as executor:
        yield Substituting(executor, {evaluate_baseline: free})


def by_latent_dim(spec: Spec, replicate: Replicate) -> Result:
    """Score a spec by its latent_dim and the luck of the draw, with a little luck of its own."""
    own, shared = (generator(*seeds).random() for seeds in ((spec.seed, replicate.seed), (replicate.seed,)))
    worth = 1 + 0.005 * spec.latent_dim + shared + 0.6 * own
    return Result(metrics={"ks": 0.05 * worth, "mean_error": worth, "std_error": 0.7 * worth})


def draws_of(record: StudyRecord) -> list[int]:
    return sorted(len(trial.confirmation) for trial in record.trials if trial.confirmation)


def test_plainly_worse_trials_get_no_more_draws(read: Read, tmp_path: Path) -> None:
    heard = Heard()
    record = go(read(POOR), tmp_path, by_latent_dim, observer=heard, executors=one_process)
    assert set(draws_of(record)) == {20, 40, 50}
    rows = {row.trial.number: row for row in standings(record).rows if row.trial}
    out = race([trial for trial in record.trials if trial.confirmation], record.attainable)
    assert out
    for trial in record.trials:
        if trial.confirmation:
            expected = out[trial.number].draws if trial.number in out else 50
            assert len(trial.confirmation) == expected
            assert rows[trial.number].status == ("eliminated" if trial.number in out else "confirmed")
    assert {len(baseline.confirmation) for baseline in record.baselines} == {50}
    assert heard.confirmations[:6] == sorted(heard.confirmations[:6])
    assert confirm("small", home=tmp_path, executors=none_at_all) == record


def test_added_draws_and_trials_are_as_if_asked_for_at_once(read: Read, tmp_path: Path) -> None:
    study = read(POOR, trials=10)
    at_once = go(study, tmp_path / "once", by_latent_dim, executors=one_process)
    for top, replicates in ((6, 3), (6, 10), (6, 25), (6, 50)):
        go(
            replace(study, confirm_top=top, confirm_replicates=replicates),
            tmp_path,
            by_latent_dim,
            executors=one_process,
        )
    assert timeless(RecordStore.open(tmp_path, "small").record()).trials == timeless(at_once).trials


@pytest.mark.parametrize("executors", [one_process, four_threads])
def test_ended_at_any_moment_and_gone_on_with_it_is_the_same(read: Read, tmp_path: Path, executors: Any) -> None:
    study, called = read(POOR, trials=8), count()
    undisturbed = go(study, tmp_path / "undisturbed", by_latent_dim, executors=one_process)

    def sometimes(spec: Spec, replicate: Replicate) -> Result:
        if replicate.phase == "confirm" and next(called) in (5, 37, 90, 140, 190, 230):
            raise MemoryError("out of memory")
        return by_latent_dim(spec, replicate)

    ends = 0
    record = None
    while record is None:
        try:
            record = go(study, tmp_path, sometimes, executors=executors)
        except MemoryError:
            ends += 1
    assert ends > 2
    assert timeless(record) == timeless(undisturbed)


def test_a_trial_that_failed_gets_no_more_draws_and_eliminates_nobody(read: Read, tmp_path: Path) -> None:
    best = standings(go(read(POOR), tmp_path / "x", by_latent_dim, executors=one_process)).best
    assert best is not None

    def breaks(spec: Spec, replicate: Replicate) -> Result:
        if spec.seed == best.params["seed"] and (replicate.phase, replicate.index) == ("confirm", 12):
            return Result(reason="overflow")
        return by_latent_dim(spec, replicate)

    record = go(read(POOR), tmp_path, breaks, executors=one_process)
    assert len(record.trials[best.number].confirmation) == 20
    rows = standings(record)
    assert rows.row(best.number).status == "failed"
    assert len(rows.ranked[0].confirmation) == 50
    assert not any(f"trial {best.number} " in (row.eliminated or "") for row in rows.rows)


def test_a_study_begun_before_gives_all_the_same_draws(read: Read, tmp_path: Path) -> None:
    record = go(read(POOR, defaults=3), tmp_path, by_latent_dim, executors=one_process)
    assert draws_of(record) == [50] * 6
    assert {row.status for row in standings(record).rows} == {"confirmed", "searched"}
    go(read(POOR), tmp_path, by_latent_dim, executors=one_process, trials=14)
    assert set(draws_of(RecordStore.open(tmp_path, "small").record())) == {50}
