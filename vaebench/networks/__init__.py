"""Networks: the encoder and decoder that a variant trains. One file each; the file's name is the network's name.

A file defines a function of that name in ordinary Keras: of the number of columns and latent_dim, it returns an encoder
and a decoder. Its further arguments, which need defaults, are the network's hyper-parameters. `mlp` alone is built by
the engine, which trains it fastest.

_file    a network that the user names by its file
"""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, ClassVar, Self

from vaebench.errors import InputError
from vaebench.parts import Part

Models = tuple[Any, Any]
"""Encoder and decoder, Keras models: rows (n, columns) -> codes (n, latent_dim), or two such outputs, z_mean and
z_log_var; codes (n, latent_dim) -> decoder output (n, columns)."""


@dataclass(frozen=True)
class Network(Part):
    """Base class of networks."""

    kind: ClassVar[str] = "network"
    elsewhere: ClassVar[str] = "; one of your own is named with --network NAME.py"
    layers_from_spec: ClassVar[bool] = False
    """Whether the spec's layer settings (encoder, decoder, activation, ...) shape it."""

    @classmethod
    def in_module(cls, module: ModuleType) -> list[type[Self]]:
        """Return the networks that a module defines: its classes, or the function that is called as the module is."""
        function = vars(module).get(module.__name__.rpartition(".")[2])
        return super().in_module(module) or ([_of_function(function)] if inspect.isfunction(function) else [])  # type: ignore[list-item]


@dataclass(frozen=True)
class KerasNetwork(Network):
    """Base class of networks that a Keras function builds. Hyper-parameters are the function's further arguments."""

    file: ClassVar[Any] = None
    """The NetworkFile, if the user named the network by its file."""

    function: ClassVar[Callable[..., Any]]
    """Takes columns, latent_dim and the hyper-parameters; returns encoder and decoder."""

    def build(self, columns: int, latent_dim: int) -> Any:
        """Return what the function returns: encoder and decoder, it is hoped."""
        return type(self).function(columns, latent_dim, **vars(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name, with the file that a worker may not have."""
        from vaebench.networks._file import restore

        return restore, (self.name, self.file, vars(self))


@cache
def _of_function(function: FunctionType) -> type[KerasNetwork]:
    """Return the class of the network that a Keras function builds. Raises InputError for another signature."""
    module, name = function.__globals__, function.__name__
    where = f"{module.get('__file__')}: {name}{inspect.signature(function)}"
    parameters = list(inspect.signature(function, eval_str=True).parameters.values())
    if [parameter.name for parameter in parameters[:2]] != ["columns", "latent_dim"]:
        raise InputError(f"{where}: the first two arguments are expected to be columns and latent_dim")
    for parameter in parameters[2:]:
        if not isinstance(parameter.default, bool | int | float | str):
            raise InputError(
                f"{where}: the argument {parameter.name} is a hyper-parameter: it needs a default, a number, a string, "
                "True or False"
            )
    own = [(p.name, type(p.default) if p.annotation is p.empty else p.annotation, p.default) for p in parameters[2:]]
    content = {
        "function": staticmethod(function),
        "structure": tuple(parameter for parameter, _, _ in own),
        "replica": bool(module.get("REPLICA", False)),
        "file": module.get("NETWORK_FILE"),
        "__doc__": function.__doc__ or module.get("__doc__"),
        "__module__": module["__name__"],
    }
    return dataclasses.make_dataclass(name, own, bases=(KerasNetwork,), frozen=True, namespace=content)
