"""Time the compilation of each variant's program with nothing in the cache.

python experiments/field/compiling.py    # three minutes on an idle core
"""

import os
import tempfile
import time
from dataclasses import replace

os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()  # before vaebench looks for its cache

from confirmed import STUDY

from vaebench.study.file import load
from vaebench.study.space import RandomTrial
from vaebench.study.spec import Spec


def main() -> None:
    """Print seconds a variant: its first fit less its second, on the data of studies/field.toml."""
    from vaebench.trial.fit import fit

    definition = load(STUDY)
    replicate = definition.replicate("search", 0)
    first, *_ = specs = [Spec.from_flat(arm.space.suggest(RandomTrial(0))) for arm in definition.arms]
    fit(replace(first, batch_size=7), replicate)  # what TensorFlow does once
    for spec in specs:
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            fit(spec, replicate)
            seconds.append(time.perf_counter() - started)
        print(f"{spec.variant.name:12} {seconds[0] - seconds[1]:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
