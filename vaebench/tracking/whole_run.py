"""Writes a whole run into the embedded store in one transaction.

The three calls of MLflow's client that write a run take six transactions and five times as long: they look up what a
new run cannot have. The tables are MLflow's own classes of them.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any


def insert_run(
    client: Any,
    experiment_id: str,
    folder: str,
    *,
    name: str,
    status: str,
    started: int,
    ended: int,
    tags: Mapping[str, str],
    params: Mapping[str, str],
    metrics: Iterable[tuple[str, int, float]],
) -> str:
    """Write a run with its (name, step, value) metrics, all of them stamped with its end. Return its id.

    `folder` is the address of the experiment's artifacts. Times are in milliseconds.
    """
    from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlParam, SqlRun, SqlTag
    from mlflow.utils.uri import append_to_uri_path
    from sqlalchemy import insert

    store, run_id = client._tracking_client.store, uuid.uuid4().hex
    run = {
        "run_uuid": run_id,
        "name": name,
        "experiment_id": int(experiment_id),
        "artifact_uri": append_to_uri_path(folder, run_id, store.ARTIFACTS_FOLDER_NAME),
        "status": status,
        "start_time": started,
        "end_time": ended,
        "user_id": tags.get("mlflow.user", "unknown"),
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "source_version": "",
        "lifecycle_stage": "active",
    }
    points = [
        {"run_uuid": run_id, "key": key, "step": step, "timestamp": ended, "value": value, "is_nan": False}
        for key, step, value in sorted(metrics)
    ]
    latest = {point["key"]: point for point in points}
    rows = {
        SqlRun: [run],
        SqlTag: [{"run_uuid": run_id, "key": k, "value": v} for k, v in {"mlflow.runName": name, **tags}.items()],
        SqlParam: [{"run_uuid": run_id, "key": key, "value": value} for key, value in params.items()],
        SqlMetric: points,
        SqlLatestMetric: list(latest.values()),
    }
    with store.ManagedSessionMaker(read_only=False) as session:
        for table, content in rows.items():
            if content:
                session.execute(insert(table), content)
    return run_id
