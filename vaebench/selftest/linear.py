"""Train linear autoencoders with the engine and compare them with the closed forms.

An encoder and a decoder without hidden layers are linear, and with `mse` the decoder's variance s2 is beta. For such a
network the loss depends on the rows' mean and covariance only, which are exact here.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from vaebench.latent_samplers import LatentSampler
from vaebench.losses import Loss
from vaebench.parts import make
from vaebench.seeds import generator
from vaebench.selftest import closed_forms as known
from vaebench.selftest.check import Check
from vaebench.selftest.closed_forms import Answer
from vaebench.selftest.exact_rows import STD, ExactRows
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.trial.collapse import critical_weight
from vaebench.trial.scaling import Scaler
from vaebench.variants import Variant

ROWS, EPOCHS, BATCH, LEARNING_RATE = 1000, 2000, 100, 1e-3
"""20,000 steps: all checks of one column share a program, and each trains in 1 to 2 s."""
GENERATED = 100_000

EXPLAINED = 0.03
"""How far the explained variance w^2 may end from its optimum, since Adam's steps never settle. Three times the worst
standard deviation over 5 seeds per case, which were 0.002 to 0.010. At s2 = 1 nothing pulls w back to 0, so a ratio may
be off by the root of this, 0.17."""
SETTLED = 0.0025
"""What may remain of w^2 if the latent unit is dead, since Adam's steps shake it. Measured: up to 0.0006."""
SHIFT = 0.02
"""How far the generated mean may be off, in standard deviations. Measured: up to 0.007."""
ERRORS = 4
"""Standard errors allowed for the sampling of the generated rows."""


@dataclass(frozen=True)
class Case:
    """A linear autoencoder, how it generates, and what it must generate."""

    what: str
    variant: tuple[str, dict[str, Any]]
    answer: Answer
    figures: tuple[str, ...] = ("std_ratio", "ks")
    sampler: tuple[str, dict[str, Any]] = ("prior", {})
    spec: dict[str, Any] = field(default_factory=dict)
    rows: ExactRows = field(default_factory=ExactRows)
    explained: float = EXPLAINED

    def checks(self, evaluate: Callable[[Spec, Replicate], Result]) -> Iterator[Check]:
        """Evaluate once and yield a check per figure. If that fails, each has the reason."""
        try:
            result = evaluate(self._spec(), self._replicate())
        except Exception as error:  # a self-test reports what breaks, it does not break
            result = Result(reason=f"{type(error).__name__}: {error}")
        measured = {} if result.reason else self._in_units(result)
        for name in self.figures:
            expected, tolerance = self._figure(self.answer, name), self.tolerance(name)
            what = f"{self.what}: {LABELS[name]}"
            yield Check(what, expected, tolerance, measured.get(name, math.nan), result.reason)

    def tolerance(self, name: str) -> float:
        """Return how far a figure may be off: the effect of an error of `explained`, plus shift and sampling."""
        explained, expected = self.answer.explained, self._figure(self.answer, name)
        ends = (explained - self.explained, max(explained + self.explained, SETTLED))
        moved = max(abs(self._figure(replace(self.answer, explained=end), name) - expected) for end in ends)
        draws = ROWS if self.sampler[1].get("codes") == "sampled" else GENERATED
        if name == "std_ratio":
            return moved + ERRORS * self.answer.std_ratio / math.sqrt(2 * draws)
        if name == "shift":
            return moved + SHIFT + ERRORS * self.answer.std_ratio / math.sqrt(draws)
        # a shift moves Phi by at most its density at 0; 1.95 / sqrt(n): Kolmogorov's 99.9 % quantile
        return moved + SHIFT / math.sqrt(2 * math.pi) + 1.95 / math.sqrt(draws)

    @staticmethod
    def _figure(answer: Answer, name: str) -> float:
        return float(getattr(answer, name))

    def _spec(self) -> Spec:
        return Spec(
            variant=make(Variant, *self.variant),
            loss=make(Loss, "mse"),
            latent_sampler=make(LatentSampler, *self.sampler),
            **{
                "encoder": (),
                "decoder": (),
                "epochs": EPOCHS,
                "batch_size": BATCH,
                "learning_rate": LEARNING_RATE,
                "decoder_noise": False,
                **self.spec,
            },
        )

    def _replicate(self) -> Replicate:
        return Replicate(self.rows, ROWS, 0.0, GENERATED, GENERATED, 0, "search", 0)

    def _in_units(self, result: Result) -> dict[str, float]:
        """Return the figures in true standard deviations; with several columns they are so already."""
        unit = STD if len(self.rows.columns) == 1 else 1.0
        metrics = result.metrics
        return {"std_ratio": metrics["std_ratio"], "ks": metrics["ks"], "shift": metrics["mean_error"] / unit}


LABELS = {"std_ratio": "std ratio", "ks": "KS", "shift": "mean shift"}
RATIO = ("std_ratio",)
TO_MEANS: tuple[str, dict[str, Any]] = ("gaussian", {"codes": "mean"})
SHORT = {"epochs": 400, "learning_rate": 0.005}
EXPLAINED_SHORT = 0.06
"""EXPLAINED of 4,000 larger steps. Standard deviations over 5 seeds were at most 0.017."""


def cases() -> Iterator[Case]:
    """Yield every case."""
    yield from vae_cases()
    yield from other_cases()


def vae(beta: float, **more: Any) -> tuple[str, dict[str, Any]]:
    """Return the variant `vae` and its parameters."""
    return "vae", {"beta": beta, **more}


def vae_cases() -> Iterator[Case]:
    """Yield what `vae` must do with each way of generating."""
    half, to_sampled = known.prior(0.5), ("gaussian", {"codes": "sampled"})
    yield Case("s2 = 1: collapse", vae(1.0), known.prior(1.0))
    yield Case("s2 = 0.5, prior, decoded mean", vae(0.5), half)
    noisy = known.prior_with_noise(0.5)
    yield Case("s2 = 0.5, prior, decoder noise", vae(0.5), noisy, spec={"decoder_noise": True})
    yield Case("s2 = 0.5, Gaussian fitted to z_mean", vae(0.5), known.fitted_to_means(0.5), sampler=TO_MEANS)
    yield Case("s2 = 0.5, Gaussian fitted to sampled z", vae(0.5), half, RATIO, sampler=to_sampled)
    yield Case("s2 = 0.1, uniform", vae(0.1), known.uniform(0.1), (*RATIO, "shift", "ks"), sampler=("uniform", {}))
    for s2 in (0.5, 0.1, 0.01):
        yield Case(f"s2 = {s2}, relu on z_log_var", vae(s2, log_variance="relu"), known.relu(s2))
    doomed = known.prior(0.5 / minmax_variance())
    yield Case("min-max scaled, s2 = 0.5: collapse", vae(0.5), doomed, spec={"scaling": "minmax"})
    for s2, outcome in ((1.2, "one axis lives"), (1.8, "collapse")):
        what = f"two columns, largest eigenvalue 1.5, s2 = {s2}: {outcome}"
        answer, rows = known.two_columns(s2, 0.5), ExactRows(0.5)
        yield Case(what, vae(s2), answer, RATIO, spec={"latent_dim": 2}, rows=rows)


def other_cases() -> Iterator[Case]:
    """Yield what other variants must do, each a program of its own; they settle in fewer steps."""

    def case(what: str, name: str, params: dict[str, float], answer: Answer, **more: Any) -> Case:
        return Case(f"{name}, {what}", (name, params), answer, RATIO, spec=SHORT, explained=EXPLAINED_SHORT, **more)

    denoised, rows = known.first_axis_denoised(0.5, 0.5), ExactRows(0.5)
    what = "noise 0.5, two columns, one latent unit"
    yield case(what, "denoising", {"noise": 0.5}, denoised, sampler=TO_MEANS, rows=rows)
    what, weights = "beta 0.2, decoder_l2 0.1, Gaussian fitted to z", {"beta": 0.2, "decoder_l2": 0.1}
    yield case(what, "rae_l2", weights, known.rae_l2(**weights), sampler=TO_MEANS)
    yield case("prior, decoded mean: codes follow the prior", "wae_mmd", {"beta": 10.0}, known.prior(0.0))
    half = known.prior(0.5)
    yield case("alpha 0.5, prior, decoded mean: vae with beta 0.5", "info_vae", {"alpha": 0.5, "lam": 2.0}, half)
    yield case("beta 0.5, prior, decoded mean: vae with beta 0.5", "iwae", {"beta": 0.5}, half)
    what = "gamma 0.5, capacity 0, prior, decoded mean: vae with beta 0.5"
    yield case(what, "capacity", {"gamma": 0.5, "capacity": 0.0}, half)


def minmax_variance() -> float:
    """Return the variance of the min-max scaled rows, by the rule behind the warning of `vaebench check`."""
    x = ExactRows().draw(generator("selftest"), rows=ROWS, test_fraction=0.0, true=ROWS, generated=ROWS).train
    loss = make(Loss, "mse")
    critical = critical_weight(loss, Scaler.fit("minmax", x).transform(x))
    assert critical is not None
    return critical
