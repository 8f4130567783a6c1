"""Parts: the plug-ins that a study file names (a variant, a loss, a latent sampler, ...).

A part is ONE file in the package of its kind. The file's name is the part's name in the study file, and the file
defines one frozen dataclass whose fields are the part's hyper-parameters. There is no registry: parts are found by
listing the package that holds the kind's base class, and the entry point group of the same name:

    base             package and entry point group
    Variant          vaebench.variants
    Loss             vaebench.losses
    LatentSampler    vaebench.latent_samplers
    DataSet          vaebench.data_sets
    Baseline         vaebench.baselines
    Network          vaebench.networks       (a network may also be named by its file, see vaebench.networks._file)
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, ClassVar, Self, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from vaebench.errors import InputError, unknown

Value = bool | int | float | str


@dataclasses.dataclass(frozen=True)
class Part:
    """Base class of every part. Concrete parts are frozen dataclasses; their fields are their hyper-parameters.

    A field's type holds its bounds (`Annotated[float, Gt(0)]`); every field has a default.
    """

    kind: ClassVar[str]
    """What study files call this kind of part: "variant", "loss", ..."""
    structure: ClassVar[tuple[str, ...]] = ()
    """Fields that change the compiled program (a number of samples, say). All others are assigned at run time."""
    elsewhere: ClassVar[str] = ""
    """Where else parts of this kind may come from, as messages say it."""
    replica: ClassVar[bool] = False
    """Whether it repeats what somebody once did, right or wrong, and is only there to be compared."""

    @property
    def name(self) -> str:
        """The part's name in study files: the name of the file that defines it."""
        return type(self).__module__.rpartition(".")[2]

    @classmethod
    def in_module(cls, module: ModuleType) -> list[type[Self]]:
        """Return the parts of this kind that a module defines."""
        return [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, cls) and value.__module__ == module.__name__
        ]


P = TypeVar("P", bound=Part)


def modules(base: type[Part]) -> dict[str, str]:
    """Return the modules that define parts of the kind `base`, by part name, without importing them.

    Raises InputError if two modules define the same name, or if an entry point's name is not that of its module.
    """
    return _modules(base.__module__, words(base)) | _named.get(base, {})


_named: dict[type[Part], dict[str, str]] = {}


def name_module(base: type[Part], name: str, module: str) -> None:
    """Let an imported module define the part called `name` while this process runs."""
    _named.setdefault(base, {})[name] = module


@cache
def _modules(package_name: str, kind: str) -> dict[str, str]:
    package = importlib.import_module(package_name)
    found = {
        info.name: f"{package_name}.{info.name}"
        for info in pkgutil.iter_modules(package.__path__)
        if not info.name.startswith("_")
    }
    for point in entry_points(group=package_name):
        if point.value.rpartition(".")[2] != point.name:
            raise InputError(
                f"entry point {point.name} = {point.value!r} in the group {package_name!r}: the module that defines "
                f"the {kind} is expected, and it must be called {point.name!r}"
            )
        if point.name in found:
            raise InputError(f"{kind} {point.name!r} is defined twice: {found[point.name]} and {point.value}")
        found[point.name] = point.value
    return dict(sorted(found.items()))


def load(base: type[P], name: str) -> type[P]:
    """Return the class called `name` of the kind `base`.

    Raises InputError, with the known names, if there is none, or if its file does not define exactly one.
    """
    known = modules(base)
    if name not in known:
        raise InputError(unknown(words(base), name, known) + base.elsewhere)
    try:
        module = importlib.import_module(known[name])
    except ImportError as error:
        raise InputError(f"{words(base)} {name!r}: cannot import {known[name]}: {error}") from error
    classes = base.in_module(module)
    if len(classes) != 1:
        raise InputError(f"{known[name]} must define exactly one {words(base)}, it defines {len(classes)}")
    return classes[0]


def words(base: type[Part]) -> str:
    """Return the name of the kind as messages write it.

    >>> from vaebench.latent_samplers import LatentSampler
    >>> words(LatentSampler)
    'latent sampler'
    """
    return base.kind.replace("_", " ")


def make(base: type[P], name: str, params: Mapping[str, Any] | None = None) -> P:
    """Build the part called `name` from its hyper-parameters. Raises InputError for a wrong name, key or value."""
    part = load(base, name)
    types = field_types(part)
    values = {}
    for key, value in (params or {}).items():
        if key not in types:
            raise InputError(unknown(f"parameter of {words(base)} {name!r}:", key, types))
        values[key] = check_type(f"{name}.{key}", types[key], value)
    return part(**values)


def field_types(part: type[Any]) -> dict[str, Any]:
    """Return the type of every field of a dataclass, bounds included."""
    hints = get_type_hints(part, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(part)}


def check_type(where: str, expected: Any, value: object) -> Any:
    """Return `value` checked against the type `expected`; lists become tuples. Raises InputError if it does not fit."""
    if isinstance(value, list):
        value = tuple(value)
    try:
        return _adapter(expected).validate_python(value, strict=True)
    except ValidationError as error:
        message = error.errors()[0]["msg"].replace("a valid tuple", "a list, such as [200, 50]")  # TOML has no tuples
        raise InputError(f"{where} = {value!r}: {message}") from None


@cache
def _adapter(expected: Any) -> TypeAdapter[Any]:
    return TypeAdapter(expected)
