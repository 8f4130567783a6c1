"""Q2 and B1: what decoding latent draws gives, from a Gaussian fitted to the codes and uniform in [0, 1]."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.verdicts import Compared, by_draw, compared, estimate, word
from vaebench.results.plots.style import COLOURS, INK, new_figure, plain_log, set_labels
from vaebench.scoring.metrics.distances import ks_distance

if TYPE_CHECKING:
    from vaebench.study.replicate import Replicate
    from vaebench.trial.fit import Encoded

VARIANTS = ("ae", "vae")
STD = 10.0
"""Of the data."""


def full(study: Tables) -> Mapping[str, Tables]:
    """Measure on more draws."""
    return {"": changed(study, study={"replicates": 50})}


def test_points(encoded: "Encoded", replicate: "Replicate") -> Mapping[str, float]:
    """Measure the decoded codes of the test rows, and the test rows themselves, against the true samples."""
    draw = encoded.draw
    codes = encoded.trained.codes(encoded.scaler.transform(draw.test))
    decoded = encoded.scaler.inverse(encoded.trained.decode(codes.mean))
    return {
        "test_decoded": float(len(np.unique(decoded.astype(np.float32)))),
        "test_decoded_ks": ks_distance(decoded[:, 0], draw.true[:, 0]),
        "test_ks": ks_distance(draw.test[:, 0], draw.true[:, 0]),
    }


def of(variant: str, dim: int, sampler: str = "gaussian") -> dict[str, object]:
    """Return where a cell is."""
    return {"variant": variant, "latent_dim": dim, "latent_sampler": sampler}


def comparisons(frame: pd.DataFrame) -> dict[tuple[str, str, int], Compared]:
    """Compare the ks of decoded Gaussian draws with that of decoded test points, and of decoded uniform draws."""
    pairs = {}
    for variant in VARIANTS:
        for dim in frame["latent_dim"].unique():
            drawn = by_draw(frame, "ks", of(variant, dim))
            pairs["Q2", variant, dim] = drawn, by_draw(frame, "test_decoded_ks", of(variant, dim))
            pairs["B1", variant, dim] = by_draw(frame, "ks", of(variant, dim, "uniform")), drawn
    return compared(pairs)


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge both claims by ks, corrected for all latent_dims and variants."""
    found = comparisons(frame)
    better = [pair.lower for (claim, _, _), pair in found.items() if claim == "Q2"]
    worse = [pair.higher for (claim, _, _), pair in found.items() if claim == "B1"]
    first = of("vae", 1)
    drawn, encoded, test = (estimate(by_draw(frame, name, first)) for name in ("ks", "test_decoded_ks", "test_ks"))
    uniform = of("vae", 1, "uniform")
    ks, ratio = (estimate(by_draw(frame, name, uniform)) for name in ("ks", "std_ratio"))
    shift = estimate(by_draw(frame, "mean_error", uniform) / STD)
    return [
        Verdict(
            claim="Q2",
            word=word(found["Q2", "vae", 1].lower, all(better)),
            figure=f"vae, latent_dim 1: ks {drawn} of 15,000 decoded draws, {encoded} of 33 decoded test points",
            found=f"Decoded test points are {frame['test_decoded'].max():.0f} rows at most, and their ks is mostly "
            f"that of so few rows: the test points themselves have {test}. Decoded draws, of which there is no end, "
            f"are nearer to the truth in {sum(better)} of {len(better)} pairs of variant and latent_dim, those of few "
            "latent units: with many, they lose their spread.",
        ),
        Verdict(
            claim="B1",
            word=word(*(not one for one in worse)),
            figure=f"vae, latent_dim 1: ks {ks}, std {ratio} of the true one, mean off by {shift} true stds",
            found=f"Uniform draws are worse than draws of a fitted Gaussian in {sum(worse)} of {len(worse)} pairs of "
            "variant and latent_dim.",
        ),
    ]


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show ks of the three ways to generate, and the spread of two, by variant and latent_dim."""
    rows = []
    for variant in VARIANTS:
        for dim in sorted(frame["latent_dim"].unique()):
            row: dict[str, object] = {"variant": variant, "latent_dim": dim}
            row["ks of 33 decoded test points"] = estimate(by_draw(frame, "test_decoded_ks", of(variant, dim)))
            for sampler in ("gaussian", "uniform"):
                cell = of(variant, dim, sampler)
                row[f"ks, {sampler}"] = estimate(by_draw(frame, "ks", cell))
                row[f"std ratio, {sampler}"] = estimate(by_draw(frame, "std_ratio", cell))
            rows.append(row)
    return pd.DataFrame(rows)


def picture(frame: pd.DataFrame) -> Figure:
    """Show ks against latent_dim for the three ways to generate, a panel a variant."""
    figure = new_figure(9, 3.6)
    panels = figure.subplots(1, 2, sharey=True)
    dims = sorted(frame["latent_dim"].unique())
    ways = (
        ("33 decoded test points", "test_decoded_ks", "gaussian", INK),
        ("decoded draws of a fitted Gaussian", "ks", "gaussian", COLOURS[0]),
        ("decoded uniform draws in [0, 1]", "ks", "uniform", COLOURS[1]),
    )
    for panel, variant in zip(panels, VARIANTS, strict=True):
        for name, metric, sampler, colour in ways:
            found = [estimate(by_draw(frame, metric, of(variant, dim, sampler))) for dim in dims]
            panel.fill_between(dims, [one.low for one in found], [one.high for one in found], color=colour, alpha=0.2)
            panel.plot(dims, [one.value for one in found], "o-", color=colour, markersize=4, label=name)
        set_labels(panel, "latent_dim", "ks, mean over draws" if variant == "ae" else "", variant)
        panel.set_xscale("log")
        plain_log(panel.xaxis)
        panel.set_ylim(0, None)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9
    )
    return figure


EXPERIMENT = Experiment(
    title="Latent draws",
    about="An autoencoder and a VAE (mse, beta 0.1) are trained on 67 standardised draws of N(100, 10). Each generates "
    "15,000 rows from a Gaussian fitted to its codes and from uniform draws in [0, 1], without decoder noise. Beside "
    "these, its 33 test points are encoded and decoded.",
    claims=(
        Claim(
            id="Q2",
            sentence="One can generate more than 33 points: decode latent draws, not encoded test points.",
            expected="33 encoded test points decode to 33 rows, whose ks to the truth is 0.15 even where each is "
            "reconstructed exactly. Latent draws have no such end.",
            instead="Draw from a Gaussian (or mixture) fitted to the codes of the training rows.",
        ),
        Claim(
            id="B1",
            sentence="One can decode uniform draws in [0, 1].",
            expected="Codes of a VAE are spread about 0, so [0, 1] is one side of them: in the linear case with a "
            "decoder variance of 0.1 ks 0.5, a std of 0.274 of the true one and a mean that is off by 0.47 stds. Codes "
            "of an autoencoder are wherever training left them.",
            instead="Draw from what the codes are, not from what they are not: a Gaussian fitted to them.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="ks of decoded test points, decoded draws of a fitted Gaussian and decoded uniform draws, against "
    "latent_dim, with 95 % intervals over draws.",
    minutes=5,
    extra=test_points,
)
