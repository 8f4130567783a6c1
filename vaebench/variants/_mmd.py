"""The maximum mean discrepancy between codes and the prior, shared by the variants that have it as a penalty.

Gretton et al., "A kernel two-sample test", JMLR 13 (2012). The kernel is that of Tolstikhin et al., "Wasserstein
auto-encoders", ICLR 2018, arXiv 1711.01558.
"""

from vaebench.variants import Networks, Tensor

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Those of the paper's code: one kernel may have no gradient left where codes are far from the prior."""
BLOCK = 256
"""Rows that are compared with each other. All pairs of thousands of test rows would take gigabytes."""


def squared_mmd(z: Tensor, networks: Networks) -> Tensor:
    """Return the estimate of MMD^2 between codes z [B, Z] and as many draws of N(0, 1), for each row that of its block.

    Unbiased, so it may be negative: of the n rows of a block that count,
    sum_{i != j} (k(z_i, z_j) + k(p_i, p_j)) / (n (n - 1)) - 2 sum_{i, j} k(z_i, p_j) / n^2, with the inverse
    multiquadratic k(a, b) = sum_s C_s / (C_s + |a - b|^2), C_s = 2 latent_dim s over SCALES. 0 for a single row.
    """
    import tensorflow as tf

    rows = z.shape[0]
    blocks = -(-rows // BLOCK)
    size = -(-rows // blocks)
    missing = [[0, blocks * size - rows]]

    def split(values: Tensor) -> Tensor:
        return tf.reshape(tf.pad(values, [*missing, [0, 0]]), (blocks, size, -1))

    codes, prior, counted = split(z), split(networks.latent_noise()), split(networks.counted[:, None])
    base = 2.0 * tf.reduce_sum(networks.latent_mask)

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        lengths = tf.reduce_sum(a**2, axis=-1)[:, :, None] + tf.reduce_sum(b**2, axis=-1)[:, None, :]
        distance = tf.nn.relu(lengths - 2.0 * tf.matmul(a, b, transpose_b=True))  # [blocks, size, size], squared
        return tf.add_n([base * scale / (base * scale + distance) for scale in SCALES])

    pairs = counted * tf.transpose(counted, (0, 2, 1))
    others = pairs * (1.0 - tf.eye(size))
    n = tf.reduce_sum(counted, axis=(1, 2))  # [blocks]
    within = tf.reduce_sum(others * (kernel(codes, codes) + kernel(prior, prior)), axis=(1, 2))
    between = tf.reduce_sum(pairs * kernel(codes, prior), axis=(1, 2))
    estimate = within / tf.maximum(n * (n - 1.0), 1.0) - 2.0 * between / tf.maximum(n, 1.0) ** 2
    estimate = tf.where(n > 1.0, estimate, 0.0)
    return tf.repeat(estimate, size)[:rows]
