"""Whether the scores are the same: the naive harness and vaebench on the same specs and the same replicates.

Both see the same rows, with independent seeds. The two-sample Kolmogorov-Smirnov test takes the two sides' values for
independent, which makes it too mild where the rows decide; Wilcoxon's signed-rank test compares them in pairs.

As a script (`scores.py naive ae 30`) it is a child that evaluates a spec on so many replicates.
"""

import sys
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from bench import Bench, Row, table
from children import THROUGHPUT, answer, child
from scipy.stats import ks_2samp, wilcoxon
from training import spec_of

from vaebench.latent_samplers import LatentSampler
from vaebench.parts import make
from vaebench.rows import MAIN_METRICS
from vaebench.search.local_workers import ENVIRONMENT
from vaebench.study.file import load
from vaebench.study.spec import Spec

COMPARED = (*MAIN_METRICS, "last training loss", "epochs")
"""What is compared: the scores, and two figures of the training, which show a difference sooner."""
LATENT_SAMPLERS = {"ae": "gaussian", "vae": "prior"}
"""The latent sampler that each variant is generated with."""


def spec(variant: str) -> Spec:
    """Return the spec that both sides evaluate: that of the timings, stopped early, with dropout."""
    sampler = make(LatentSampler, LATENT_SAMPLERS[variant])
    return replace(spec_of(variant), latent_sampler=sampler, early_stopping="training_loss")


def scores(bench: Bench) -> list[Row]:
    """Compare the distributions of what both sides found; return the smallest p-value times the tests."""
    with ExitStack() as stack:
        children = {
            (side, variant): stack.enter_context(
                child("scores.py", side, variant, str(bench.replicates), core=None, **environment)
            )
            for side, environment in (("naive", {}), ("vaebench", ENVIRONMENT))
            for variant in LATENT_SAMPLERS
        }
        found = {key: np.array(one.answer()) for key, one in children.items()}  # [replicates, compared]
    lines, smallest = [], 1.0
    for variant, sampler in LATENT_SAMPLERS.items():
        for index, metric in enumerate(COMPARED):
            naive, ours = found["naive", variant][:, index], found["vaebench", variant][:, index]
            p_ks, p_pairs = float(ks_2samp(naive, ours).pvalue), float(wilcoxon(naive, ours).pvalue)
            smallest = min(smallest, p_ks, p_pairs)
            means = [f"{values.mean():.4g} ± {values.std(ddof=1) / len(values) ** 0.5:.2g}" for values in (naive, ours)]
            lines.append([f"{variant}, {sampler}", metric, *means, f"{p_ks:.2f}", f"{p_pairs:.2f}"])
    headings = ["spec", "score", "naive, mean ± se", "vaebench, mean ± se", "p (KS)", "p (Wilcoxon, pairs)"]
    print(f"Scores over {bench.replicates} replicates\n\n{table(headings, lines)}\n", flush=True)
    adjusted = min(1.0, 2 * len(lines) * smallest)
    measured = f"**{adjusted:.2f}** ({2 * len(lines)} tests, {bench.replicates} replicates of each of 2 specs)"
    return [Row("scores as the naive harness has them: smallest p-value, times the tests", "0.05", "", measured)]


def _evaluate(side: str, variant: str, replicates: int) -> list[list[float]]:
    definition, one = load(THROUGHPUT), spec(variant)
    found = []
    for index in range(replicates):
        replicate = definition.replicate("search", index)
        if side == "naive":
            import naive

            metrics, curves = naive.train_and_score(one, replicate)
            training = [curves["loss"][-1], len(curves["loss"])]
        else:
            from vaebench.trial.evaluate import evaluate

            result = evaluate(one, replicate)
            metrics, training = dict(result.metrics), [result.curves["training.total"][-1][1], result.epochs]
        found.append([*(metrics[name] for name in MAIN_METRICS), *training])
    return found


if __name__ == "__main__":
    answer(_evaluate(sys.argv[1], sys.argv[2], int(sys.argv[3])))
