"""Order flow without traders: Poisson streams of limit orders, market orders and cancellations.

The flow of the zero-intelligence model (Farmer, Patelli and Zovko 2005: limit orders fall uniformly on all
prices at which they would rest) and of the Markov order book (Cont, Stoikov and Talreja 2010: rates depend on
the distance from the best opposite price). It is the least that makes a book, and its answers are known.

A source posts bids, posts offers, or takes, so that no market order meets an order of its own account. A
limit order that would trade at once is refused as post-only, which is what both models say of it: there is no
such order. Nobody is told of fills: each order has a clock of its own that rings at the largest cancellation
rate, a ring at distance d cancels with probability theta(d) / max theta, and clocks have no memory. A ring of
an order that was filled finds nothing to cancel and is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_limit, write_market
from abm.agents.base.ticks import floor_ticks
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, MessageKind, TimeInForce, TradingPhase
from abm.core.random_kernels import exponential, uniform

_CANCEL = int(MessageKind.CANCEL)
_GTC = int(TimeInForce.GTC)
_DAY = int(TimeInForce.DAY)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)

ROUND_MS = 1_000.0
"""Time over which the events of a round are spread, milliseconds (judgement)."""

SOURCE_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("tenor", np.int64),
        ("side", np.int64),
        ("orders_per_day", np.float64),
        ("lots", np.int64),
        ("month", np.int64),
        ("opposite_ticks", np.int64),
    ],
    align=True,
)
"""One source. ``side``: that of the limit orders it posts, 0 for market orders of both; ``opposite_ticks``:
the best price of the other side of ``month`` when there last was one."""

CLOCK_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("price_ticks", np.int64),
        ("month", np.int64),
        ("row", np.int64),
        ("rings_at", np.float64),
    ],
    align=True,
)
"""Clock of one limit order, filled or not: row of its source, and when it rings next, in trading days."""


@kernel
def decide_flow(
    sources: NDArray[Any],
    streams: NDArray[np.uint64],
    clocks: NDArray[Any],
    n_clocks: int,
    cumulative_share: NDArray[np.float64],
    first_distance: int,
    cancels_per_day: NDArray[np.float64],
    months: NDArray[Any],
    starts_at: float,
    day_share: float,
    most_events: int,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> tuple[int, int]:
    """Write the round's messages of all sources; return the new counts of messages and of clocks.

    Parameters
    ----------
    clocks : array of CLOCK_DTYPE
        ``n_clocks`` clocks, and room for the limit orders of the round.
    cumulative_share : array of float
        Cumulative shares of the distances ``first_distance``, ``first_distance + 1``, ... in limit orders.
    cancels_per_day : array of float
        Cancellation rate of an order at distance 1, 2, ...; the last holds for all beyond.
    starts_at, day_share : float
        Start and length of the round, trading days.
    most_events : int
        Bound on the orders of one source.
    """
    ends_at, fastest = starts_at + day_share, cancels_per_day.max()
    for row in range(sources.shape[0]):
        _look(sources, row, months)
        me = sources[row]
        if me.orders_per_day <= 0.0 or months[me.tenor].phase != _CONTINUOUS:
            continue
        if me.side != 0 and me.opposite_ticks == NO_PRICE:
            continue
        now = starts_at + exponential(streams, row) / me.orders_per_day
        for _ in range(most_events):
            if now >= ends_at:
                break
            arrival = ROUND_MS * (now - starts_at) / day_share
            if me.side == 0:
                side = 1 if uniform(streams, row) < 0.5 else -1
                count = write_market(out, count, first_order_id, me.account, me.month, arrival, side, me.lots)
            else:
                place = np.searchsorted(cumulative_share, uniform(streams, row), side="right")
                price = me.opposite_ticks - me.side * (first_distance + place)
                count = write_limit(
                    out, count, first_order_id, me.account, me.month, arrival, me.side, price, me.lots,
                    _GTC, 1,
                )  # fmt: skip
                ring = now + exponential(streams, row) / fastest
                n_clocks = _start_clock(clocks, n_clocks, row, out[count - 1], ring)
            now += exponential(streams, row) / me.orders_per_day
    return _follow_clocks(
        sources, streams, clocks, n_clocks, cancels_per_day, fastest, months, starts_at, day_share, out, count
    )


@kernel
def _look(sources: NDArray[Any], row: int, months: NDArray[Any]) -> None:
    """Take down the best opposite price; before there is any, both sides meet at the reference price."""
    at = months[sources[row].tenor]
    is_bid = sources[row].side > 0
    if sources[row].month != at.month:
        sources[row].month = at.month
        middle = floor_ticks(at.reference_ticks)
        sources[row].opposite_ticks = middle + 1 if is_bid and middle != NO_PRICE else middle
    seen = at.best_ask_ticks if is_bid else at.best_bid_ticks
    if seen != NO_PRICE:
        sources[row].opposite_ticks = seen


@kernel
def _start_clock(clocks: NDArray[Any], n_clocks: int, row: int, order: Any, rings_at: float) -> int:
    clocks[n_clocks].order_id = order.order_id
    clocks[n_clocks].price_ticks = order.price_ticks
    clocks[n_clocks].month = order.month
    clocks[n_clocks].row = row
    clocks[n_clocks].rings_at = rings_at
    return n_clocks + 1


@kernel
def _follow_clocks(
    sources: NDArray[Any],
    streams: NDArray[np.uint64],
    clocks: NDArray[Any],
    n_clocks: int,
    cancels_per_day: NDArray[np.float64],
    fastest: float,
    months: NDArray[Any],
    starts_at: float,
    day_share: float,
    out: NDArray[Any],
    count: int,
) -> tuple[int, int]:
    """Let every clock ring that is due and drop those that are done.

    The others keep their order, so that no source draws on behalf of another's orders.
    """
    kept, ends_at = 0, starts_at + day_share
    for k in range(n_clocks):
        clock = clocks[k]
        tenor = clock.month - months[0].month
        if clock.rings_at < ends_at or tenor < 0:
            if tenor < 0 or sources[clock.row].orders_per_day <= 0.0:
                continue
            rate = cancels_per_day[_distance_row(clock, sources, months[tenor], len(cancels_per_day))]
            is_cancelled = False
            while clock.rings_at < ends_at and not is_cancelled:
                if uniform(streams, clock.row) * fastest < rate:
                    is_cancelled = True
                    arrival = ROUND_MS * (clock.rings_at - starts_at) / day_share
                    count = _write_cancel(
                        out, count, sources[clock.row].account, clock.month, arrival, clock.order_id
                    )
                else:
                    clock.rings_at += exponential(streams, clock.row) / fastest
            if is_cancelled:
                continue
        if kept < k:
            clocks[kept] = clock
        kept += 1
    return count, kept


@kernel
def _distance_row(clock: Any, sources: NDArray[Any], at: Any, n_rates: int) -> int:
    """Return the row of the cancellation rates that holds at an order's distance from the opposite best."""
    side = sources[clock.row].side
    opposite = at.best_ask_ticks if side > 0 else at.best_bid_ticks
    if opposite == NO_PRICE:
        opposite = sources[clock.row].opposite_ticks
    row: int = min(max(side * (opposite - clock.price_ticks) - 1, 0), n_rates - 1)
    return row


@kernel
def _write_cancel(
    rows: NDArray[Any], count: int, account: int, month: int, arrival: float, order_id: int
) -> int:
    count = write_limit(rows, count, 0, account, month, arrival, 0, 0, 0, _DAY, 0)
    rows[count - 1].order_id = order_id
    rows[count - 1].kind = _CANCEL
    return count
