"""The fraction of the factorial design: 32 of 2^8 combinations.

With factors A to E crossed and F = ABCD, G = -ACE, H = -CDE, no main effect is mixed up with another or with an
interaction of two factors. No interaction of scaling is mixed up with another one.

Box, Hunter and Hunter, "Statistics for experimenters", 2005, chapter 6.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

LEVELS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "dropout": ({"dropout": 0.0}, {"dropout": 0.1}),  # A
    "scaling": ({"scaling": "none"}, {"scaling": "standard"}),  # B
    "depth": ({"encoder": [200], "decoder": [200]}, {"encoder": [200, 200, 50], "decoder": [50, 200, 200, 200]}),  # C
    "l2": ({"l2_activity": 0.0}, {"l2_activity": 1e-3}),  # D
    "vae": ({"variant": "ae"}, {"variant": {"vae": {"beta": 0.045}}}),  # E
    "tanh": ({"code_activation": "linear"}, {"code_activation": "tanh"}),  # F
    "batch_norm": ({"batch_norm": False}, {"batch_norm": True}),  # G
    "code_norm": ({"code_norm": False}, {"code_norm": True}),  # H
}
"""The low and the high level of each factor, as keys of [fixed] in a study file."""


def runs() -> Iterator[dict[str, int]]:
    """Yield each combination: -1 or 1 by factor."""
    for a, b, c, d, e in itertools.product((-1, 1), repeat=5):
        yield dict(zip(LEVELS, (a, b, c, d, e, a * b * c * d, -a * c * e, -c * d * e), strict=True))


def keys(run: Mapping[str, int]) -> dict[str, Any]:
    """Return the keys of [fixed] of a combination."""
    return {key: value for factor, level in run.items() for key, value in LEVELS[factor][level > 0].items()}


def name(run: Mapping[str, int]) -> str:
    """Return what a combination is called: its factors at their high level."""
    return " ".join(factor for factor, level in run.items() if level > 0) or "none of them"
