"""A2: how often the answer's network reaches what it printed, and whether vaebench's replica is that network."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from experiments.claims_kit.agreement import agreement
from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.verdicts import Estimate, estimate, word
from vaebench.results.plots.style import COLOURS, INK, new_figure, set_labels

REFERENCE = Path(__file__).parent / "reference.csv"
MODE = "network.answer.training_mode"
HALF = 50.0
MODES = {True: "training", False: "inference"}
DIMS = (1, 2)
COMPARED = ("mean", "std_ratio", "ks")
PRINTED = {"mean": 97.27, "std_ratio": 1.01}  # a std of 10.10
TRUE = {"mean": 100.0, "std_ratio": 1.0}
NEAR = {"mean": 2.73, "std_ratio": 0.1}
"""What counts as reached: a mean as near to the true one as the printed mean, a std within a tenth of the true one."""


def full(study: Tables) -> Mapping[str, Tables]:
    """Measure 100 seeds at latent_dim 1, and 25 at 2."""
    return {
        "one": changed(study, study={"replicates": 100}, search={"latent_dim": {"choice": [1]}}),
        "more": changed(study, study={"replicates": 25}, search={"latent_dim": {"choice": [2]}}),
    }


def of(frame: pd.DataFrame, mode: bool, dim: int) -> pd.DataFrame:
    """Return mean, std_ratio and ks by draw of the replica."""
    cell = frame[(frame[MODE] == mode) & (frame["latent_dim"] == dim)].set_index("draw")
    return cell.rename(columns={"generated_mean": "mean"})[list(COMPARED)].dropna()


def reference(mode: bool, dim: int) -> pd.DataFrame:
    """Return the same of Keras."""
    frame = pd.read_csv(REFERENCE)
    cell = frame[(frame["mode"] == MODES[mode]) & (frame["latent_dim"] == dim)]
    return cell.set_index("seed").rename_axis("draw")[list(COMPARED)]


def agreements(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare replica and Keras."""
    measured = [(mode, dim) for mode in MODES for dim in DIMS if (frame["latent_dim"] == dim).any()]
    models = {f"{MODES[m]} mode, latent_dim {dim}": (of(frame, m, dim), reference(m, dim)) for m, dim in measured}
    return agreement(models, COMPARED)


def share(reached: "pd.Series[bool]") -> Estimate:
    """Return the share of runs that reach it, in percent, with its 95 % interval (Wilson)."""
    found = stats.binomtest(int(reached.sum()), len(reached)).proportion_ci(method="wilson")
    return Estimate(100 * float(reached.mean()), 100 * found.low, 100 * found.high)


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge the claim by how many of the runs at latent_dim 1 reach the std, and the mean as well, in either mode."""
    runs = {mode: of(frame, mode, 1) for mode in MODES}
    near = {mode: (run[list(NEAR)] - pd.Series(TRUE)).abs() <= pd.Series(NEAR) for mode, run in runs.items()}
    both = {mode: share(one.all(axis=1)) for mode, one in near.items()}
    std = {mode: share(one["std_ratio"]) for mode, one in near.items()}
    above = {mode: int((run["std_ratio"] >= PRINTED["std_ratio"]).sum()) for mode, run in runs.items()}
    spread = {mode: estimate(10 * run["std_ratio"]) for mode, run in runs.items()}
    ks = {mode: estimate(run["ks"]) for mode, run in runs.items()}
    agree = agreements(frame)["agree"] == "yes"
    return [
        Verdict(
            claim="A2",
            word=word(std[False].low > HALF, both[False].low > HALF, both[True].low > HALF),
            figure=f"trained in inference mode {std[False]} % of {len(runs[False])} runs reach the std, {both[False]} "
            f"% the mean too; trained in training mode {both[True]} % of {len(runs[True])}",
            found=f"In inference mode the std of generated rows is {spread[False]} and ks {ks[False]}; {above[False]} "
            f"runs have a std of 10.10 or more, so the printed run is an ordinary one. In training mode they are "
            f"{spread[True]} and {ks[True]}, with {above[True]} such runs: there it would be a marvel. The replica and "
            f"Keras agree in {agree.sum()} of {len(agree)} comparisons of their distributions.",
        )
    ]


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show replica and Keras side by side."""
    return agreements(frame)


def picture(frame: pd.DataFrame) -> Figure:
    """Show mean and std of every run at latent_dim 1, with what was printed and what is true."""
    figure = new_figure(10, 4.2)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for panel, (mode, name) in zip(panels, MODES.items(), strict=True):
        ours, theirs = of(frame, mode, 1), reference(mode, 1)
        panel.plot(
            theirs["mean"],
            10 * theirs["std_ratio"],
            "o",
            color=COLOURS[1],
            markersize=4,
            fillstyle="none",
            label="Keras",
        )
        panel.plot(
            ours["mean"], 10 * ours["std_ratio"], "o", color=COLOURS[0], markersize=4, alpha=0.7, label="vaebench"
        )
        panel.plot(TRUE["mean"], 10.0, "+", color=INK, markersize=14, label="true")
        panel.plot(PRINTED["mean"], 10.10, "*", color=COLOURS[5], markersize=15, markeredgecolor=INK, label="printed")
        set_labels(panel, "mean of generated rows", "std of generated rows" if mode else "", f"trained in {name} mode")
    panels[0].set_ylim(0, None)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    return figure


EXPERIMENT = Experiment(
    title="The answer's network",
    about="The answer's variational autoencoder, as it was written: batch norm and dropout on raw rows, relu on "
    "z_log_var, the squared error summed over a batch, early stopping, draws from a Gaussian fitted to z_mean. It "
    "printed a mean of 97.27 and a std of 10.10, one run. Its training step decides about one thing more: if it calls "
    "the encoder without training=True, as Keras's example of a VAE does, batch norm and dropout stay in inference "
    "mode while it trains. Which of the two it was cannot be told from a description, so both are measured. "
    "[reference.py](reference.py) has the same code in plain Keras; seeds of both are on the same draws. A run reaches "
    "it if its mean is within 2.73 of 100, as 97.27 is, and its std within 1 of 10.",
    claims=(
        Claim(
            id="A2",
            sentence="A VAE with latent_dim 1 reproduces mean 97.27 and std 10.10 when latent draws come from a "
            "Gaussian fitted to the encoded training set.",
            expected="The squared error counts 11 times, so that the implied decoder variance is 1 / 22 where rows "
            "have 100: the KL is next to nothing, and nothing need be lost. Batch statistics of 11 rows and dropout "
            "are noise that the decoder learns to average out, and are absent when z_mean is read: that costs spread.",
            instead="Standardised rows, no batch norm and no dropout; decoder noise when generating.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="Mean and std of 15,000 rows generated after each of 100 trainings at latent_dim 1, by vaebench's replica "
    "and by Keras, trained in training mode and in inference mode.",
    minutes=10,
)
