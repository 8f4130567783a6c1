"""The network of a layout, ready to be applied: a perceptron, or Keras's own models."""

from typing import Any

from vaebench.engine.keras_layout import KerasApplied, KerasLayout
from vaebench.engine.perceptron import Assigned, Network
from vaebench.engine.weights import Layout, Weights


def network_of(
    layout: Layout | KerasLayout,
    weights: Weights,
    statistics: Any,
    assigned: Assigned,
    *,
    mask: Any = None,
    seed: Any = None,
) -> Network | KerasApplied:
    """Return the network: for training with a row mask [B], for inference without."""
    if isinstance(layout, KerasLayout):
        return KerasApplied(layout, weights, statistics, training=mask is not None)
    return Network(layout, layout.unpack(weights, statistics), assigned, mask=mask, seed=seed)
