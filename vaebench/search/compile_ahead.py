"""Compile the programs that a search will need before it starts: each once, spread over the workers."""

from collections import Counter
from concurrent.futures import Future

from vaebench.data_sets import split_sizes
from vaebench.engine.structure import Structure
from vaebench.networks import KerasNetwork, Network
from vaebench.search.tasks import Workers
from vaebench.study.definition import StudyDefinition
from vaebench.study.replicate import Replicate
from vaebench.study.space import RandomTrial
from vaebench.study.spec import Spec

SAMPLED = 64
"""Specs sampled from each space to find its structures."""
AT_MOST = 8
"""Most programs to compile ahead. In a space of more structures each is used seldom."""


def compile_ahead(definition: StudyDefinition, workers: Workers, at_most: int) -> "list[Future[None]]":
    """Send the most frequent structures of a study's spaces to the workers, at most `at_most` of them, to be compiled.

    A program that one worker has compiled is on disk for the others. Without this, two workers would both compile the
    first program, then both the second. What fails here fails again as a trial, which records the reason.
    """
    if at_most <= 0:
        return []
    frequency, specs = structures(definition)
    replicate = definition.replicate("search", 0)
    return [
        workers.submit(compile_for, specs[structure], replicate)
        for structure, _ in frequency.most_common(min(AT_MOST, at_most))
    ]


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
    train, test = split_sizes(definition.rows, definition.test_fraction)
    columns = len(definition.data_set.columns)
    frequency: Counter[Structure] = Counter()
    specs: dict[Structure, Spec] = {}
    for arm in definition.arms:
        for index in range(SAMPLED):
            spec = Spec.from_flat(arm.space.suggest(RandomTrial(index)))
            structure = Structure.of(spec, columns=columns, train_rows=train, test_rows=test)
            frequency[structure] += 1
            specs.setdefault(structure, spec)
    return frequency, specs


def compile_for(spec: Spec, replicate: Replicate) -> None:
    """Compile the program that `spec` needs for rows shaped as those of `replicate`."""
    from vaebench.engine.train import compile_program

    draw = replicate.draw()
    compile_program(spec, columns=draw.train.shape[1], train_rows=len(draw.train), test_rows=len(draw.test))
