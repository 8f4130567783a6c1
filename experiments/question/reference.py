"""The question's code as its reader would have run it: plain Keras, `compile`, `fit`, one seed after the other.

    python experiments/question/reference.py    # writes reference.csv

It is what the replica in vaebench (network `question`, loss `question`) is compared with. Seed r has the rows of search
replicate r of study.toml.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers
from scipy.stats import ks_2samp

from vaebench.study.file import load

HERE = Path(__file__).parent
UNITS = 42


def runs(seeds: int) -> Iterator[dict[str, float]]:
    definition = load(HERE / "study.toml")
    for seed in range(seeds):
        draw = definition.replicate("search", seed).draw()
        train, test = draw.train.astype("float32"), draw.test.astype("float32")
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((1,))
        encoded = layers.Dense(UNITS, "relu")(inputs)
        decoded = layers.Dense(1)(encoded)
        autoencoder, encoder = keras.Model(inputs, decoded), keras.Model(inputs, encoded)
        latent = keras.Input((UNITS,))
        decoder = keras.Model(latent, autoencoder.layers[-1](latent))
        before = [np.array(w) for w in autoencoder.get_weights()]
        autoencoder.compile(optimizer="adadelta", loss="binary_crossentropy")
        history = autoencoder.fit(
            train, train, epochs=50, batch_size=256, shuffle=True, validation_data=(test, test), verbose=0
        )
        moved = max(np.abs(a - b).max() for a, b in zip(autoencoder.get_weights(), before, strict=True))
        codes = encoder.predict(train, verbose=0)
        z = np.random.normal(codes.mean(axis=0), codes.std(axis=0), (len(draw.true), UNITS))
        generated = decoder.predict(z, batch_size=5000, verbose=0)[:, 0].astype(float)
        decoded_test = decoder.predict(encoder.predict(test, verbose=0), verbose=0)[:, 0].astype(float)
        yield {
            "seed": seed,
            "mean": generated.mean(),
            "std": generated.std(ddof=1),
            "std_ratio": generated.std(ddof=1) / draw.true.std(ddof=1),
            "ks": float(ks_2samp(generated, draw.true[:, 0]).statistic),
            "mean_error": abs(generated.mean() - draw.true.mean()),
            "std_error": abs(generated.std(ddof=1) - draw.true.std(ddof=1)),
            "epochs": len(history.history["loss"]),
            "loss": history.history["loss"][-1],
            "moved": float(moved),  # the largest change of a weight in training
            "test_mean": decoded_test.mean(),  # the question's own way: the 33 test rows, encoded and decoded
            "test_std": decoded_test.std(ddof=1),
            "test_ks": float(ks_2samp(decoded_test, draw.true[:, 0]).statistic),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--output", type=Path, default=HERE / "reference.csv")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")  # each seed traces functions of its own, of which TensorFlow warns
    rows: list[dict[str, float]] = []
    for row in runs(options.seeds):
        rows.append(row)
        print({name: round(float(value), 3) for name, value in row.items()}, flush=True)
        pd.DataFrame(rows).to_csv(options.output, index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
