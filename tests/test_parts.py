"""What every part must be, whatever its kind, and how parts are found."""

import dataclasses
import inspect
import pickle
import re
import sys
from typing import Annotated, ClassVar, Literal, get_args

import pytest
from annotated_types import Gt

from vaebench import parts
from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.errors import InputError
from vaebench.latent_samplers import LatentSampler
from vaebench.losses import Loss
from vaebench.parts import Part, check_type, field_types, load, make, modules
from vaebench.study.spec import PARTS, Spec
from vaebench.variants import Variant

BASES = (Variant, Loss, LatentSampler, DataSet, Baseline)
EVERY = [pytest.param(base, name, id=f"{base.kind}-{name}") for base in BASES for name in modules(base)]
SOURCE = re.compile(r"[=~]|\w\(\w|arXiv|\b(19|20)\d\d\b")
"""A formula, or a source."""


@pytest.mark.parametrize(("base", "name"), EVERY)
def test_a_part_is_a_frozen_dataclass_named_by_its_file(base, name):
    part = load(base, name)
    assert part.kind == base.kind
    assert part().name == name
    assert part.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert set(part.structure) <= {field.name for field in dataclasses.fields(part)}
    assert not inspect.isabstract(part)


@pytest.mark.parametrize(("base", "name"), EVERY)
def test_a_part_says_what_it_is_and_where_it_comes_from(base, name):
    part = load(base, name)
    text = inspect.getdoc(part)
    assert len(text.splitlines()[0]) > 20
    assert text != inspect.getdoc(part.__mro__[1]), "the docstring is its own"
    assert SOURCE.search(text), "a formula or a source is expected in the docstring"
    assert inspect.getdoc(sys.modules[part.__module__]), "the file says what it holds"


@pytest.mark.parametrize(("base", "name"), EVERY)
def test_every_field_has_a_type_and_a_default_of_it(base, name):
    part = load(base, name)
    types = field_types(part)
    for field in dataclasses.fields(part):
        assert field.default is not dataclasses.MISSING, f"{field.name} has no default"
        hash(field.default)
        assert check_type(field.name, types[field.name], field.default) == field.default


@pytest.mark.parametrize(("base", "name"), EVERY)
def test_a_part_crosses_to_a_worker(base, name):
    part = load(base, name)()
    copy = pickle.loads(pickle.dumps(part))
    assert copy == part
    assert hash(copy) == hash(part)


def other(expected, default):
    """Return a value of the type `expected` that is not `default`."""
    base, *bounds = get_args(expected) if hasattr(expected, "__metadata__") else (expected,)
    candidates = get_args(base) or ((not default,) if base is bool else (default + 1, default * 0.9, default - 1))
    for value in candidates:
        try:
            if value != default:
                return check_type("", expected, base(value) if base in (int, float) else value)
        except InputError:
            continue
    raise AssertionError(f"no other value of {expected} (bounds {bounds})")


@pytest.mark.parametrize(("base", "name"), [case for case in EVERY if case.values[0].kind in PARTS])
def test_a_part_survives_the_way_through_a_spec(base, name):
    part = load(base, name)
    values = {field.name: other(field_types(part)[field.name], field.default) for field in dataclasses.fields(part)}
    spec = Spec(**{base.kind: part(**values)})
    assert Spec.from_flat(spec.flat()) == spec
    assert {spec.flat()[f"{base.kind}.{name}.{key}"] for key in values} == set(values.values())


@dataclasses.dataclass(frozen=True)
class Example(Part):
    """An example."""

    kind: ClassVar[str] = "variant"
    rate: Annotated[float, Gt(0)] = 1.0
    mode: Literal["a", "b"] = "a"
    count: int = 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rate", 0.0, "rate = 0.0: .*greater than 0"),
        ("rate", "fast", "rate = 'fast': .*number"),
        ("rate", True, "rate = True: .*number"),
        ("rate", float("nan"), "rate = nan: .*greater than 0"),
        ("mode", "c", "mode = 'c': .*'a' or 'b'"),
        ("count", 1.5, "count = 1.5: .*integer"),
        ("count", [1], "count = .1,.: .*integer"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(field, value, message):
    with pytest.raises(InputError, match=message):
        check_type(field, field_types(Example)[field], value)


def test_an_integer_is_a_number():
    value = check_type("rate", field_types(Example)["rate"], 2)
    assert (value, type(value)) == (2.0, float)


def test_unknown_names_and_keys_list_the_known_ones():
    with pytest.raises(InputError, match=r"unknown variant 'vea'; did you mean 'vae'\? \(known: .*ae, .*vae.*\)"):
        load(Variant, "vea")
    with pytest.raises(
        InputError, match=r"unknown parameter of variant 'vae': 'betta'; did you mean 'beta'\? \(known: beta, .*warm_up"
    ):
        make(Variant, "vae", {"betta": 1.0})


# ---- installed packages


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return what puts a module and an installed package's entry points on the path; forget them at the end."""

    def clear():
        parts._modules.cache_clear()

    def installed(entry_points: str, **files: str) -> None:
        info = tmp_path / "own-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        clear()

    yield installed
    clear()
    for name in [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


OWN = '''
from dataclasses import dataclass
from vaebench.latent_samplers import LatentSampler
from vaebench.latent_samplers.prior import Prior

@dataclass(frozen=True)
class Own(LatentSampler):
    """z ~ N(0, I)."""
    width: float = 1.0

    def fit(self, codes, random):
        return Prior().fit(codes, random)
'''


def test_an_installed_part_is_found_by_its_name(install):
    install("[vaebench.latent_samplers]\nown_normal = own_normal\n", own_normal=OWN)
    assert "own_normal" in modules(LatentSampler)
    assert list(modules(LatentSampler)) == sorted(modules(LatentSampler))
    assert "own_normal" not in modules(Variant)
    part = make(LatentSampler, "own_normal", {"width": 2.0})
    assert part.name == "own_normal"
    spec = Spec(latent_sampler=part)
    assert Spec.from_flat(spec.flat()) == spec


@pytest.mark.parametrize("value", ["own_normal", "own_normal:Own"])
def test_an_entry_point_must_be_a_module_of_its_own_name(install, value):
    install(f"[vaebench.latent_samplers]\nnormal = {value}\n", own_normal=OWN)
    with pytest.raises(InputError, match=f"normal = '{value}' in the group 'vaebench.latent_samplers': .*'normal'"):
        modules(LatentSampler)


def test_a_name_must_not_be_defined_twice(install):
    install("[vaebench.latent_samplers]\nprior = own.prior\n")
    with pytest.raises(InputError, match=r"'prior' is defined twice: vaebench\.latent_samplers\.prior and own\.prior"):
        modules(LatentSampler)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "own_normal must define exactly one latent sampler, it defines 0"),
        (
            OWN + OWN.replace("class Own", "class Other"),
            "own_normal must define exactly one latent sampler, it defines 2",
        ),
        ("import no_such_module", "latent sampler 'own_normal': cannot import own_normal: .*no_such_module"),
    ],
)
def test_a_file_without_one_part_is_refused(install, text, message):
    install("[vaebench.latent_samplers]\nown_normal = own_normal\n", own_normal=text)
    with pytest.raises(InputError, match=message):
        load(LatentSampler, "own_normal")
