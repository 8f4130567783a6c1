"""C1, beyond the Q&A: from how many rows on the best autoencoder beats a kernel density estimate, or a mixture."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.verdicts import Compared, by_draw, compared, estimate, word
from vaebench.results.plots.style import COLOURS, INK, TRUE, new_figure, plain_log, set_labels

TRAIN = {30: (10, 300), 67: (16, 300), 201: (16, 150), 670: (32, 100), 2010: (64, 60), 10_000: (256, 40)}
"""Batch size and epochs by training rows: 900 to 2,100 steps each."""
GAUSSIAN, CLUSTERS, SKEWED = "Gaussian", "two clusters", "skewed"
DATA: Mapping[str, Tables] = {
    GAUSSIAN: {"mixture": None, "distribution": {"name": "norm", "loc": 100, "scale": 10}},
    CLUSTERS: {},
    SKEWED: {"mixture": None, "distribution": {"name": "lognorm", "s": 0.7, "scale": 30000}},
}
CHOOSING = 8
"""Draws on which the best configuration is chosen. It is judged on the others."""
AUTOENCODER = "best autoencoder"
RIVALS = {"kde": "kernel density estimate", "gmm": "Gaussian mixture"}
BASELINES = (*RIVALS, "true_family", "truth")


def full(study: Tables) -> Mapping[str, Tables]:
    """Measure with 30 to 10,000 training rows of three kinds, a larger batch for more rows, on more draws."""
    return {
        f"{name}, {train}": changed(
            study,
            study={"replicates": CHOOSING + 25},
            data={**data, "rows": round(train / 0.67)},
            fixed={"batch_size": batch, "epochs": epochs},
        )
        for name, data in DATA.items()
        for train, (batch, epochs) in TRAIN.items()
    }


def chosen(frame: pd.DataFrame) -> dict[tuple[str, int], dict[str, pd.Series]]:
    """Return ks on the judged draws, by data and training rows: of the best autoencoder and of each baseline.

    Half the draws choose, at most CHOOSING.
    """
    frame = frame if "form" in frame else frame.assign(form=f"{CLUSTERS}, 670")
    choosing = min(CHOOSING, frame["draw"].nunique() // 2)
    names = [column for column in ("variant", "latent_dim", "latent_sampler") if column in frame]
    found = {}
    for form, own in frame.groupby("form", sort=False):
        data, train = str(form).rsplit(", ", 1)
        trials, judged = own[own["baseline"] == ""], own[own["draw"] >= choosing]
        best = trials[trials["draw"] < choosing].groupby(names)["ks"].mean().idxmin()
        where = dict(zip(names, best, strict=True))
        found[data, int(train)] = {AUTOENCODER: by_draw(judged, "ks", where | {"baseline": ""})} | {
            name: by_draw(judged, "ks", {"baseline": name}) for name in BASELINES
        }
    return found


def comparisons(found: Mapping[tuple[str, int], Mapping[str, pd.Series]]) -> dict[tuple[str, int, str], Compared]:
    """Compare the ks of the best autoencoder with that of each rival."""
    return compared({(*key, rival): (ks[AUTOENCODER], ks[rival]) for key, ks in found.items() for rival in RIVALS})


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge by ks, corrected for all numbers of rows, kinds of data and rivals."""
    found = chosen(frame)
    pairs = comparisons(found)
    wins: dict[str, list[int]] = {}
    said: dict[str, list[str]] = {rival: [] for rival in RIVALS}
    for data in dict.fromkeys(data for data, _ in found):
        sizes = [train for name, train in found if name == data]
        for rival, lines in said.items():
            better = [train for train in sizes if pairs[data, train, rival].lower]
            worse = [train for train in sizes if pairs[data, train, rival].higher]
            wins |= {data: better} if rival == "kde" else {}
            part = f"better at {_listed(better)}" if better else "nowhere better"
            lines.append(f"{data}: {part}" + (f", worse at {_listed(worse)}" if worse else ""))
    key = (CLUSTERS, 670)
    where = [
        f"{data} from {min(sizes):,} to {max(sizes):,} rows" if sizes else f"{data} nowhere"
        for data, sizes in wins.items()
    ]
    return [
        Verdict(
            claim="C1",
            word=word(*map(bool, wins.values())),
            figure=f"better: {', '.join(where)}; {key[0]}, {key[1]:,} rows: ks {estimate(found[key][AUTOENCODER])} "
            f"against {estimate(found[key]['kde'])}",
            found="The best autoencoder by training rows, against "
            + " Against ".join(f"the {name}: {'; '.join(said[rival])}." for rival, name in RIVALS.items())
            + " Elsewhere they cannot be told apart.",
        )
    ]


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(f"{size:,}" for size in sizes)


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show ks of the best autoencoder and of the baselines, by data and training rows."""
    found = chosen(frame)
    pairs = comparisons(found)
    return pd.DataFrame(
        [
            {
                "data": data,
                "training rows": f"{train:,}",
                **{name.replace("_", " "): estimate(values) for name, values in ks.items()},
            }
            | {f"autoencoder against {rival}": _word(pairs[data, train, rival]) for rival in RIVALS}
            for (data, train), ks in found.items()
        ]
    )


def _word(pair: Compared) -> str:
    return "better" if pair.lower else "worse" if pair.higher else "="


def picture(frame: pd.DataFrame) -> Figure:
    """Show ks against training rows, of the best autoencoder and of baselines, a panel for each kind of data."""
    found = chosen(frame)
    kinds = list(dict.fromkeys(data for data, _ in found))
    figure = new_figure(2.0 + 2.7 * len(kinds), 3.7)
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    lines = (
        (AUTOENCODER, COLOURS[0], "o-", AUTOENCODER),
        ("kde", COLOURS[1], "s-", RIVALS["kde"]),
        ("gmm", COLOURS[3], "v-", RIVALS["gmm"]),
        ("true_family", COLOURS[2], "--", "maximum likelihood in the true family"),
        ("truth", TRUE, ":", "noise floor"),
    )
    for panel, data in zip(panels, kinds, strict=True):
        sizes = [train for name, train in found if name == data]
        for name, colour, style, label in lines:
            ks = [estimate(found[data, train][name]) for train in sizes]
            panel.fill_between(sizes, [one.low for one in ks], [one.high for one in ks], color=colour, alpha=0.15)
            panel.plot(sizes, [one.value for one in ks], style, color=colour, markersize=4, label=label)
        panel.set_xscale("log")
        panel.set_yscale("log")
        plain_log(panel.yaxis)
        panel.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=8, color=INK, rotation=30)
        panel.minorticks_off()
        set_labels(panel, "training rows", "ks (lower is better)" if panel is panels[0] else "", data)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9
    )
    return figure


EXPERIMENT = Experiment(
    title="Rows",
    about="Twelve configurations (autoencoder and VAE of 32-32 units with mse, 1 or 4 latent units; rows from the "
    "prior, a Gaussian or a mixture fitted to the codes, with decoder noise), a kernel density estimate (Scott) and a "
    "Gaussian mixture (EM, its size by BIC) "
    "are fitted to 30 to 10,000 rows of a Gaussian, of two clusters and of a skewed distribution. For each number "
    f"of rows the best configuration is chosen on {CHOOSING} draws and judged on 25 others.",
    claims=(
        Claim(
            id="C1",
            sentence="With enough rows the best autoencoder beats a kernel density estimate.",
            expected="A kernel smooths clusters and steep flanks away, and less so the more rows there are. A network "
            "can follow both, but its error does not vanish with the rows unless it is trained longer.",
            instead="In one column fit a Gaussian mixture first, its size chosen by BIC: nowhere here is an "
            "autoencoder plainly better. It is better than a kernel density estimate where there are clusters or a "
            "steep flank.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="ks of the best autoencoder, of a kernel density estimate, of a Gaussian mixture, of maximum likelihood "
    "in the true family and of true samples, against the number of training rows.",
    minutes=15,
    baselines=BASELINES,
)
