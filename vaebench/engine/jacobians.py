"""Jacobians of a network, in ordinary operations that may be differentiated again.

Rows are repeated once a column, so that one pass over the repeated rows gives every column's derivatives. Rows must not
act on each other: of batch norm, in inference.
"""

from collections.abc import Callable
from typing import Any

from vaebench.tf_setup import tf


def by_outputs(function: Callable[[Any], Any], z: Any, columns: int) -> Any:
    """Return d function(z)_c / dz [B, columns, Z] for z [B, Z]: one backward pass over columns * B rows."""
    rows, units = z.shape
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        repeated = tf.tile(z, (columns, 1))  # [columns * B, Z]
        tape.watch(repeated)
        chosen = function(repeated) * tf.repeat(tf.eye(columns), rows, axis=0)
    return tf.transpose(tf.reshape(tape.gradient(chosen, repeated), (columns, rows, units)), (1, 0, 2))


def by_inputs(function: Callable[[Any], Any], x: Any) -> Any:
    """Return d function(x) / dx_c [B, Z, columns] for x [B, columns]: derivatives along each column.

    A backward pass is linear in the gradient u that it starts from, u -> J' u; its derivative along v is J v. This
    works for all operations, while forward mode lacks some.
    """
    rows, columns = x.shape
    repeated = tf.tile(x, (columns, 1))  # [columns * B, columns]
    with tf.GradientTape(watch_accessed_variables=False) as forward:
        forward.watch(repeated)
        output = function(repeated)
    start = tf.zeros_like(output)
    with tf.GradientTape(watch_accessed_variables=False) as backward:
        backward.watch(start)
        gradient = forward.gradient(output, repeated, output_gradients=start)
    along = backward.gradient(gradient, start, output_gradients=tf.repeat(tf.eye(columns), rows, axis=0))
    return tf.transpose(tf.reshape(along, (columns, rows, output.shape[1])), (1, 2, 0))
