"""A11: batch size against rows, at equal epochs and at equal steps."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pandas as pd
from matplotlib.figure import Figure

from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.verdicts import Compared, by_draw, compared, estimate, word
from vaebench.results.plots.style import COLOURS, TRUE, new_figure, plain_log, set_labels

BATCHES = {67: (16, 64), 670: (16, 64, 256), 2010: (64, 256, 1024), 10_000: (256, 1024, 4096)}
"""Batch sizes by training rows: none larger than these."""
STEPS = 1000
MOST = 1024
"""Largest batch at equal steps, where it costs as much time as it has rows."""
EPOCHS_ALIKE, STEPS_ALIKE = "100 epochs", "1,000 steps"


def full(study: Tables) -> Mapping[str, Tables]:
    """Measure with 67 to 10,000 training rows, for 100 epochs and for about 1,000 steps, on more draws."""
    forms: dict[str, Tables] = {}
    for train, sizes in BATCHES.items():
        base = changed(study, study={"replicates": 25}, data={"rows": round(train / 0.67)})
        forms[f"{train}; {EPOCHS_ALIKE}"] = changed(base, search={"batch_size": {"choice": list(sizes)}})
        for size in (size for size in sizes if size <= MOST):
            epochs = round(STEPS / -(-train // size))
            forms[f"{train}; {STEPS_ALIKE}; {size}"] = changed(
                base, search={"batch_size": {"choice": [size]}}, fixed={"epochs": epochs}
            )
    return forms


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the columns train and alike, read off the form: by default the study file's."""
    frame = frame if "form" in frame else frame.assign(form=f"670; {EPOCHS_ALIKE}")
    parts = frame["form"].str.split("; ", expand=True)
    return frame.assign(train=parts[0].astype(int), alike=parts[1])


def of(train: int, alike: str, batch: int) -> dict[str, object]:
    """Return where a cell is."""
    return {"train": train, "alike": alike, "batch_size": batch}


def cells(frame: pd.DataFrame) -> dict[tuple[int, str], list[int]]:
    """Return the batch sizes that were measured, by training rows and what is equal."""
    groups = frame.dropna(subset="batch_size").groupby(["alike", "train"])["batch_size"]
    return {(train, alike): sorted(map(int, sizes.unique())) for (alike, train), sizes in groups}


def comparisons(frame: pd.DataFrame) -> dict[tuple[int, str, int, int], Compared]:
    """Compare the ks of each two batch sizes."""
    return compared(
        {
            (*key, first, second): tuple(by_draw(frame, "ks", of(*key, size)) for size in (first, second))  # type: ignore[misc]
            for key, sizes in cells(frame).items()
            for first, second in combinations(sizes, 2)
        }
    )


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge by ks, corrected for all pairs of batch sizes: a large batch costs nothing with many rows, but with few."""
    frame = prepared(frame)
    every, found = cells(frame), comparisons(frame)
    trains = [train for train, alike in every if alike == EPOCHS_ALIKE]
    costs = {
        train: any(pair.lower for (rows, alike, _, _), pair in found.items() if (rows, alike) == (train, EPOCHS_ALIKE))
        for train in trains
    }
    told = {train: against(found, (train, EPOCHS_ALIKE), every[train, EPOCHS_ALIKE]) for train in trains}
    figures = []
    for train in dict.fromkeys((min(trains), max(trains))):
        sizes = every[train, EPOCHS_ALIKE]
        ks = [estimate(by_draw(frame, "ks", of(train, EPOCHS_ALIKE, size))) for size in (sizes[0], sizes[-1])]
        figures.append(f"{train:,} rows: ks {ks[0]} with batch {sizes[0]}, {ks[1]} with batch {sizes[-1]:,}")
    counts = [
        f"at {alike} better in {sum(pair.higher for pair in pairs)} and worse in {sum(pair.lower for pair in pairs)} "
        f"of {len(pairs)} pairs"
        for alike in (EPOCHS_ALIKE, STEPS_ALIKE)
        if (pairs := [pair for key, pair in found.items() if key[1] == alike])
    ]
    return [
        Verdict(
            claim="A11",
            word=word(not costs[max(trains)], costs[min(trains)]),
            figure=f"{EPOCHS_ALIKE}, {'; '.join(figures)}",
            found=f"By ks the larger batch is {'; '.join(counts)}. At {EPOCHS_ALIKE} the largest batch against the "
            f"smallest is better with {_listed(told, 'better')} rows, worse with {_listed(told, 'worse')}, the same "
            f"with {_listed(told, '=')}: "
            f"{'many rows ask for a large batch' if 'better' in told.values() else 'many rows bear a large batch'}, "
            f"{'and few ask for a small one' if costs[min(trains)] else 'but few do not ask for a small one'}.",
        )
    ]


def against(found: Mapping[tuple[int, str, int, int], Compared], key: tuple[int, str], sizes: Sequence[int]) -> str:
    """Return what the largest batch is against the smallest."""
    pair = found[*key, sizes[0], sizes[-1]]
    return "better" if pair.higher else "worse" if pair.lower else "="


def _listed(told: Mapping[int, str], word: str) -> str:
    return ", ".join(f"{train:,}" for train, each in told.items() if each == word) or "none"


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show ks by rows and batch size, and the largest batch against the smallest."""
    frame = prepared(frame)
    every, found = cells(frame), comparisons(frame)
    rows = []
    for (train, alike), sizes in every.items():
        row: dict[str, object] = {"": alike, "training rows": f"{train:,}"}
        row |= {f"batch {size:,}": "" for size in sorted({size for each in every.values() for size in each})}
        row |= {f"batch {size:,}": estimate(by_draw(frame, "ks", of(train, alike, size))) for size in sizes}
        rows.append(row | {"largest against smallest": against(found, (train, alike), sizes)})
    return pd.DataFrame(rows)


def picture(frame: pd.DataFrame) -> Figure:
    """Show ks against batch size, a line for each number of rows, a panel for equal epochs and one for equal steps."""
    frame = prepared(frame)
    every = cells(frame)
    kinds = list(dict.fromkeys(alike for _, alike in every))
    ticks = sorted({size for sizes in every.values() for size in sizes})
    figure = new_figure(1.0 + 4.0 * len(kinds), 4.0)
    panels = figure.subplots(1, len(kinds), sharex=True, sharey=True, squeeze=False)[0]
    floor = by_draw(frame, "ks", {"baseline": "truth"}).mean()
    for panel, alike in zip(panels, kinds, strict=True):
        trains = [train for train, what in every if what == alike]
        for train, colour in zip(trains, COLOURS, strict=False):
            sizes = every[train, alike]
            ks = [estimate(by_draw(frame, "ks", of(train, alike, size))) for size in sizes]
            panel.fill_between(sizes, [one.low for one in ks], [one.high for one in ks], color=colour, alpha=0.15)
            panel.plot(sizes, [one.value for one in ks], "o-", color=colour, markersize=4, label=f"{train:,} rows")
        panel.axhline(floor, color=TRUE, linestyle=":", linewidth=1.2, label="noise floor")
        panel.set_xscale("log")
        panel.set_yscale("log")
        plain_log(panel.yaxis)
        panel.set_xticks(ticks, [f"{size:,}" for size in ticks])
        panel.minorticks_off()
        set_labels(panel, "batch size", "ks (lower is better)" if panel is panels[0] else "", alike)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    return figure


EXPERIMENT = Experiment(
    title="Batch size",
    about="A VAE (mse, beta 0.01, 32-32 units, Adam at 0.002) is trained on 67 to 10,000 rows of two clusters, with "
    "batches of 16 to 4,096 rows: once for 100 epochs, where a larger batch has fewer steps, and once for about "
    "1,000 steps, where it sees more rows. Rows are generated from a Gaussian mixture fitted to the codes, with "
    "decoder noise.",
    claims=(
        Claim(
            id="A11",
            sentence="With more rows a larger batch.",
            expected="What training needs is steps. At equal epochs a batch twice as large has half the steps, which "
            "few rows should not be able to spare and many can. At equal steps a larger batch sees more rows, has less "
            "noisy gradients, and costs time.",
            instead="Take a tenth of the rows or more: it is as good or better here, and faster. Watch the "
            "diagnosis for not_converged.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="ks against batch size, by the number of training rows, at 100 epochs and at 1,000 steps.",
    minutes=15,
    baselines=("truth",),
)
