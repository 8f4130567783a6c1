"""The defaults of earlier versions. A study that was begun with them goes on with them."""

from dataclasses import replace

from vaebench.study.definition import StudyDefinition


def going_on(old: StudyDefinition, new: StudyDefinition) -> StudyDefinition:
    """Return `new` as the study goes on that was begun as `old`: with its defaults."""
    return with_earlier_defaults(new) if old.defaults < new.defaults else new


def with_earlier_defaults(definition: StudyDefinition) -> StudyDefinition:
    """Return a definition as edition 1 of the defaults has it, in which what its study file leaves out is filled in."""
    return replace(definition, defaults=1, support=replace(definition.support, learned=False))
