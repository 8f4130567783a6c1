"""The structure of a spec: what needs another compiled program. Everything else is assigned at run time."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from vaebench.losses import Loss
from vaebench.networks import KerasNetwork
from vaebench.parts import load, modules
from vaebench.study.spec import LATENT_UNITS, Spec
from vaebench.variants import Variant

if TYPE_CHECKING:
    from vaebench.engine.keras_layout import KerasLayout
    from vaebench.engine.weights import Layout

P = TypeVar("P", Variant, Loss)


@dataclass(frozen=True)
class Layers:
    """The layers of the network `mlp`."""

    encoder: tuple[int, ...]
    decoder: tuple[int, ...]
    activation: str
    batch_norm: bool
    code_activation: str
    code_norm: bool


@dataclass(frozen=True)
class Structure:
    """What a program is compiled for. Equal structures share one program."""

    variant: Variant
    """Fields that are assigned at run time have their default here."""
    losses: tuple[Loss, ...]
    """The losses that the program can switch between. Fields that are assigned have their default here."""
    rule: str
    """The optimizer's update rule: see engine/optimizers.py."""
    network: Layers | KerasNetwork
    columns: int
    latent_units: int
    """The width of its codes. That of `mlp` serves every latent_dim, for units beyond it are masked."""
    train_rows: int
    test_rows: int
    batch_size: int
    capacity: int
    """Epochs that the program has room for."""

    @classmethod
    def of(cls, spec: Spec, *, columns: int, train_rows: int, test_rows: int) -> Self:
        """Return the structure of `spec` for data of this size."""
        network = spec.network if isinstance(spec.network, KerasNetwork) else _layers(spec)
        return cls(
            variant=_structural(spec.variant),
            losses=_losses(spec.loss),
            rule="adadelta" if spec.optimizer == "adadelta" else "adam_family",
            network=network,
            columns=columns,
            latent_units=spec.latent_dim if isinstance(network, KerasNetwork) else LATENT_UNITS,
            train_rows=train_rows,
            test_rows=test_rows,
            batch_size=min(spec.batch_size, train_rows),
            capacity=max(128, 1 << (spec.epochs - 1).bit_length()),
        )

    @property
    def layout(self) -> "Layout | KerasLayout":
        """The layers, and the place of each variable."""
        from vaebench.engine.keras_layout import keras_layout  # these need TensorFlow; comparing structures does not
        from vaebench.engine.weights import Layout

        if isinstance(self.network, KerasNetwork):
            return keras_layout(self.network, self.columns, self.latent_units, self.variant)
        return Layout(self.columns, self.network, self.variant)

    @property
    def key(self) -> str:
        """A text that identifies the structure, the same in every process."""
        parts = (self.variant, *self.losses, self.network)
        return f"{self!r} of {[type(part).__module__ for part in parts]} and {getattr(self.network, 'file', None)}"

    @property
    def steps(self) -> int:
        """Batches per epoch. The last one may be smaller."""
        return -(-self.train_rows // self.batch_size)


def _layers(spec: Spec) -> Layers:
    return Layers(**{field.name: getattr(spec, field.name) for field in dataclasses.fields(Layers)})


def _losses(loss: Loss) -> tuple[Loss, ...]:
    """Return vaebench's losses, which share one program, and `loss` too if it is a replica or a third-party one."""
    found = [load(Loss, name) for name, module in modules(Loss).items() if module.startswith(Loss.__module__)]
    shipped = [part for part in found if not part.replica]
    parts = shipped if type(loss) in shipped else [*shipped, type(loss)]
    return tuple(_structural(loss) if part is type(loss) else part() for part in parts)


def _structural(part: P) -> P:
    return dataclasses.replace(part, **{name: _default(part, name) for name in assigned_fields(part)})


def _default(part: Variant | Loss, name: str) -> object:
    return next(field.default for field in dataclasses.fields(part) if field.name == name)


def assigned_fields(part: Variant | Loss) -> list[str]:
    """Return the names of a part's hyper-parameters that are assigned at run time."""
    return [field.name for field in dataclasses.fields(part) if field.name not in part.structure]
