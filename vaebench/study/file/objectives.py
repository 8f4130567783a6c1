"""Whether the objectives can be measured on the study's columns."""

from collections.abc import Sequence
from typing import get_args

from vaebench.errors import InputError
from vaebench.rows import Support
from vaebench.study.definition import JOINT_OBJECTIVES, Objective
from vaebench.study.file.values import show

OF_NUMBERS = ("mean_error", "std_error", "wasserstein")


def check_objectives(objectives: Sequence[Objective], columns: int, support: Support) -> None:
    """Raise InputError, with those that are allowed, for an objective that these columns do not have."""
    reasons: dict[str, str] = {}
    if columns == 1:
        reasons |= dict.fromkeys(JOINT_OBJECTIVES, "is between columns, and the data have one")
    elif support.kinds:
        reasons["correlation_error"] = "is of numbers without empty cells; association_error is the same of any columns"
    else:
        reasons["association_error"] = "is of categories and empty cells; correlation_error is the same of numbers"
    if support.kinds and "number" not in support.kinds:
        reasons |= dict.fromkeys(OF_NUMBERS, "is of numbers, and the data are categories")
    for objective in objectives:
        if objective in reasons:
            allowed = ", ".join(name for name in get_args(Objective) if name not in reasons)
            raise InputError(
                f"[study] objectives = {show(objectives)}: {objective!r} {reasons[objective]}; allowed are {allowed}"
            )
