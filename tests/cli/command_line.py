"""Runs commands: as a process of their own, as users do, or in this one, which is quicker."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from vaebench.cli import main

STUDY = """
[study]
name = "small"
question = "Which tiny autoencoder is the best generator?"
trials = 12
replicates = 2

[data]
distribution = { name = "norm", loc = 100, scale = 10 }
rows = 40

[evaluation]
generated = 2000
true = 2000

[fixed]
epochs = 20
batch_size = 16
encoder = [8]
decoder = [8]
loss = "mse"
latent_sampler = "gaussian"

[search]
latent_dim = { int = [1, 4] }
learning_rate = { choice = [0.003, 0.01, 1e30] }

[search.variant.one_of]
ae = {}
vae = { beta = 0.1 }

[confirm]
top = 2
replicates = 6
"""
"""A study of two structures. A learning rate of 1e30 makes a trial fail."""


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without the user's own settings of vaebench, MLflow and Python's buffers."""
    own = ("VAEBENCH_", "MLFLOW_", "PYTHONUNBUFFERED")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return inherited | variables


def process(*arguments: object, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as a process of its own."""
    command = [sys.executable, "-m", "vaebench", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment(**variables), capture_output=True, text=True, timeout=300, check=False
    )


def invoke(*arguments: object, status: int = 0) -> Result:
    """Run a command in this process, and check its exit status."""
    result = CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def tree(folder: Path) -> dict[str, str]:
    """Return every file and folder below `folder`, with a file's content, but what SQLite keeps of an open database."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
        if not path.name.endswith(("-shm", "-wal"))
    }
