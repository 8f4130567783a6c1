"""A digest of a run's files in MLflow, so that lost or truncated ones are noticed and written again."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from vaebench.tracking.champion import models_of

SHOWN_AS = "vaebench.shown"
"""The tag of a run whose files are complete: of what they were made, and their digest."""


def artifact_digest(client: Any, experiment: str, run_id: str) -> str:
    """Return a digest of the names and sizes of the files of a run and of its models."""
    listings = [partial(client.list_artifacts, run_id)]
    for model in models_of(client, experiment, run_id):
        listings.append(partial(client.list_logged_model_artifacts, model.model_id))
    found = [sorted(_files(listing)) for listing in listings]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def _files(listing: Callable[[str | None], Any], path: str | None = None) -> Iterator[tuple[str, int]]:
    for item in listing(path):
        if item.is_dir:
            yield from _files(listing, item.path)
        else:
            yield item.path, item.file_size
