"""Settings that all tests share."""

import vaebench.engine.tf_setup  # noqa: F401 - TensorFlow, quiet, before any test imports it
