"""What to write in place of the Q&A's code: search an autoencoder for 100 rows, generate 15,000 more from the best."""

from pathlib import Path

import numpy as np
import pandas as pd

import vaebench

STUDY = """
study = { name = "instead", sampler = "grid", replicates = 8 }
data = { file = "my_rows.csv" }
confirm = { top = 1, replicates = 25 }
[search]  # rows are standardised, and generated rows have decoder noise: both are the default
latent_dim = { choice = [1, 2] }
variant.one_of = { ae = {}, vae = { beta = 0.1 } }
latent_sampler.one_of = { gaussian = { covariance = "full" } }
"""

if __name__ == "__main__":  # vaebench trains in processes of its own
    rows = pd.DataFrame({"x": np.random.default_rng(0).normal(100, 10, 100)})  # your rows, of one column or several
    rows.to_csv("my_rows.csv", index=False)
    Path("instead.toml").write_text(STUDY)
    print(vaebench.run("instead.toml")[["rank", "variant", "score", "ks"]].head(9))
    print(vaebench.generate("instead", 15_000, seed=1).agg(["mean", "std"]))
