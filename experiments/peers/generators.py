"""Fit other software's generators to rows. Runs in an environment of its own, see requirements.txt.

    python generators.py ROWS DRAW...

fits to each DRAW/train.npy what DRAW/wanted.json names, or everything without that file, and writes ROWS rows to
DRAW/NAME.npy, or the reason why there are none to DRAW/NAME.txt. What is there is not made again.
"""

import contextlib
import io
import json
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

EPOCHS, RATE, UNITS = 150, 1e-3, 64


def pythae(train: Any, n: int, *, model: str, sampler: str, latent_dim: int, **settings: float) -> Any:
    """Return rows of one of Pythae's autoencoders and samplers."""
    from pythae import samplers

    scaled, low, width = unit_range(train)
    made = trained(scaled.tobytes(), scaled.shape[1], model, latent_dim, tuple(settings.items()))
    second = samplers.TwoStageVAESamplerConfig(second_layers_dim=UNITS) if sampler == "TwoStageVAESampler" else None
    draws = getattr(samplers, sampler)(made, second)
    if sampler != "NormalSampler":
        draws.fit(scaled)
    rows = draws.sample(num_samples=n, batch_size=n, return_gen=True).detach().numpy()
    return rows.astype(np.float64) * width + low


def unit_range(train: Any) -> tuple[Any, Any, Any]:
    """Return rows scaled to [0, 1], which is all that Pythae's samplers take, and what undoes it."""
    low, width = train.min(axis=0), np.ptp(train, axis=0)
    width[width == 0] = 1.0
    return np.clip((train - low) / width, 0.0, 1.0).astype(np.float32), low, width


@lru_cache(maxsize=1)  # one fit serves all samplers
def trained(rows: bytes, columns: int, model: str, latent_dim: int, settings: tuple[tuple[str, float], ...]) -> Any:
    """Return one of Pythae's autoencoders, 64-64 units each way, trained on scaled rows."""
    from pythae import models, trainers
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.pipelines import TrainingPipeline

    class Encoder(BaseEncoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden = layers(columns, UNITS, UNITS)
            self.mean, self.log_variance = (torch.nn.Linear(UNITS, latent_dim) for _ in range(2))

        def forward(self, x: Any) -> Any:
            hidden = self.hidden(x)
            return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))

    class Decoder(BaseDecoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.all = torch.nn.Sequential(layers(latent_dim, UNITS, UNITS), torch.nn.Linear(UNITS, columns))

        def forward(self, z: Any) -> Any:
            return ModelOutput(reconstruction=self.all(z))

    scaled = np.frombuffer(rows, np.float32).reshape(-1, columns)
    config = getattr(models, f"{model}Config", None) or getattr(models, f"{model}_Config")
    made = getattr(models, model)(
        config(input_dim=(columns,), latent_dim=latent_dim, **dict(settings)), Encoder(), Decoder()
    )
    with tempfile.TemporaryDirectory() as folder:
        batch = 32 if len(scaled) <= 200 else 64
        common = {"output_dir": folder, "num_epochs": EPOCHS, "per_device_train_batch_size": batch, "no_cuda": True}
        if model == "RAE_L2":  # its decoder has an optimizer of its own
            rates = {"encoder_learning_rate": RATE, "decoder_learning_rate": RATE}
            training = trainers.CoupledOptimizerTrainerConfig(**common, **rates)
        else:
            training = trainers.BaseTrainerConfig(**common, learning_rate=RATE)
        TrainingPipeline(model=made, training_config=training)(train_data=scaled)
    return made


def layers(*widths: int) -> Any:
    """Return dense layers with relu from the first width to the last."""
    pairs = pairwise(widths)
    return torch.nn.Sequential(*(part for pair in pairs for part in (torch.nn.Linear(*pair), torch.nn.ReLU())))


def sdv(train: Any, n: int, *, synthesizer: str) -> Any:
    """Return rows of one of SDV's synthesizers as it comes: it learns bounds and rounding of each column."""
    from sdv import single_table
    from sdv.metadata import Metadata

    rows = frame(train)
    metadata = Metadata()
    metadata.add_table("rows")
    for column in rows:
        metadata.add_column(column, table_name="rows", sdtype="numerical")
    fitted = getattr(single_table, synthesizer)(metadata)
    fitted.fit({"rows": rows})
    return fitted.sample(n)["rows"].to_numpy(np.float64)


def forest(train: Any, n: int) -> Any:
    """Return rows of an adversarial random forest as it comes."""
    np.in1d = np.isin  # which arfpy 0.1.1 calls, and NumPy 2.4 no longer has
    from arfpy import arf

    fitted = arf.arf(frame(train), verbose=False)
    fitted.forde()
    return fitted.forge(n).to_numpy(np.float64)


def frame(train: Any) -> pd.DataFrame:
    """Return rows with names for columns."""
    return pd.DataFrame(train, columns=[f"x{i}" for i in range(train.shape[1])])


Generator = Callable[[Any, int], Any]


def settings(columns: int) -> Mapping[str, Generator]:
    """Return what is fitted, by name: "PEER" or "PEER; SETTINGS", of which the best on other draws is taken."""
    found: dict[str, Generator] = {
        "sdv tvae": partial(sdv, synthesizer="TVAESynthesizer"),
        "sdv gaussian copula": partial(sdv, synthesizer="GaussianCopulaSynthesizer"),
        "adversarial random forest": forest,
    }
    mixture, normal = "GaussianMixtureSampler", "NormalSampler"
    of_vae = (("vae", normal), ("vae, gaussian mixture", mixture), ("two-stage vae", "TwoStageVAESampler"))
    for latent_dim in (1, 2) if columns == 1 else sorted({2, min(columns, 8)}):
        for beta, (peer, sampler) in product((0.001, 0.004), of_vae):
            found[f"pythae {peer}; latent_dim {latent_dim}, beta {beta}"] = partial(
                pythae, model="BetaVAE", sampler=sampler, latent_dim=latent_dim, beta=beta
            )
        for weight in (1e-6, 1e-2):
            found[f"pythae rae_l2; latent_dim {latent_dim}, reg_weight {weight}"] = partial(
                pythae, model="RAE_L2", sampler=mixture, latent_dim=latent_dim, reg_weight=weight
            )
        for weight in (0.03, 1.0):
            found[f"pythae wae_mmd; latent_dim {latent_dim}, reg_weight {weight}"] = partial(
                pythae, model="WAE_MMD", sampler=normal, latent_dim=latent_dim, reg_weight=weight
            )
    return found


def make(generator: Generator, train: Any, n: int, path: Path) -> None:
    """Fit `generator` to `train` and write `n` rows to `path`, or the reason why not to its .txt."""
    seed = int.from_bytes(path.parent.name.encode()) % 2**31
    torch.manual_seed(seed)
    np.random.seed(seed)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            rows = generator(train, n)
    except Exception as error:
        path.with_suffix(".txt").write_text(f"{type(error).__name__}: {str(error)[:300]}")
        return
    kept = path.with_suffix(".part")
    with kept.open("wb") as file:
        np.save(file, rows)
    kept.rename(path)


def main() -> None:
    """Fit what is missing, a line a draw."""
    n, draws = int(sys.argv[1]), map(Path, sys.argv[2:])
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    for draw in draws:
        started, train = time.monotonic(), np.load(draw / "train.npy")
        every, wanted = settings(train.shape[1]), draw / "wanted.json"
        for name in json.loads(wanted.read_text()) if wanted.exists() else every:
            path = draw / f"{name}.npy"
            if not (path.exists() or path.with_suffix(".txt").exists()):
                make(every[name], train, n, path)
        print(f"{draw}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
