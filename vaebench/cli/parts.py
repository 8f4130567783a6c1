"""The commands that list parts: variants, losses, latent samplers, networks, data sets, baselines."""

import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterator

import click

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.latent_samplers import LatentSampler
from vaebench.losses import Loss
from vaebench.networks import Network
from vaebench.parts import Part, field_types, load, modules
from vaebench.study.spec import PARTS
from vaebench.variants import Variant

KINDS: dict[str, type[Part]] = {
    "variants": Variant,
    "losses": Loss,
    "latent-samplers": LatentSampler,
    "networks": Network,
    "data-sets": DataSet,
    "baselines": Baseline,
}


def commands() -> Iterator[click.Command]:
    """Yield one listing command per kind of part."""
    for name, base in KINDS.items():
        yield click.Command(name, callback=_lister(base), help=f"List the {name.replace('-', ' ')}.")


def _lister(base: type[Part]) -> Callable[[], None]:
    def show() -> None:
        for name in modules(base):
            part = load(base, name)
            click.echo(click.style(name, bold=True))
            click.echo(textwrap.indent(inspect.cleandoc(part.__doc__ or ""), "  "))
            if base.kind in PARTS:  # a data set's fields are not its keys in a study file; its docstring explains these
                for parameter, expected in field_types(part).items():
                    click.echo(f"  - {parameter}: {_type(expected)}, default {getattr(part, parameter, None)!r}")
            click.echo()

    return show


def _type(expected: object) -> str:
    bounds = getattr(expected, "__metadata__", ())
    base = getattr(expected, "__origin__", expected)
    options = getattr(expected, "__args__", ())
    if not bounds and options:
        return " | ".join(map(repr, options))
    words = {"Gt": ">", "Ge": ">=", "Lt": "<", "Le": "<="}
    limits = [f"{words[type(b).__name__]} {dataclasses.astuple(b)[0]}" for b in bounds if type(b).__name__ in words]
    return " ".join([getattr(base, "__name__", str(base)), *limits])
