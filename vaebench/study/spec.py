"""The spec: one trial's configuration, frozen and fully resolved."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Gt, Le, Lt

from vaebench.errors import InputError, unknown
from vaebench.latent_samplers import LatentSampler
from vaebench.losses import Loss
from vaebench.networks import Network
from vaebench.parts import Part, Value, check_type, field_types, load, make, modules, words
from vaebench.variants import Variant

LAYERS = ("encoder", "decoder", "activation", "dropout", "batch_norm", "code_activation", "code_norm")
"""The fields that shape the network `mlp`. Other networks have layers of their own."""
LATENT_UNITS = 42
"""The largest latent_dim, and the latent width of every compiled program, which masks units beyond latent_dim."""

PARTS: dict[str, type[Part]] = {base.kind: base for base in (Variant, Loss, LatentSampler, Network)}
"""The parts of a spec, by the name of their field."""
GENERATING = ("latent_sampler", "decoder_noise")
"""The fields that training does not depend on."""
Width = Annotated[int, Ge(1), Le(4096)]
Scaling = Literal["standard", "minmax", "none", "power", "quantile", "log"]
KEPT = {
    **dict.fromkeys(("minmax", "power", "log"), "each column's smallest and largest value"),
    "quantile": "each column's values, up to 1000 of them",
}
"""What of the training rows a scaling keeps verbatim."""
Optimizer = Literal["adam", "adamw", "rmsprop", "sgd", "adadelta"]
Activation = Literal["relu", "elu", "gelu", "swish", "tanh", "leaky_relu"]
CodeActivation = Literal["linear", "tanh", "sigmoid"]
EarlyStopping = Literal["off", "training_loss", "validation_loss"]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One configuration: an autoencoder, how it is trained, and how rows are generated from it."""

    variant: Variant = field(default_factory=lambda: make(Variant, "vae"))
    loss: Loss = field(default_factory=lambda: make(Loss, "mse"))
    latent_sampler: LatentSampler = field(default_factory=lambda: make(LatentSampler, "gmm"))
    network: Network = field(default_factory=lambda: make(Network, "mlp"))
    latent_dim: Annotated[int, Ge(1), Le(LATENT_UNITS)] = 1
    encoder: tuple[Width, ...] = (200, 200, 50)
    decoder: tuple[Width, ...] = (50, 200, 200, 200)
    activation: Activation = "relu"
    epochs: Annotated[int, Ge(1), Le(100_000)] = 100
    batch_size: Annotated[int, Ge(1), Le(1_000_000)] = 11
    optimizer: Optimizer = "adam"
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    batch_norm: bool = False
    code_activation: CodeActivation = "linear"
    code_norm: bool = False
    l2_activity: Annotated[float, Ge(0)] = 0.0
    l2_weights: Annotated[float, Ge(0)] = 0.0
    scaling: Scaling = "standard"
    decoder_noise: bool = True
    early_stopping: EarlyStopping = "off"
    patience: Annotated[int, Ge(1), Le(100_000)] = 10
    seed: int = 0

    def flat(self) -> dict[str, Value | tuple[int, ...]]:
        """Return every resolved parameter by its path, e.g. {"variant": "vae", "variant.vae.beta": 1.0, ...}.

        The layers are among them if the network has its layers from the spec.
        """
        paths: dict[str, Value | tuple[int, ...]] = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if item.name in LAYERS and not self.network.layers_from_spec:
                continue
            if isinstance(value, Part):
                paths[item.name] = value.name
                for param in dataclasses.fields(value):
                    paths[f"{item.name}.{value.name}.{param.name}"] = getattr(value, param.name)
            else:
                paths[item.name] = value
        return paths

    @property
    def learns_noise(self) -> bool:
        """Whether training learns the decoder noise; else it is measured."""
        return self.loss.learns_variance and self.variant.uses_loss

    @property
    def tails(self) -> float | None:
        """The degrees of freedom of decoder noise that is Student-t; None where it is normal, as measured noise is."""
        return self.loss.tails if self.learns_noise else None

    @property
    def keeps(self) -> tuple[str, ...]:
        """What a saved generator holds verbatim of the rows it was fitted to; empty if nothing."""
        kept = KEPT.get(self.scaling)
        scaling = () if kept is None else (f"{kept} (scaling {self.scaling})",)
        codes = self.latent_sampler.keeps
        return scaling if codes is None else (*scaling, f"{codes} (latent sampler {self.latent_sampler.name})")

    @classmethod
    def from_flat(cls, paths: Mapping[str, Any]) -> Self:
        """Build a spec from values by path; missing ones take defaults. Raises InputError for a wrong path or value.

        A missing latent sampler is that of the variant.

        >>> Spec.from_flat({"variant": "vae", "variant.vae.beta": 0.5, "latent_dim": 2}).variant
        Vae(beta=0.5, warm_up=0, log_variance='linear')
        >>> Spec.from_flat({"variant": "ae"}).latent_sampler
        Gmm(max_components=5, codes='sampled')
        >>> Spec.from_flat({"latent_dim": 0})
        Traceback (most recent call last):
        vaebench.errors.InputError: latent_dim = 0: Input should be greater than or equal to 1
        """
        values: dict[str, Any] = {}
        rest = dict(paths)
        for kind, base in PARTS.items():
            if kind in rest:
                name = rest.pop(kind)
                prefix = f"{kind}.{name}."
                params = {path[len(prefix) :]: rest.pop(path) for path in list(rest) if path.startswith(prefix)}
                values[kind] = make(base, name, params)
        if "latent_sampler" not in values and "variant" in values:
            values["latent_sampler"] = make(LatentSampler, values["variant"].latent_sampler)
        for name, value in rest.items():
            if name not in FIELDS or name in PARTS:
                raise InputError(unknown("parameter", name, FIELDS))
            values[name] = check_value(name, value)
        return cls(**values)


FIELDS: dict[str, Any] = field_types(Spec)
"""The type, with its bounds, of every parameter of a spec by name."""


def owned(name: str) -> str:
    """Return, in words, which parts have a parameter called `name`; empty if none has."""
    owners = [
        f"{words(base)} {part!r}"
        for base in PARTS.values()
        for part in modules(base)
        if name in field_types(load(base, part))
    ]
    return f"{name} is a parameter of {', '.join(owners)}: write it there" if owners else ""


def check_value(name: str, value: object) -> Any:
    """Return `value` checked against the type of the spec's field `name`. Raises InputError if it does not fit."""
    return check_type(name, FIELDS[name], value)
