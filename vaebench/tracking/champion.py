"""Logs a generator as an MLflow model of its trial's run, and registers the winner as `models:/STUDY@champion`."""

import json
import re
import shutil
import warnings
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from vaebench import generator
from vaebench.tracking.store import DESCRIPTION, default_store, elsewhere, import_mlflow

if TYPE_CHECKING:
    from vaebench.tracking.artifacts import Artifacts
    from vaebench.tracking.writer import StudyRuns

ALIAS = "champion"
OWNER = "vaebench.owner"
"""The tag of a registered model that says whose it is."""
LOADER = "vaebench_generator"
"""What vaebench/generator.py, the model's only code, is called there."""
REQUIREMENTS = ("mlflow", "numpy", "pandas")
"""Packages that generating needs. MLflow would take 18 s to infer them."""
FOR_KERAS = ("keras", "tensorflow")
"""Those that a decoder of Keras needs as well."""


def log_model(client: Any, experiment: str, run_id: str, name: str, artifacts: "Artifacts") -> str:
    """Log the generator of `artifacts` as the one model of run `run_id`, called `name`. Return the model's id."""
    from mlflow.entities import LoggedModelOutput

    for begun in models_of(client, experiment, run_id):  # by a process that was killed
        client.delete_logged_model(begun.model_id)
    tags = {DESCRIPTION: artifacts.model["README.md"].decode()[:8000]}
    model = client.create_logged_model(experiment, name, source_run_id=run_id, tags=tags, model_type="generator")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        _save(artifacts, folder, model.model_id, run_id)
        client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 0)])
    return str(model.model_id)


def models_of(client: Any, experiment: str, run_id: str) -> list[Any]:
    """Return the logged models of a run."""
    return list(client.search_logged_models([experiment], filter_string=f"source_run_id = '{run_id}'"))


def _save(artifacts: "Artifacts", folder: Path, model_id: str, run_id: str) -> None:
    """Save an MLflow model: the kept generator in data/generator, and in code/ the one file that loads it."""
    import pandas as pd

    import_mlflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing pyfunc warns about MLflow's own type hints
        from mlflow.models import Model, ModelSignature
        from mlflow.pyfunc import save_model
        from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("long", "n"), ColSpec("long", "seed", required=False)])
    outputs = Schema([ColSpec("double", column) for column in artifacts.columns])
    with TemporaryDirectory() as temporary:
        data, loader = Path(temporary) / "generator", Path(temporary) / f"{LOADER}.py"
        data.mkdir()
        for name, content in artifacts.model.items():
            (data / name).write_bytes(content)
        shutil.copyfile(generator.__file__, loader)
        save_model(
            path=folder,
            loader_module=LOADER,
            data_path=data,
            code_paths=[str(loader)],
            pip_requirements=[f"{name}=={version(name)}" for name in _requirements(artifacts)],
            signature=ModelSignature(inputs=inputs, outputs=outputs),
            input_example=pd.DataFrame({"n": [15_000], "seed": [0]}),
            mlflow_model=Model(model_id=model_id, run_id=run_id),
        )


def _requirements(artifacts: "Artifacts") -> tuple[str, ...]:
    steps = {name for name, _ in json.loads(artifacts.model["generator.json"])["steps"]}
    return (*REQUIREMENTS, *FOR_KERAS) if "keras" in steps else REQUIREMENTS


def register(runs: "StudyRuns", home: Path, run_id: str) -> str | None:
    """Make the model of run `run_id` the champion of its study. Return its version; None if the run has no model.

    If the same model is registered again, it keeps its version.
    """
    client, study = runs.client, runs.record.name
    models = models_of(client, runs.experiment_id, run_id)
    if not models:
        return None
    name = owned_name(client, study, runs.owner)
    found = client.search_registered_models(f"name = '{name}'", max_results=1)
    if not found:
        client.create_registered_model(
            name, tags={OWNER: runs.owner}, description=f"The best generator of the vaebench study {study!r}."
        )
    elif OWNER not in found[0].tags:  # of a version before models had owners
        client.set_registered_model_tag(name, OWNER, runs.owner)
    known = client.search_model_versions(f"name = '{name}'")
    source = f"models:/{models[0].model_id}"
    same = [model_version for model_version in known if model_version.source == source]
    with default_store(home):
        chosen = (
            same[0]
            if same
            else client.create_model_version(
                name, source, run_id, description=models[0].tags.get(DESCRIPTION), model_id=models[0].model_id
            )
        )
    if client.get_registered_model(name).aliases.get(ALIAS) != str(chosen.version):
        client.set_registered_model_alias(name, ALIAS, str(chosen.version))
    return str(chosen.version)


def owned_name(client: Any, study: str, owner: str) -> str:
    """Return the name of the registered model of the `owner`'s study: the study's, as long as nobody else has that.

    On a server, studies of one name in several homes would otherwise take the alias from each other.
    """
    name = model_name(study)
    found = client.search_registered_models(f"name = '{name}'", max_results=1)
    if elsewhere() and found and found[0].tags.get(OWNER, owner) != owner:
        return f"{name}-{owner[:8]}"
    return name


def model_name(study: str) -> str:
    """Return the registered model's name: the study's, with the characters that MLflow refuses replaced."""
    return re.sub(r"[/:']", "_", study)
