"""Why is it off? What the evidence of a trial says is wrong with it, worst first, in plain language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.scoring.score import score
from vaebench.study.records import Attainable, Diagnosis, Evidence, Finding, FindingName
from vaebench.study.spec import Spec

GENERATORS = ("as_is", "noise", "codes", "codes_noise", "reconstructions", "rows")
"""The trial as it is, and with parts of it swapped: see vaebench.trial.evidence."""
MEASURED = ("ks", "mean_error", "std_error", "std_ratio")
"""What is measured of each generator."""

EXPECTED = "expected.score"
"""The score on a replicate of the baseline whose mean is 1: what these very rows allow. 1.0 where it is not known."""

DRAWS = 10
"""Confirmation replicates that evidence is gathered on; 5 miss what explains 0.4 of a score (measured)."""

PLAIN = 0.25
"""A difference in score worth naming. The mean score of a perfect generator over 10 draws varies by 0.14 (measured)."""
SURE = 2.0
"""Standard errors, over the replicates, that a difference must be above zero: 4 % of chance ones with 10 draws."""
COLLAPSED = 0.05
"""Share of the rows' variance that follows the codes, below which the decoder ignores them. In a linear VAE the share
is 1 - s2 / l, l the largest eigenvalue: collapse within 5 %. Beside normal noise, a share w adds w^2 = 0.25 % of its
own excess kurtosis: what is generated cannot be told from a normal distribution."""
FALLING = 0.02
"""Part of a loss's whole fall that its last tenth of epochs brings. exp(-t) stopped at t brings 0.02 at t = 3, with 5 %
of the fall still to come."""
STRAIGHT = 0.1
"""The same of a loss that falls along a straight line: nothing of the fall is over, and it explains the whole score."""
COPIED = 0.5
"""Half the way from a perfect generator (0) to the bootstrap (1). With 67 and 33 rows, a standard deviation of 0.1 on
one draw, Gaussian maximum likelihood has 0.03 and a kernel density estimate 0.06; in 5 columns 0.12 and 0.47 (measured:
a wide kernel in several columns does copy)."""
SPREAD_TO_COPY = 0.5
"""The least std ratio of a copycat. Rows that are nearly all the same are closest to one row, of either kind."""


def diagnose(spec: Spec, evidence: Sequence[Evidence], attainable: Attainable) -> Diagnosis:
    """Judge what was measured of `spec`, on one replicate or, surer, on several.

    A swapped part explains its Shapley value: the mean of what it gains swapped first and swapped last,

        sampler  (as_is - codes + noise - codes_noise) / 2        noise  (as_is - noise + codes - codes_noise) / 2

    so that both together explain as_is - codes_noise (Shapley, 1953). Evidence holds EXPECTED too, where a baseline was
    scored on the same replicates.
    """
    scores = {name: np.array([_score(one, name, attainable) for one in evidence]) for name in GENERATORS}
    means = _means(evidence)
    means |= {f"{name}.score": float(values.mean()) for name, values in scores.items()}
    found = _causes(spec, _Case(means, scores, evidence))
    return Diagnosis(tuple(sorted(found, key=lambda finding: -finding.explains)), means)


def _means(evidence: Sequence[Evidence]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in evidence])) for name in evidence[0]}


def _score(evidence: Evidence, name: str, attainable: Attainable) -> float:
    return score({metric: evidence[f"{name}.{metric}"] for metric in MEASURED}, attainable)


REMEDIES: dict[FindingName, str] = {
    "not_converged": "Try more epochs or a larger learning_rate.",
    "collapsed": "Only for normal data is that right; else try a smaller beta.",
    "latent_sampler": 'Try gmm or gaussian with codes = "sampled"; where that is what it has, a smaller latent_dim.',
    "no_decoder_noise": "Set decoder_noise = true.",
    "underfitted": "Try wider layers, a smaller beta, or another loss.",
    "copying": "Try decoder_noise = true, a larger beta, or fewer epochs.",
    "limited_by_rows": "",
}
"""What to change."""


@dataclass(frozen=True)
class _Case:
    """The evidence in the forms that finding needs."""

    mean: Mapping[str, float]
    scores: Mapping[str, NDArray[np.float64]]  # of each generator, on each replicate
    each: Sequence[Evidence]

    @property
    def expected(self) -> NDArray[np.float64]:
        """What the rows of each replicate allow."""
        return np.array([one.get(EXPECTED, 1.0) for one in self.each])

    def shapley(self, swapped: str, other: str) -> NDArray[np.float64]:
        """Return what swapping a part explains of the score, on each replicate."""
        s = self.scores
        gain: NDArray[np.float64] = (s["as_is"] - s[swapped] + s[other] - s["codes_noise"]) / 2
        return gain


def _causes(spec: Spec, case: _Case) -> list[Finding]:
    """Return what is found, roots before what follows from them."""
    found = [_not_converged(spec, case)]
    draws = [one for one in case.each if one["signal"] < COLLAPSED]
    collapsed = 2 * len(draws) > len(case.each)
    if collapsed:
        found.append(_collapsed(spec, case, draws))
    found.append(_swapped("latent_sampler", case, "codes", "noise", _sampler_text))
    if not collapsed:  # else noise repairs nothing: the rows would be the noise
        found.append(_swapped("no_decoder_noise", case, "noise", "codes", _noise_text))
        found.append(_copying(case))
    causes = [finding for finding in found if finding is not None]
    names = {finding.name for finding in causes}
    if np.mean(case.scores["as_is"] - case.expected) < PLAIN:
        return [*causes, _limited(case)] if names <= {"collapsed"} else causes
    # networks that give the rows back have done all that networks can
    excess = case.scores["codes_noise"] - np.maximum(case.scores["rows"], case.expected)
    if not names & {"not_converged", "collapsed"} and _surely(excess, PLAIN):
        causes.append(_underfitted(case, float(excess.mean())))
    return causes


def _surely(values: NDArray[np.float64], least: float) -> bool:
    """Say whether the mean is at least `least` and, where there are several, surely above zero."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return bool(values.mean() >= least and values.mean() >= SURE * error)


def _not_converged(spec: Spec, case: _Case) -> Finding | None:
    draws = [one for one in case.each if one["epochs"] >= spec.epochs]  # on the others early stopping ended it
    if 2 * len(draws) <= len(case.each):
        return None
    fall = _means(draws)["fall_at_end"]
    error = np.sqrt(np.mean([one["fall_error"] ** 2 for one in draws]) / len(draws))
    explains = min(1.0, fall / STRAIGHT) * (case.mean["as_is.score"] - 1.0)
    if fall < max(FALLING, SURE * error) or explains < PLAIN:
        return None
    return Finding(
        "not_converged",
        f"The training loss was still falling when the {spec.epochs} epochs were used up: the last tenth of them "
        f"brought {fall:.0%} of its whole fall.",
        explains,
    )


def _collapsed(spec: Spec, case: _Case, draws: Sequence[Evidence]) -> Finding:
    """Tell of the draws of the data on which it collapsed, most of them."""
    mean = _means(draws)
    units = f"; {mean['active_units']:.2g} of {spec.latent_dim} latent units active" if "active_units" in mean else ""
    some = f" on {len(draws)} of {len(case.each)} draws" if len(draws) < len(case.each) else ""
    head = f"The decoder ignores its latent input{some} ({mean['signal']:.1%} of the rows' variance follows the codes"
    if spec.decoder_noise:
        tail = f"what is generated is its noise, {mean['noise_share']:.0%} of the variance: a normal distribution."
    else:
        tail = (
            f"all generated rows are nearly the same, std ratio {mean['as_is.std_ratio']:.2f}; decoder noise would "
            f"make it {mean['noise.std_ratio']:.2f}, as a normal distribution about a constant."
        )
    return Finding("collapsed", f"{head}{units}): {tail}", max(0.0, case.mean["as_is.score"] - 1.0))


def _swapped(
    name: FindingName, case: _Case, swapped: str, other: str, text: Callable[[Mapping[str, float]], str]
) -> Finding | None:
    gain = case.shapley(swapped, other)
    return Finding(name, text(case.mean), float(gain.mean())) if _surely(gain, PLAIN) else None


def _sampler_text(mean: Mapping[str, float]) -> str:
    return (
        f"The latent sampler misses the codes of the training rows: KS {mean['as_is.ks']:.3f}, with their codes "
        f"{mean['codes.ks']:.3f}; std ratio {mean['as_is.std_ratio']:.2f}, with them {mean['codes.std_ratio']:.2f}; "
        f"score {mean['as_is.score']:.2f}, with them {mean['codes.score']:.2f}."
    )


def _noise_text(mean: Mapping[str, float]) -> str:
    return (
        f"Spread too small: std ratio {mean['as_is.std_ratio']:.2f}, with decoder noise "
        f"{mean['noise.std_ratio']:.2f}; score {mean['as_is.score']:.2f}, with it {mean['noise.score']:.2f}."
    )


def _copying(case: _Case) -> Finding | None:
    copied = np.array([one["copied"] for one in case.each])
    if not _surely(copied, COPIED) or case.mean["as_is.std_ratio"] < SPREAD_TO_COPY:
        return None
    return Finding(
        "copying",
        f"Generated rows copy training rows: copying {copied.mean():.2f}, where 0 is as close to test rows as to "
        "training rows, and 1 a training row each.",
        max(0.0, min(case.mean["as_is.score"], case.mean["rows.score"]) - 1.0),
    )


def _underfitted(case: _Case, excess: float) -> Finding:
    best = case.mean["codes_noise.score"]
    return Finding(
        "underfitted",
        f"The networks describe the rows poorly: with codes of the training rows and decoder noise the score is still "
        f"{best:.2f}, where the training rows themselves have {case.mean['rows.score']:.2f}.",
        excess,
    )


def _limited(case: _Case) -> Finding:
    own = case.mean["as_is.score"]
    return Finding(
        "limited_by_rows",
        f"Column by column about as good as these rows allow: on {len(case.each)} of the draws score {own:.2f}, where "
        f"the baseline behind score 1 has {case.expected.mean():.2f}.",
        own,
    )
