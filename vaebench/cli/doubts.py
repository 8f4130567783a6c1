"""Doubts about a study, before it runs: few rows, columns, many programs, codes off the prior, posterior collapse."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from vaebench.parts import load
from vaebench.search.programs import structures
from vaebench.study.definition import StudyDefinition
from vaebench.study.space import Choice, Fixed, layers_from_spec
from vaebench.trial.collapse import RULE, foresee
from vaebench.variants import Variant

FEW = 100
"""With fewer true samples than this there is a warning."""
BRIEF = 4
"""Doubts that `run` names. A file of many columns may have many."""
MANY = 16
"""With more programs than this, beside one for each variant, there is a warning."""
PROGRAM = 40
"""Megabytes of a worker that a compiled program takes: 33 for a tiny network, 50 for a large one. XLA keeps it for
good: forgetting a program frees next to nothing (docs/performance.md)."""
RANGES = {"tanh": "[-1, 1]", "sigmoid": "[0, 1]"}
KS_OF_TRUTH = 0.87
"""Mean KS distance of n samples to their true distribution, times sqrt(n): ln 2 * sqrt(pi / 2), the mean of the
Kolmogorov distribution."""


@dataclass(frozen=True)
class Doubt:
    """A reason why a study, or a part of it, may not work."""

    brief: str
    details: tuple[str, ...]
    """The cases, and what to do."""


def doubts(definition: StudyDefinition) -> Iterator[Doubt]:
    """Yield every doubt about a study."""
    if not definition.fresh_draws and (true := len(definition.replicate("search", 0).draw().true)) < FEW:
        yield Doubt(
            f"each trial is scored against only {true} true samples",
            (
                f"Endless rows of the truth would have a ks of about {KS_OF_TRUTH / true**0.5:.2f} to them.",
                "More rows, or a larger test_fraction, would tell trials apart.",
            ),
        )
    for brief, details in definition.data_set.doubts(definition.rows, definition.test_fraction):
        yield Doubt(brief, details)
    programs = len(structures(definition)[0])
    if programs - len(definition.variants) >= MANY:
        yield Doubt(
            f"at least {programs} programs are compiled, one for each structure of a network",
            (
                f"A worker keeps them: about {programs * PROGRAM / 1000:.1f} GB each, beside seconds to compile each.",
                "Let batch_size, encoder and decoder have few values, such as batch_size = { choice = [8, 16, 32] }.",
            ),
        )
    if astray := _astray(definition):
        yield Doubt(
            f"{', '.join(astray)}: generated from the prior, but nothing brings the codes there"
            if len(astray) > 1
            else f"{astray[0]} generates from the prior, but nothing brings its codes there",
            ("Try the latent sampler gaussian or gmm.",),
        )
    if bounded := _bounded(definition):
        yield Doubt(
            f"code_activation keeps z_mean in a range ({', '.join(bounded)}), and latent samplers draw outside it too",
            ("An ae's decoder was never trained there, a vae's only as far as its noise reaches. Prefer linear.",),
        )
    if foreseen := foresee(definition):
        yield Doubt(
            "some settings are doomed to posterior collapse, where only decoder noise is left",
            (*map(str, foreseen), RULE),
        )


def in_brief(definition: StudyDefinition, study_file: str) -> list[str]:
    """Return at most two lines: the doubts, and where to find the details."""
    found = [doubt.brief for doubt in doubts(definition)]
    if not found:
        return []
    shown = [*found[:BRIEF], *([f"{len(found) - BRIEF} more"] if len(found) > BRIEF else [])]
    return [f"warning: {'; '.join(shown)}", f"         (vaebench check {shlex.quote(str(study_file))} has the details)"]


def _bounded(definition: StudyDefinition) -> list[str]:
    """Return the code activations of `mlp` that are searched beside a latent sampler that leaves their range."""
    found: dict[str, None] = {}
    for arm in definition.arms:
        node = arm.space.nodes.get("code_activation")
        options = (node.value,) if isinstance(node, Fixed) else node.options if isinstance(node, Choice) else ()
        if set(arm.branches("latent_sampler")) - {"uniform"} and any(map(layers_from_spec, arm.branches("network"))):
            found |= {f"{option} in {RANGES[option]}": None for option in options if option in RANGES}
    return list(found)


def _astray(definition: StudyDefinition) -> list[str]:
    """Return the variants that bring no codes to the prior and for which it is the only latent sampler."""
    met: dict[str, set[str]] = {}
    for arm in definition.arms:
        for name in arm.branches("variant"):
            met.setdefault(name, set()).update(arm.branches("latent_sampler"))
    parts = {name: load(Variant, name) for name, samplers in met.items() if samplers == {"prior"}}
    return [name for name, part in parts.items() if not (part.stochastic or part.matches_prior)]
