"""The study without vaebench and without Keras: processes of Optuna, a plain PyTorch loop and MLflow, one a core.

    python -m venv torch && torch/bin/pip install -r experiments/throughput/requirements.txt
    torch/bin/python experiments/throughput/plain_torch.py --trials 200

It is written as a user would who knows these libraries and wants speed: one thread a process, all rows in one tensor,
no DataLoader, fused Adam (its fastest form), an early stop by hand, batched logging. Space, networks, losses and early
stopping are those of throughput.toml.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from scipy.stats import ks_2samp
from torch import nn

TRAINING, SAMPLES = 67, 15_000
ENCODER, DECODER = (200, 200, 50), (50, 200, 200, 200)
BATCH, EPOCHS, PATIENCE, DROPOUT = 11, 100, 10, 0.1
CURVE_POINTS = 12
SAMPLED_CODES = 20


class Network(nn.Module):
    """An encoder [B, 1] -> [B, latent_dim] (of a VAE, and a log-variance), and a decoder [B, latent_dim] -> [B, 1]."""

    def __init__(self, latent_dim: int, vae: bool) -> None:
        super().__init__()
        self.vae = vae
        self.encoder = _dense(1, *ENCODER, dropout=DROPOUT)
        self.mean = nn.Linear(ENCODER[-1], latent_dim)
        self.log_variance = nn.Linear(ENCODER[-1], latent_dim)
        self.decoder = nn.Sequential(_dense(latent_dim, *DECODER), nn.Linear(DECODER[-1], 1))

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the mean and, of a VAE, the log-variance of the posterior of rows x [B, 1]."""
        hidden = self.encoder(x)
        return self.mean(hidden), self.log_variance(hidden).clamp(-10.0, 10.0) if self.vae else None

    def loss(self, x: torch.Tensor, beta: float) -> torch.Tensor:
        """Return half the squared error plus beta * KL, mean over rows x [B, 1]."""
        mean, log_variance = self.encode(x)
        z, kl = mean, torch.zeros(())
        if log_variance is not None:
            z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1.0).sum(-1).mean()
        return 0.5 * ((x - self.decoder(z)) ** 2).sum(-1).mean() + beta * kl


def _dense(*widths: int, dropout: float = 0.0) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width, following in pairwise(widths):
        layers += [nn.Linear(width, following), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
    return nn.Sequential(*layers)


def train(network: Network, x: torch.Tensor, learning_rate: float, beta: float) -> list[float]:
    """Train on rows x [N, 1] until the loss has not fallen for PATIENCE epochs; return its curve."""
    optimizer = torch.optim.Adam(
        network.parameters(), lr=learning_rate, eps=1e-7, fused=True
    )  # the fastest of Adam's three forms here
    best, waited, curve = np.inf, 0, list[float]()
    network.train()
    for _ in range(EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = network.loss(x[rows], beta)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        curve.append(total / len(x))
        best, waited = (curve[-1], 0) if curve[-1] < best else (best, waited + 1)
        if waited >= PATIENCE:
            break
    return curve


@torch.no_grad()
def generate(network: Network, x: torch.Tensor, sampler: str) -> torch.Tensor:
    """Return SAMPLES generated rows: latent draws decoded, plus noise of the residuals' std."""
    network.eval()
    mean, log_variance = network.encode(x)

    def codes() -> torch.Tensor:
        return mean if log_variance is None else mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)

    z = torch.randn(SAMPLES, mean.shape[1])
    if sampler == "gaussian":
        fitted = codes()
        z = fitted.mean(0) + fitted.std(0, unbiased=False) * z
    repeats = 1 if log_variance is None else SAMPLED_CODES
    rows = network.decoder(torch.cat([codes() for _ in range(repeats)]))
    noise = ((rows - x.repeat(repeats, 1)) ** 2).mean(0).sqrt()
    decoded = network.decoder(z)
    return decoded + noise * torch.randn_like(decoded)


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Ask for a trial's parameters."""
    params: dict[str, Any] = {
        "latent_dim": trial.suggest_int("latent_dim", 1, 42),
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
        "variant": trial.suggest_categorical("variant", ["ae", "vae"]),
        "latent_sampler": trial.suggest_categorical("latent_sampler", ["prior", "gaussian"]),
    }
    if params["variant"] == "vae":
        params["beta"] = trial.suggest_float("beta", 0.01, 10.0, log=True)
    return params


def search(home: Path, experiment: str, trials: int, seed: int) -> None:
    """Search `trials` trials as one of the processes."""
    torch.set_num_threads(1)
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    study = optuna.load_study(study_name="throughput", storage=_storage(home), sampler=sampler)
    numbers = np.random.default_rng(0)
    train_rows, true = numbers.normal(100.0, 10.0, TRAINING), numbers.normal(100.0, 10.0, SAMPLES)
    x = torch.tensor(((train_rows - train_rows.mean()) / train_rows.std())[:, None], dtype=torch.float32)

    def objective(trial: optuna.Trial) -> float:
        params, start = suggest(trial), int(1000 * time.time())
        torch.manual_seed(trial.number)
        network = Network(params["latent_dim"], params["variant"] == "vae")
        curve = train(network, x, params["learning_rate"], params.get("beta", 0.0))
        rows = generate(network, x, params["latent_sampler"]).numpy()[:, 0] * train_rows.std() + train_rows.mean()
        if not np.isfinite(rows).all():
            raise ValueError("generated rows are not finite")
        scores = {
            "ks": float(ks_2samp(rows, true).statistic),
            "mean_error": abs(float(rows.mean() - true.mean())),
            "std_error": abs(float(rows.std(ddof=1) - true.std(ddof=1))),
        }
        trial.set_user_attr("epochs", len(curve))
        now, run = int(1000 * time.time()), client.create_run(experiment, start_time=start).info.run_id
        kept = np.unique(np.linspace(0, len(curve) - 1, CURVE_POINTS).round().astype(int))
        metrics = [Metric(name, value, now, 0) for name, value in scores.items()]
        metrics += [Metric("training.loss", curve[epoch], now, int(epoch) + 1) for epoch in kept]
        client.log_batch(run, metrics=metrics, params=[Param(name, str(value)) for name, value in params.items()])
        client.set_terminated(run)
        return scores["ks"]

    study.optimize(objective, n_trials=trials, catch=(ValueError,))


def _storage(home: Path) -> optuna.storages.JournalStorage:
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(home / "journal.log")))


def run(home: Path, trials: int, processes: int) -> dict[str, Any]:
    """Search with all state in `home`; return how many trials, their mean epochs, and the best ks."""
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.create_experiment("throughput", artifact_location=str(home / "artifacts"))
    study = optuna.create_study(study_name="throughput", storage=_storage(home))
    context = multiprocessing.get_context("spawn")
    shares = [trials // processes + (index < trials % processes) for index in range(processes)]
    started = [context.Process(target=search, args=(home, experiment, n, seed)) for seed, n in enumerate(shares)]
    for process in started:
        process.start()
    for process in started:
        process.join()
        if process.exitcode:
            raise SystemExit(f"a process ended with {process.exitcode}")
    done = study.get_trials(deepcopy=False)
    epochs = [trial.user_attrs["epochs"] for trial in done if "epochs" in trial.user_attrs]
    return {"trials": len(done), "epochs": float(np.mean(epochs)), "best_ks": study.best_value}


def main() -> None:
    parser = argparse.ArgumentParser(description="The throughput study with Optuna, PyTorch and MLflow alone.")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(run(Path(scratch), arguments.trials, arguments.processes)))


if __name__ == "__main__":
    main()
