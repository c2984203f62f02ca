"""No packaged scenario changes unnoticed: its state hash is the one on file."""

from __future__ import annotations

import pytest
from golden_hashes import CASES, FILE, hash_now, recorded, versions


def test_the_file_has_every_packaged_scenario_and_nothing_else():
    assert all(set(hashes) == set(CASES) for hashes in recorded().values())


@pytest.mark.parametrize("case", CASES)
def test_a_packaged_scenario_ends_in_the_state_on_file(case):
    known = recorded().get(versions())
    if known is None:
        pytest.skip(f"{FILE.name} has no hashes for {versions()}")
    assert hash_now(case) == known[case], "results have changed: CHANGELOG says why, then renew the file"
