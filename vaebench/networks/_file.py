"""Networks that the user names by their files, with --network FILE.py, and their way to workers.

A study file names networks and never loads code, and neither does a record: it keeps the digest of the file, and the
commands that train need the file to be named again. Until then the network stands for its name and its parameters.
"""

import dataclasses
import hashlib
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from vaebench import parts
from vaebench.errors import InputError
from vaebench.networks import KerasNetwork, Network

PACKAGE = "vaebench_network_files"
"""The package that these modules are said to be in. It has no folder."""


@dataclass(frozen=True)
class NetworkFile:
    """A network's file, or what a record says of it."""

    name: str
    sha256: str
    defaults: Mapping[str, parts.Value] = field(default_factory=dict)
    """The network's hyper-parameters."""
    source: str | None = field(default=None, compare=False)
    """None if it comes from a record."""
    path: str = field(default="", compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it so that its network is known where it arrives."""
        return _arrived, (self.name, self.sha256, dict(self.defaults), self.source, self.path)


def add_network(path: str | Path) -> NetworkFile:
    """Make the network in the file at `path` known by the file's name. Raises InputError if there is none."""
    path = Path(path)
    try:
        source = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"network {path}: the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"network {path}: not UTF-8 text (byte {error.start})") from None
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise InputError(f"network {path}: a Python file is expected, named as the function in it: NAME.py")
    defaults: dict[str, parts.Value] = {}
    file = NetworkFile(path.stem, hashlib.sha256(source.encode()).hexdigest(), defaults, source, str(path))
    if (installed := parts.modules(Network).get(path.stem, PACKAGE)).partition(".")[0] != PACKAGE:
        raise InputError(f"network {path}: there is a network {path.stem!r} already ({installed}): rename the file")
    network = _make_known(file)
    defaults.update({name: getattr(network, name) for name in network.structure})
    return file


def remember(file: NetworkFile) -> NetworkFile:
    """Make a network of a record known by name, and return its file: with its source if the user named it.

    Raises InputError if the user named another file of that name.
    """
    here = _here(file.name)
    if here is None or here.source is None:
        _make_known(file)
        return file
    if here.sha256 != file.sha256:
        raise InputError(
            f"{here.path} is not the file that the study was begun with (sha256 {here.sha256[:12]}, not "
            f"{file.sha256[:12]}): restore it, give the study a new name, or start it over with --fresh"
        )
    return here


def restore(name: str, file: NetworkFile | None, params: Mapping[str, Any]) -> Network:
    """Return a network that was pickled."""
    return parts.make(Network, name, params)


def _arrived(name: str, sha256: str, defaults: Mapping[str, Any], source: str | None, path: str) -> NetworkFile:
    """Return a file that was pickled, its network known from now on."""
    file = NetworkFile(name, sha256, defaults, source, path)
    here = _here(name)
    if here is None or here.sha256 != sha256 or (here.source is None and source is not None):
        _make_known(file)
    return file


def _here(name: str) -> NetworkFile | None:
    """Return the file of that name whose network is known in this process."""
    module = sys.modules.get(f"{PACKAGE}.{name}")
    return None if module is None else module.NETWORK_FILE


def _make_known(file: NetworkFile) -> type[Network]:
    """Put a module for `file` where parts are looked for, in place of an earlier one. Raises InputError."""
    module = ModuleType(f"{PACKAGE}.{file.name}")
    module.__file__ = file.path or f"{file.name}.py"
    vars(module)["NETWORK_FILE"] = file
    if file.source is None:
        vars(module)[file.name] = _absent(file, module.__name__)
    else:
        _run(file, module)
    if not Network.in_module(module):
        functions = [name for name, value in vars(module).items() if isinstance(value, FunctionType)]
        raise InputError(
            f"network {file.path}: a function {file.name}(columns, latent_dim) is expected, which returns an encoder "
            f"and a decoder; the file defines {', '.join(functions) or 'no function'}"
        )
    sys.modules[module.__name__] = module
    parts.name_module(Network, file.name, module.__name__)
    return parts.load(Network, file.name)


def _run(file: NetworkFile, module: ModuleType) -> None:

    import vaebench.tf_setup  # noqa: F401 - TensorFlow, quiet, before the file imports Keras

    assert file.source is not None
    try:
        exec(compile(file.source, file.path, "exec"), vars(module))  # the user named it
    except Exception as error:
        raise InputError(f"network {file.path}{at_line(error, file)}: {type(error).__name__}: {error}") from None


def at_line(error: Exception, file: NetworkFile | None) -> str:
    """Return ", line N" for the line of the user's file that an error came through; empty if it came through none."""
    frames = traceback.extract_tb(error.__traceback__) if file else []
    lines = [frame.lineno for frame in frames if file and frame.filename == file.path]
    return f", line {lines[-1]}" if lines else ""


def _absent(file: NetworkFile, module: str) -> type[KerasNetwork]:
    """Return a network that has a name and hyper-parameters, but nothing that builds it."""

    def function(columns: int, latent_dim: int, **parameters: Any) -> Any:
        raise InputError(
            f"network {file.name!r} was read from a file, of which only the digest is kept (sha256 "
            f"{file.sha256[:12]}): name it with --network {file.name}.py"
        )

    own = [(name, type(value), value) for name, value in file.defaults.items()]
    content = {
        "function": staticmethod(function),
        "structure": tuple(file.defaults),
        "file": file,
        "__module__": module,
    }
    return dataclasses.make_dataclass(file.name, own, bases=(KerasNetwork,), frozen=True, namespace=content)
