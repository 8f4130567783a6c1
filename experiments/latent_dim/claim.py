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
    from matplotlib.axes import Axes

    from vaebench.study.replicate import Replicate
    from vaebench.trial.fit import Encoded

ANSWERS = {"answer": True, "answer-inference": False}
"""The answer's VAE by the form's name: whether its train step called the encoder in training mode."""
KINDS = {"ae": "ae", "vae": "vae, beta 0.1", "sigma-vae": "sigma-vae"} | {
    "answer": "the answer's VAE",
    "answer-inference": "the answer's VAE, inference mode",
}
"""The forms that are judged, as they are called."""
STD = 10.0
"""Of the data."""
DIMS = {"int": [1, 42]}
FEW = {"choice": [1, 2, 4, 8, 16, 29, 42]}
NOISE = {"choice": [False, True]}
COVARIANCE, CODES = "latent_sampler.gaussian.covariance", "latent_sampler.gaussian.codes"


def full(study: Tables) -> Mapping[str, Tables]:
    """Widen to all latent_dims, decoder noise, a sigma-VAE, the answer's network, and rows that are not scaled."""
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
    answers = {form: _as_answered(wide, mode) for form, mode in ANSWERS.items()}
    return {"ae": ae, "vae": vae, "sigma-vae": sigma, **answers, "raw": raw}


def _as_answered(wide: Tables, training_mode: bool) -> Tables:
    """Return the form of the answer's VAE, which is compiled for each latent_dim by itself."""
    network = {"answer": {"training_mode": training_mode}}
    fixed = {"network": network, "encoder": None, "decoder": None, "epochs": 100, "batch_size": 11, "scaling": "none"}
    codes = {"covariance": "diagonal", "codes": {"choice": ["mean", "sampled"]}}
    search = {
        "latent_dim": DIMS,
        "variant": {"one_of": {"answer": {}}},
        "latent_sampler": {"one_of": {"gaussian": codes, "gmm": {}, "prior": {}}},
    }
    return changed(wide, fixed={**fixed, "early_stopping": "training_loss"}, search=search)


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
    mixture, prior = {"mixture": MIXTURE}, {"prior": {"latent_sampler": "prior"}}
    found = {"Gaussian of z_mean": ASKED}
    if form != "ae":
        found["of sampled codes"] = gaussian("diagonal", "sampled")
    if form in ANSWERS:
        return found | mixture | prior
    found["with full covariance"] = gaussian("full", "mean" if form == "ae" else "sampled")
    return found | mixture | ({} if form == "ae" else prior) | {"uniform": {"latent_sampler": "uniform"}}


def cell(form: str, dim: int, way: Mapping[str, object], noise: bool = False) -> dict[str, object]:
    """Return where a cell is. An autoencoder, whose decoder noise is next to none, was measured without."""
    return {"form": form, "latent_dim": dim, "decoder_noise": noise and form != "ae", **way}


def fitting(form: str, dim: int) -> dict[str, object]:
    """Return where the codes are fitted: by a mixture, with decoder noise."""
    return cell(form, dim, MIXTURE, noise=True)


BASELINE = {"form": "ae", "baseline": "gaussian"}


def dims(frame: pd.DataFrame, form: str) -> list[int]:
    """Return the latent_dims at which a form was measured."""
    return sorted(frame.loc[frame["form"] == form, "latent_dim"].dropna().astype(int).unique())


# ---- verdicts


def comparisons(frame: pd.DataFrame) -> dict[tuple[str, str, int], Compared]:
    """Compare the largest latent_dim with 1, and every other latent_dim with 1 where the codes are fitted."""
    pairs = {}
    most = int(frame["latent_dim"].max())
    for form in KINDS:
        for metric in ("mean_error", "std_ratio", "ks"):
            first = by_draw(frame, metric, cell(form, most, ASKED))
            pairs[metric, form, most] = first, by_draw(frame, metric, cell(form, 1, ASKED))
        for dim in dims(frame, form)[1:]:
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

    def off(form: str, dim: int) -> str:
        return str(estimate(by_draw(frame, "mean_error", cell(form, dim, ASKED)) / STD))

    held = [not found["mean_error", form, most].higher for form in KINDS]
    lost = [found["std_ratio", form, most].lower for form in KINDS]
    harder = [found["ks", form, most].higher for form in KINDS]
    first, last = (", ".join(f"{form} {std(form, dim, ASKED)}" for form in KINDS) for dim in (1, most))
    return Verdict(
        claim="A3",
        word=word(*held, *lost, *harder),
        figure=f"std of generated rows over the true one, at latent_dim 1: {first}; at {most}: {last}",
        found=f"With a Gaussian of z_mean the mean holds for {sum(held)} of {len(KINDS)} kinds, the std falls for "
        f"{sum(lost)} and ks rises for {sum(harder)}. The answer's VAE loses the mean too where it trains in training "
        f"mode: it is off by {off('answer', 1)} true stds at latent_dim 1 and by {off('answer', most)} at {most}. In "
        f"inference mode, by which its printed numbers came about, that is {off('answer-inference', 1)} and "
        f"{off('answer-inference', most)}. The others' training does not lose the spread; drawing does, "
        "in three places. How units go together: codes of many units lie about a curve, which draws of single "
        f"units leave; a mixture with full covariances keeps {std('ae', most, MIXTURE)} for ae. The spread of each "
        "code, which z_mean does not show. What the decoder leaves as noise: with all three a vae has "
        f"{std('vae', most, MIXTURE, noise=True)} at latent_dim {most}, a sigma-vae "
        f"{std('sigma-vae', most, MIXTURE, noise=True)}.",
    )


def _enough(frame: pd.DataFrame, found: Mapping[tuple[str, str, int], Compared], most: int) -> Verdict:
    fitted = {form: [found["fitted", form, dim] for dim in dims(frame, form)[1:]] for form in KINDS}
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
        found=f"1 is enough: no other latent_dim has a lower ks for {sum(enough)} of {len(KINDS)} kinds. It need not "
        f"be so low: with a Gaussian of z_mean latent_dim {most} has a higher ks than 1 for {sum(larger)} of "
        f"{len(KINDS)} kinds, but where the codes are fitted by a mixture and decoder noise is added for "
        f"{sum(anyway)}; there {most} has {last}.",
    )


def _biases(frame: pd.DataFrame, found: Mapping[tuple[str, str, int], Compared]) -> Verdict:
    raw = {name: estimate(by_draw(frame, "at_zero", {"form": "raw", "variant": name})) for name in ("ae", "vae")}
    raw |= {form: estimate(by_draw(frame, "at_zero", fitting(form, 1))) for form in ANSWERS}
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
        figure=f"on raw rows D(0) is off the mean by {raw['ae']} stds (ae), {raw['vae']} (vae), {raw['answer']} "
        f"(the answer's VAE) and {raw['answer-inference']} (in inference mode); without any biases it would be 10",
        found=f"The biases learn the mean of raw rows, to less than a std, for {sum(learned)} of {len(raw)} kinds: "
        "where batch norm centres the codes, as the answer's does; else the code carries it. One unit suffices for "
        f"mean and std: two have no lower ks for {sum(suffice)} of {len(KINDS)} kinds. What is decoded lacks "
        f"variation for {sum(lacking)} of {len(KINDS)} (at latent_dim 1, of the training rows' std: {shares}). A "
        f"decoder of standardised rows without any input gives one point; with decoder noise about it ks is {zero}, "
        f"where Gaussian maximum likelihood has {baseline}: a normal distribution takes no latent unit at all.",
    )


# ---- what is shown


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show std ratio and ks of every way at four latent_dims."""
    some = [dim for dim in (1, 2, 8, 42) if dim in set(frame["latent_dim"])]
    rows = []
    for form, name in KINDS.items():
        for noise in (False, True) if form != "ae" else (False,):
            for way, where in ways(form).items():
                row: dict[str, object] = {"": name, "latent draws": way, "decoder noise": "yes" if noise else "no"}
                for metric, short in (("std_ratio", "std ratio"), ("ks", "ks")):
                    found = {dim: estimate(by_draw(frame, metric, cell(form, dim, where, noise))) for dim in some}
                    row |= {f"{short} at {dim}": one for dim, one in found.items()}
                rows.append(row)
    return pd.DataFrame(rows)


def picture(frame: pd.DataFrame) -> Figure:
    """Show std ratio, mean error and ks against latent_dim for every way, a column for each kind."""
    figure = new_figure(14, 9)
    panels = figure.subplots(3, len(KINDS), sharex=True)
    rows = {"std_ratio": "std of generated rows / true std", "mean_error": "error of the mean / true std", "ks": "ks"}
    for column, (form, name) in enumerate(KINDS.items()):
        for row, (metric, label) in enumerate(rows.items()):
            panel = panels[row, column]
            _draw(panel, frame, form, metric)
            set_labels(panel, "latent_dim" if row == 2 else "", "" if column else label, "" if row else name)
            panel.set_xscale("log")
            plain_log(panel.xaxis)
            top = {"std_ratio": 1.15, "mean_error": 0.7, "ks": 0.58}[metric]
            panel.set_ylim(0, None if form in ANSWERS else top)
    figure.legend(*panels[2, 1].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _draw(panel: "Axes", frame: pd.DataFrame, form: str, metric: str) -> None:
    """Draw a line a way, and that of Gaussian maximum likelihood."""
    colours = {"Gaussian of z_mean": COLOURS[1], "of sampled codes": COLOURS[5], "with full covariance": COLOURS[3]}
    colours |= {"mixture": COLOURS[0], "prior": COLOURS[6], "uniform": TRUE}
    lines = [(way, where, False, colours[way]) for way, where in ways(form).items()]
    if form != "ae":
        lines.append(("mixture, with decoder noise", MIXTURE, True, COLOURS[2]))
    unit = STD if metric == "mean_error" else 1.0
    places = dims(frame, form)
    for way, where, noise, colour in lines:
        found = [estimate(by_draw(frame, metric, cell(form, dim, where, noise)) / unit) for dim in places]
        low, high = ([getattr(one, side) for one in found] for side in ("low", "high"))
        panel.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
        panel.plot(places, [one.value for one in found], color=colour, linewidth=1.6, label=way)
    baseline = by_draw(frame, metric, BASELINE).mean() / unit
    panel.axhline(baseline, color=INK, linewidth=1, linestyle=":", label="Gaussian maximum likelihood")


EXPERIMENT = Experiment(
    title="latent_dim",
    about="An autoencoder, a VAE (mse, beta 0.1: a decoder variance of 0.1) and a sigma-VAE (learned decoder variance) "
    "with 64-64 hidden units are trained on 67 standardised draws of N(100, 10) for 200 epochs at all 42 latent_dims, "
    "and generate from every latent sampler, with and without decoder noise. So does the answer's VAE, as it was "
    "written (raw rows, its own loss, early stopping on the training loss), with batch norm and dropout in training "
    "mode and, as the printed numbers have it, in inference mode. Beside these, the "
    "first two are trained on rows that are not scaled (the VAE with beta 10, the same share of their variance).",
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
    caption="Std ratio, error of the mean and ks against latent_dim by how latent vectors are drawn, with 95 % "
    "intervals over draws; without decoder noise but for the green line. An autoencoder's decoder noise is next to "
    "none. The last two columns have scales of their own.",
    minutes=45,
    baselines=("gaussian",),
    extra=where_the_spread_is,
)
