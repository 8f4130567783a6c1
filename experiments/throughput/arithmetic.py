"""The arithmetic limit: the time that the matrix products of a training alone would take on one core.

Of each dense layer [in, out], a step on B rows needs three products of 2 * B * in * out floating-point operations:

    forward   [B, in] x [in, out]
    weights   [in, B] x [B, out]      the gradient with respect to the kernel
    inputs    [B, out] x [out, in]    the gradient with respect to the layer's input; not of the first layer

The peak is measured with NumPy's products of just these sizes, one thread: each one's best rate, weighted by its
floating-point operations, which is their sum over the sum of each one's least time.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vaebench.study.spec import Spec

REPEATS = 30
SECONDS = 1e-3
"""Seconds of products timed at once."""


@dataclass(frozen=True)
class Product:
    """A matrix product [rows, inner] x [inner, columns]."""

    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        """Floating-point operations: a multiplication and an addition each."""
        return 2 * self.rows * self.inner * self.columns


def layers(spec: Spec, columns: int, *, heads: int) -> list[tuple[int, int]]:
    """Return (in, out) of every dense layer, latent_dim wide; `heads` is 2 with z_log_var, else 1."""
    encoder, decoder = [columns, *spec.encoder], [spec.latent_dim, *spec.decoder, columns]
    return [
        *pairwise(encoder),
        *[(encoder[-1], spec.latent_dim)] * heads,
        *pairwise(decoder),
    ]


def products(spec: Spec, columns: int, rows: int, *, heads: int) -> Iterator[Product]:
    """Yield every product of a step on `rows` rows."""
    for index, (inputs, outputs) in enumerate(layers(spec, columns, heads=heads)):
        yield Product(rows, inputs, outputs)
        yield Product(inputs, rows, outputs)
        if index:
            yield Product(rows, outputs, inputs)


def training(spec: Spec, columns: int, train_rows: int, *, heads: int) -> dict[Product, int]:
    """Return how often each product is computed in all epochs; an epoch's last batch may be smaller."""
    full, rest = divmod(train_rows, spec.batch_size)
    counts: dict[Product, int] = {}
    for rows, batches in ((spec.batch_size, full), (rest, 1 if rest else 0)):
        for product in products(spec, columns, rows, heads=heads) if batches else ():
            counts[product] = counts.get(product, 0) + batches * spec.epochs
    return counts


def least_seconds(product: Product) -> float:
    """Measure the least time of a product in single precision, operands in the cache."""
    random = np.random.default_rng(0)
    a = random.standard_normal((product.rows, product.inner), np.float32)
    b = random.standard_normal((product.inner, product.columns), np.float32)
    out = np.empty((product.rows, product.columns), np.float32)

    def time_of(count: int) -> float:
        clock = time.perf_counter()
        for _ in range(count):
            np.matmul(a, b, out=out)
        return (time.perf_counter() - clock) / count

    count = max(1, int(SECONDS / max(time_of(10), 1e-7)))
    return min(time_of(count) for _ in range(REPEATS))


def limit(spec: Spec, columns: int, train_rows: int, *, heads: int) -> tuple[float, float]:
    """Return the floating-point operations of a training, and the seconds that they take at the measured peak."""
    counts = training(spec, columns, train_rows, heads=heads)
    operations = sum(product.operations * count for product, count in counts.items())
    seconds = sum(least_seconds(product) * count for product, count in counts.items())
    return float(operations), seconds
