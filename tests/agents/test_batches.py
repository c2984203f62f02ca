"""One round's batch: order ids, arrival order, and latency."""

from __future__ import annotations

import numpy as np
import pytest
from stage import keys

from abm.agents.outbox import Outbox
from abm.agents.timing import acts, arrival_ms, geometric_lots, pick_tenor
from abm.core.orders import MessageKind


def send(outbox, account, arrival):
    return outbox.add(kind=MessageKind.LIMIT, account=account, month=0, arrival=arrival, side=1, lots=1)


def test_the_batch_is_sorted_by_arrival_and_a_traders_messages_keep_their_order():
    outbox = Outbox(1)
    for account, arrival in ((3, 9.0), (1, 2.0), (1, 2.0), (2, 1.0), (1, 2.0)):
        send(outbox, account, arrival)
    batch = outbox.take_sorted()
    assert batch["account"].tolist() == [2, 1, 1, 1, 3]
    assert batch["order_id"].tolist() == [4, 2, 3, 5, 1]


def test_order_ids_run_on_from_batch_to_batch():
    outbox = Outbox(2)
    assert [send(outbox, 0, 0.0) for _ in range(3)] == [1, 2, 3]
    outbox.take_sorted()
    assert send(outbox, 0, 0.0) == 4


def test_a_taken_batch_is_not_overwritten_by_the_next_one():
    outbox = Outbox(2)
    send(outbox, 7, 1.0)
    batch = outbox.take_sorted()
    send(outbox, 8, 1.0)
    assert batch["account"].tolist() == [7]


def test_nobody_is_first_by_its_number_when_latency_has_no_jitter():
    """Two traders with the same latency: each is first about half the time."""
    streams = keys(2)
    first = sum(arrival_ms(streams, 0, 5.0, 0.0) < arrival_ms(streams, 1, 5.0, 0.0) for _ in range(2_000))
    assert first == pytest.approx(1_000, abs=4 * np.sqrt(500))


def test_the_median_arrival_is_the_latency():
    streams = keys(1)
    draws = [arrival_ms(streams, 0, 40.0, 0.5) for _ in range(4_000)]
    assert np.median(draws) == pytest.approx(40.0, rel=0.05)


def test_the_chance_to_act_is_that_of_a_poisson_event():
    streams = keys(1)
    acted = sum(acts(streams, 0, 24.0, 1 / 48) for _ in range(20_000))
    expected = 1 - np.exp(-0.5)
    assert acted / 20_000 == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 20_000))


def test_sizes_are_geometric_with_the_mean():
    streams = keys(1)
    lots = np.array([geometric_lots(streams, 0, 4.0) for _ in range(20_000)])
    assert lots.min() == 1
    assert lots.mean() == pytest.approx(4.0, abs=4 * np.sqrt(12 / 20_000))
    assert all(geometric_lots(streams, 0, 1.0) == 1 for _ in range(10))


def test_a_draw_picks_the_tenor_in_whose_share_it_falls():
    weights = np.array([0.5, 0.75, 1.0])
    assert [pick_tenor(weights, draw) for draw in (0.0, 0.49, 0.5, 0.74, 0.75, 0.999)] == [0, 0, 1, 1, 2, 2]
