"""Which parts of a spec go together."""

from collections.abc import Collection

from vaebench.errors import InputError
from vaebench.latent_samplers import LatentSampler
from vaebench.parts import load, modules
from vaebench.variants import Variant


def check_latent_samplers(variants: Collection[str], latent_samplers: Collection[str]) -> None:
    """Raise InputError if a latent sampler draws from pseudo-inputs, and a variant that it may meet has none."""
    without = [name for name in variants if not _has_pseudo_inputs(name)]
    for name in latent_samplers:
        if without and load(LatentSampler, name).of_pseudo_inputs:
            having = ", ".join(repr(name) for name in modules(Variant) if _has_pseudo_inputs(name))
            raise InputError(
                f"latent sampler {name!r} draws from the codes of pseudo-inputs, and variant {without[0]!r} has none: "
                f"leave that latent sampler out, or search only variants with pseudo-inputs ({having})"
            )


def _has_pseudo_inputs(variant: str) -> bool:
    return load(Variant, variant).pseudo_inputs is not None
