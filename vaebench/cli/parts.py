"""The commands that list what a study file can name: variants, losses, latent samplers, data sets, baselines."""

import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterator

import click

from vaebench.parts import Kind, field_types, load, modules
from vaebench.study.spec import PARTS

KINDS: dict[str, Kind] = {
    "variants": "variant",
    "losses": "loss",
    "latent-samplers": "latent_sampler",
    "data-sets": "data_set",
    "baselines": "baseline",
}


def commands() -> Iterator[click.Command]:
    """Return one listing command for each kind of part."""
    for name, kind in KINDS.items():
        yield click.Command(name, callback=_lister(kind), help=f"List the {name.replace('-', ' ')}.")


def _lister(kind: Kind) -> Callable[[], None]:
    def show() -> None:
        for name in modules(kind):
            part = load(kind, name)
            click.echo(click.style(name, bold=True))
            click.echo(textwrap.indent(inspect.cleandoc(part.__doc__ or ""), "  "))
            if kind in PARTS:  # a data set's fields are not what the study file says; its text is
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
