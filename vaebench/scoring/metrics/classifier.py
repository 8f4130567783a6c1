"""Whether a classifier can tell generated rows from true samples."""

from collections.abc import Sequence

import numpy as np

from vaebench.rows import Kind, Rows
from vaebench.scoring.metrics.samples import some

MOST_ROWS = 4000
"""At most so many rows of each kind are used, half of them for training."""
FEWEST_ROWS = 100
"""With fewer rows the classifier would learn nothing, which would look like a perfect generator."""

LEVELS = 255
"""As many as the trees take."""


def classifier(generated: Rows, true: Rows, kinds: Sequence[Kind] = ()) -> float | None:
    """Return a classifier's area under the ROC curve on held-out rows: 0.5 is chance, 1.0 tells all rows apart.

    Gradient boosted trees on equally many rows of each kind. Shapes (rows, columns); None for fewer than FEWEST_ROWS.
    They split a category's levels, the last of which are one if there are more than LEVELS, and empty cells as such.

    Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017, arXiv 1610.06545, with the area instead of
    the accuracy, since it needs no threshold.
    """
    count = min(MOST_ROWS, len(generated), len(true))
    if count < FEWEST_ROWS:
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    sides = [some(generated, count), some(true, count)]
    half = count // 2
    learn, held_out = (np.concatenate([rows[part] for rows in sides]) for part in (slice(half), slice(half, None)))
    categories = [kind == "category" for kind in kinds]
    for part in (learn, held_out) if any(categories) else ():
        part[:, categories] = np.minimum(part[:, categories], LEVELS - 1)
    trees = HistGradientBoostingClassifier(
        max_iter=50,
        max_leaf_nodes=15,
        early_stopping=False,
        random_state=0,
        categorical_features=categories if any(categories) else None,
    )
    trees.fit(learn, np.repeat([1, 0], half))
    return float(roc_auc_score(np.repeat([1, 0], count - half), trees.predict_proba(held_out)[:, 1]))
