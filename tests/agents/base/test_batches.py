"""One round's batch: order ids, arrival order, and latency."""

from __future__ import annotations

import numpy as np
import pytest
from stage import keys

from abm.agents.base.outbox import Outbox, write_cancel_all, write_limit, write_market, write_quote
from abm.agents.base.timing import acts, arrival_ms, geometric_lots, pick_tenor
from abm.core.orders import ORDER_DTYPE, MessageKind, SelfMatch, TimeInForce

DAY = int(TimeInForce.DAY)


def send(outbox, account, arrival):
    return outbox.add(kind=MessageKind.LIMIT, account=account, month=0, arrival=arrival, side=1, lots=1)


def test_the_batch_is_sorted_by_arrival_and_a_traders_messages_keep_their_order():
    outbox = Outbox(1)
    for account, arrival in ((3, 9.0), (1, 2.0), (1, 2.0), (2, 1.0), (1, 2.0)):
        send(outbox, account, arrival)
    batch = outbox.take_sorted()
    assert batch["account"].tolist() == [2, 1, 1, 1, 3]
    assert batch["order_id"].tolist() == [7, 3, 5, 9, 1]


def test_order_ids_run_on_from_batch_to_batch():
    outbox = Outbox(2)
    assert [send(outbox, 0, 0.0) for _ in range(3)] == [1, 3, 5]
    assert outbox.next_order_id == 7
    outbox.take_sorted()
    assert send(outbox, 0, 0.0) == 7


def test_the_ask_of_a_quote_has_the_id_after_its_bid_and_no_other_order_has():
    rows = np.zeros(3, dtype=ORDER_DTYPE)
    count = write_quote(rows, 0, 101, 7, 30, 1.0, 95, 4, 97, 5, 1)
    count = write_limit(rows, count, 101, 7, 30, 1.0, 1, 95, 4, DAY, 0)
    count = write_market(rows, count, 101, 7, 30, 1.0, -1, 4)
    assert count == 3
    assert rows["order_id"].tolist() == [101, 103, 105]
    quoted = rows[0][["kind", "price_ticks", "lots", "ask_ticks", "ask_lots", "post_only"]]
    assert quoted.item() == (MessageKind.QUOTE, 95, 4, 97, 5, 1)


WRITERS = {
    "limit": lambda rows: write_limit(rows, 1, 101, 7, 30, 1.0, 1, 95, 4, DAY, 0),
    "market": lambda rows: write_market(rows, 1, 101, 7, 30, 1.0, -1, 4),
    "quote": lambda rows: write_quote(rows, 1, 101, 7, 30, 1.0, 95, 4, 97, 5, 1),
    "cancel_all": lambda rows: write_cancel_all(rows, 1, 7, 30, 1.0),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_row_keeps_nothing_of_the_message_it_held_in_an_earlier_round(name):
    fresh, used = np.zeros(2, dtype=ORDER_DTYPE), np.full(2 * ORDER_DTYPE.itemsize, 0x55, np.uint8)
    used = used.view(ORDER_DTYPE)
    assert WRITERS[name](fresh) == WRITERS[name](used) == 2
    assert used[1].item() == fresh[1].item()


@pytest.mark.parametrize("instruction", SelfMatch)
def test_messages_carry_the_self_match_instruction_of_the_scenario_unless_their_sender_gives_one(instruction):
    outbox = Outbox(4, self_match=instruction)
    outbox.count = write_limit(outbox.rows, 0, 1, 7, 30, 1.0, 1, 95, 4, DAY, 0)
    send(outbox, 0, 2.0)
    own = {"kind": MessageKind.LIMIT, "account": 0, "month": 0}
    for code in (*SelfMatch, 99):
        outbox.add(**own, arrival=3.0, self_match=code)
    assert outbox.messages["self_match"].tolist() == [instruction, instruction, *SelfMatch, 99]
    assert outbox.take_sorted()["self_match"].tolist() == [instruction, instruction, *SelfMatch, 99]


def test_messages_that_others_number_go_on_from_the_next_id_and_a_wrong_number_stops_the_run():
    outbox = Outbox(2)
    send(outbox, 0, 1.0)
    close_outs = np.zeros(2, dtype=ORDER_DTYPE)
    close_outs["order_id"] = outbox.next_order_id + 2 * np.arange(2)
    outbox.extend(close_outs)
    assert outbox.take_sorted()["order_id"].tolist() == [3, 5, 1]
    assert send(outbox, 0, 1.0) == 7
    with pytest.raises(AssertionError, match="order ids"):
        outbox.extend(close_outs)
    cancel = np.zeros(1, dtype=ORDER_DTYPE)
    cancel["order_id"], cancel["kind"] = 3, MessageKind.CANCEL
    outbox.extend(cancel)


def test_a_rule_may_change_leave_out_and_add_messages_and_ids_still_run_on():
    outbox = Outbox(4)
    for arrival in (3.0, 1.0):
        send(outbox, 0, arrival)
    batch = outbox.messages
    batch["lots"][0] = 9
    added = np.concatenate([batch[:1]] * 4)
    added["order_id"][1:] = outbox.next_order_id + 2 * np.arange(3)
    taken = outbox.take_sorted(added)
    assert taken["order_id"].tolist() == [1, 5, 7, 9]
    assert taken["lots"].tolist() == [9] * 4
    assert send(outbox, 0, 0.0) > 9


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
