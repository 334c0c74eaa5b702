"""A home of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_pipeline_tests.local.processes import a_home


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home; in the end the test waits until nothing runs there."""
    with a_home() as made:
        yield made
