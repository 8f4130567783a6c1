"""What is to be written in place of the Q&A's code runs as it stands, but for a shorter study."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = Path(__file__).parents[2] / "experiments" / "instead.py"


SHORTER = {
    "replicates = 8": "replicates = 2",
    "replicates = 25": "replicates = 2",
    "{ ae = {}, vae = { beta = 0.1 } }": "{ ae = {} }",
    "[search]": "fixed = { encoder = [8], decoder = [8] }\n[search]",
}


@pytest.mark.slow
def test_the_code_in_place_of_the_qa_s_generates_rows_of_the_right_distribution(tmp_path):
    code = CODE.read_text()
    for long, short in SHORTER.items():
        assert code.count(long) == 1
        code = code.replace(long, short)
    (tmp_path / "instead.py").write_text(code)
    environment = os.environ | {"PYTHONPATH": str(CODE.parents[1]), "VAEBENCH_HOME": str(tmp_path / "runs")}
    words = [sys.executable, "instead.py"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    *_, mean, std = (line.split() for line in done.stdout.splitlines())
    assert (mean[0], std[0]) == ("mean", "std")
    assert abs(float(mean[1]) - 100) < 5
    assert abs(float(std[1]) - 10) < 4
