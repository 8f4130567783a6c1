"""A study's experiment in MLflow: its description, its primary metric, and the view that its link opens."""

import json
from pathlib import Path
from typing import Any

from vaebench.files import within
from vaebench.results.export import markdown
from vaebench.results.standings import standings
from vaebench.results.summary import summary
from vaebench.study.records import StudyRecord
from vaebench.tracking.champion import ALIAS
from vaebench.tracking.store import DESCRIPTION, artifact_root, tracking_uri

VIEW = "leaderboard"
"""The key, in a study's experiment, of the view that `ui_url` opens."""

MLFLOWS_OWN = "Default"
"""An experiment that MLflow makes by itself, with its artifacts in the current folder."""
DATABASES = ("sqlite:", "postgresql", "mysql", "mssql")
"""Stores for which we choose where artifacts are. A server chooses by itself."""


def find_or_create(client: Any, home: Path, record: StudyRecord, model: str) -> str:
    """Return the id of the experiment named after the study. Restore it if it was deleted."""
    from mlflow.exceptions import MlflowException

    name = f"{record.name} (study)" if record.name == MLFLOWS_OWN else record.name
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        location = (
            within(home, artifact_root(home) / name).as_uri() if tracking_uri(home).startswith(DATABASES) else None
        )
        try:
            client.create_experiment(name, artifact_location=location)
        except MlflowException:  # another process may have created it meanwhile
            if client.get_experiment_by_name(name) is None:
                raise
        experiment = client.get_experiment_by_name(name)
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    for tag, value in _tags(record, model).items():
        if experiment.tags.get(tag) != value:
            client.set_experiment_tag(experiment.experiment_id, tag, value)
    return str(experiment.experiment_id)


def _tags(record: StudyRecord, model: str) -> dict[str, str]:
    return {
        DESCRIPTION: describe(record, model),
        "mlflow.experiment.primaryMetric.name": "score",
        "mlflow.experiment.primaryMetric.greaterIsBetter": "False",
        "mlflow.experimentKind": "custom_model_development",  # otherwise the UI takes it for that of a language model
        f"mlflow.sharedViewState.{VIEW}": json.dumps(_view(record)),
    }


def _view(record: StudyRecord) -> dict[str, Any]:
    """Return the state of the UI's table that shows the leaderboard. Runs without the metric come last."""
    metrics = ["score", "confirmed.score"]
    if any(trial.confirmation for trial in record.trials):
        metrics.reverse()
    columns = [f"metrics.`{name}`" for name in (*metrics, "ks")]
    columns += [f"params.`{name}`" for name in ("variant", "loss", "latent_sampler", "latent_dim")]
    return {
        "orderByKey": columns[0],
        "orderByAsc": True,
        "selectedColumns": columns,
        "columnOrder": ["attributes.`Run Name`", *columns],
        "columnWidths": {"attributes.`Run Name`": 280, "metrics.`confirmed.score`": 140},
    }


def describe(record: StudyRecord, model: str) -> str:
    """Return the Markdown shown above the study's runs; `model` is the name of the champion's registered model."""
    name, found = record.name, "".join(f"- {line}\n" for line in summary(standings(record)))
    return f"""{markdown(record.definition.question)}

{found}
Columns of the data: {", ".join(map(markdown, record.columns))}.

| metric | meaning |
|---|---|
| `score` | mean of `ks`, `mean_error`, `std_error` (and, of several columns, `copula_error`), each \
divided by what the best fitting baseline is expected to reach from as many rows; \
1.0 is as good as that, lower is better |
| `ks` | Kolmogorov-Smirnov distance between generated and true samples, of a category the total variation distance |
| `mean_error`, `std_error` | error of the generated mean and standard deviation |
| `wasserstein` | Wasserstein-1 distance between generated and true samples |
| `copula_error`, `sliced_wasserstein`, `correlation_error`, `association_error` | of several columns: \
whether they keep their relation |
| `confirmed.*` | the same on further draws of the data (of a file: other splits); rank by `confirmed.score` |
| `eliminated.*` | the same of trials that were plainly worse on the first of these draws, and got no more |

The best of many searched scores is partly luck: trust the confirmed ones, and compare them with those of the \
baselines and the noise floor.

```sh
vaebench leaderboard {name} --csv leaderboard.csv
vaebench generate {name} -n 15000 -o new.csv
```

```python
mlflow.pyfunc.load_model("models:/{model}@{ALIAS}").predict(pandas.DataFrame({{"n": [15000]}}))
```
"""
