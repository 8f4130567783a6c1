"""The defaults of earlier versions, by their edition. A study that was begun with them goes on with them.

Edition 5: the baseline gmm had at most 8 components. Edition 4: rows of baselines were not rounded where those of
trials are, either. Edition 3: no confirmed trial stopped before the others. Edition 2: baselines knew no bounds of
columns. Edition 1: see `with_earlier_defaults`.
"""

from dataclasses import replace

from vaebench.study.definition import Arm, StudyDefinition
from vaebench.study.file.bounds import read_bounds, write_bounds
from vaebench.study.file.parameters import KNOWN
from vaebench.study.space import Fixed, Node, OneOf, Space


def going_on(old: StudyDefinition, new: StudyDefinition) -> StudyDefinition:
    """Return `new` as the study goes on that was begun as `old`: with its defaults, and its kinds of columns."""
    data_set = new.data_set.going_on(old.data_set)
    if data_set is not new.data_set:
        bounds = read_bounds(write_bounds(new.support.bounds, new.data_set), data_set)
        support = replace(new.support, bounds=bounds, kinds=data_set.kinds, levels=data_set.levels)
        new = replace(new, data_set=data_set, support=support)
    if old.defaults >= new.defaults:
        return new
    return with_earlier_defaults(new) if old.defaults == 1 else replace(new, defaults=old.defaults)


def with_earlier_defaults(definition: StudyDefinition) -> StudyDefinition:
    """Return a definition as edition 1 of the defaults has it: what its study file leaves out is filled in.

    Latent vectors came from the prior, whatever the variant, beta of `vae` was 1.0, and no support was learned.
    """
    arms = tuple(_filled_in(arm) for arm in definition.arms)
    return replace(definition, defaults=1, arms=arms, support=replace(definition.support, learned=False))


def _filled_in(arm: Arm) -> Arm:
    variants = {name: dict(params) for name, params in arm.branches("variant").items()}
    if "vae" in variants:
        variants["vae"] = {"beta": Fixed(1.0)} | variants["vae"]
    missing: dict[str, Node] = {"latent_sampler": OneOf({"prior": {}})}
    nodes = missing | dict(arm.space.nodes) | {"variant": OneOf(variants)}
    return replace(arm, space=Space({name: nodes[name] for name in KNOWN if name in nodes}))
