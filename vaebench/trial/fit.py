"""Fit a spec to a replicate: scale, train, fit the latent sampler to the codes, measure the decoder noise."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vaebench.engine.train import Trained, train
from vaebench.latent_samplers import Codes, Latent, LatentDistribution
from vaebench.rows import Draw, Rows
from vaebench.seeds import derive, generator
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.trial.decoder_noise import decoder_noise
from vaebench.trial.level_noise import LevelNoise
from vaebench.trial.scaling import Scaler


class FittingError(Exception):
    """Why a spec could not be fitted to a replicate: its training or its latent sampler broke down."""


@dataclass(frozen=True)
class Recipe:
    """All that generating needs beside the decoder D: x = unscaled(D(z) + noise), z from the latent distribution."""

    latent: LatentDistribution
    noise_std: (
        Rows  # [W] of the wide columns, in scaled units; zero where decoder noise is off. Of Student-t noise its scale.
    )
    scaler: Scaler
    tails: float | None = None  # degrees of freedom of Student-t noise; None: normal
    level_noise: tuple[LevelNoise, ...] = ()  # of each category, and of each number's gaps

    def generate(self, decode: Callable[[Latent], Rows], n: int, random: np.random.Generator) -> Rows:
        """Generate `n` rows, shape (n, columns), in the data's own units."""
        scaled = decode(self.latent.draw(n, random))
        return self.unscaled(scaled + self.noise(scaled.shape, random), random)

    def unscaled(self, scaled: Rows, random: np.random.Generator) -> Rows:
        """Return scaled rows, with their noise, in the data's own units: it remains to draw levels."""
        rows: Rows = self.scaler.undo(self.level_noise).take(scaled, random)
        return rows

    def noise(self, shape: tuple[int, ...], random: np.random.Generator) -> Rows:
        """Draw decoder noise of `shape` (n, wide columns), in scaled units; nothing is drawn if there is none."""
        if not self.noise_std.any():
            return np.zeros(shape)
        draws = random.standard_normal(shape) if self.tails is None else random.standard_t(self.tails, shape)
        noise: Rows = self.noise_std * draws
        return noise

    def with_noise(self, spec: Spec, trained: Trained, codes: Codes, train: Rows, seed: int) -> "Recipe":
        """Return the recipe with the decoder noise of `spec`, the same in every fit with this seed."""
        std, levels = decoder_noise(spec, trained, codes, self.scaler, train, generator("decoder_noise", seed))
        return replace(self, noise_std=std, level_noise=levels)

    @property
    def noise_variance(self) -> Rows:
        """The variance of decoder noise in each wide column [W], in scaled units."""
        variance: Rows = self.noise_std**2 * (1.0 if self.tails is None else self.tails / (self.tails - 2.0))
        return variance


@dataclass(frozen=True)
class Fitted:
    """A spec fitted to a replicate."""

    spec: Spec
    draw: Draw
    trained: Trained
    recipe: Recipe

    def generate(self, n: int, random: np.random.Generator) -> Rows:
        """Generate `n` rows, shape (n, columns), in the data's own units."""
        return self.recipe.generate(self.trained.decode, n, random)

    def reconstruct(self, rows: Rows) -> Rows:
        """Encode rows of the data and decode z_mean, without decoder noise; shape (n, columns), in the data's units."""
        codes = self.trained.codes(self.recipe.scaler.transform(rows))
        return self.recipe.scaler.inverse(self.trained.decode(codes.points))


def fit(spec: Spec, replicate: Replicate) -> Fitted:
    """Fit `spec` to the rows of `replicate`. The result depends on the two alone. Raises FittingError if it fails."""
    return fit_rows(spec, replicate.draw(), fit_seed(spec, replicate))


def fit_seed(spec: Spec, replicate: Replicate) -> int:
    """Return the seed of all random numbers of a fit."""
    return derive("fit", spec.seed, replicate.seed)


def fit_rows(spec: Spec, draw: Draw, seed: int) -> Fitted:
    """Fit `spec` to the training rows of `draw`, with random numbers from `seed`. Raises FittingError if it fails."""
    return encode(spec, draw, seed).fitted(spec)


@dataclass(frozen=True)
class Encoded:
    """A spec trained on a draw, and the codes of its training rows: what its fields in GENERATING have no part in."""

    draw: Draw
    seed: int
    scaler: Scaler
    scaled: Rows
    """The scaled training rows, shape (rows, wide columns)."""
    trained: Trained
    codes: Codes

    def fitted(self, spec: Spec) -> Fitted:
        """Fit the latent sampler of `spec` to the codes and measure its decoder noise.

        `spec` may differ in GENERATING alone from the one that was trained. Raises FittingError.
        """
        try:
            latent = spec.latent_sampler.fit(self.codes, generator("latent_sampler", self.seed))
        except (ValueError, np.linalg.LinAlgError) as error:
            raise FittingError(f"latent sampler {spec.latent_sampler.name}: {error}") from error
        width, certain = self.scaler.wide.width, self.scaler.wide.certain
        recipe = Recipe(latent, np.zeros(width), self.scaler, spec.tails, certain)
        if spec.decoder_noise:
            recipe = recipe.with_noise(spec, self.trained, self.codes, self.draw.train, self.seed)
        return Fitted(spec, self.draw, self.trained, recipe)


def encode(spec: Spec, draw: Draw, seed: int) -> Encoded:
    """Train `spec` on the training rows of `draw` and encode them. Raises FittingError if it fails."""
    scaler = Scaler.of(spec.scaling, draw)
    scaled = scaler.transform(draw.train)
    trained = train(spec, scaled, scaler.transform(draw.test), seed)
    if not np.isfinite(trained.history[:, :3]).all():
        raise FittingError(f"the training loss became {trained.history[-1, 2]} in epoch {len(trained.history)}")
    codes = trained.codes(scaled)
    if not (np.isfinite(codes.points).all() and np.isfinite(codes.std).all()):
        raise FittingError("the codes of the training rows are not finite")
    return Encoded(draw, seed, scaler, scaled, trained, codes)
