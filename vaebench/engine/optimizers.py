"""Optimizers. All but Adadelta share one update rule, and thus one program; their coefficients are assigned.

    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2
    w <- (1 - decay) w - a m / (sqrt(v + inside) + outside)

Adam (Kingma and Ba, 2015, arXiv 1412.6980): a = rate sqrt(1 - b2^t) / (1 - b1^t). AdamW (Loshchilov and Hutter, 2019,
arXiv 1711.05101): with decay. RMSprop: b1 = 0, a = rate. Gradient descent: b1 = 0, b2 = 1, so v = 0, and inside = 1.
Adadelta (Zeiler, 2012, arXiv 1212.5701) has its own rule. Constants are Keras's defaults.
"""

from typing import Any, NamedTuple

from vaebench.tf_setup import tf

EPSILON = 1e-7
ADADELTA_DECAY = 0.95


class Coefficients(NamedTuple):
    """The coefficients of the shared rule, assigned at run time."""

    rate: Any
    first: Any  # b1
    second: Any  # b2
    inside: Any
    outside: Any
    decay: Any
    corrected: Any  # 1.0 if a corrects for m and v starting at zero, else 0.0


def coefficients(optimizer: str, learning_rate: float) -> Coefficients:
    """Return an optimizer's coefficients as scalar tensors."""
    adam = Coefficients(learning_rate, 0.9, 0.999, inside=0.0, outside=EPSILON, decay=0.0, corrected=1.0)
    values = {
        "adam": adam,
        "adamw": adam._replace(decay=0.004 * learning_rate),
        "rmsprop": Coefficients(learning_rate, 0.0, 0.9, inside=EPSILON, outside=0.0, decay=0.0, corrected=0.0),
        "sgd": Coefficients(learning_rate, 0.0, 1.0, inside=1.0, outside=0.0, decay=0.0, corrected=0.0),
        "adadelta": adam,  # its rule reads only the rate
    }[optimizer]
    return Coefficients(*(tf.constant(value, tf.float32) for value in values))


class Moments(NamedTuple):
    """m and v of the shared rule, or Adadelta's means of squared gradients and of squared steps."""

    first: Any
    second: Any


def update(rule: str, c: Coefficients, step: Any, w: Any, moments: Moments, g: Any) -> tuple[Any, Moments]:
    """Return variable `w` and its moments after an update by gradient `g` at `step` (counted from 1, float)."""
    m, v = moments
    if rule == "adadelta":
        m = ADADELTA_DECAY * m + (1.0 - ADADELTA_DECAY) * g**2
        change = -tf.sqrt(v + EPSILON) * tf.math.rsqrt(m + EPSILON) * g
        return w + c.rate * change, Moments(m, ADADELTA_DECAY * v + (1.0 - ADADELTA_DECAY) * change**2)
    corrected = tf.sqrt(1.0 - tf.pow(c.second, step)) / (1.0 - tf.pow(c.first, step))
    rate = c.rate * tf.where(c.corrected > 0.0, corrected, 1.0)
    m = m + (g - m) * (1.0 - c.first)
    v = v + (g**2 - v) * (1.0 - c.second)
    return (1.0 - c.decay) * w - rate * m / (tf.sqrt(v + c.inside) + c.outside), Moments(m, v)
