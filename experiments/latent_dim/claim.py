"""A3, A8 (one Gaussian) and A12: where the spread of generated rows goes as latent_dim grows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.verdicts import Compared, by_draw, compared, estimate, word
from vaebench.results.plots.style import COLOURS, INK, TRUE, new_figure, plain_log, set_labels
from vaebench.scoring.metrics.distances import ks_distance
from vaebench.seeds import generator

if TYPE_CHECKING:
    from vaebench.study.replicate import Replicate
    from vaebench.trial.fit import Encoded

KINDS = {"ae": "ae", "vae": "vae, beta 0.1", "sigma-vae": "sigma-vae"}
"""The forms on standardised rows, as they are called."""
DIMS = {"int": [1, 42]}
FEW = {"choice": [1, 2, 4, 8, 16, 29, 42]}
NOISE = {"choice": [False, True]}
COVARIANCE, CODES = "latent_sampler.gaussian.covariance", "latent_sampler.gaussian.codes"


def full(study: Tables) -> Mapping[str, Tables]:
    """Widen to all latent_dims, decoder noise, a sigma-VAE, and rows that are not scaled.

    A further network is a further form.
    """
    samplers = study["search"]["latent_sampler"]["one_of"]
    both = {"covariance": {"choice": ["diagonal", "full"]}, "codes": "mean"}  # sampled codes of an ae are the same
    of_ae = {"gaussian": both, "gmm": samplers["gmm"], "uniform": {}}
    wide = changed(study, study={"replicates": 25}, fixed={"decoder_noise": None}, search={"decoder_noise": NOISE})
    ae = changed(
        study,
        study={"replicates": 25},
        search={"latent_dim": DIMS, "variant": {"one_of": {"ae": {}}}, "latent_sampler": {"one_of": of_ae}},
    )
    vae = changed(wide, search={"latent_dim": DIMS, "variant": {"one_of": {"vae": {"beta": 0.1}}}})
    one = {"one_of": {"vae": {"beta": 1.0}}}
    sigma = changed(wide, fixed={"loss": "gaussian_nll"}, search={"latent_dim": DIMS, "variant": one})
    raw = changed(
        study,
        study={"replicates": 25},
        fixed={"scaling": "none"},
        search={
            "latent_dim": FEW,
            "variant": {"one_of": {"ae": {}, "vae": {"beta": 10.0}}},  # 0.1 of the rows' variance, as above
            "latent_sampler": {"one_of": {"gaussian": {"covariance": "diagonal", "codes": "mean"}}},
        },
    )
    return {"ae": ae, "vae": vae, "sigma-vae": sigma, "raw": raw}


def where_the_spread_is(encoded: "Encoded", replicate: "Replicate") -> Mapping[str, float]:
    """Measure what the decoder gives of codes and of no input, as shares of the std of the training rows.

    `means` is the std of their decoded z_mean, `codes` that of decoded sampled codes, `noise` the root mean square
    residual at these. `at_zero` is |D(0) - mean|, and `zero_ks` the ks of D(0) plus normal noise with the training
    rows' root mean square distance from it.
    """
    random = generator("where the spread is", encoded.seed)
    codes, scaled = encoded.codes, encoded.scaled
    std = scaled.std()
    z = np.concatenate([codes.choose("sampled", random) for _ in range(20)])
    decoded = encoded.trained.decode(z)
    zero = encoded.trained.decode(np.zeros((1, z.shape[1])))[0, 0]
    residual = np.sqrt(np.mean((scaled - zero) ** 2))
    drawn = zero + residual * random.standard_normal((replicate.generated, 1))
    return {
        "means": float(encoded.trained.decode(codes.mean).std() / std),
        "codes": float(decoded.std() / std),
        "noise": float(np.sqrt(np.mean((decoded - np.tile(scaled, (20, 1))) ** 2)) / std),
        "at_zero": float(abs(zero - scaled.mean()) / std),
        "zero_ks": ks_distance(encoded.scaler.inverse(drawn)[:, 0], encoded.draw.true[:, 0]),
    }


# ---- where things are in the frame


def gaussian(covariance: str, codes: str) -> dict[str, object]:
    """Return where Gaussian latent draws are."""
    return {"latent_sampler": "gaussian", COVARIANCE: covariance, CODES: codes}


ASKED = gaussian("diagonal", "mean")
"""As the Q&A has it: a mean and a standard deviation for each latent unit, of z_mean."""
MIXTURE = {"latent_sampler": "gmm"}


def ways(form: str) -> dict[str, dict[str, object]]:
    """Return where each way to draw latent vectors is."""
    if form == "ae":
        found = {"Gaussian of z_mean": ASKED, "with full covariance": gaussian("full", "mean"), "mixture": MIXTURE}
    else:
        found = {
            "Gaussian of z_mean": ASKED,
            "of sampled codes": gaussian("diagonal", "sampled"),
            "with full covariance": gaussian("full", "sampled"),
            "mixture": MIXTURE,
            "prior": {"latent_sampler": "prior"},
        }
    return found | {"uniform": {"latent_sampler": "uniform"}}


def cell(form: str, dim: int, way: Mapping[str, object], noise: bool = False) -> dict[str, object]:
    """Return where a cell is. An autoencoder, whose decoder noise is next to none, was measured without."""
    return {"form": form, "latent_dim": dim, "decoder_noise": noise and form != "ae", **way}


def fitting(form: str, dim: int) -> dict[str, object]:
    """Return where the codes are fitted: by a mixture, with decoder noise."""
    return cell(form, dim, MIXTURE, noise=True)


BASELINE = {"form": "ae", "baseline": "gaussian"}


# ---- verdicts


def comparisons(frame: pd.DataFrame) -> dict[tuple[str, str, int], Compared]:
    """Compare the largest latent_dim with 1, and every other latent_dim with 1 where the codes are fitted."""
    pairs = {}
    most = int(frame["latent_dim"].max())
    for form in KINDS:
        for metric in ("mean_error", "std_ratio", "ks"):
            first = by_draw(frame, metric, cell(form, most, ASKED))
            pairs[metric, form, most] = first, by_draw(frame, metric, cell(form, 1, ASKED))
        for dim in range(2, most + 1):
            first = by_draw(frame, "ks", fitting(form, dim))
            pairs["fitted", form, dim] = first, by_draw(frame, "ks", fitting(form, 1))
    return compared(pairs)


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge the three claims; all comparisons are corrected together."""
    found = comparisons(frame)
    most = int(frame["latent_dim"].max())
    return [_spread(frame, found, most), _enough(frame, found, most), _biases(frame, found)]


def _spread(frame: pd.DataFrame, found: Mapping[tuple[str, str, int], Compared], most: int) -> Verdict:
    def std(form: str, dim: int, way: Mapping[str, object], noise: bool = False) -> str:
        return str(estimate(by_draw(frame, "std_ratio", cell(form, dim, way, noise))))

    held = [not found["mean_error", form, most].higher for form in KINDS]
    lost = [found["std_ratio", form, most].lower for form in KINDS]
    harder = [found["ks", form, most].higher for form in KINDS]
    return Verdict(
        claim="A3",
        word=word(*held, *lost, *harder),
        figure=f"std of generated rows over the true one at latent_dim 1 and {most}: ae {std('ae', 1, ASKED)} and "
        f"{std('ae', most, ASKED)}, vae {std('vae', 1, ASKED)} and {std('vae', most, ASKED)}, sigma-vae "
        f"{std('sigma-vae', 1, ASKED)} and {std('sigma-vae', most, ASKED)}",
        found=f"With a Gaussian of z_mean the mean holds for {sum(held)} of 3 kinds, the std falls for {sum(lost)} and "
        f"ks rises for {sum(harder)}. Training does not lose the spread; drawing does, in three places. How units go "
        "together: codes of many units lie about a curve, which draws of single units leave; a mixture with full "
        f"covariances keeps {std('ae', most, MIXTURE)} for ae. The spread of each code, which z_mean does not show. "
        f"What the decoder leaves as noise: with all three a vae has {std('vae', most, MIXTURE, noise=True)} at "
        f"latent_dim {most}, a sigma-vae {std('sigma-vae', most, MIXTURE, noise=True)}.",
    )


def _enough(frame: pd.DataFrame, found: Mapping[tuple[str, str, int], Compared], most: int) -> Verdict:
    fitted = {form: [found["fitted", form, dim] for dim in range(2, most + 1)] for form in KINDS}
    enough = [not any(pair.lower for pair in pairs) for pairs in fitted.values()]
    larger = [found["ks", form, most].higher for form in KINDS]
    anyway = [pairs[-1].higher for pairs in fitted.values()]
    baseline = estimate(by_draw(frame, "ks", BASELINE))
    first, last = (
        ", ".join(f"{form} {estimate(by_draw(frame, 'ks', fitting(form, dim)))}" for form in KINDS) for dim in (1, most)
    )
    return Verdict(
        claim="A8",
        word=word(*enough, *larger, *anyway),
        figure=f"ks at latent_dim 1, from a mixture of the codes and with decoder noise: {first}; Gaussian maximum "
        f"likelihood {baseline}",
        found=f"1 is enough: no other latent_dim has a lower ks for {sum(enough)} of 3 kinds. It need not be so low: "
        f"with a Gaussian of z_mean latent_dim {most} has a higher ks than 1 for {sum(larger)} of 3 kinds, but where "
        f"the codes are fitted by a mixture and decoder noise is added for {sum(anyway)}; there {most} has {last}.",
    )


def _biases(frame: pd.DataFrame, found: Mapping[tuple[str, str, int], Compared]) -> Verdict:
    raw = {name: estimate(by_draw(frame, "at_zero", {"form": "raw", "variant": name})) for name in ("ae", "vae")}
    codes = {form: estimate(by_draw(frame, "codes", fitting(form, 1))) for form in KINDS}
    learned = [one.high < 1.0 for one in raw.values()]
    suffice = [not found["fitted", form, 2].lower for form in KINDS]
    lacking = [one.high < 1.0 for one in codes.values()]
    zero = estimate(by_draw(frame, "zero_ks", fitting("sigma-vae", 1)))
    baseline = estimate(by_draw(frame, "ks", BASELINE))
    shares = ", ".join(f"{form} {one}" for form, one in codes.items())
    return Verdict(
        claim="A12",
        word=word(*learned, *suffice, *lacking),
        figure=f"on raw rows D(0) is off the mean by {raw['ae']} stds (ae) and {raw['vae']} (vae); without any biases "
        "it would be 10",
        found=f"The biases do not learn the mean of raw rows: the code carries it. One unit suffices for mean and std: "
        f"two have no lower ks for {sum(suffice)} of 3 kinds. What is decoded lacks variation for {sum(lacking)} of 3 "
        f"kinds (at latent_dim 1, of the training rows' std: {shares}). A decoder of standardised rows without any "
        f"input gives one point; with decoder noise about it ks is {zero}, where Gaussian maximum likelihood has "
        f"{baseline}: a normal distribution takes no latent unit at all.",
    )


# ---- what is shown


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show std ratio and ks of every way at four latent_dims."""
    dims = [dim for dim in (1, 2, 8, 42) if dim in set(frame["latent_dim"])]
    rows = []
    for form, name in KINDS.items():
        for noise in (False, True) if form != "ae" else (False,):
            for way, where in ways(form).items():
                row: dict[str, object] = {"": name, "latent draws": way, "decoder noise": "yes" if noise else "no"}
                for metric, short in (("std_ratio", "std ratio"), ("ks", "ks")):
                    found = {dim: estimate(by_draw(frame, metric, cell(form, dim, where, noise))) for dim in dims}
                    row |= {f"{short} at {dim}": one for dim, one in found.items()}
                rows.append(row)
    return pd.DataFrame(rows)


def picture(frame: pd.DataFrame) -> Figure:
    """Show std ratio and ks against latent_dim for every way, a column for each kind."""
    figure = new_figure(10, 6.8)
    panels = figure.subplots(2, 3, sharex=True, sharey="row")
    dims = range(1, int(frame["latent_dim"].max()) + 1)
    colours = {"Gaussian of z_mean": COLOURS[1], "of sampled codes": COLOURS[5], "with full covariance": COLOURS[3]}
    colours |= {"mixture": COLOURS[0], "prior": COLOURS[6], "uniform": TRUE}
    baseline = by_draw(frame, "ks", BASELINE).mean()
    for column, (form, name) in enumerate(KINDS.items()):
        lines = [(way, where, False, colours[way]) for way, where in ways(form).items()]
        if form != "ae":
            lines.append(("mixture, with decoder noise", MIXTURE, True, COLOURS[2]))
        for row, (metric, label) in enumerate((("std_ratio", "std of generated rows / true std"), ("ks", "ks"))):
            panel = panels[row, column]
            for way, where, noise, colour in lines:
                found = [estimate(by_draw(frame, metric, cell(form, dim, where, noise))) for dim in dims]
                low, high = ([getattr(one, side) for one in found] for side in ("low", "high"))
                panel.fill_between(dims, low, high, color=colour, alpha=0.15, linewidth=0)
                panel.plot(dims, [one.value for one in found], color=colour, linewidth=1.6, label=way)
            of_data = baseline if metric == "ks" else 1.0
            panel.axhline(of_data, color=INK, linewidth=1, linestyle=":", label="Gaussian maximum likelihood")
            set_labels(panel, "latent_dim" if row else "", "" if column else label, "" if row else name)
            panel.set_ylim(0, None)
            panel.set_xscale("log")
            plain_log(panel.xaxis)
    figure.legend(*panels[1, 1].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


EXPERIMENT = Experiment(
    title="latent_dim",
    about="An autoencoder, a VAE (mse, beta 0.1: a decoder variance of 0.1) and a sigma-VAE (learned decoder variance) "
    "with 64-64 hidden units are trained on 67 standardised draws of N(100, 10) for 200 epochs at all 42 latent_dims, "
    "and generate from every latent sampler, with and without decoder noise. Beside these, the first two are trained "
    "on rows that are not scaled (the VAE with beta 10, the same share of their variance).",
    claims=(
        Claim(
            id="A3",
            sentence="Growing latent_dim makes good samples gradually harder: the mean holds, the variance is lost.",
            expected="Standard deviations of single units say nothing of how units go together, and z_mean nothing of "
            "the codes' own spread: with a decoder variance s2 a linear VAE keeps 1 - s2 of the std from a Gaussian of "
            "z_mean, sqrt(1 - s2) from sampled codes, all of it with decoder noise, at any latent_dim.",
            instead="Fit a mixture with full covariances to sampled codes and add decoder noise, or learn the "
            "decoder's variance (loss gaussian_nll) and draw from the prior: then latent_dim hardly matters.",
        ),
        Claim(
            id="A8",
            sentence="latent_dim should be as low as possible; 1 is enough for one Gaussian.",
            expected="One column needs one unit. Units that a VAE does not use are harmless to draws from its prior.",
            instead="Take latent_dim 1 for one Gaussian; with a fitted mixture and decoder noise more cost little.",
        ),
        Claim(
            id="A12",
            sentence="The decoder learns the mean in its biases, so fewer latent units than true parameters suffice, "
            "but the output may lack variation.",
            expected="Without an input a decoder is one point, and the least squared error puts it at the mean. "
            "Nothing makes a decoder with an input keep the mean in its biases.",
            instead="Standardise the rows, so that the mean needs no learning; add decoder noise for the variation.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="Std ratio and ks against latent_dim by how latent vectors are drawn, with 95 % intervals over draws; "
    "without decoder noise but for the green line. An autoencoder's decoder noise is next to none.",
    minutes=20,
    baselines=("gaussian",),
    extra=where_the_spread_is,
)
