"""What `check` prints of a study: the space, its size, a few sampled specs, the expected cost."""

import math

import click

from vaebench.definition import StudyDefinition
from vaebench.space import RandomTrial
from vaebench.spec import Spec

SPECS = 3
"""How many specs are sampled from each sub-study's space."""
SECONDS = 1.0
"""What one fit of the shipped studies' networks takes about, in seconds on one core."""


def describe(definition: StudyDefinition, trials: int | None) -> None:
    """Print what the study searches and what it costs."""
    count = (trials or definition.trials) * len(definition.arms)
    fits = count * definition.replicates + definition.confirm_top * definition.confirm_replicates
    click.echo(f"{definition.name}: {definition.question}" if definition.question else definition.name)
    click.echo(
        f"data        {definition.data_set.name}, {definition.rows} rows, test fraction {definition.test_fraction:g}, "
        f"columns {', '.join(definition.data_set.columns)}"
    )
    click.echo(f"objectives  {', '.join(definition.objectives)}; sampler {definition.sampler}")
    click.echo(
        f"budget      {count} trials x {definition.replicates} replicates, then the best {definition.confirm_top} "
        f"x {definition.confirm_replicates} fresh draws: {fits} fits, about {_minutes(fits * SECONDS)} on one core"
    )
    for arm in definition.arms:
        size = arm.space.size
        cells = f"a grid of {size} cells" if size is not None and math.isfinite(size) else "without end"
        click.echo(f"\nspace       {arm.name + ', ' if arm.name else ''}{arm.space.dimensions} dimensions, {cells}")
        for name in arm.space.names:
            click.echo(f"  {name}")
        for index in range(SPECS):
            spec = Spec.from_flat(arm.space.suggest(RandomTrial(index)))
            click.echo(f"for example {_short(spec)}")


def _short(spec: Spec) -> str:
    return " ".join(f"{name}={_text(value)}" for name, value in spec.flat().items() if name != "seed")


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
