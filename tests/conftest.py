"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import settings

# A first example may compile a kernel, so no deadline; the same examples everywhere, so that a failure is
# everybody's failure.
settings.register_profile("sitsim", deadline=None, derandomize=True)
settings.load_profile("sitsim")
