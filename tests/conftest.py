"""Settings that all tests share."""

import pytest

import vaebench.runtime  # noqa: F401 - TensorFlow, quiet, before any test imports it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one worker process, where programs are compiled and studies run once for all of them."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
