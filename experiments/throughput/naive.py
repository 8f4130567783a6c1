"""The study without vaebench: an Optuna objective that builds a Keras model, calls compile and fit, and logs to MLflow.

    python experiments/throughput/naive.py --trials 12

It is written as a user would who knows these libraries: one process, default threads, decoding in one call, one MLflow
run a trial with batched logging. vaebench gives it the study's space and data, so that both search the same study, and
nothing else. Losses are those of vaebench: half the squared error summed over columns, plus beta * KL, mean over rows.
"""

import argparse
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import optuna
import tensorflow as tf
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from scipy.stats import ks_2samp

from vaebench.rows import Rows
from vaebench.seeds import derive
from vaebench.study.file import load
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.trial.scaling import Scaler

STUDY = Path(__file__).parent / "throughput.toml"
CURVE_POINTS = 12
SAMPLED_CODES = 20


class Autoencoder(keras.Model):  # type: ignore[misc]
    """Plain autoencoder: D(E(x))."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, x: Any, training: bool = False) -> Any:
        """Return D(E(x)) of rows x [B, F]."""
        return self.decoder(self.encoder(x, training=training), training=training)


class Vae(keras.Model):  # type: ignore[misc]
    """Variational autoencoder with a train step of its own, as in Keras' examples."""

    def __init__(self, encoder: Any, decoder: Any, beta: float) -> None:
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, beta
        self.seeds = keras.random.SeedGenerator()
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction", "kl")]

    @property
    def metrics(self) -> list[Any]:
        """What `fit` shows, and resets after each epoch."""
        return self.trackers

    def train_step(self, x: Any) -> dict[str, Any]:
        """Train on rows x [B, F]."""
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(x, training=True)
            z = mean + tf.exp(0.5 * log_variance) * keras.random.normal(tf.shape(mean), seed=self.seeds)
            reconstruction = half_sse(x, self.decoder(z, training=True))  # [B]
            kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - log_variance - 1.0, axis=-1)  # [B]
            losses = reconstruction + self.beta * kl
            loss = tf.reduce_mean(losses)
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        for tracker, values in zip(self.trackers, (losses, reconstruction, kl), strict=True):
            tracker.update_state(values)
        return {tracker.name: tracker.result() for tracker in self.trackers}


def half_sse(x: Any, output: Any) -> Any:
    """Return half the squared error of each row, summed over columns."""
    return 0.5 * tf.reduce_sum((x - output) ** 2, axis=-1)


def build(spec: Spec, columns: int) -> Any:
    """Return the compiled Keras model of `spec`."""
    x = rows = keras.Input((columns,))
    for width in spec.encoder:
        x = keras.layers.Dense(width, activation="relu")(x)
        x = keras.layers.Dropout(spec.dropout)(x)
    outputs = keras.layers.Dense(spec.latent_dim)(x)
    if spec.variant.name == "vae":
        outputs = [outputs, keras.ops.clip(keras.layers.Dense(spec.latent_dim)(x), -10.0, 10.0)]
    z = latent = keras.Input((spec.latent_dim,))
    for width in spec.decoder:
        z = keras.layers.Dense(width, activation="relu")(z)
    encoder = keras.Model(rows, outputs)
    decoder = keras.Model(latent, keras.layers.Dense(columns)(z))
    optimizer = keras.optimizers.Adam(spec.learning_rate)
    if spec.variant.name == "vae":
        model = Vae(encoder, decoder, spec.flat()["variant.vae.beta"])  # type: ignore[arg-type]
        model.compile(optimizer=optimizer)
    else:
        model = Autoencoder(encoder, decoder)
        model.compile(optimizer=optimizer, loss=half_sse)
    return model


def fit(model: Any, scaled: Rows, spec: Spec) -> dict[str, list[float]]:
    """Train `model` on scaled rows [N, F]; return the curves of its losses."""
    data = [scaled] if isinstance(model, Vae) else [scaled, scaled]
    stopping = keras.callbacks.EarlyStopping("loss", patience=spec.patience)
    callbacks = [stopping] if spec.early_stopping == "training_loss" else []
    history = model.fit(*data, batch_size=spec.batch_size, epochs=spec.epochs, verbose=0, callbacks=callbacks)
    curves: dict[str, list[float]] = history.history
    return curves


def generate(model: Any, spec: Spec, scaled: Rows, n: int, numbers: np.random.Generator) -> Rows:
    """Return `n` generated rows [n, F], in scaled units: latent draws decoded, plus noise of the residuals' std."""
    encoded = model.encoder(scaled)
    mean, std = encoded, None
    if isinstance(model, Vae):
        mean, std = encoded[0], np.exp(0.5 * encoded[1].numpy())
    mean = mean.numpy()

    def codes() -> Any:
        return mean if std is None else mean + std * numbers.standard_normal(mean.shape)

    if spec.latent_sampler.name == "gaussian":
        fitted = codes()
        z = fitted.mean(axis=0) + fitted.std(axis=0) * numbers.standard_normal((n, spec.latent_dim))
    else:
        z = numbers.standard_normal((n, spec.latent_dim))
    repeats = 1 if std is None else SAMPLED_CODES
    fitted_rows = model.decoder(np.concatenate([codes() for _ in range(repeats)])).numpy()
    noise = np.sqrt(((fitted_rows - np.tile(scaled, (repeats, 1))) ** 2).mean(axis=0))  # [F]
    decoded = model.decoder(z).numpy()
    rows: Rows = decoded + noise * numbers.standard_normal(decoded.shape)
    return rows


def train_and_score(spec: Spec, replicate: Replicate) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Train `spec` on a replicate's rows and score what it generates; return the scores and the loss curves."""
    keras.backend.clear_session()
    seed = derive("naive", spec.seed, replicate.seed) % 2**32
    random.seed(seed)  # Keras draws its seeds from here. With TensorFlow's own seed set, fit shuffles every epoch alike
    draw = replicate.draw()
    scaler = Scaler.fit(spec.scaling, draw.train)
    scaled = scaler.transform(draw.train)
    model = build(spec, scaled.shape[1])
    curves = fit(model, scaled, spec)
    rows = scaler.inverse(generate(model, spec, scaled, replicate.generated, np.random.default_rng(seed)))
    if not np.isfinite(rows).all():
        raise ValueError("generated rows are not finite")
    generated, true = rows[:, 0], draw.true[:, 0]
    scores = {
        "ks": float(ks_2samp(generated, true).statistic),
        "mean_error": abs(float(generated.mean() - true.mean())),
        "std_error": abs(float(generated.std(ddof=1) - true.std(ddof=1))),
    }
    return scores, curves


def evaluate(spec: Spec, replicate: Replicate) -> dict[str, float]:
    """Return ks, mean_error and std_error of `spec` on a replicate of one column. Raises ValueError where it fails."""
    return train_and_score(spec, replicate)[0]


def log(client: MlflowClient, experiment: str, spec: Spec, scores: dict[str, float], curves: Any, start: float) -> None:
    """Write a trial into MLflow as one run, in one batch."""
    run = client.create_run(experiment, start_time=int(1000 * start)).info.run_id
    now = int(1000 * time.time())
    metrics = [Metric(name, value, now, 0) for name, value in scores.items()]
    for name, curve in curves.items():
        kept = np.unique(np.linspace(0, len(curve) - 1, CURVE_POINTS).round().astype(int))
        metrics += [Metric(f"training.{name}", curve[epoch], now, int(epoch) + 1) for epoch in kept]
    client.log_batch(run, metrics=metrics, params=[Param(path, str(value)) for path, value in spec.flat().items()])
    client.set_terminated(run)


def search(trials: int, home: Path) -> dict[str, Any]:
    """Search `trials` trials of the study with all state in `home`; return when each began and what it trained."""
    definition = load(STUDY)
    space, replicate = definition.arms[0].space, definition.replicate("search", 0)
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.create_experiment(definition.name, artifact_location=str(home / "artifacts"))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal = optuna.storages.journal.JournalFileBackend(str(home / "journal.log"))
    sampler = optuna.samplers.TPESampler(seed=definition.seed)
    study = optuna.create_study(storage=optuna.storages.JournalStorage(journal), sampler=sampler)
    starts, epochs = [], []

    def objective(trial: optuna.Trial) -> float:
        starts.append(time.time())
        spec = Spec.from_flat(space.suggest(trial) | {"seed": trial.number})
        scores, curves = train_and_score(spec, replicate)
        epochs.append(len(curves["loss"]))
        log(client, experiment, spec, scores, curves, starts[-1])
        return scores["ks"]

    study.optimize(objective, n_trials=trials, catch=(ValueError,))
    return {"trials": trials, "starts": starts, "ended": time.time(), "epochs": epochs, "best_ks": study.best_value}


def main() -> None:
    parser = argparse.ArgumentParser(description="The throughput study with Optuna, Keras and MLflow alone.")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--home", type=Path, help="where state lives (a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(search(arguments.trials, arguments.home or Path(scratch))))


if __name__ == "__main__":
    main()
