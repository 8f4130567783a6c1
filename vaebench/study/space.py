"""The search space of a study: its nodes, how a trial is asked for a point, and which points there are.

Values are named by path ("latent_dim", "variant", "variant.vae.beta", ...), as in `Spec.from_flat`. A trial is asked
for such paths. Whether a parameter is off is asked as PATH.off, so that a name always has the same choices. A parameter
with a single value is not asked for.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vaebench import parts
from vaebench.errors import InputError
from vaebench.losses import Loss
from vaebench.networks import Network
from vaebench.parts import Value
from vaebench.study.pairs import check_latent_samplers
from vaebench.study.spec import LAYERS, Spec
from vaebench.study.suggesters import GridTrial as GridTrial
from vaebench.study.suggesters import Point as Point
from vaebench.study.suggesters import RandomTrial as RandomTrial
from vaebench.study.suggesters import Trial as Trial
from vaebench.study.suggesters import UnitTrial as UnitTrial
from vaebench.study.suggesters import steps

FixedValue = Value | tuple[int, ...]
Values = dict[str, FixedValue]
"""A spec's values by path."""


@dataclass(frozen=True)
class Fixed:
    """A parameter that is not searched."""

    value: FixedValue


@dataclass(frozen=True)
class Int:
    """An integer from low, low + step, ..., high; or exactly `off`, if that is set."""

    low: int
    high: int
    log: bool = False
    step: int = 1
    off: int | None = None


@dataclass(frozen=True)
class Float:
    """A number in [low, high], or from low, low + step, ..., high; or exactly `off`, if that is set."""

    low: float
    high: float
    log: bool = False
    step: float | None = None
    off: float | None = None


@dataclass(frozen=True)
class Choice:
    """One of `options`. Layer widths are asked for by their label, for example "200-50"."""

    options: tuple[FixedValue, ...]


Leaf = Fixed | Int | Float | Choice


@dataclass(frozen=True)
class OneOf:
    """One of several parts. Each branch, by the part's name, holds the nodes of that part's hyper-parameters."""

    branches: Mapping[str, Mapping[str, Leaf]]


Node = Leaf | OneOf


@dataclass(frozen=True)
class Space:
    """What is fixed and what is searched, by field of `Spec`; a missing field takes the spec's default.

    If the sampled loss requires a scaling, scaling is set to it and not asked for, so impossible pairs never come up.
    Layers are asked for only if the network has its layers from the spec. Raises InputError if a fixed scaling
    contradicts a loss, or if a latent sampler draws from pseudo-inputs that a variant lacks.
    """

    nodes: Mapping[str, Node]

    def __post_init__(self) -> None:
        scaling = self.nodes.get("scaling")
        for name in self._branches("loss"):
            required = required_scaling(name)
            if required is not None and isinstance(scaling, Fixed) and scaling.value != required:
                raise InputError(
                    f"scaling = {scaling.value!r} contradicts loss {name!r}, which requires scaling = {required!r}: "
                    "leave scaling out, search it, or leave that loss out"
                )
        check_latent_samplers(self._branches("variant") or [Spec().variant.name], self._branches("latent_sampler"))

    def suggest(self, trial: Trial) -> Values:
        """Ask `trial` for a point of the space."""
        values: Values = {}
        for path, node in self.nodes.items():
            if path != "scaling" and (path not in LAYERS or layers_from_spec(str(values.get("network", "mlp")))):
                values |= _suggest(node, trial, path)
        required = required_scaling(str(values["loss"])) if "loss" in values else None
        if required is not None:
            values["scaling"] = required
        elif "scaling" in self.nodes:
            values |= _suggest(self.nodes["scaling"], trial, "scaling")
        return values

    @property
    def names(self) -> tuple[str, ...]:
        """All names a trial can be asked for, conditional ones included."""
        return tuple(name for path, node in self.nodes.items() for name in _names(node, path))

    @property
    def dimensions(self) -> int:
        """The number of names: the length of the vectors that `unit_point` takes."""
        return len(self.names)

    def unit_point(self, u: Sequence[float]) -> Point:
        """Return the answers at a point of the unit cube [0, 1)^dimensions; inactive dimensions are ignored."""
        trial = UnitTrial(dict(zip(self.names, u, strict=True)))
        self.suggest(trial)
        return trial.asked

    def grid(self) -> Iterator[Point]:
        """Yield every cell of the grid once, in a fixed order. Every range needs a step (see `gridless`)."""
        turns: list[int] = []
        while True:
            trial = GridTrial(turns)
            self.suggest(trial)
            yield trial.asked
            turns = trial.turns
            while turns and turns[-1] + 1 == trial.counts[len(turns) - 1]:
                turns.pop()
            if not turns:
                return
            turns[-1] += 1

    @property
    def size(self) -> int | None:
        """The number of cells of the grid; None if a range is continuous."""

        def product(names: Collection[str]) -> float:
            return math.prod(_cells(node) for path, node in self.nodes.items() if path in names)

        def with_part(kind: str, cells: float, apply: Callable[[str], bool]) -> float:
            """Return the cells of a part, times `cells` in its branches to which these apply."""
            branches = self._branches(kind).items()
            each = (_cells(OneOf({name: own})) * (cells if apply(name) else 1) for name, own in branches)
            return sum(each) if branches else cells

        rest = product(self.nodes.keys() - {"loss", "scaling", "network", *LAYERS})
        layers = with_part("network", product(LAYERS), layers_from_spec)
        cells = rest * layers * with_part("loss", product(["scaling"]), lambda name: required_scaling(name) is None)
        return None if cells == math.inf else int(cells)

    @property
    def gridless(self) -> tuple[str, ...]:
        """The paths of the continuous ranges; with any of these there is no grid."""
        return tuple(path for path, node in _leaves(self.nodes) if _cells(node) == math.inf)

    def _branches(self, kind: str) -> Mapping[str, Mapping[str, Leaf]]:
        part = self.nodes.get(kind)
        return part.branches if isinstance(part, OneOf) else {}


def required_scaling(loss: str) -> str | None:
    """Return the scaling that the loss called `loss` requires; None if any works."""
    return parts.load(Loss, loss).required_scaling


def layers_from_spec(network: str) -> bool:
    """Return whether the network called `network` has its layers from the spec."""
    return parts.load(Network, network).layers_from_spec


def label(value: object) -> str:
    """Return a value as one word: layer widths as "200-50", booleans as in TOML."""
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _suggest(node: Node, trial: Trial, path: str) -> Values:
    """Ask `trial` for the value at `path` and for those below it, and return them."""
    match node:
        case Fixed(value):
            return {path: value}
        case Choice(options):
            labels = [label(option) if isinstance(option, tuple) else option for option in options]
            return {path: options[labels.index(_pick(trial, path, labels))]}
        case OneOf(branches):
            branch = str(_pick(trial, path, list(branches)))
            values: Values = {path: branch}
            for param, leaf in branches[branch].items():
                values |= _suggest(leaf, trial, f"{path}.{branch}.{param}")
            return values
    if node.off is not None and _pick(trial, f"{path}.off", (True, False)):
        return {path: node.off}
    if isinstance(node, Int):
        return {path: trial.suggest_int(path, node.low, node.high, step=node.step, log=node.log)}
    return {path: trial.suggest_float(path, node.low, node.high, step=node.step, log=node.log)}


def _pick(trial: Trial, path: str, choices: Sequence[Value]) -> Value:
    answer = choices[0] if len(choices) == 1 else trial.suggest_categorical(path, choices)
    assert answer is not None
    return answer


def _names(node: Node, path: str) -> list[str]:
    """Return the names that can be asked for `node`."""
    match node:
        case Fixed():
            return []
        case Choice(options):
            return [path] if len(options) > 1 else []
        case OneOf(branches):
            asked = [name for below, leaf in _leaves({path: node}) for name in _names(leaf, below)]
            return [path, *asked] if len(branches) > 1 else asked
    return [path] if node.off is None else [f"{path}.off", path]


def _cells(node: Node) -> float:
    """Return how many grid cells `node` has; infinity if a range is continuous."""
    match node:
        case Fixed():
            return 1
        case Choice(options):
            return len(options)
        case OneOf(branches):
            return sum(math.prod(map(_cells, params.values())) for params in branches.values())
        case Int(low, high, _, step):
            return (high - low) // step + 1 + (node.off is not None)
    return math.inf if node.step is None else steps(node.low, node.high, node.step) + (node.off is not None)


def _leaves(nodes: Mapping[str, Node]) -> Iterator[tuple[str, Leaf]]:
    for path, node in nodes.items():
        if isinstance(node, OneOf):
            for branch, params in node.branches.items():
                yield from ((f"{path}.{branch}.{param}", leaf) for param, leaf in params.items())
        else:
            yield path, node
