"""Diagnosis: what is wrong with a trial, by the evidence, worst first and in plain language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.rows import SCORED
from vaebench.scoring.score import FAR, far_off, score
from vaebench.study.records import Attainable, Diagnosis, Evidence, Finding, FindingName
from vaebench.study.spec import Spec

GENERATORS = ("as_is", "noise", "codes", "codes_noise", "reconstructions", "rows")
"""The trial itself, and with parts of it replaced: see vaebench.trial.evidence."""
MEASURED = (*SCORED, "std_ratio")
"""Metrics of each generator, as far as the data have them."""

EXPECTED = "expected.score"
"""On a replicate, the score of the baseline whose mean score is 1: what these rows allow. 1.0 if unknown."""

DRAWS = 10
"""Confirmation replicates on which evidence is gathered. With 5, reasons that explain 0.4 are missed (measured)."""

PLAIN = 0.25
"""Smallest reported difference in score. A perfect generator's mean over 10 draws varies by 0.14 (measured)."""
SURE = 2.0
"""Standard errors that a difference must be above zero. With 10 draws, 4 % of chance differences are."""
COLLAPSED = 0.05
"""The decoder ignores the codes if less than this share of the rows' variance follows them. In a linear VAE the share
is 1 - s2 / l, l the largest eigenvalue: collapse within 5 %. Next to normal noise, a share w adds w^2 = 0.25 % of its
excess kurtosis, so the generated rows cannot be told from a normal distribution."""
FALLING = 0.02
"""Not converged if the last tenth of the epochs brings at least this part of the loss's whole fall. exp(-t) stopped at
t = 3 has 0.02, with 5 % of the fall still to come."""
STRAIGHT = 0.1
"""The same part for a loss that falls along a straight line. From here on it explains the whole excess score."""
COPIED = 0.5
"""Copying: halfway from a perfect generator (0) to the bootstrap (1). With 67 and 33 rows the standard deviation on one
draw is 0.1; Gaussian maximum likelihood has 0.03 and a kernel density estimate 0.06; in 5 columns 0.12 and 0.47
(measured: a wide kernel in several columns does copy)."""
FEW_TRUE = 0.5
"""True samples are few if their own scatter is so much of the KS measured. Then the score sees no small fault."""
KOLMOGOROV = 0.8687
"""Mean of sqrt(n) max |F_n - F|, sqrt(pi / 2) ln 2: the KS of n samples to the distribution that they come from."""
SPREAD_TO_COPY = 0.5
"""Smallest std ratio at which copying is judged. Nearly equal rows are all closest to one row, of either kind."""


def diagnose(spec: Spec, evidence: Sequence[Evidence], attainable: Attainable) -> Diagnosis:
    """Diagnose `spec` from the evidence on one replicate or, with more certainty, on several.

    A replaced part explains its Shapley value: the mean of its gain when it is replaced first and when it is last,

        sampler  (as_is - codes + noise - codes_noise) / 2        noise  (as_is - noise + codes - codes_noise) / 2

    so that both together explain as_is - codes_noise (Shapley, 1953). Evidence includes EXPECTED if a baseline was
    scored on the same replicates.
    """
    scores = {name: np.array([_score(one, name, attainable) for one in evidence]) for name in GENERATORS}
    means = _means(evidence)
    means |= {f"{name}.score": float(values.mean()) for name, values in scores.items()}
    view = "Columns and their relation " if "copula_error" in attainable.metrics else "Column by column "
    found = _causes(spec, _Case(means, scores, evidence, view, _hopeless(means, attainable)))
    return Diagnosis(tuple(sorted(found, key=lambda finding: -finding.explains)), means)


def _means(evidence: Sequence[Evidence]) -> dict[str, float]:
    shared = set(evidence[0]).intersection(*evidence)  # a draw of few filled cells may have no std_ratio
    return {name: float(np.mean([one[name] for one in evidence])) for name in evidence[0] if name in shared}


def _score(evidence: Evidence, name: str, attainable: Attainable) -> float:
    return score({metric: evidence[f"{name}.{metric}"] for metric in attainable.metrics}, attainable)


def _hopeless(mean: Evidence, attainable: Attainable) -> bool:
    """Return whether an error is FAR times what is attainable, or the KS FAR times that of the training rows."""
    errors = {name: mean[f"as_is.{name}"] for name in attainable.metrics}
    return bool(far_off(errors, attainable)) or mean["as_is.ks"] > FAR * mean["rows.ks"]


REMEDIES: dict[FindingName, str] = {
    "not_converged": "Try more epochs or a larger learning_rate.",
    "collapsed": "Only for normal data is that right; else try a smaller beta.",
    "latent_sampler": 'Try gmm or gaussian with codes = "sampled"; where that is what it has, a smaller latent_dim.',
    "no_decoder_noise": "Set decoder_noise = true.",
    "underfitted": "Try wider layers, a smaller beta, or another loss.",
    "copying": "Try decoder_noise = true, a larger beta, or fewer epochs.",
    "limited_by_rows": "",
}
"""What to change, by finding."""


@dataclass(frozen=True)
class _Case:
    """The evidence, as the rules below need it."""

    mean: Mapping[str, float]
    scores: Mapping[str, NDArray[np.float64]]  # of each generator, on each replicate
    each: Sequence[Evidence]
    view: str  # what the score sees, as sentences begin
    hopeless: bool  # in one of the errors at least: then it is not as good as the rows allow, whatever the score

    @property
    def expected(self) -> NDArray[np.float64]:
        """The score that the rows of each replicate allow."""
        return np.array([one.get(EXPECTED, 1.0) for one in self.each])

    def shapley(self, swapped: str, other: str) -> NDArray[np.float64]:
        """Return how much of the score the part replaced in `swapped` explains, on each replicate."""
        s = self.scores
        gain: NDArray[np.float64] = (s["as_is"] - s[swapped] + s[other] - s["codes_noise"]) / 2
        return gain


def _causes(spec: Spec, case: _Case) -> list[Finding]:
    """Apply the rules. Causes come before their consequences."""
    found = [_not_converged(spec, case)]
    draws = [one for one in case.each if one["signal"] < COLLAPSED]
    collapsed = 2 * len(draws) > len(case.each)
    if collapsed:
        found.append(_collapsed(spec, case, draws))
    found.append(_swapped("latent_sampler", case, "codes", "noise", _sampler_text))
    if not collapsed:  # otherwise noise repairs nothing: the rows would be noise only
        found.append(_swapped("no_decoder_noise", case, "noise", "codes", _noise_text))
        found.append(_copying(case))
    causes = [finding for finding in found if finding is not None]
    names = {finding.name for finding in causes}
    if np.mean(case.scores["as_is"] - case.expected) < PLAIN:
        return [*causes, _limited(case)] if names <= {"collapsed"} and not case.hopeless else causes
    # networks that reproduce the rows have done all that networks can
    excess = case.scores["codes_noise"] - np.maximum(case.scores["rows"], case.expected)
    if not names & {"not_converged", "collapsed"} and _surely(excess, PLAIN):
        causes.append(_underfitted(case, float(excess.mean())))
    return causes


def _surely(values: NDArray[np.float64], least: float) -> bool:
    """Return whether the mean is at least `least` and, with several values, significantly above zero."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return bool(values.mean() >= least and values.mean() >= SURE * error)


def _not_converged(spec: Spec, case: _Case) -> Finding | None:
    draws = [one for one in case.each if one["epochs"] >= spec.epochs]  # early stopping ended the others
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
    """Describe the collapse on `draws`: the evidence of the replicates on which it happened."""
    mean = _means(draws)
    units = f"; {mean['active_units']:.2g} of {spec.latent_dim} latent units active" if "active_units" in mean else ""
    some = f" on {len(draws)} of {len(case.each)} draws" if len(draws) < len(case.each) else ""
    head = f"The decoder ignores its latent input{some} ({mean['signal']:.1%} of the rows' variance follows the codes"
    law = "normal" if spec.tails is None else "Student-t"
    if spec.decoder_noise:
        tail = f"what is generated is its noise, {mean['noise_share']:.0%} of the variance: a {law} distribution."
    else:
        tail = (
            f"all generated rows are nearly the same{_ratio(mean, ', std ratio ', 'as_is')}; decoder noise would make "
            f"{_ratio(mean, 'it ', 'noise') or 'them differ'}, as a {law} distribution about a constant."
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
        f"{mean['codes.ks']:.3f}; {_ratio(mean, 'std ratio ', 'as_is')}{_ratio(mean, ', with them ', 'codes', '; ')}"
        f"score {mean['as_is.score']:.2f}, with them {mean['codes.score']:.2f}."
    )


def _noise_text(mean: Mapping[str, float]) -> str:
    return (
        f"Spread too small: {_ratio(mean, 'std ratio ', 'as_is')}{_ratio(mean, ', with decoder noise ', 'noise', '; ')}"
        f"score {mean['as_is.score']:.2f}, with it {mean['noise.score']:.2f}."
    )


def _ratio(mean: Mapping[str, float], before: str, name: str, after: str = "") -> str:
    """Return a generator's std ratio with words around it; empty where all columns are categories."""
    ratio = mean.get(f"{name}.std_ratio")
    return "" if ratio is None else f"{before}{ratio:.2f}{after}"


def _copying(case: _Case) -> Finding | None:
    copied = np.array([one["copied"] for one in case.each])
    if not _surely(copied, COPIED) or case.mean.get("as_is.std_ratio", 1.0) < SPREAD_TO_COPY:
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
    score_as_is, ks = case.mean["as_is.score"], case.mean["as_is.ks"]
    true = case.mean.get("true_samples", np.inf)
    scatter = KOLMOGOROV / np.sqrt(true)
    if scatter >= FEW_TRUE * ks:
        head = (
            f"{case.view}no worse than the baseline behind score 1, as far as {true:.0f} true samples can tell: "
            f"of the KS of {ks:.3f}, {f'{scatter:.3f}' if scatter < ks else 'all'} is their own scatter"
        )
    else:
        head = f"{case.view}about as good as these rows allow"
    return Finding(
        "limited_by_rows",
        f"{head}; on {len(case.each)} of the draws score {score_as_is:.2f}, where the baseline behind score 1 has "
        f"{case.expected.mean():.2f}.",
        score_as_is,
    )
