"""Every number of a run folder, its speed included."""

from __future__ import annotations

import math

import pytest

from abm.recording import RunFolder
from analysis import metrics


def test_speed_leaves_set_up_out() -> None:
    manifest = {
        "counts": {"messages": 1_000},
        "cpu_seconds": {"set_up": 55.0, "agents": 1.5, "match": 0.5},
    }
    assert metrics.messages_per_cpu_second(manifest) == 500.0
    assert math.isnan(metrics.messages_per_cpu_second({**manifest, "cpu_seconds": {"set_up": 1.0}}))


def test_the_metrics_of_a_run_are_finite_plain_numbers(synthetic_run: RunFolder) -> None:
    numbers = metrics.run_metrics(synthetic_run)
    assert all(type(number) is float and math.isfinite(number) for number in numbers.values())
    assert numbers["front_two_sided_share"] == pytest.approx(0.99)
    assert numbers["client_defaults"] == 1.0
    assert numbers["messages_per_cpu_second"] == 60_000.0


def test_a_months_own_halts_are_counted_and_the_share_of_auctions_is_of_all_lots(
    synthetic_run: RunFolder,
) -> None:
    numbers = metrics.run_metrics(synthetic_run)
    assert (numbers["limit_halts"], numbers["interruptions"]) == (
        2.0,
        1.0,
    )  # one more halted along with another
    daily = synthetic_run.tables["daily"]
    share = daily["auction_lots"].sum() / daily["volume_lots"].sum()
    assert numbers["auction_volume_share"] == pytest.approx(share)
    assert 0.2 < share < 0.25
