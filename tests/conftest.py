"""Settings that all tests share."""

import vaebench.runtime  # noqa: F401 - TensorFlow, quiet, before any test imports it
