"""Which programs a search needs: one per structure."""

from collections import Counter

from vaebench.data_sets import split_sizes
from vaebench.engine.structure import Structure
from vaebench.networks import KerasNetwork, Network
from vaebench.study.definition import StudyDefinition
from vaebench.study.replicate import Replicate
from vaebench.study.space import RandomTrial
from vaebench.study.spec import Spec
from vaebench.trial.wide_rows import WideRows

SAMPLED = 64
"""Specs sampled from each space to find its structures."""


def check_networks(definition: StudyDefinition) -> None:
    """Compile a program for each network that is no part of vaebench, and each variant, in this process.

    Raises InputError for one that returns no models, or models that do not fit or cannot be compiled.
    """
    tried = set()
    for structure, spec in structures(definition)[1].items():
        network, pair = structure.network, (structure.network, structure.variant)
        shipped = type(network).__module__.startswith(f"{Network.__module__}.")
        if isinstance(network, KerasNetwork) and not shipped and pair not in tried:
            compile_for(spec, definition.replicate("search", 0))
            tried.add(pair)


def structures(definition: StudyDefinition) -> tuple[Counter[Structure], dict[Structure, Spec]]:
    """Return how often each structure is met among specs sampled from a study's spaces, and a spec of each."""
    frequency: Counter[Structure] = Counter()
    specs: dict[Structure, Spec] = {}
    for arm in definition.arms:
        for index in range(SAMPLED):
            spec = Spec.from_flat(arm.space.suggest(RandomTrial(index)))
            structure = structure_of(spec, definition)
            frequency[structure] += 1
            specs.setdefault(structure, spec)
    return frequency, specs


def structure_of(spec: Spec, definition: StudyDefinition) -> Structure:
    """Return the structure of a spec for the rows of a study."""
    train, test = split_sizes(definition.rows, definition.test_fraction)
    columns = len(definition.data_set.columns)
    if definition.support.kinds:
        columns = WideRows.of(definition.replicate("search", 0).draw()).width
    return Structure.of(spec, columns=columns, train_rows=train, test_rows=test)


def compile_for(spec: Spec, replicate: Replicate) -> None:
    """Compile the program that `spec` needs for rows shaped as those of `replicate`."""
    from vaebench.engine.train import compile_program

    draw = replicate.draw()
    compile_program(spec, columns=WideRows.of(draw).width, train_rows=len(draw.train), test_rows=len(draw.test))
