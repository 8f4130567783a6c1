"""Networks in files that the user names: what is refused, and in which words; how they reach other processes."""

import pickle
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import EntryPoint
from multiprocessing import get_context

import numpy as np
import pytest
from small_specs import small_definition, small_replicate, small_spec, small_trial

from vaebench import parts
from vaebench.engine.keras_build import built
from vaebench.errors import InputError
from vaebench.networks import Network
from vaebench.networks._file import PACKAGE, NetworkFile, add_network, remember
from vaebench.parts import load, make, modules
from vaebench.trial.evaluate import evaluate
from vaebench.trial.to_generator import content, fit_all, generator_of
from vaebench.variants import Variant

HEAD = "import keras\nfrom keras import layers\n"
NARROW = f'''{HEAD}
def narrow(columns, latent_dim, width: int = 3):
    """One hidden layer: Dense."""
    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))
    code = layers.Dense(latent_dim)(layers.Dense(width, "tanh")(rows))
    return keras.Model(rows, code), keras.Model(z, layers.Dense(columns)(z))
'''


@pytest.fixture
def named(tmp_path):
    """Return what writes a network's file and names it; the names are forgotten afterwards."""
    names = []

    def add(name, source):
        names.append(name)
        (tmp_path / f"{name}.py").write_text(source)
        return add_network(tmp_path / f"{name}.py")

    yield add
    for name in names:
        sys.modules.pop(f"{PACKAGE}.{name}", None)
        parts._named.get(Network, {}).pop(name, None)


def test_it_is_a_part_like_any_other(named):
    file = named("narrow", NARROW)
    assert "narrow" in modules(Network)
    network = make(Network, "narrow", {"width": 5})
    assert (network.width, network.name, network.structure) == (5, "narrow", ("width",))
    assert load(Network, "narrow").__doc__ == "One hidden layer: Dense."
    assert file.defaults == {"width": 3}
    with pytest.raises(InputError, match=r"unknown parameter of network 'narrow': 'widht'; did you mean 'width'"):
        make(Network, "narrow", {"widht": 5})
    with pytest.raises(InputError, match=r"narrow.width = 'a'"):
        make(Network, "narrow", {"width": "a"})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def other(): pass", r"a function odd\(columns, latent_dim\) is expected.*the file defines other"),
        ("x = 1", r"a function odd\(columns, latent_dim\) is expected.*the file defines no function"),
        ("def odd(a, b): pass", r"odd\(a, b\): the first two arguments are expected to be columns and latent_dim"),
        ("def odd(columns, latent_dim, width): pass", r"the argument width is a hyper-parameter: it needs a default"),
        ("def odd(columns, latent_dim, **more): pass", r"the argument more is a hyper-parameter: it needs a default"),
        ("\n\nimport nowhere_to_be_found", r"odd.py, line 3: ModuleNotFoundError: No module named"),
        ("def odd(:", r"odd.py.*SyntaxError: invalid syntax"),
    ],
)
def test_a_file_without_a_network_is_refused(named, source, said):
    with pytest.raises(InputError, match=said):
        named("odd", source)
    assert "odd" not in modules(Network)


def test_a_name_that_is_taken_or_no_python_file_is_refused(named, tmp_path):
    with pytest.raises(InputError, match="there is a network 'mlp' already"):
        named("mlp", NARROW)
    with pytest.raises(InputError, match="the file cannot be read: No such file"):
        add_network(tmp_path / "missing.py")
    (tmp_path / "text.txt").touch()
    with pytest.raises(InputError, match="a Python file is expected"):
        add_network(tmp_path / "text.txt")


MODELS = "    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return None", "must return an encoder and a decoder, two Keras models; it returns None"),
        ("return keras.Model(rows, rows)", "must return an encoder and a decoder"),
        ("return rows, z", "must return an encoder and a decoder"),
        (
            "return keras.Model(rows, layers.Dense(latent_dim + 1)(rows)), keras.Model(z, layers.Dense(columns)(z))",
            r"from 2 rows the encoder must make \(2, 3\), or two of these, z_mean and z_log_var; it makes \(2, 4\)",
        ),
        (
            "return keras.Model(rows, layers.Dense(latent_dim)(rows)), keras.Model(z, layers.Dense(7)(z))",
            r"from 2 codes the decoder must make \(2, 2\); it makes \(2, 7\)",
        ),
        (
            "return keras.Model(rows, layers.Dense(latent_dim)(rows)), keras.Model(rows, layers.Dense(7)(rows))",
            r"the decoder does not take rows of shape \(2, 3\)",
        ),
        ("return layers.Dense(1 / 0)", "line 5: ZeroDivisionError: division by zero"),
        (
            "return keras.Model(rows, layers.Dense(latent_dim)(rows)), keras.Model(z, layers.Dense(columns)(z))",
            "variant 'vae' needs an encoder with two outputs, z_mean and z_log_var; this one has one",
        ),
    ],
)
def test_models_that_do_not_fit_are_refused(named, body, said):
    named("odd", f"{HEAD}def odd(columns, latent_dim):\n{MODELS}    {body}\n")
    with pytest.raises(InputError, match=rf"network 'odd', odd\(columns=2, latent_dim=3\).*{said}"):
        built(make(Network, "odd"), 2, 3, make(Variant, "vae"), seed=0)


ODD_LAYER = f"""{HEAD}
import tensorflow as tf
class Odd(layers.Layer):
    def call(self, x):
        return CALL
def odd(columns, latent_dim):
    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))
    return keras.Model(rows, Odd()(layers.Dense(latent_dim)(rows))), keras.Model(z, layers.Dense(columns)(z))
"""


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "x if float(keras.ops.sum(x)) > 0 else -x",
            r"network 'odd', odd\(columns=1, latent_dim=1\), line 7: .*Odd.call\(\).*float\(\) argument",
        ),
        (
            "tf.ensure_shape(tf.strings.to_number(tf.strings.as_string(x)), x.shape)",
            "network 'odd' cannot be compiled into a training loop .*layers may use what TensorFlow compiles",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_layers_that_cannot_be_compiled_are_refused(named, call, said):
    named("odd", ODD_LAYER.replace("CALL", call))
    with pytest.raises(InputError, match=said):
        evaluate(small_spec("ae", network="odd", latent_sampler="gaussian"), small_replicate(size=50))


def test_it_is_pickled_with_its_source_for_a_process_that_does_not_have_the_file(named):
    named("narrow", NARROW)
    spec = small_spec("ae", network=make(Network, "narrow", {"width": 2}), latent_sampler="gaussian", epochs=3)
    here = evaluate(spec, small_replicate(size=200))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = pool.submit(evaluate, spec, small_replicate(size=200)).result()
    assert dict(there.metrics) == dict(here.metrics)


def test_a_record_names_it_but_cannot_build_it(named):
    file = named("narrow", NARROW)
    of_record = NetworkFile("narrow", file.sha256, file.defaults)
    assert remember(of_record) is file
    with pytest.raises(InputError, match=r"narrow.py is not the file that the study was begun with"):
        remember(NetworkFile("narrow", "0" * 64, file.defaults))
    sys.modules.pop(f"{PACKAGE}.narrow")
    remember(of_record)
    network = make(Network, "narrow", {"width": 9})
    assert pickle.loads(pickle.dumps(network)) == network
    with pytest.raises(InputError, match=r"name it with --network narrow.py"):
        network.build(1, 1)


OWN_LAYER = f"""{HEAD}
class Twice(layers.Layer):
    def call(self, x):
        return 2.0 * x
def twice(columns, latent_dim):
    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))
    code = layers.Dense(latent_dim)(rows)
    return keras.Model(rows, code), keras.Model(z, Twice()(layers.Dense(columns)(z)))
"""


def test_a_decoder_with_layers_of_its_own_generates_but_is_not_kept(named):
    named("twice", OWN_LAYER)
    trial, definition = small_trial(small_spec("ae", network="twice", latent_sampler="gaussian")), small_definition()
    fitted = fit_all(trial, definition)
    made = generator_of(fitted, trial, definition)
    assert content(fitted, made) == {}
    rows = made.steps.draw(40, np.random.default_rng(0))
    np.testing.assert_array_equal(rows, fitted.generate(40, np.random.default_rng(0)))
    assert re.fullmatch(r"\[.*\]", str(rows[0]))


def test_an_installed_module_needs_no_file(tmp_path, monkeypatch):
    (tmp_path / "narrow.py").write_text(NARROW)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("narrow", "narrow", Network.__module__)
    monkeypatch.setattr(parts, "entry_points", lambda group: [point] if group == Network.__module__ else [])
    parts._modules.cache_clear()
    try:
        network = make(Network, "narrow", {"width": 4})
        assert (network.file, network.replica) == (None, False)
        assert pickle.loads(pickle.dumps(network)) == network
        assert built(network, 2, 3, make(Variant, "ae"), seed=0)[0].output_shape == (None, 3)
    finally:
        monkeypatch.undo()
        parts._modules.cache_clear()
        sys.modules.pop("narrow", None)
