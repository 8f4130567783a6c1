"""How many workers a study can feed. What is asked depends on its `batch`, and never on how many workers there are."""

import math

from vaebench.study.definition import STAGE, StudyDefinition

BATCHES_IN_FLIGHT = 2
"""The workers have the next batch while the coordinator waits for the current one."""


def stage(definition: StudyDefinition) -> int:
    """Return how many replicates of a trial are sent at a time: all, or fewer if trials may be pruned."""
    return min(STAGE, definition.replicates) if definition.pruning else definition.replicates


def idle(definition: StudyDefinition, workers: int) -> str:
    """Return what to tell a user with more workers than the search ever feeds; empty if it feeds all, or ends first."""
    each = stage(definition)
    fed, all_of_it = BATCHES_IN_FLIGHT * definition.batch * each, sum(definition.targets.values()) * each
    wanted = min(math.ceil(workers / each), max(definition.targets.values()))
    if workers <= fed or all_of_it <= fed or wanted <= definition.batch:
        return ""
    draws = f" on {each} draws each" if each > 1 else ""
    busy = f"{BATCHES_IN_FLIGHT} batches of {definition.batch} trials{draws}"
    return (
        f"the search keeps at most {fed} of the {workers} workers busy: {busy}. To use more, "
        f"set batch = {wanted} in [study], under a new name, since results depend on batch"
    )
