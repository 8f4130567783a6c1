"""The first replicate of each structure goes ahead; and a program on disk is found in any order."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from cheap_evaluations import cheap
from small_studies import go

from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec


def test_a_replicate_of_each_new_structure_goes_ahead_of_its_batch(definition: StudyDefinition, tmp_path: Path) -> None:
    sent: list[tuple[tuple[object, ...], int]] = []

    def remember(spec: Spec, replicate: Replicate) -> Result:
        sent.append(((spec.variant.name, spec.batch_norm, spec.encoder), replicate.index))
        return cheap(spec, replicate)

    go(definition, tmp_path, remember, executors=lambda: ThreadPoolExecutor(1), confirm=False)
    met = set[object]()
    for batch in (sent[start : start + 8] for start in range(0, 40, 8)):
        new = {structure for structure, _ in batch} - met
        assert {structure for structure, _ in batch[: len(new)]} == new
        assert {index for _, index in batch[: len(new)]} <= {0}
        met |= new
    assert len(met) > 3
    assert sorted(index for _, index in sent) == [0] * 20 + [1] * 20


CODE = """
import sys
from pathlib import Path
from vaebench.data_sets.distribution import Distribution
from vaebench.parts import make
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.search.programs import compile_for
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
