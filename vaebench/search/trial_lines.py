"""A finished trial as a line of Optuna's journal: as Optuna would write it, and as Optuna would read it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from optuna.distributions import distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from vaebench.search.replay import Line
from vaebench.study.records import TrialRecord

_distribution = lru_cache(maxsize=1024)(json_to_distribution)
"""Trials share their distributions, which otherwise take most of their memory."""


def trial_line(
    study: int, asked: FrozenTrial, trial: TrialRecord, values: tuple[float, ...] | None, attributes: Mapping[str, Any]
) -> Line:
    """Return the line, without its operation and writer, that adds a finished trial to the study with the id `study`.

    `asked` is what was asked, `trial` what came of it, `values` are its objectives: None if it failed.
    """
    state = TrialState.FAIL if values is None else TrialState.PRUNED if trial.pruned else TrialState.COMPLETE
    several = values is not None and len(values) > 1
    return {
        "study_id": study,
        "datetime_start": _text(trial.started),
        "state": state,
        "value": None if several or values is None else values[0],
        "values": values if several else None,
        "datetime_complete": _text(trial.ended),
        "distributions": {name: distribution_to_json(one) for name, one in asked.distributions.items()},
        "params": {name: asked.distributions[name].to_internal_repr(value) for name, value in asked.params.items()},
        "user_attrs": attributes,
        "system_attrs": {**asked.system_attrs, **({"fail_reason": trial.reason} if values is None else {})},
        "intermediate_values": {},
    }


def stored_line(study: int, trial: FrozenTrial) -> Line:
    """Return the line that adds a finished trial which another storage of Optuna's has."""
    several = trial.values is not None and len(trial.values) > 1
    return {
        "study_id": study,
        "datetime_start": _stamp(trial.datetime_start),
        "state": trial.state,
        "value": None if several or trial.values is None else trial.values[0],
        "values": trial.values if several else None,
        "datetime_complete": _stamp(trial.datetime_complete),
        "distributions": {name: distribution_to_json(one) for name, one in trial.distributions.items()},
        "params": {name: trial.distributions[name].to_internal_repr(value) for name, value in trial.params.items()},
        "user_attrs": trial.user_attrs,
        "system_attrs": trial.system_attrs,
        "intermediate_values": {},
    }


def frozen_trial(line: Line, number: int) -> FrozenTrial:
    """Return the finished trial that a line adds as number `number`, without its user attributes."""
    distributions = {name: _distribution(text) for name, text in line["distributions"].items()}
    return FrozenTrial(
        number=number,
        trial_id=-1,  # a storage assigns one
        state=TrialState(line["state"]),
        value=line["value"],
        values=line["values"],
        datetime_start=_time(line["datetime_start"]),
        datetime_complete=_time(line["datetime_complete"]),
        params={name: distributions[name].to_external_repr(value) for name, value in line["params"].items()},
        distributions=distributions,
        user_attrs={},
        system_attrs=line["system_attrs"],
        intermediate_values={},
    )


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _stamp(time: datetime | None) -> str:
    if time is None:
        raise ValueError("a trial has not ended")
    return _text(time.timestamp())


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone().replace(tzinfo=None)
