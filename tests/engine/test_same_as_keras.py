"""The engine against an ordinary Keras loop: the same numbers in, the same weights out.

The loop is what a user would write: Keras models latent_dim wide, batches as `fit` cuts them (the last one smaller), a
GradientTape, a Keras optimizer on separate variables, eager and unmasked.
"""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from vaebench.engine.keras_models import build, set_weights, trained_models
from vaebench.engine.random_numbers import normal, uniform
from vaebench.engine.structure import Structure
from vaebench.engine.train import Start, Trained, start_of, train
from vaebench.engine.training_loop import LATE
from vaebench.engine.weights import initial_statistics
from vaebench.losses import Loss
from vaebench.parts import load, make, modules
from vaebench.study.spec import LATENT_UNITS, Spec
from vaebench.variants import Variant

pytestmark = pytest.mark.slow
SMALL = {"encoder": (8, 6), "decoder": (5, 7), "batch_size": 4, "epochs": 6, "latent_dim": 3}
random = np.random.default_rng(1)
TRAIN, TEST = random.normal(size=(19, 2)), random.normal(size=(7, 2))  # the last batch has three rows
SEED = 5


class KerasNetworks:
    """Keras models as a variant sees them (variants.Networks). Fed noise and dropout masks where it trains.

    Here and not linear_networks.LinearNetworks: that one needs no engine and has answers in closed form, while this one
    must have every layer and random number of the engine's.
    """

    def __init__(self, spec: Spec, models, log_variance, variables, seed, epoch, *, training) -> None:
        self.spec, (self.encoder, self.decoder), self.log_variance = spec, models, log_variance
        self.variables = {name: as_in_use(variable.value, spec) for name, variable in variables.items()}
        self.seed, self.epoch, self.training, self.noises = seed, epoch, training, 0
        self.before = {model.name: [v.numpy() for v in model.non_trainable_variables] for model in models}
        self.train_rows, self.latent_mask = tf.constant(float(len(TRAIN))), tf.ones(spec.latent_dim)

    def encode(self, x):
        self.rows, self.activities, hidden = len(x), [], 0
        self.counted, self.batch_rows = tf.ones(self.rows), tf.constant(float(self.rows))
        for layer in self.encoder.layers:
            if isinstance(layer, keras.layers.Dropout):
                if self.training:
                    x = self.masked(x, hidden)
                self.activities.append(x)
                hidden += 1
            elif layer.name not in ("rows", "mean", "log_variance") and layer.name.startswith("encoder"):
                x = self.run(layer, x)
        mean = self.encoder.get_layer("mean")(x)
        if self.spec.code_norm:
            mean = self.run(self.encoder.get_layer("mean_norm"), mean)
        if self.spec.code_activation != "linear":
            mean = self.encoder.get_layer("code_activation")(mean)
        self.activities.append(mean)
        if not type(self.spec.variant).stochastic:
            return mean, None
        return mean, tf.clip_by_value(self.encoder.get_layer("log_variance")(x), *self.spec.variant.log_variance_bounds)

    def masked(self, x, hidden):
        shape = (self.spec.batch_size, x.shape[1])
        kept = uniform(shape, tf.add(self.seed, (0, hidden))) >= self.spec.dropout
        return tf.where(kept[: self.rows], x / (1 - self.spec.dropout), 0.0)

    def run(self, layer, x):
        norm = isinstance(layer, keras.layers.BatchNormalization)
        return layer(x, training=self.training) if norm else layer(x)

    def decode(self, z):
        for layer in self.decoder.layers[1:]:
            z = self.run(layer, z)
        return z

    def reconstruction(self, x, output):
        return tf.reduce_sum(self.spec.loss.elementwise(x, output, self.log_variance), axis=-1)

    def decoded(self, output):
        return self.spec.loss.decoded(output)

    def latent_noise(self, draws=1):
        noise = self.noise(draws, self.full_rows, LATENT_UNITS)[:, : self.rows, : self.spec.latent_dim]
        return tf.reshape(noise, (-1, self.spec.latent_dim))

    def row_noise(self, x):
        self.rows = len(x)
        return self.noise(self.full_rows, x.shape[1])[: self.rows]

    def latent_vectors(self, n):
        return self.noise(n, LATENT_UNITS)[:, : self.spec.latent_dim]

    @property
    def full_rows(self):
        """The engine fills a smaller batch up with rows that do not count; these have their noise too."""
        return self.spec.batch_size if self.training else self.rows

    def noise(self, *shape):
        noise = normal(shape, tf.add(self.seed, (1, self.noises)))
        self.noises += 1
        return noise

    def infer(self, model, x):
        """Apply a model for inference, with the moving statistics from before the batch."""
        return model.stateless_call([v.value for v in model.trainable_variables], self.before[model.name], x)[0]

    def encode_inference(self, x):
        made = self.infer(self.encoder, x)
        return made if isinstance(made, list) else (made, None)

    def encoder_jacobian(self, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            mean, _ = self.encode_inference(x)
        return tape.batch_jacobian(mean, x)

    def decoder_jacobian(self, z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            output = self.infer(self.decoder, z)
        return tape.batch_jacobian(output, z)

    def decoder_l2(self):
        return sum(tf.reduce_sum(layer.kernel**2) for layer in self.decoder.layers if hasattr(layer, "kernel"))


def as_in_use(value, spec: Spec):
    """Return a variable of the variant's without the latent units that are not in use."""
    return value[tuple(slice(spec.latent_dim if size == LATENT_UNITS else None) for size in value.shape)]


def plain_loop(spec: Spec, start: Start, layout):
    """Train with an ordinary loop.

    Returns both models, the log-variance, the variant's variables, and (training, validation) loss by epoch.
    """
    models = encoder, decoder = build(spec, TRAIN.shape[1])
    set_weights(spec, layout, start.weights, initial_statistics(layout), encoder, decoder)
    log_variance = keras.Variable(np.zeros(TRAIN.shape[1], np.float32))
    own = {name: keras.Variable(value) for name, value in start.weights.own.items()}
    optimizer = keras.optimizers.get(spec.optimizer)
    optimizer.learning_rate = spec.learning_rate
    variables = [*encoder.trainable_variables, *decoder.trainable_variables, log_variance, *own.values()]
    kernels = [variable for variable in variables if variable.name == "kernel"]
    seed, losses, best, waited = start.seed, [], np.inf, 0
    steps = -(-len(TRAIN) // spec.batch_size)

    def terms(x, networks):
        """Return reconstruction, the activity penalty included, and penalty of each row."""
        terms = spec.variant.terms(x, networks)
        activity = sum(tf.reduce_sum(h**2, axis=-1) for h in networks.activities)
        return terms.reconstruction + spec.l2_activity * activity, terms.penalty, terms.critic

    def l2():
        return spec.l2_weights * sum(tf.reduce_sum(kernel**2) for kernel in kernels)

    final_weight = spec.variant.weight(tf.constant(LATE))  # what losses are reported with, warm-up or not
    for epoch in range(spec.epochs):
        weight, total = spec.variant.weight(tf.constant(float(epoch))), 0.0
        for step in range(steps):
            rows = start.order[epoch][step * spec.batch_size : (step + 1) * spec.batch_size]
            x = tf.constant(TRAIN[rows], tf.float32)
            step_seed = tf.add(seed, (4 * (epoch * steps + step), 0))
            with tf.GradientTape() as tape:
                networks = KerasNetworks(spec, models, log_variance, own, step_seed, float(epoch), training=True)
                reconstruction, penalty, critic = terms(x, networks)
                loss = tf.reduce_mean(reconstruction + weight * penalty) + l2()
                loss += 0.0 if critic is None else tf.reduce_mean(critic)
            gradients = tape.gradient(loss, [v.value for v in variables], unconnected_gradients="zero")
            optimizer.apply(gradients, variables)
            total += float(tf.reduce_sum(reconstruction + final_weight * penalty))
        networks = KerasNetworks(spec, models, log_variance, own, tf.add(seed, (2, 0)), LATE, training=False)
        reconstruction, penalty, _ = terms(tf.constant(TEST, tf.float32), networks)
        validation = tf.reduce_mean(reconstruction + final_weight * penalty)
        losses.append((total / len(TRAIN) + float(l2()), float(validation + l2())))
        watched = {"off": None, "training_loss": losses[-1][0], "validation_loss": losses[-1][1]}[spec.early_stopping]
        if watched is not None:
            best, waited = (watched, 0) if watched < best else (best, waited + 1)
            if waited >= spec.patience:
                break
    return encoder, decoder, log_variance, own, np.array(losses)


def both(spec: Spec) -> tuple[Trained, tuple]:
    structure = Structure.of(spec, columns=2, train_rows=len(TRAIN), test_rows=len(TEST))
    return train(spec, TRAIN, TEST, SEED), plain_loop(spec, start_of(structure, spec, TRAIN, SEED), structure.layout)


def assert_same(trained: Trained, plain: tuple) -> None:
    encoder, decoder, log_variance, own, losses = plain
    for ours, theirs in zip(trained_models(trained), (encoder, decoder), strict=True):
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(trained.weights.vector[-2:], np.asarray(log_variance), rtol=2e-3, atol=2e-5)
    assert own.keys() == trained.weights.own.keys()
    for name, value in own.items():
        np.testing.assert_allclose(trained.weights.own[name], value, rtol=2e-3, atol=2e-5, err_msg=name)
    assert len(trained.history) == len(losses)
    np.testing.assert_allclose(trained.history[:, [2, 5]], losses, rtol=1e-3)


@pytest.mark.parametrize("variant", modules(Variant))
def test_every_variant_with_everything_switched_on(variant: str) -> None:
    # Not Adam: a bias before batch norm has no gradient but rounding, which Adam would blow up to full steps.
    rate = 1e-2 / (SMALL["batch_size"] ** 2 if load(Variant, variant).replica else 1)  # its terms count so much more
    if variant == "dip_vae":  # squared covariances of four rows: steep, so that rounding grows
        rate = 1e-3
    spec = Spec(
        variant=make(Variant, variant), loss=make(Loss, "gaussian_nll"), dropout=0.3, batch_norm=True,
        l2_activity=1e-3, l2_weights=1e-3, learning_rate=rate, optimizer="sgd",
        activation="elu", code_activation="tanh", code_norm=True, **SMALL,
    )  # fmt: skip
    assert_same(*both(spec))


@pytest.mark.parametrize("variant", ["ae", "vae", "answer", "iwae", "aae", "lin_nf", "vamp"])
def test_variants_with_everything_switched_off(variant: str) -> None:
    """Each way to use the networks: with a posterior or without, several codes a row, variables of its own."""
    assert_same(*both(Spec(variant=make(Variant, variant), learning_rate=1e-2, **SMALL)))


@pytest.mark.parametrize("loss", [name for name in modules(Loss) if not load(Loss, name).replica])
def test_every_loss(loss: str) -> None:
    part = make(Loss, loss, {"delta": 0.5} if loss == "huber" else {})
    assert_same(*both(Spec(variant=make(Variant, "vae", {"beta": 0.3}), loss=part, learning_rate=1e-2, **SMALL)))


def test_relu_on_the_log_variance() -> None:
    spec = Spec(variant=make(Variant, "vae", {"log_variance": "relu"}), learning_rate=1e-3, **SMALL)
    trained, plain = both(spec)
    assert_same(trained, plain)
    codes = trained.codes(TRAIN)
    assert codes.std.min() == 1.0 < codes.std.max()
    mean, log_variance = trained_models(trained)[0](TRAIN.astype(np.float32))
    np.testing.assert_allclose(codes.mean, mean, atol=1e-5)
    np.testing.assert_allclose(codes.std, np.exp(0.5 * np.asarray(log_variance)), rtol=1e-5)


def test_warm_up() -> None:
    spec = Spec(variant=make(Variant, "vae", {"beta": 2.0, "warm_up": 4}), learning_rate=1e-2, **SMALL)
    assert_same(*both(spec))


@pytest.mark.parametrize("monitor", ["training_loss", "validation_loss"])
def test_early_stopping_ends_in_the_same_epoch(monitor: str) -> None:
    settings = {**SMALL, "epochs": 60, "learning_rate": 0.05, "latent_dim": 1}
    spec = Spec(variant=make(Variant, "vae"), early_stopping=monitor, patience=3, **settings)
    trained, plain = both(spec)
    assert_same(trained, plain)
    assert len(trained.history) < spec.epochs


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd", "adadelta"])
def test_optimizers(optimizer: str) -> None:
    assert_same(*both(Spec(variant=make(Variant, "ae"), optimizer=optimizer, learning_rate=1e-3, **SMALL)))


def test_other_specs_in_between_change_nothing() -> None:
    spec = Spec(variant=make(Variant, "vae", {"beta": 0.5}), **SMALL)
    first = train(spec, TRAIN, TEST, SEED)
    train(dataclasses.replace(spec, latent_dim=42, batch_norm=True, dropout=0.5), TRAIN, TEST, SEED + 1)
    train(dataclasses.replace(spec, learning_rate=1e6), TRAIN, TEST, SEED)  # diverges
    again = train(spec, TRAIN, TEST, SEED)
    tf.nest.map_structure(np.testing.assert_array_equal, first.weights, again.weights)
    np.testing.assert_array_equal(first.history, again.history)


def test_masked_units_stay_zero() -> None:
    spec = Spec(variant=make(Variant, "vae"), l2_weights=1e-3, optimizer="adamw", **SMALL)
    trained = train(spec, TRAIN, TEST, SEED)
    variables = trained.layout.unpack(trained.weights, trained.statistics)
    by_role = {layer.role: values for layer, values in zip(trained.layout.layers, variables.trained, strict=True)}
    assert not np.asarray(by_role["mean"]["kernel"])[:, spec.latent_dim :].any()
    assert np.asarray(by_role["mean"]["kernel"])[:, : spec.latent_dim].all()
    decoder = next(
        values
        for layer, values in zip(trained.layout.layers, variables.trained, strict=True)
        if layer.role == "decoder"
    )
    assert not np.asarray(decoder["kernel"])[spec.latent_dim :].any()
