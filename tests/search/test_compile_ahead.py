"""Compiling ahead: each structure once, the frequent ones first; and a program on disk is found in any order."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaebench.search.compile_ahead import SAMPLED, compile_ahead
from vaebench.search.tasks import Workers
from vaebench.study.definition import StudyDefinition
from vaebench.study.space import RandomTrial
from vaebench.study.spec import Spec


class Sent(Workers):
    """Workers that only remember what they are sent."""

    def __init__(self) -> None:
        self.specs: list[Spec] = []

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        self.specs.append(args[0])


def test_every_structure_is_sent_once(definition: StudyDefinition) -> None:
    sent = Sent()
    compile_ahead(definition, sent, at_most=100)
    structures = [(spec.variant.name, spec.batch_norm, spec.encoder) for spec in sent.specs]
    assert len(set(structures)) == len(structures) == 2 * 2 * 2


def test_the_most_frequent_structures_come_first_where_there_are_too_many(read: Callable[..., StudyDefinition]) -> None:
    text = """
[study]
name = "many"
[data]
distribution = { name = "norm" }
[search]
batch_size = { choice = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20] }

[search.variant.one_of]
ae = {}
vae = {}
"""
    sent = Sent()
    definition = read(text)
    compile_ahead(definition, sent, at_most=3)
    (arm,) = definition.arms
    drawn = [Spec.from_flat(arm.space.suggest(RandomTrial(index))) for index in range(SAMPLED)]
    frequency = Counter((spec.variant.name, spec.batch_size) for spec in drawn)
    counts = [frequency[spec.variant.name, spec.batch_size] for spec in sent.specs]
    assert counts == sorted(frequency.values(), reverse=True)[:3]
    assert counts[0] > min(frequency.values())


CODE = """
import sys
from pathlib import Path
from vaebench.data_sets.distribution import Distribution
from vaebench.parts import make
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.search.compile_ahead import compile_for
from vaebench.variants import Variant
data = Distribution.parse({"name": "norm"}, Path())
for variant in sys.argv[1:]:
    spec = Spec(variant=make(Variant, variant), encoder=(3,), decoder=(3,))
    compile_for(spec, Replicate(data, 30, 0.33, 10, 10, 0, "search", 0))
"""


@pytest.mark.slow
def test_a_program_on_disk_is_found_whatever_was_compiled_before_it(tmp_path: Path) -> None:
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    found = []
    for order in (["ae", "vae"], ["vae", "ae"]):
        subprocess.run([sys.executable, "-c", CODE, *order], env=environment, check=True)
        found.append({path.name for path in tmp_path.rglob("*.pb")})
    assert len(found[0]) == 2
    assert found[1] == found[0]


def test_evaluating_imports_no_keras() -> None:
    code = CODE + "assert not {'keras', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code, "ae"], check=True)


def test_threads_share_a_program() -> None:
    """And TensorFlow's own numbering is back in place afterwards."""
    from concurrent.futures import ThreadPoolExecutor

    from tensorflow.python.framework import ops

    from vaebench.engine.train import train

    rows = np.random.default_rng(0).normal(size=(20, 1))
    specs = [Spec(encoder=(width,), decoder=(3,), epochs=3) for width in (5, 6, 5, 6)]
    before = ops.uid
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda spec: train(spec, rows, rows, 1), specs))
    assert ops.uid is before
    for spec, trained in zip(specs, together, strict=True):
        np.testing.assert_array_equal(trained.history, train(spec, rows, rows, 1).history)
