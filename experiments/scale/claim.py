"""A4: the scale on a fitted Gaussian's standard deviation that repairs the spread of generated rows."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.verdicts import Compared, by_draw, compared, estimate, word
from vaebench.results.plots.style import COLOURS, INK, new_figure, plain_log, set_labels

SCALE, CODES = "latent_sampler.gaussian.scale", "latent_sampler.gaussian.codes"
SCALES = [1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
KINDS = {"ae": ("ae", "mse"), "vae, beta 0.1": ("vae", "mse"), "sigma-vae": ("vae", "gaussian_nll")}
CHOOSING = 0.4
"""Share of the draws on which a scale is chosen. The others are fresh for it."""


def full(study: Tables) -> Mapping[str, Tables]:
    """Widen to more draws, more scales without decoder noise, and a sigma-VAE; with noise, also to sampled codes."""
    sampler = {"one_of": {"gaussian": {"codes": "mean", "scale": {"choice": SCALES}}}}
    unscaled = {"one_of": {"gaussian": {"codes": {"choice": ["mean", "sampled"]}}}}
    scaled = changed(study, study={"replicates": 50}, search={"decoder_noise": {"choice": [False]}})
    scaled = changed(scaled, search={"latent_sampler": sampler})
    noisy = changed(scaled, search={"decoder_noise": {"choice": [True]}, "latent_sampler": unscaled})
    sigma = {"fixed": {"loss": "gaussian_nll"}, "search": {"variant": {"one_of": {"vae": {"beta": 1.0}}}}}
    forms = {"scaled": scaled, "noisy": noisy}
    return forms | {f"{name}, sigma-vae": changed(form, **sigma) for name, form in forms.items()}


def at(frame: pd.DataFrame, kind: str, dim: int, scale: float = 1.0, **more: object) -> dict[str, object]:
    """Return where a cell is, by default without decoder noise and fitted to z_mean."""
    variant, loss = KINDS[kind]
    where = {"variant": variant, "loss": loss, "latent_dim": dim, SCALE: scale, "decoder_noise": False, CODES: "mean"}
    return {name: value for name, value in (where | more).items() if name in frame}


def kinds(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """Return every kind that was measured with every latent_dim."""
    measured = [kind for kind in KINDS if kind != "sigma-vae" or "loss" in frame]
    return [(kind, dim) for kind in measured for dim in sorted(frame["latent_dim"].unique())]


def split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the draws on which scales are chosen, and the fresh ones."""
    first = round(CHOOSING * frame["draw"].nunique())
    return frame[frame["draw"] < first], frame[frame["draw"] >= first]


def chosen(frame: pd.DataFrame, kind: str, dim: int) -> float:
    """Return the scale whose mean std ratio over the choosing draws is nearest to 1."""
    choosing, _ = split(frame)
    ratios = {s: by_draw(choosing, "std_ratio", at(frame, kind, dim, s)).mean() for s in sorted(frame[SCALE].unique())}
    return float(min(ratios, key=lambda scale: abs(ratios[scale] - 1.0)))


def repairing(frame: pd.DataFrame, kind: str, dim: int) -> "pd.Series":
    """Return, by draw, the scale at which the std ratio is 1, between the measured ones; infinity if it never is."""
    scales = sorted(frame[SCALE].unique())
    ratios = pd.DataFrame({s: by_draw(frame, "std_ratio", at(frame, kind, dim, s)) for s in scales})
    logs = np.log(scales)

    def crossing(row: np.ndarray) -> float:
        if row[0] >= 1.0:
            return float(scales[0])
        above = np.flatnonzero(row >= 1.0)
        if not len(above):
            return np.inf
        i = above[0]
        share = (1.0 - row[i - 1]) / (row[i] - row[i - 1])
        return float(np.exp(logs[i - 1] + share * (logs[i] - logs[i - 1])))

    return ratios.apply(lambda row: crossing(row.to_numpy()), axis=1)


def comparisons(frame: pd.DataFrame) -> dict[tuple[str, str, int], Compared]:
    """Compare on the fresh draws: the chosen scale with none, in std error and ks, and with decoder noise in ks."""
    _, fresh = split(frame)
    pairs = {}
    for kind, dim in kinds(frame):
        scaled = at(frame, kind, dim, chosen(frame, kind, dim))
        for metric in ("std_error", "ks"):
            pairs[metric, kind, dim] = (
                by_draw(fresh, metric, scaled),
                by_draw(fresh, metric, at(frame, kind, dim)),
            )
        noisy = by_draw(fresh, "ks", at(frame, kind, dim, decoder_noise=True, **sampled(frame)))
        pairs["noise", kind, dim] = by_draw(fresh, "ks", scaled), noisy
    return compared(pairs)


def sampled(frame: pd.DataFrame) -> dict[str, object]:
    """Return that codes are sampled, where that was measured: decoder noise belongs to them."""
    return {CODES: "sampled"} if CODES in frame else {}


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge by what a scale that was chosen on some draws does on fresh ones."""
    found = comparisons(frame)
    _, fresh = split(frame)
    of = {what: [pair for (name, _, _), pair in found.items() if name == what] for what in ("std_error", "ks", "noise")}
    lower = {what: sum(pair.lower for pair in pairs) for what, pairs in of.items()}
    higher = {what: sum(pair.higher for pair in pairs) for what, pairs in of.items()}
    most = max(frame["latent_dim"])
    kind = "vae, beta 0.1"
    scale = chosen(frame, kind, most)
    before, after, noise = (
        estimate(by_draw(fresh, "ks", where))
        for where in (
            at(frame, kind, most),
            at(frame, kind, most, scale),
            at(frame, kind, most, decoder_noise=True, **sampled(frame)),
        )
    )
    ratio = estimate(by_draw(fresh, "std_ratio", at(frame, kind, most, scale)))

    def needed(kind: str) -> str:
        low, middle, high = repairing(frame, kind, most).quantile([0.1, 0.5, 0.9], interpolation="nearest")
        return f"{middle:.3g} (80 % of draws: {low:.3g} to {high:.3g})"

    return [
        Verdict(
            claim="A4",
            word=word(*(pair.lower for pair in of["std_error"] + of["ks"])),
            figure=f"vae, latent_dim {most}, scale {scale:g}: std {ratio} of the true one on fresh draws; ks {before} "
            f"without it, {after} with it, {noise} with decoder noise{' and sampled codes' if CODES in frame else ''}",
            found="The scale that repairs it grows with latent_dim and differs between draws: for an ae "
            f"{needed('ae')}, for a vae {needed(kind)} at {most}. A posterior that all but collapsed, as that of the "
            f"sigma-vae, is not repaired by {max(frame[SCALE]):g}. Of {len(of['ks'])} pairs of kind and latent_dim, "
            f"the scale chosen on other draws lowers the std error on fresh draws in {lower['std_error']} and raises "
            f"it in {higher['std_error']}; it lowers ks in {lower['ks']} and raises it in {higher['ks']}. Beside "
            f"sampled codes and decoder noise its ks is higher in {higher['noise']} and lower in {lower['noise']}.",
        )
    ]


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show the scale that repairs, and what the chosen one does on fresh draws."""
    _, fresh = split(frame)
    rows = []
    for kind, dim in kinds(frame):
        scale = chosen(frame, kind, dim)
        scales = repairing(frame, kind, dim)
        low, middle, high = scales.quantile([0.1, 0.5, 0.9], interpolation="nearest")
        cells = {
            "none": at(frame, kind, dim),
            "chosen": at(frame, kind, dim, scale),
            "decoder noise": at(frame, kind, dim, decoder_noise=True, **sampled(frame)),
        }
        row: dict[str, object] = {"": kind, "latent_dim": dim}
        shown = [f"{one:.3g}" if np.isfinite(one) else f"> {max(frame[SCALE]):g}" for one in (middle, low, high)]
        row["scale that repairs: median (10 %, 90 % of draws)"] = "{} ({}, {})".format(*shown)
        row["chosen"] = f"{scale:g}"
        row |= {f"std ratio, {name}": estimate(by_draw(fresh, "std_ratio", where)) for name, where in cells.items()}
        row |= {f"ks, {name}": estimate(by_draw(fresh, "ks", where)) for name, where in cells.items()}
        rows.append(row)
    return pd.DataFrame(rows)


def picture(frame: pd.DataFrame) -> Figure:
    """Show, for each kind, the scale that repairs against latent_dim, and ks without, with it, and with noise."""
    _, fresh = split(frame)
    names = list(dict.fromkeys(kind for kind, _ in kinds(frame)))
    dims = sorted(frame["latent_dim"].unique())
    most = max(frame[SCALE])
    figure = new_figure(10, 6.2)
    panels = figure.subplots(2, len(names), sharex=True, sharey="row")
    for column, kind in enumerate(names):
        above, below = panels[:, column]
        scales = pd.DataFrame({dim: repairing(frame, kind, dim) for dim in dims})
        for level, style in ((0.1, ":"), (0.5, "o-"), (0.9, ":")):
            above.plot(dims, scales.quantile(level, interpolation="nearest"), style, color=COLOURS[0], markersize=4)
        if np.isinf(scales.median()).all():
            above.text(0.5, 0.5, f"not repaired by {most:g}", ha="center", color=INK, transform=above.transAxes)
        set_labels(above, "", "scale that repairs the std" if column == 0 else "", kind)
        for name, colour, style, wheres in (
            ("no scale", COLOURS[1], "o-", [at(frame, kind, dim) for dim in dims]),
            (
                "scale chosen on other draws",
                COLOURS[0],
                "o-",
                [at(frame, kind, dim, chosen(frame, kind, dim)) for dim in dims],
            ),
            (
                "sampled codes and decoder noise, no scale",
                COLOURS[2],
                "o--",
                [at(frame, kind, dim, decoder_noise=True, **sampled(frame)) for dim in dims],
            ),
        ):
            line = [estimate(by_draw(fresh, "ks", where)) for where in wheres]
            below.fill_between(dims, [one.low for one in line], [one.high for one in line], color=colour, alpha=0.2)
            below.plot(dims, [one.value for one in line], style, color=colour, markersize=4, label=name)
        set_labels(below, "latent_dim", "ks on fresh draws" if column == 0 else "", "")
        below.set_xscale("log")
        plain_log(below.xaxis)
    panels[0, 0].set_yscale("log")
    panels[0, 0].set_ylim(0.9, most)
    panels[1, 0].set_ylim(0, None)
    plain_log(panels[0, 0].yaxis)
    figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


EXPERIMENT = Experiment(
    title="Scale",
    about="The spread that generated rows lack is to be had by scaling the latent draws up: z = m + scale s e, m and s "
    "the mean and standard deviation of z_mean over the training rows, as the Q&A has it. An autoencoder, a VAE (mse, "
    "beta 0.1) and a sigma-VAE are measured at seven latent_dims and twelve scales from 1 to 10, without decoder "
    "noise. A scale is chosen on the first 40 % of the draws, by the std of 15,000 true samples, and judged on the "
    "others.",
    claims=(
        Claim(
            id="A4",
            sentence="Up-scaling the variance of the latent draws repairs the lost variance.",
            expected="A linear decoder makes any std out of any scale: 1 / (1 - s2) repairs it for one standardised "
            "column and a decoder variance s2, and nothing does after a posterior collapse. A decoder that is not "
            "linear need not make a normal distribution of latent vectors that it never saw, so ks need not follow "
            "the std. Decoder noise restores what the decoder left as noise, without a scale to choose.",
            instead="Vae: fit the latent distribution to sampled codes and add decoder noise. Ae: fit a mixture with "
            "full covariances. Nothing has to be chosen.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="Above: the scale at which generated rows have the true std, median and 10 to 90 % of the draws. Below: ks "
    "on fresh draws, with 95 % intervals; an autoencoder's decoder noise is next to none.",
    minutes=5,
)
