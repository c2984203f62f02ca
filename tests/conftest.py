"""Settings of the whole suite."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

# A first example may compile a kernel, so no deadline; the same examples everywhere, so that a failure is
# everybody's failure.
settings.register_profile("sitsim", deadline=None, derandomize=True)
settings.load_profile("sitsim")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what the imports made out of every later look for garbage: a look takes a sixth of the time."""
    gc.collect()
    gc.freeze()
