from dataclasses import replace

import numpy as np
import pytest
from hand_made import baseline, floor, record, trial

from vaebench.conclusions import conclusions, optimism
from vaebench.records import Diagnosis, Finding

NOISE = np.linspace(-0.2, 0.2, 8)


def test_selection_optimism_is_what_the_draws_do_not_explain() -> None:
    found = optimism(
        record(
            trial(0, [0.6, 0.8], [1.2] * 8),
            trial(1, [0.9, 0.9], [1.4] * 8),
            trial(2, [0.1, 0.1]),  # not confirmed
            trial(3, [0.2, 0.2], [0.5, None]),  # failed there
            references=[
                baseline("gaussian", [0.95, 1.05], [1.1] * 8),
                baseline("kde", [1.3, 1.5], [1.4] * 8),
                floor([0.1, 0.1], [0.1] * 8),
            ],
        )
    )
    assert found is not None
    assert (found.searched, found.confirmed, found.baseline) == (pytest.approx(0.8), pytest.approx(1.3), "gaussian")
    assert found.draws == pytest.approx(0.1)
    assert found.selection == pytest.approx(0.4)


def test_there_is_none_without_confirmation() -> None:
    assert optimism(record(trial(0, [1.0]), references=[baseline("gaussian", [1.0])])) is None
    assert conclusions(record()) == []


@pytest.mark.parametrize(
    ("own", "verdict"),
    [(1.0, "cannot tell it from"), (0.7, "it is better than"), (1.5, "it is worse than")],
    ids=["tie", "win", "loss"],
)
def test_the_best_stands_beside_the_best_baseline(own: float, verdict: str) -> None:
    references = [baseline("gaussian", [1.0], 1.0 + NOISE[::-1]), baseline("kde", [1.0], [1.6] * 8)]
    first, second = conclusions(record(trial(4, [0.8], own + NOISE / 2), references=references))
    assert first.startswith(f"Best: trial 4 (vae), score {own:.2f} on 8 fresh draws, 95 % interval")
    assert first.endswith(f" {verdict} gaussian, the best baseline (1.00).")
    assert "selection optimism" in second


def test_the_diagnosis_of_the_best_is_told() -> None:
    finding = Finding("no_decoder_noise", "Spread too small: std ratio 0.71.", 1.0)
    diagnosed = replace(trial(4, [0.8], [1.0] * 8), diagnosis=Diagnosis((finding,), {}))
    assert (
        conclusions(record(diagnosed))[-1]
        == "Trial 4, no_decoder_noise: Spread too small: std ratio 0.71. Set decoder_noise = true."
    )
