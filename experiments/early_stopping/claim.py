"""A10: early stopping with patience 10, on the training and on the validation loss, against none."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.scores import scored
from experiments.claims_kit.verdicts import Compared, by_draw, compared, estimate, word
from vaebench.results.plots.style import COLOURS, TRUE, name_rows, new_figure, set_labels
from vaebench.trial.evidence import end_of_training

if TYPE_CHECKING:
    from vaebench.study.replicate import Replicate
    from vaebench.trial.fit import Encoded

FORMS = {
    "67 rows, 100 epochs": (100, 11, 100, 10),
    "67 rows, 500 epochs": (100, 11, 500, 10),
    "67 rows, 500 epochs, patience 50": (100, 11, 500, 50),
    "670 rows, 100 epochs": (1000, 32, 100, 10),
}
"""Rows (two thirds of them to train), batch size, epochs at most, patience."""
SHORT = "67 rows, 100 epochs"
"""The form that the study file has."""
MONITORS = ("training_loss", "validation_loss")
FALLING = 0.02
"""A fit has stopped too early if its training loss still fell by at least this part of its whole fall in the last tenth
of its epochs: what vaebench's diagnosis calls not converged."""


def full(study: Tables) -> Mapping[str, Tables]:
    """Measure with more rows, epochs and patience, on more draws."""
    return {
        name: changed(
            study,
            study={"replicates": 25},
            data={"rows": rows},
            fixed={"batch_size": batch, "epochs": epochs, "patience": patience},
        )
        for name, (rows, batch, epochs, patience) in FORMS.items()
    }


def length(encoded: "Encoded", replicate: "Replicate") -> Mapping[str, float]:
    """Return how many epochs a fit took, of how many, and how its training loss fell at the end."""
    ended = end_of_training(encoded.trained.history[:, 2])
    return {
        "epochs_trained": ended["epochs"],
        "stopped": float(ended["epochs"] < encoded.trained.spec.epochs),
        "fall_at_end": ended["fall_at_end"],
    }


def forms(frame: pd.DataFrame) -> list[str]:
    """Return the forms that were measured, in order."""
    return [name for name in FORMS if name in set(frame["form"])]


def of(form: str, variant: str, monitor: str) -> dict[str, object]:
    """Return where a cell is."""
    return {"form": form, "variant": variant, "early_stopping": monitor}


def comparisons(frame: pd.DataFrame) -> dict[tuple[str, str, str], Compared]:
    """Compare the score with early stopping with the score without."""
    return compared(
        {
            (form, variant, monitor): (
                by_draw(frame, "score", of(form, variant, monitor)),
                by_draw(frame, "score", of(form, variant, "off")),
            )
            for form in forms(frame)
            for variant in ("ae", "vae")
            for monitor in MONITORS
        }
    )


def saved(frame: pd.DataFrame, form: str, variant: str, monitor: str) -> float:
    """Return the share of the epochs that early stopping saves."""
    on, off = (by_draw(frame, "epochs_trained", of(form, variant, each)).mean() for each in (monitor, "off"))
    return 1 - float(on / off)


def early(frame: pd.DataFrame, form: str, variant: str, monitor: str) -> float:
    """Return the share of the fits that stopped while the training loss still fell."""
    where = of(form, variant, monitor)
    stopped, fall = by_draw(frame, "stopped", where), by_draw(frame, "fall_at_end", where)
    return float(((stopped == 1) & (fall >= FALLING)).mean())


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge by the score, corrected for all forms, variants and monitors; stopping too early by the training loss."""
    frame = scored(frame, "true_family")
    found = comparisons(frame)
    cells = [key for key in found if key[2] == "training_loss"]
    harmless = [not found[key].higher for key in cells]
    helpful = [found[key].lower for key in cells]
    worse = {monitor: sum(found[key].higher for key in found if key[2] == monitor) for monitor in MONITORS}
    better = {monitor: sum(found[key].lower for key in found if key[2] == monitor) for monitor in MONITORS}
    spared = {key: saved(frame, *key) for key in found}
    too_early = {key: early(frame, *key) for key in found}
    first = SHORT, "vae", "training_loss"
    often = estimate(by_draw(frame, "stopped", of(*first)))
    return [
        Verdict(
            claim="A10",
            word=word(all(harmless), any(helpful), any(too_early[key] > 0 for key in cells)),
            figure=f"vae, {SHORT}, training loss: score {found[first].difference} against none; stops in "
            f"{often.value:.0%} of fits, too early in {too_early[first]:.0%}, saves {spared[first]:.0%} of the epochs",
            found=f"Of {len(cells)} pairs of form and variant, the score with early stopping on the training loss is "
            f"worse than without in {worse['training_loss']} and better in {better['training_loss']}; on the "
            f"validation loss worse in {worse['validation_loss']} and better in {better['validation_loss']}. It "
            f"saves {min(spared[key] for key in cells):.0%} to {max(spared[key] for key in cells):.0%} of the epochs "
            "on the training loss, and stops while that still falls in up to "
            f"{max(too_early[key] for key in cells):.0%} of fits.",
        )
    ]


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show epochs, how often it stops, how often too early, and ks and score, by form, variant and monitor."""
    frame = scored(frame, "true_family")
    found = comparisons(frame)
    rows = []
    for form in forms(frame):
        for variant in ("ae", "vae"):
            for monitor in ("off", *MONITORS):
                where = of(form, variant, monitor)
                told = found.get((form, variant, monitor))
                rows.append(
                    {
                        "form": form,
                        "variant": variant,
                        "early_stopping": monitor,
                        "epochs": f"{by_draw(frame, 'epochs_trained', where).mean():.0f}",
                        "stopped": f"{by_draw(frame, 'stopped', where).mean():.0%}",
                        "too early": f"{early(frame, form, variant, monitor):.0%}",
                        "ks": estimate(by_draw(frame, "ks", where)),
                        "score": estimate(by_draw(frame, "score", where)),
                        "against off": ""
                        if told is None
                        else "worse"
                        if told.higher
                        else "better"
                        if told.lower
                        else "=",
                    }
                )
    return pd.DataFrame(rows)


def picture(frame: pd.DataFrame) -> Figure:
    """Show the score, and the share of the epochs that are trained, for each form, variant and monitor."""
    frame = scored(frame, "true_family")
    groups = [(form, variant) for form in forms(frame) for variant in ("ae", "vae")]
    figure = new_figure(10, 1.4 + 0.55 * len(groups))
    scores, epochs = figure.subplots(1, 2, sharey=True, width_ratios=[1.6, 1])
    for offset, monitor, colour in zip((-0.22, 0, 0.22), ("off", *MONITORS), (TRUE, *COLOURS[:2]), strict=True):
        for place, (form, variant) in enumerate(groups):
            where = of(form, variant, monitor)
            one = estimate(by_draw(frame, "score", where))
            label = monitor.replace("_", " ") if place == 0 else None
            scores.plot([one.low, one.high], [place + offset] * 2, color=colour, alpha=0.6, linewidth=2)
            scores.plot(one.value, place + offset, "o", color=colour, markersize=5, label=label)
            share = by_draw(frame, "epochs_trained", where).mean() / FORMS[form][2]
            epochs.barh(place + offset, share, height=0.2, color=colour)
    scores.axvline(1, color=COLOURS[2], linestyle="--", linewidth=1.2, zorder=1)
    set_labels(scores, "score with 95 % interval (1: maximum likelihood)", "", "")
    set_labels(epochs, "epochs trained, of those allowed", "", "")
    name_rows(scores, [f"{form}: {variant}" for form, variant in groups], [True] * len(groups))
    epochs.tick_params(axis="y", length=0)
    figure.legend(*scores.get_legend_handles_labels(), loc="outside upper right", ncols=3, frameon=False, fontsize=9)
    return figure


EXPERIMENT = Experiment(
    title="Early stopping",
    about="An autoencoder and a VAE (mse, beta 0.1; 200-200-50 and 50-200-200-200 units, batch 11, for 670 rows 32) "
    "are trained on draws of N(100, 10) without early stopping, and with it on the training or the validation loss: "
    "training ends after as many epochs without a new lowest loss as the patience says, 10 unless said otherwise, "
    "and the last weights are kept. Rows are generated from a Gaussian fitted to the codes, with decoder noise.",
    claims=(
        Claim(
            id="A10",
            sentence="Early stopping (training loss, patience 10) is strongly recommended, but sometimes stops early.",
            expected="The loss of an epoch of few noisy batches often goes ten epochs without a new lowest value, "
            "whether or not it still falls on average. So it saves epochs and stops at random; a generator with "
            "decoder noise and a fitted latent Gaussian hardly needs the last of the fall.",
            instead="Use it to save time, not for a better generator. Where the diagnosis says not_converged, raise "
            "the patience or leave it off.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="Score with early stopping and without, and the share of the epochs that it leaves.",
    minutes=10,
    baselines=("true_family",),
    extra=length,
)
