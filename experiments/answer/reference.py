"""The answer's code as its reader would have run it: plain Keras, `fit`, one seed after the other.

    python experiments/answer/reference.py    # writes reference.csv, or goes on with it: an hour on one core

It is what the replica in vaebench (network `answer`, variant `answer`) is compared with. Seed r has the rows of search
replicate r of study.toml. A train step that calls `encoder(data)` without `training=True`, as Keras's own example of a
VAE does, leaves batch norm and dropout in inference mode; the column `mode` says which of the two it was.
"""

import argparse
import itertools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, regularizers
from scipy.stats import ks_2samp

from vaebench.study.file import load

HERE = Path(__file__).parent
OUTPUT = HERE / "reference.csv"
EPOCHS, BATCH, PATIENCE, L2 = 100, 11, 10, 1e-5
MODES = ("training", "inference")
SEEDS = {1: 60, 2: 25}  # by latent_dim


class Sampling(layers.Layer):
    """z ~ N(z_mean, exp(z_log_var))."""

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Draw one code a row."""
        mean, log_variance = inputs
        return mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))


def encoder_of(latent_dim: int) -> keras.Model:
    x = inputs = keras.Input((1,))
    x = layers.BatchNormalization()(x)
    x = layers.Dense(200, "relu", activity_regularizer=regularizers.L2(L2))(x)
    x = layers.Dropout(0.1)(x)
    x = layers.Dense(200, "relu", activity_regularizer=regularizers.L2(L2))(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dense(50, "relu", activity_regularizer=regularizers.L2(L2))(x)
    mean = layers.BatchNormalization()(layers.Dense(latent_dim, activity_regularizer=regularizers.L2(L2))(x))
    log_variance = layers.BatchNormalization()(layers.Dense(latent_dim, "relu")(x))
    return keras.Model(inputs, [mean, log_variance, Sampling()([mean, log_variance])])


def decoder_of(latent_dim: int) -> keras.Model:
    x = inputs = keras.Input((latent_dim,))
    for width in (50, 200, 200):
        x = layers.Dense(width, "relu")(x)
    x = layers.Dense(200)(x)
    return keras.Model(inputs, layers.Dense(1)(x))


class Vae(keras.Model):
    """The answer's model: its train step sums the squared error over the batch, and adds each row's KL to it."""

    def __init__(self, latent_dim: int, *, training: bool) -> None:
        super().__init__()
        self.encoder, self.decoder, self.training = encoder_of(latent_dim), decoder_of(latent_dim), training
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What Keras resets at the start of an epoch."""
        return [self.loss_tracker]

    def train_step(self, data: tf.Tensor) -> dict[str, tf.Tensor]:
        """Take one step. The layers' own losses, of their regularisers, are never added."""
        with tf.GradientTape() as tape:
            mean, log_variance, z = self.encoder(data, training=self.training)
            squared = tf.reduce_sum(keras.losses.mean_squared_error(data, self.decoder(z, training=self.training)))
            kl = -0.5 * tf.reduce_sum(1 + log_variance - tf.square(mean) - tf.exp(log_variance), axis=1)
            loss = squared + kl  # one value a row: the gradient is that of their sum
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


def run(seed: int, latent_dim: int, mode: str) -> dict[str, float | str]:
    draw = load(HERE / "study.toml").replicate("search", seed).draw()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model = Vae(latent_dim, training=mode == "training")
    model.compile(optimizer=keras.optimizers.Adam())
    stopping = keras.callbacks.EarlyStopping(monitor="loss", patience=PATIENCE)
    rows = draw.train.astype("float32")
    history = model.fit(rows, epochs=EPOCHS, batch_size=BATCH, callbacks=[stopping], verbose=0)
    codes = model.encoder.predict(rows, verbose=0)[0]
    z = np.random.normal(codes.mean(axis=0), codes.std(axis=0), (len(draw.true), latent_dim))
    generated = model.decoder.predict(z, batch_size=5000, verbose=0)[:, 0].astype(float)
    return {
        "mode": mode,
        "latent_dim": latent_dim,
        "seed": seed,
        "mean": float(generated.mean()),
        "std": float(generated.std(ddof=1)),
        "std_ratio": float(generated.std(ddof=1) / draw.true.std(ddof=1)),
        "ks": float(ks_2samp(generated, draw.true[:, 0]).statistic),
        "mean_error": float(abs(generated.mean() - draw.true.mean())),
        "std_error": float(abs(generated.std(ddof=1) - draw.true.std(ddof=1))),
        "epochs": len(history.history["loss"]),
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")  # each seed traces functions of its own, of which TensorFlow warns
    rows = pd.read_csv(OUTPUT).to_dict("records") if OUTPUT.exists() else []
    have = {(row["mode"], row["latent_dim"], row["seed"]) for row in rows}
    for latent_dim, mode in itertools.product(SEEDS, MODES):
        for seed in range(SEEDS[latent_dim]):
            if (mode, latent_dim, seed) not in have:
                rows.append(run(seed, latent_dim, mode))
                print(rows[-1], flush=True)
                pd.DataFrame(rows).to_csv(OUTPUT, index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
