"""How do categories and empty cells best enter the networks, and come out again? See README.md."""

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.kinds.encodings import Blocks, Encoding, LearnedBlocks
from experiments.kinds.tables import TABLES
from vaebench.latent_samplers import LatentSampler
from vaebench.parts import make
from vaebench.rows import Draw, Rows
from vaebench.scoring.metrics.association import association_error
from vaebench.scoring.metrics.classifier import classifier
from vaebench.scoring.metrics.copula import mixed_copula_error
from vaebench.scoring.metrics.one_column import metrics_of_cells
from vaebench.study.spec import Spec
from vaebench.trial.fit import encode

GENERATED = 3000
NETWORK = {"encoder": (64, 64), "decoder": (64, 64), "epochs": 150, "batch_size": 64, "latent_dim": 6}
TRAINED = {  # of each: its spec, and the latent samplers that draw for it
    "ae": (Spec.from_flat({"variant": "ae", "scaling": "none", **NETWORK}), ("gmm", "kde")),
    "vae": (Spec.from_flat({"variant": "vae", "scaling": "none", **NETWORK}), ("gmm", "aggregate")),
    "sigma-vae": (
        Spec.from_flat(
            {"variant": "vae", "variant.vae.beta": 1.0, "loss": "gaussian_nll", "scaling": "none", **NETWORK}
        ),
        ("gmm", "prior"),
    ),
}
# name: how, order, fill, and the ways to undo it: how, and whether decoder noise is added before
WAYS = {
    "one-hot": ("one_hot", "share", "draw", (("argmax", True), ("argmax", False), ("draw", False))),
    "one-hot, fill mean": ("one_hot", "share", "mean", (("draw", False),)),
    "one-hot of unit 1": ("one_unit", "share", "draw", (("argmax", True), ("draw", False), ("fitted", False))),
    "one-hot of unit 1, fill mean": ("one_unit", "share", "mean", (("fitted", False),)),
    "code by share": ("code", "share", "draw", (("thresholds", True),)),
    "code by coordinate": ("code", "coordinate", "draw", (("thresholds", True),)),
    "cross-entropy": ("raw", "share", "draw", (("draw", False),)),
}


def measured(generated: Rows, draw: Draw) -> dict[str, float]:
    kinds, true = draw.support.kinds, draw.true
    ks = [
        metrics_of_cells(g, t, 1.0, "attainable", kind)["ks"]
        for g, t, kind in zip(generated.T, true.T, kinds, strict=True)
    ]
    gaps = np.isnan(true).any(axis=0)
    is_category = np.array([kind == "category" for kind in kinds])
    differ = np.abs(np.isnan(generated).mean(axis=0) - np.isnan(true).mean(axis=0))
    return {
        "tv": float(np.mean(np.array(ks)[is_category])),
        "ks": float(np.mean(np.array(ks)[~is_category])),
        "empty": float(differ[gaps].mean()) if gaps.any() else np.nan,
        "association": association_error(generated, true, kinds),
        "copula": mixed_copula_error(generated, true, kinds),
        "auc": classifier(generated[:1500], true[:1500], kinds) or np.nan,
    }


def of_draw(table: str, index: int, ways: Sequence[str]) -> list[dict[str, object]]:
    draw = TABLES[table](np.random.default_rng([index, *table.encode()]))
    found: list[dict[str, object]] = []
    perfect = {"rows themselves": draw.train, "fresh rows": draw.floor if draw.floor is not draw.true else None}
    for name, rows in perfect.items():
        if rows is not None:
            found.append({"table": table, "draw": index, "way": name, **measured(rows, draw)})
    gaps = np.isnan(draw.train).any(axis=0)
    for way, (how, order, fill, undos) in WAYS.items():
        if way not in ways or (fill == "mean" and not gaps.any()):
            continue
        of = Encoding.fit(how, order, fill, draw.train, draw.support.kinds)
        random = np.random.default_rng(index)
        wide = dataclasses.replace(
            draw,
            train=of.encode(draw.train, gaps, random),
            test=of.encode(draw.test, gaps, random),
            support=Draw.support,
        )
        for variant, (spec, samplers) in TRAINED.items():
            if how == "raw":
                loss = (LearnedBlocks if spec.loss.learns_variance else Blocks)(len(of.numbers), of.widths)
                spec = dataclasses.replace(spec, loss=loss)
            clock = time.perf_counter()
            encoded = encode(spec, wide, index)
            seconds = time.perf_counter() - clock
            decoded = [encoded.trained.decode(encoded.codes.choose("sampled", random)) for _ in range(5)]
            noises = None if how == "code" else of.level_noise(np.concatenate(decoded), np.tile(wide.train, (5, 1)))
            filled = np.concatenate([~np.isnan(draw.train[:, np.array(draw.support.kinds) == "number"])] * 5)
            apart = (np.concatenate(decoded) - np.tile(wide.train, (5, 1)))[:, : filled.shape[1]]
            of_filled = np.sqrt((apart**2 * filled).sum(axis=0) / filled.sum(axis=0))
            for sampler in samplers:
                recipe = encoded.fitted(dataclasses.replace(spec, latent_sampler=make(LatentSampler, sampler))).recipe
                drawn = encoded.trained.decode(recipe.latent.draw(GENERATED, np.random.default_rng(index)))
                noise = recipe.noise(drawn.shape, np.random.default_rng(index + 1))
                if how == "one_unit" and not spec.learns_noise:  # as far as cells were filled
                    noise[:, : len(of.numbers)] *= of_filled / recipe.noise_std[: len(of.numbers)]
                for undo, noisy in undos:
                    of_categories = noise.copy()
                    of_categories[:, len(of.numbers) :] *= noisy
                    rows = of.decode(drawn + of_categories, gaps, undo, np.random.default_rng(index + 2), noises)
                    name = f"{way}, {undo}{' with noise' if undo == 'argmax' and noisy else ''}"
                    cell = {"table": table, "draw": index, "variant": variant, "sampler": sampler, "way": name}
                    found.append({**cell, "seconds": seconds, **measured(rows, draw)})
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--draws", type=int, default=6)
    parser.add_argument("--ways", nargs="*", default=list(WAYS))
    parser.add_argument("--tables", nargs="*", default=list(TABLES))
    options = parser.parse_args()
    for index in range(options.draws):
        for table in options.tables:
            pd.DataFrame(of_draw(table, index, options.ways)).to_csv(
                options.results / f"{table}.{index}.csv", index=False
            )
            print(table, index, f"{time.perf_counter():.0f}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
