"""What a linear autoencoder on Gaussian rows generates, in closed form.

One column x ~ N(0, 1), encoder q = N(m x + c, s^2), decoder w z, loss (x - w z)^2 / 2 + s2 KL: s2 is the decoder's
implied variance. At the optimum w^2 = m^2 = 1 - s2 and s^2 = s2, or all are 0 and s = 1 where s2 >= 1: posterior
collapse. Lucas, Tucker, Grosse and Norouzi, "Don't blame the ELBO!", NeurIPS 2019.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Answer:
    """The generated distribution of w z + noise, z from the latent sampler, in standard deviations of the truth."""

    explained: float
    """The rows' variance beyond s2, or with relu its counterpart: w^2, and w = 0 where it is negative."""
    latent_std: float = 1.0
    noise: float = 0.0
    """Standard deviation of the decoder noise."""
    uniform: bool = False
    """Whether z is uniform on [0, 1] rather than normal with mean 0."""

    @property
    def weight(self) -> float:
        """The decoder's w."""
        return math.sqrt(max(self.explained, 0.0))

    @property
    def std_ratio(self) -> float:
        """Standard deviation of the generated rows."""
        return math.hypot(self.weight * self.latent_std, self.noise)

    @property
    def shift(self) -> float:
        """Distance of the generated mean from the true one."""
        return self.weight / 2 if self.uniform else 0.0

    @cached_property
    def ks(self) -> float:
        """KS distance to N(0, 1): max |F(x) - Phi(x)|, over a grid of 1e-4 and from both sides of a jump."""
        from scipy.stats import norm, uniform

        x = np.linspace(-8.0, 8.0, 160_001)
        if self.std_ratio == 0:
            return 0.5
        law = uniform(0.0, self.weight) if self.uniform else norm(0.0, self.std_ratio)
        return float(np.abs(law.cdf(x) - norm.cdf(x)).max())


def prior(s2: float) -> Answer:
    """Prior draws, decoded mean: w z is N(0, 1 - s2). A Gaussian fitted to sampled codes is the prior again."""
    return Answer(1.0 - s2)


def prior_with_noise(s2: float) -> Answer:
    """Prior draws, decoder noise N(0, s2) added: N(0, 1), the truth (s2 <= 1)."""
    return Answer(1.0 - s2, noise=math.sqrt(s2))


def fitted_to_means(s2: float) -> Answer:
    """Gaussian fitted to z_mean, whose standard deviation is m = sqrt(1 - s2): w m = 1 - s2, it shrinks twice."""
    return Answer(1.0 - s2, latent_std=math.sqrt(max(1.0 - s2, 0.0)))


def uniform(s2: float) -> Answer:
    """Uniform draws on [0, 1], decoded mean: uniform between 0 and w, which stands on either side of the mean."""
    return Answer(1.0 - s2, latent_std=math.sqrt(1.0 / 12.0), uniform=True)


def relu(s2: float) -> Answer:
    """z_log_var behind relu, prior draws, decoded mean: w^2 = sqrt(s2) - s2, at most 1/4.

    s is 1 and not below; m = w / (w^2 + s2) is then best, the loss is (s2 / (w^2 + s2) + w^2) / 2, smallest there.
    """
    return Answer(math.sqrt(s2) - s2)


def two_columns(s2: float, correlation: float) -> Answer:
    """Two standardised columns, prior draws, decoded mean: each principal axis of variance v keeps v - s2 of it.

    Both columns have a half of what is kept; nothing is where s2 >= 1 + |correlation|, the largest eigenvalue.
    """
    first, second = 1.0 + abs(correlation) - s2, 1.0 - abs(correlation) - s2
    return Answer((first + max(second, 0.0)) / 2)


def first_axis_denoised(noise: float, correlation: float) -> Answer:
    """Gaussian fitted to the one latent unit of a denoising autoencoder, two standardised columns.

    D E = S (S + noise^2 I)^-1, cut to its first axis: of that, whose variance is v, it keeps v / (v + noise^2).
    """
    v = 1.0 + abs(correlation)
    return Answer(v * (v / (v + noise**2)) ** 2 / 2)


def rae_l2(beta: float, decoder_l2: float) -> Answer:
    """Gaussian fitted to z of RAE-L2: D E = 1 - sqrt(2 beta decoder_l2).

    For m w = c, m of the encoder and w of the decoder, beta m^2 / 2 + decoder_l2 w^2 is least where both terms are
    equal: c sqrt(2 beta decoder_l2). With it (1 - c)^2 / 2 is least at that c.
    """
    return Answer(max(1.0 - math.sqrt(2.0 * beta * decoder_l2), 0.0) ** 2)
