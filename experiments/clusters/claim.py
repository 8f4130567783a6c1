"""A8, the second half: with several clusters one latent Gaussian is not enough, and latent_dim should be low."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from experiments.claims_kit.experiment import Claim, Experiment, Verdict
from experiments.claims_kit.forms import Tables, changed
from experiments.claims_kit.verdicts import Compared, Estimate, by_draw, compared, estimate, word
from vaebench.results.plots.style import COLOURS, INK, TRUE, new_figure, plain_log, set_labels

CENTRES = {"1 cluster": [100], "3 clusters": [70, 100, 130], "5 clusters": [60, 80, 100, 120, 140]}
"""Means of equal normal clusters with a standard deviation of 4."""
TWO = "2 clusters"
"""Those of the study file, of different weight and width."""
FORMS = ("1 cluster", TWO, "3 clusters", "5 clusters")
DIMS = [1, 2, 4, 8, 16]
WAYS = [(variant, sampler) for variant in ("ae", "vae") for sampler in ("gaussian", "gmm")]


def full(study: Tables) -> Mapping[str, Tables]:
    """Measure with one, three and five clusters too, on more draws."""
    forms = {TWO: study["data"]}
    for name, centres in CENTRES.items():
        laws = [{"weight": 1 / len(centres), "name": "norm", "loc": centre, "scale": 4} for centre in centres]
        forms[name] = {"rows": study["data"]["rows"], "mixture": laws}
    return {
        name: changed(study, study={"replicates": 25}, data=forms[name], search={"latent_dim": {"choice": DIMS}})
        for name in FORMS
    }


def of(form: str, variant: str, sampler: str, dim: int) -> dict[str, object]:
    """Return where a cell is."""
    return {"form": form, "variant": variant, "latent_sampler": sampler, "latent_dim": dim}


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the form of the study file, if it has that alone."""
    return frame if "form" in frame else frame.assign(form=TWO)


def forms(frame: pd.DataFrame) -> list[str]:
    """Return the forms that were measured, in order."""
    return [name for name in FORMS if name in set(frame["form"])]


def dims(frame: pd.DataFrame) -> list[int]:
    """Return the latent_dims that were measured, in order."""
    return sorted(int(dim) for dim in frame["latent_dim"].dropna().unique())


def comparisons(frame: pd.DataFrame) -> dict[tuple[str, str, str, int], Compared]:
    """Compare ks from one latent Gaussian with that from a mixture, and one latent unit with more."""
    pairs = {}
    for form in forms(frame):
        for variant in ("ae", "vae"):
            for dim in dims(frame):
                pairs[form, variant, "sampler", dim] = tuple(
                    by_draw(frame, "ks", of(form, variant, sampler, dim)) for sampler in ("gaussian", "gmm")
                )
            for dim in dims(frame)[1:]:
                pairs[form, variant, "dim", dim] = tuple(
                    by_draw(frame, "ks", of(form, variant, "gmm", each)) for each in (1, dim)
                )
    return compared(pairs)  # type: ignore[arg-type]


def judge(frame: pd.DataFrame) -> Sequence[Verdict]:
    """Judge by ks, corrected for all clusters, variants and latent_dims."""
    frame = prepared(frame)
    found = comparisons(frame)
    enough = {
        variant: [not pair.higher for (form, of_, what, _), pair in found.items()
                  if of_ == variant and what == "sampler" and form != "1 cluster"]
        for variant in ("ae", "vae")
    }  # fmt: skip
    lower = [not pair.higher for (_, _, what, _), pair in found.items() if what == "dim"]
    ks = {(v, s): estimate(by_draw(frame, "ks", of(TWO, v, s, 1))) for v, s in WAYS}
    most = max(dims(frame))
    neither = [estimate(by_draw(frame, "ks", of(TWO, "vae", sampler, most))) for sampler in ("gaussian", "gmm")]
    return [
        Verdict(
            claim="A8b",
            word=word(not any(enough["ae"]), not any(enough["vae"]), all(lower)),
            figure=f"two clusters, latent_dim 1: ks {ks['ae', 'gaussian']} from one latent Gaussian, "
            f"{ks['ae', 'gmm']} from a mixture (ae); {ks['vae', 'gaussian']} and {ks['vae', 'gmm']} (vae)",
            found="With two clusters or more, one latent Gaussian is worse than a mixture in "
            f"{enough['ae'].count(False)} of {len(enough['ae'])} cases of clusters and latent_dim for the "
            f"autoencoder, and in {enough['vae'].count(False)} of {len(enough['vae'])} for the VAE; with two "
            f"clusters and latent_dim {most} that has {neither[0]} from one Gaussian and {neither[1]} from a "
            f"mixture: neither is enough. With a mixture, one latent unit is worse than more in {lower.count(False)} "
            f"of {len(lower)} cases.",
        )
    ]


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Show ks by clusters and latent_dim: both variants from one latent Gaussian and from a mixture, and baselines."""
    frame = prepared(frame)
    rows = []
    for form in forms(frame):
        for dim in dims(frame):
            row: dict[str, object] = {"data": form, "latent_dim": dim}
            row |= {f"{v}, {s}": estimate(by_draw(frame, "ks", of(form, v, s, dim))) for v, s in WAYS}
            rows.append(row | {name: _baseline(frame, form, name) for name in ("kde", "true_family")})
    return pd.DataFrame(rows)


def _baseline(frame: pd.DataFrame, form: str, name: str) -> Estimate:
    return estimate(by_draw(frame, "ks", {"form": form, "baseline": name}))


def picture(frame: pd.DataFrame) -> Figure:
    """Show ks against latent_dim, a panel for each number of clusters."""
    frame = prepared(frame)
    every = forms(frame)
    figure = new_figure(2.0 + 2.4 * len(every), 3.8)
    panels = figure.subplots(1, len(every), sharey=True, squeeze=False)[0]
    for panel, form in zip(panels, every, strict=True):
        for variant, sampler in WAYS:
            colour = COLOURS[0] if variant == "ae" else COLOURS[1]
            found = [estimate(by_draw(frame, "ks", of(form, variant, sampler, dim))) for dim in dims(frame)]
            panel.fill_between(dims(frame), [f.low for f in found], [f.high for f in found], color=colour, alpha=0.15)
            style = "o-" if sampler == "gmm" else "s--"
            name = "a mixture" if sampler == "gmm" else "one Gaussian"
            panel.plot(
                dims(frame), [f.value for f in found], style, color=colour, markersize=4, label=f"{variant}, {name}"
            )
        for name, colour, style in (("kde", INK, ":"), ("true_family", TRUE, "-.")):
            value = _baseline(frame, form, name).value
            panel.axhline(value, color=colour, linestyle=style, linewidth=1.2, label=name.replace("_", " "))
        panel.set_xscale("log")
        panel.set_yscale("log")
        plain_log(panel.xaxis)
        plain_log(panel.yaxis)
        set_labels(panel, "latent_dim", "ks, mean over draws" if panel is panels[0] else "", form)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False, fontsize=9
    )
    return figure


EXPERIMENT = Experiment(
    title="Clusters",
    about="An autoencoder and a VAE (mse, beta 0.01; 64-64 units) are trained on 670 standardised rows of one "
    "column with 1 to 5 clusters. Rows are generated from one Gaussian (full covariance) or a mixture of up to 8, "
    "chosen by BIC, fitted to the codes, with decoder noise.",
    claims=(
        Claim(
            id="A8b",
            sentence="With several clusters one latent Gaussian is not enough (and latent_dim should be as low as "
            "possible).",
            expected="Codes of an autoencoder have as many clusters as the rows, and a Gaussian over them fills the "
            "gaps. The KL of a VAE draws its codes to one Gaussian, and the decoder can part them again: for it one "
            "is nearly enough. One column needs one latent unit.",
            instead="Fit a mixture to the codes (latent_sampler gmm) of a plain autoencoder or of a VAE with one "
            "latent unit. With one cluster BIC chooses one Gaussian anyway.",
        ),
    ),
    full=full,
    judge=judge,
    table=table,
    picture=picture,
    caption="ks against latent_dim, from one latent Gaussian (dashed) and from a mixture of them, by the number of "
    "clusters in the data.",
    minutes=10,
    baselines=("kde", "true_family"),
)
