"""Jacobians of a network, in ordinary operations that may be differentiated again.

Rows are repeated once a column, so that one pass over the repeated rows gives every column's derivatives. Rows must not
act on each other: of batch norm, in inference. Many rows, such as test rows, are taken block by block.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from vaebench.tf_setup import tf

AT_ONCE = 2**16
"""Repeated rows that are passed through the network at once: 50 MB for each layer of 200 units, and several of them."""


def by_outputs(function: Callable[[Any], Any], z: Any, columns: int) -> Any:
    """Return d function(z)_c / dz [B, columns, Z] for z [B, Z]: one backward pass over columns * B rows."""

    def jacobian(z: Any) -> Any:
        rows, units = z.shape
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            repeated = tf.tile(z, (columns, 1))  # [columns * B, Z]
            tape.watch(repeated)
            chosen = function(repeated) * tf.repeat(tf.eye(columns), rows, axis=0)
        return tf.transpose(tf.reshape(tape.gradient(chosen, repeated), (columns, rows, units)), (1, 0, 2))

    return _in_blocks(jacobian, z, columns)


def by_inputs(function: Callable[[Any], Any], x: Any) -> Any:
    """Return d function(x) / dx_c [B, Z, columns] for x [B, columns]: derivatives along each column.

    A backward pass is linear in the gradient u that it starts from, u -> J' u; its derivative along v is J v. This
    works for all operations, while forward mode lacks some.
    """
    columns = x.shape[1]

    def jacobian(x: Any) -> Any:
        repeated = tf.tile(x, (columns, 1))  # [columns * B, columns]
        with tf.GradientTape(watch_accessed_variables=False) as forward:
            forward.watch(repeated)
            output = function(repeated)
        start = tf.zeros_like(output)
        with tf.GradientTape(watch_accessed_variables=False) as backward:
            backward.watch(start)
            gradient = forward.gradient(output, repeated, output_gradients=start)
        along = backward.gradient(gradient, start, output_gradients=tf.repeat(tf.eye(columns), x.shape[0], axis=0))
        return tf.transpose(tf.reshape(along, (columns, x.shape[0], output.shape[1])), (1, 2, 0))

    return _in_blocks(jacobian, x, columns)


def _in_blocks(jacobian: Callable[[Any], Any], x: Any, columns: int) -> Any:
    """Return the Jacobian at each row of x [B, width], one after the other of blocks of at most AT_ONCE repeated rows.

    A loop of the program's, so that the program does not grow with the rows. The last block has its last row again.
    """
    rows = x.shape[0]
    blocks = -(-rows // max(AT_ONCE // columns, 1))
    if blocks == 1:
        return jacobian(x)
    places = np.minimum(np.arange(blocks * -(-rows // blocks)), rows - 1).reshape(blocks, -1)
    found = tf.map_fn(jacobian, tf.gather(x, places))  # [blocks, rows of a block, ...]
    return tf.reshape(found, (-1, *found.shape[2:]))[:rows]
