"""Any valid study file samples valid specs only; any other file is one clear error."""

import json

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_files import text_of, toml

from vaebench.errors import InputError
from vaebench.study.file import from_plain, load, to_plain
from vaebench.study.space import RandomTrial
from vaebench.study.spec import Spec

INTS = {"latent_dim": (1, 42), "epochs": (1, 5000), "batch_size": (1, 500), "patience": (1, 100)}
FLOATS = {"learning_rate": (1e-7, 10.0), "dropout": (0.0, 0.9), "l2_activity": (0.0, 5.0), "l2_weights": (0.0, 5.0)}
OPTIONS = {
    "optimizer": ["adam", "adamw", "rmsprop", "sgd", "adadelta"],
    "batch_norm": [False, True],
    "decoder_noise": [False, True],
    "scaling": ["standard", "minmax", "none"],
    "early_stopping": ["off", "training_loss", "validation_loss"],
    "encoder": [[200, 200, 50], [8], [16, 16]],
}
PARTS = {
    "variant": {"ae": {}, "vae": {"beta": (1e-6, 100.0), "warm_up": (0, 100)}},
    "loss": {"mse": {}, "huber": {"delta": (0.01, 10.0)}, "binary_crossentropy": {}, "gaussian_nll": {}},
    "latent_sampler": {
        "prior": {},
        "gaussian": {"covariance": ["diagonal", "full"], "codes": ["mean", "sampled"], "scale": (0.1, 5.0)},
        "gmm": {"max_components": (1, 10)},
    },
}


def values(bounds):
    if isinstance(bounds, list):
        return st.sampled_from(bounds)
    return st.integers(*bounds) if isinstance(bounds[0], int) else st.floats(*bounds).map(abs)  # no -0.0


@st.composite
def nodes(draw, bounds):
    if isinstance(bounds, list) or draw(st.booleans()):
        return {"choice": draw(st.lists(values(bounds), min_size=1, max_size=3, unique_by=toml))}
    low, high = sorted([draw(values(bounds)), draw(values(bounds))])
    node = {"int" if isinstance(low, int) else "float": [low, high]}
    how = draw(st.sampled_from(["plain", "log", "step"]))
    if how == "log" and low > 0:
        node["log"] = True
    if how == "step" and isinstance(low, int) and high > low:
        count = draw(st.sampled_from([n for n in range(1, high - low + 1) if (high - low) % n == 0]))
        node["step"] = (high - low) // count
    if how == "step" and isinstance(low, float):
        hundredths = draw(st.integers(1, 9))
        node = {"float": [0.1, float(f"{0.1 + hundredths * draw(st.integers(1, 8)) / 100:.2f}")]}
        node["step"] = hundredths / 100
    if draw(st.booleans()):
        node["off"] = draw(values(bounds))
    return node


@st.composite
def tables(draw):
    fixed, search = {}, {}
    for name, bounds in {**INTS, **FLOATS, **OPTIONS}.items():
        how = draw(st.sampled_from(["default", "fixed", "search"]))
        if how == "fixed":
            fixed[name] = draw(values(bounds))
        elif how == "search":
            search[name] = draw(nodes(bounds))
    for kind, known in PARTS.items():
        how = draw(st.sampled_from(["default", "name", "fixed", "search"]))
        names = draw(st.lists(st.sampled_from(sorted(known)), min_size=1, unique=True))
        if how == "name":
            fixed[kind] = names[0]
        elif how == "fixed":
            fixed[kind] = {names[0]: {key: draw(values(bounds)) for key, bounds in known[names[0]].items()}}
        elif how == "search":
            search[kind] = {
                "one_of": {
                    name: {key: draw(st.one_of(values(bounds), nodes(bounds))) for key, bounds in known[name].items()}
                    for name in names
                }
            }
    losses = [fixed["loss"]] if isinstance(fixed.get("loss"), str) else fixed.get("loss", {})
    losses = [*losses, *search.get("loss", {}).get("one_of", {})]
    if "binary_crossentropy" in losses and "scaling" in fixed:
        fixed["scaling"] = "minmax"
    return {"fixed": fixed, "search": search}


def assert_in(node, value, path):
    """Check a suggested value against the plain node that it came from."""
    if not isinstance(node, dict):
        assert value == (tuple(node) if isinstance(node, list) else node), path
    elif "choice" in node:
        assert value in [tuple(option) if isinstance(option, list) else option for option in node["choice"]], path
    else:
        low, high = node.get("int", node.get("float"))
        assert value == node.get("off") or low <= value <= high, path


@settings(max_examples=60, deadline=None)
@given(tables(), st.integers(0, 2**31 - 1))
def test_any_valid_study_file_samples_valid_specs_only(tmp_path_factory, sections, seed):
    path = tmp_path_factory.mktemp("studies") / "s.toml"
    path.write_text(text_of(**sections))
    definition = load(path)
    assert from_plain(json.loads(json.dumps(to_plain(definition)))) == definition
    (arm,) = definition.arms
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    search.enqueue_trial(arm.space.unit_point([seed / 2**31] * arm.space.dimensions))
    points = [arm.space.suggest(RandomTrial(seed + i)) for i in range(5)]
    points += [arm.space.suggest(search.ask()) for _ in range(3)]
    if arm.space.size is not None and arm.space.size <= 300:
        cells = list(arm.space.grid())
        assert len({json.dumps(cell) for cell in cells}) == len(cells) == arm.space.size
        search.enqueue_trial(cells[-1])
        points.append(arm.space.suggest(search.ask()))
    for point in points:
        spec = Spec.from_flat({**point, "seed": seed})
        assert Spec.from_flat(spec.flat()) == spec
        flat = spec.flat()
        for name, node in {**sections["fixed"], **sections["search"]}.items():
            if name in PARTS:
                branches = {node: {}} if isinstance(node, str) else node.get("one_of", node)
                assert flat[name] in branches
                for key, node in branches[flat[name]].items():
                    assert_in(node, flat[f"{name}.{flat[name]}.{key}"], name)
            elif name != "scaling" or flat["loss"] != "binary_crossentropy":
                assert_in(node, flat[name], name)
            else:
                assert flat["scaling"] == "minmax"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_other_bytes_are_one_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("studies") / "s.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"s\.toml: "):
        load(path)


JSON = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "ae", "vae", "norm"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["int", "float", "choice", "one_of", "off", "step", "vae", "beta"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["latent_dim", "learning_rate", "variant", "loss", "encoder", "rows", "file", "mixture", "name", "top"]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["study", "data", "fixed", "search", "compare", "confirm"]), st.dictionaries(KEYS, JSON, max_size=2)
)
def test_any_table_is_a_study_or_one_clear_error(tmp_path_factory, section, table):
    path = tmp_path_factory.mktemp("studies") / "s.toml"
    path.write_text(text_of(**{section: table}))
    try:
        definition = load(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
    else:
        assert from_plain(to_plain(definition)) == definition
