"""Saves a generator as an MLflow model, and registers the winner as `models:/STUDY@champion`."""

import re
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from vaebench.tracking.store import elsewhere, import_mlflow

if TYPE_CHECKING:
    from vaebench.tracking.artifacts import Artifacts

ALIAS = "champion"
OWNER = "vaebench.owner"
"""The tag of a registered model that says whose it is."""
REQUIREMENTS = (
    "annotated-types",
    "keras",
    "mlflow",
    "numpy",
    "pandas",
    "pydantic",
    "scikit-learn",
    "scipy",
    "tensorflow",
)
"""Packages that loading a generator needs, listed here because MLflow takes 18 s to infer them."""


def save_model(artifacts: "Artifacts", folder: Path) -> None:
    """Save the generator of `artifacts` as an MLflow model in `folder`.

    data/ holds the Keras models and code/ holds vaebench itself, so that it loads without vaebench installed.
    """
    import pandas as pd

    import_mlflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing pyfunc warns about MLflow's own type hints
        from mlflow.models import ModelSignature
        from mlflow.pyfunc import save_model as save_pyfunc
        from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("long", "n"), ColSpec("long", "seed", required=False)])
    outputs = Schema([ColSpec("double", column) for column in artifacts.columns])
    with TemporaryDirectory() as temporary:
        data = Path(temporary) / "generator"
        data.mkdir()
        for name, content in artifacts.model.items():
            (data / name).write_bytes(content)
        save_pyfunc(
            path=folder,
            loader_module="vaebench.tracking.loader",
            data_path=data,
            code_paths=[str(Path(__file__).parents[1])],
            pip_requirements=list(_requirements()),
            signature=ModelSignature(inputs=inputs, outputs=outputs),
            input_example=pd.DataFrame({"n": [15_000], "seed": [0]}),
        )


def register(client: Any, study: str, run_id: str, owner: str) -> str:
    """Make the model of run `run_id` the champion of the `owner`'s study. Return its version.

    If the same run is registered again, it keeps its version.
    """
    name = owned_name(client, study, owner)
    found = client.search_registered_models(f"name = '{name}'", max_results=1)
    if not found:
        client.create_registered_model(
            name, tags={OWNER: owner}, description=f"The best generator of the vaebench study {study!r}."
        )
    elif OWNER not in found[0].tags:  # of a version before models had owners
        client.set_registered_model_tag(name, OWNER, owner)
    known = client.search_model_versions(f"name = '{name}'")
    same = [model_version for model_version in known if model_version.run_id == run_id]
    if same:
        chosen = same[0]
    else:
        source = f"{client.get_run(run_id).info.artifact_uri}/model"
        chosen = client.create_model_version(name, source, run_id=run_id)
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


def _requirements() -> list[str]:
    found = []
    for name in REQUIREMENTS:
        try:
            found.append(f"{name}=={version(name)}")
        except PackageNotFoundError:  # e.g. TensorFlow installed as tensorflow-cpu
            continue
    return found
