"""Evidence for a diagnosis: what a trial would score with one of its parts replaced by the ideal, all else equal.

    as_is             the trial itself, with the metrics that `evaluate` gives
    noise             decoder noise on
    codes             latent draws replaced by sampled codes of the training rows: the aggregate posterior
    codes_noise       both
    reconstructions   the training rows, encoded (z_mean) and decoded
    rows              the training rows themselves

All are measured against the same true samples. Those with latent draws share these; those with noise share that; all
share the numbers by which levels of categories are drawn.
"""

import copy
import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vaebench.latent_samplers import Codes, Latent
from vaebench.rows import Draw, Rows
from vaebench.scoring.metrics.copying import copying
from vaebench.scoring.score import measure
from vaebench.seeds import generator
from vaebench.study.records import Evidence
from vaebench.study.replicate import Replicate
from vaebench.trial.diagnosis import GENERATORS, MEASURED
from vaebench.trial.fit import Fitted, fit_seed

ACTIVE = 0.01
"""A latent unit is active if the variance of its z_mean over the rows is above this: Burda et al. 2016."""
COPIES_LOOKED_AT = 2000
"""Generated rows whose closest row is looked up. This gives the share to 1 %."""


def gather_evidence(fitted: Fitted, replicate: Replicate) -> Evidence:
    """Measure what a diagnosis needs of a spec that is fitted to `replicate`. Depends on the two alone.

        GENERATOR.METRIC   ks, mean_error, std_error, std_ratio (see vaebench.scoring.score) of the generators above
        signal             variance of the decoded codes / variance of the training rows, mean over columns
        noise_share        share of the generated variance that is decoder noise, mean over columns
        active_units       latent units in use: Var(z_mean) > 0.01 (arXiv 1509.00519); variants with a posterior only
        kl                 KL(q(z given x) || N(0, 1)) in nats, summed over units, mean over rows; likewise, no flow
        kl_largest_unit    the largest unit's part of it; likewise
        copied             copying (see scoring.metrics.copying) in units of the bootstrap's: 0 for a perfect generator
        true_samples       how many true samples the metrics are measured against
        epochs             epochs trained
        fall_at_end        fall of the training loss in the last tenth of the epochs, in units of its whole fall
        fall_error         its standard error

    Raises ValueError if generated rows cannot be scored.
    """
    spec = fitted.spec
    with np.errstate(all="ignore"):  # values that are not finite are reported by name
        scaled = fitted.recipe.scaler.transform(fitted.draw.train)
        codes = fitted.trained.codes(scaled)
        noisy = dataclasses.replace(spec, decoder_noise=True)
        recipe = fitted.recipe.with_noise(noisy, fitted.trained, codes, fitted.draw.train, fit_seed(spec, replicate))
        random = generator("generate", spec.seed, replicate.seed)
        drawn = fitted.trained.decode(fitted.recipe.latent.draw(replicate.generated, random))
        without = copy.deepcopy(random)
        noise = recipe.noise(drawn.shape, random)
        levels = random if spec.decoder_noise else without
        ideal = fitted.trained.decode(
            aggregate_posterior(codes, replicate.generated, generator("codes", spec.seed, replicate.seed))
        )
        on = float(spec.decoder_noise)
        decoded = {
            "as_is": drawn + on * noise,
            "noise": drawn + noise,
            "codes": ideal + on * noise,
            "codes_noise": ideal + noise,
            "reconstructions": fitted.trained.decode(codes.points),
            "rows": scaled,
        }
        certain = dataclasses.replace(recipe, level_noise=recipe.scaler.wide.certain)
        ways = dict.fromkeys(("noise", "codes_noise"), recipe) | dict.fromkeys(("as_is", "codes"), fitted.recipe)
        generated = {
            name: ways.get(name, certain).unscaled(decoded[name], copy.deepcopy(levels)) for name in GENERATORS
        }
    variance = recipe.noise_variance
    measured = {name: measure(rows, fitted.draw, replicate.data_set, "attainable") for name, rows in generated.items()}
    return {
        **{
            f"{name}.{metric}": value
            for name in GENERATORS
            for metric, value in measured[name].items()
            if metric in MEASURED
        },
        "signal": _mean_share(ideal.var(axis=0), scaled.var(axis=0)),
        "noise_share": on * _mean_share(variance, drawn.var(axis=0) + variance),
        **_posterior(codes),
        "copied": _copied(generated["as_is"][:COPIES_LOOKED_AT], fitted.draw),
        "true_samples": float(len(fitted.draw.true)),
        **end_of_training(fitted.trained.history[:, 2]),
    }


def aggregate_posterior(codes: Codes, n: int, random: np.random.Generator) -> Latent:
    """Draw `n` latent vectors of 1/N sum_i q(z given x_i), shape (n, latent_dim), as many per row.

    Hoffman and Johnson, "ELBO surgery", NIPS workshop 2016.
    """
    return codes.draw(np.arange(n) % len(codes.mean), random)


def end_of_training(losses: NDArray[np.floating]) -> dict[str, float]:
    """Return which part of its whole fall a loss curve, shape (epochs,), still fell in the last tenth of the epochs.

    fall_at_end = (mean of the tenth before the last - mean of the last tenth) / (largest - mean of the last tenth), and
    fall_error is its standard error. A single epoch has fall_at_end 1.0.
    """
    if len(losses) < 2:
        return {"epochs": 1.0, "fall_at_end": 1.0, "fall_error": 0.0}
    tenth = max(1, len(losses) // 10)
    last, before = losses[-tenth:].mean(), losses[-2 * tenth : -tenth].mean()
    whole = losses.max() - last
    unit = whole if whole > 0 else np.inf
    steps = np.diff(losses[-max(3, len(losses) // 2) :])
    jitter = (
        np.sqrt(steps.var(ddof=1) / 2) if len(steps) > 1 else 0.0
    )  # standard deviation of one epoch's loss about its trend
    return {
        "epochs": float(len(losses)),
        "fall_at_end": float((before - last) / unit),
        "fall_error": float(jitter * np.sqrt(2 / tenth) / unit),
    }


def _posterior(codes: Codes) -> Mapping[str, float]:
    if not codes.std.any():
        return {}
    active = {"active_units": float((codes.mean.var(axis=0) > ACTIVE).sum())}
    if codes.flow is not None:
        return active
    kl = 0.5 * (codes.mean**2 + codes.std**2 - 2.0 * np.log(codes.std) - 1.0).mean(axis=0)
    return {**active, "kl": float(kl.sum()), "kl_largest_unit": float(kl.max())}


def _copied(generated: Rows, draw: Draw) -> float:
    return (
        copying(generated, draw.train, draw.test, draw.support.kinds)
        * (len(draw.train) + len(draw.test))
        / len(draw.test)
    )


def _mean_share(part: Rows, whole: Rows) -> float:
    return float(np.mean(part / np.where(whole > 0, whole, 1.0)))
