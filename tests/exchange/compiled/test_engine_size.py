"""How large the compiled books are, and that they grow with what happens, however much one message causes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from abm.core.orders import ORDER_DTYPE, MessageKind, TimeInForce
from abm.exchange.compiled.engine import CompiledExchange
from abm.exchange.compiled.matching import match_batch
from abm.exchange.compiled.state import POOL_DTYPE

CACHE_LINE = 64
MEGABYTE = 2**20
MILLION_ORDERS = """
import numpy as np
from abm.core.orders import ORDER_DTYPE
from abm.exchange.compiled.engine import CompiledExchange

def resident_kilobytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

SLOTS, BATCH, BATCHES = 12, 5_000, 200
def opened():
    books = CompiledExchange(n_accounts=500, n_slots=SLOTS)
    books.open_day(
        months=np.arange(SLOTS),
        reference_ticks=np.full(SLOTS, 3_000),
        low_ticks=np.full(SLOTS, 2_700),
        high_ticks=np.full(SLOTS, 3_300),
        is_daily_limit=np.ones(SLOTS, dtype=np.bool_),
        protection_ticks=np.full(SLOTS, 60),
    )
    return books

orders = np.zeros(BATCH, dtype=ORDER_DTYPE)
opened().match(orders[:1])
before = resident_kilobytes()
books = opened()
rng = np.random.default_rng(1)
for batch in range(BATCHES):
    orders["order_id"] = batch * BATCH + np.arange(BATCH)
    orders["account"] = rng.integers(0, 500, BATCH)
    orders["month"] = rng.integers(0, SLOTS, BATCH)
    orders["side"] = rng.choice([1, -1], BATCH)
    orders["price_ticks"] = 3_000 - orders["side"] * rng.integers(1, 100, BATCH)
    orders["lots"] = rng.integers(1, 20, BATCH)
    assert books.match(orders).outcomes["resting_lots"].sum() == orders["lots"].sum()
print(resident_kilobytes() - before, sum(array.nbytes for array in books._state))
"""


def opened(**named):
    """Return books of one month from 1 to 1,000 ticks in which nobody lacks funds."""
    books = CompiledExchange(n_accounts=4, n_slots=1, **named)
    one = np.ones(1, dtype=np.int64)
    books.open_day(
        months=0 * one,
        reference_ticks=500 * one,
        low_ticks=one,
        high_ticks=1_000 * one,
        is_daily_limit=np.ones(1, dtype=np.bool_),
        protection_ticks=1_000 * one,
    )
    return books


def orders_of(count, **fields):
    orders = np.zeros(count, dtype=ORDER_DTYPE)
    orders["order_id"] = np.arange(count)
    orders["lots"] = 1
    for name, values in fields.items():
        orders[name] = values
    return orders


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell resident memory")
def test_a_million_resting_orders_take_less_than_100_megabytes():
    done = subprocess.run(
        [sys.executable, "-c", MILLION_ORDERS], capture_output=True, text=True, check=True, timeout=120
    )
    resident_kilobytes, array_bytes = map(int, done.stdout.split())
    assert array_bytes < 100 * MEGABYTE
    assert resident_kilobytes * 1024 < 100 * MEGABYTE


def test_a_resting_order_is_one_cache_line_also_after_the_books_have_grown():
    assert POOL_DTYPE.itemsize == CACHE_LINE
    books = opened(order_capacity=64)
    for start in range(0, 1_000, 100):
        books.match(orders_of(100, order_id=start + np.arange(100), side=1, price_ticks=10))
        assert books._state.pool.ctypes.data % CACHE_LINE == 0
    books.check()
    assert len(books.resting_orders()) == 1_000


def test_one_order_may_cause_more_trades_than_there_was_room_for():
    books = opened()
    lots = 50_000
    books.match(orders_of(1, order_id=1, side=-1, price_ticks=500, lots=lots, display_lots=1))
    result = books.match(orders_of(1, order_id=2, account=1, side=1, price_ticks=500, lots=lots))
    assert np.all(result.trades["lots"] == 1)
    assert np.all(result.trades["maker_order_id"] == 1)
    assert len(result.trades) == result.outcomes["filled_lots"][0] == lots
    assert len(books.resting_orders()) == 0


def test_orders_of_the_largest_size_need_no_room_for_a_trade_a_lot():
    """Two large orders trade once, though each lot of theirs might have been a trade."""
    books = opened(max_order_lots=10**9)
    books.match(orders_of(1, order_id=1, side=-1, price_ticks=500, lots=10**9))
    result = books.match(orders_of(1, order_id=2, account=1, side=1, price_ticks=500, lots=10**9))
    assert result.trades["lots"].tolist() == [10**9]
    assert sum(array.nbytes for array in books._state) < MEGABYTE


def test_one_trade_may_trigger_more_stops_than_there_was_room_for():
    books = opened()
    count = 5_000
    sells = orders_of(2 * count, side=-1, price_ticks=500 + np.arange(2 * count) % 400)
    stops = orders_of(count, order_id=20_000 + np.arange(count), account=1, side=1, stop_ticks=500)
    stops["kind"] = int(MessageKind.STOP)
    for batch in (*np.array_split(sells, 100), *np.array_split(stops, 100)):
        assert np.all(books.match(batch).outcomes["resting_lots"] == 1)
    assert len(books._store.state.trades) < count
    result = books.match(orders_of(1, order_id=40_000, account=2, side=1, price_ticks=500))
    assert len(result.trades) == count + 1
    assert np.array_equal(result.trades["taker_order_id"][1:], stops["order_id"])
    assert len(books.resting_orders()) == count - 1
    books.check()


def test_one_message_may_cancel_more_orders_than_there_was_room_for():
    books = opened()
    for part in np.array_split(orders_of(5_000, side=1, price_ticks=400 + np.arange(5_000) % 100), 50):
        books.match(part)
    assert len(books._store.state.cancellations) < 5_000
    result = books.match(orders_of(1, kind=int(MessageKind.CANCEL_ALL)))
    assert len(result.cancellations) == result.outcomes["cancelled_lots"][0] == 5_000


def test_a_stream_is_the_same_market_however_small_the_output_arrays_are():
    """The kernel stops where an array is full, and goes on at the same place when it has grown."""
    rng = np.random.default_rng(3)
    orders = orders_of(4_000, account=rng.integers(0, 4, 4_000), side=rng.choice([1, -1], 4_000))
    orders["price_ticks"] = 500 + rng.integers(-4, 5, 4_000)
    orders["lots"] = rng.integers(1, 30, 4_000)
    orders["display_lots"] = np.where(rng.random(4_000) < 0.2, 1, 0)
    orders["kind"] = rng.choice([0, 0, 0, 1, 2, 3, 4, 6, 7], 4_000)
    orders["time_in_force"][rng.random(4_000) < 0.1] = int(TimeInForce.IOC)
    orders["self_match"] = rng.integers(0, 3, 4_000)
    aims_back = np.isin(orders["kind"], (int(MessageKind.CANCEL), int(MessageKind.MODIFY)))
    orders["order_id"][aims_back] -= rng.integers(0, 40, int(aims_back.sum()))
    orders["stop_ticks"] = np.where(orders["side"] == 1, 503, 497)
    orders["ask_ticks"], orders["ask_lots"] = orders["price_ticks"] + 2, 3
    roomy, cramped = opened(), opened()
    for batch in np.array_split(orders, 40):
        expected = roomy.match(batch)
        store = cramped._store
        store.state = store.state._replace(
            trades=store.state.trades[:1].copy(), cancellations=store.state.cancellations[:1].copy()
        )
        for mine, its in zip(cramped.match(batch), expected, strict=True):
            assert np.array_equal(mine, its)
    cramped.check()
    assert np.array_equal(cramped.resting_orders(), roomy.resting_orders())


def test_messages_read_from_a_file_need_no_second_compilation(tmp_path, monkeypatch):
    """A file does not keep that the fields are aligned, which would make it another type to the compiler."""
    np.save(tmp_path / "orders.npy", orders_of(3, side=1, price_ticks=10))
    read = np.load(tmp_path / "orders.npy")
    assert not read.dtype.isalignedstruct
    books = opened()
    assert books.match(read).outcomes["resting_lots"].tolist() == [1, 1, 1]
    assert len(match_batch.signatures) == 1
    reached = []
    monkeypatch.setattr(books._store, "match", reached.append)
    books.match(read)
    assert reached[0].dtype.isalignedstruct
