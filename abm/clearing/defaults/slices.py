"""Orders that close positions in the live book, a slice a round."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.terms import ClearingRules
from abm.core.orders import NO_PRICE, ORDER_DTYPE, MessageKind, Side, TimeInForce


class ShownMarket(NamedTuple):
    """What the market shows of each month, arrays of int64 of shape (n_slots,)."""

    best_bid_ticks: NDArray[np.int64]
    best_ask_ticks: NDArray[np.int64]
    """Best prices; ``NO_PRICE`` on an empty side."""
    low_ticks: NDArray[np.int64]
    high_ticks: NDArray[np.int64]
    """Price limits of the day."""
    months: NDArray[np.int64]
    """Absolute month of each slot."""
    bid_lots: NDArray[np.int64] | None
    ask_lots: NDArray[np.int64] | None
    """Lots shown at the best prices; only a limit on participation needs them."""


def close_out_slices(
    accounts: NDArray[np.int64],
    to_close_lots: NDArray[np.int64],
    lots_at_start: NDArray[np.int64],
    market: ShownMarket,
    rules: ClearingRules,
    *,
    first_order_id: int,
) -> NDArray[np.void]:
    """Return one immediate-or-cancel order per account and month with lots to close.

    A slice is a share of the position at the start, at least one lot, so a close-out that always finds a
    counterparty lasts ``1 / slice_share`` rounds; under a participation limit it is no more than that share
    of what is shown at the best opposite price. Its limit is that price, worsened by the protection (at least
    one tick) and kept inside the day's limits. A month without an opposite price waits.

    Parameters
    ----------
    accounts : array of int64, shape (k,)
        Whose positions are closed.
    to_close_lots, lots_at_start : array of int64, shape (k, n_slots)
        What is left to close, with the sign of the position, and the absolute lots that slices are
        shares of.
    market : ShownMarket
        Best prices, limits and months.
    rules : ClearingRules
        Share of a slice, protection and participation.
    first_order_id : int
        The orders are numbered from here in steps of two, as all orders are.
    """
    opposite = np.where(to_close_lots > 0, market.best_bid_ticks, market.best_ask_ticks)
    rows, slots = np.nonzero((to_close_lots != 0) & (opposite != NO_PRICE))
    orders = np.zeros(len(rows), dtype=ORDER_DTYPE)
    for at, (row, slot) in enumerate(zip(rows.tolist(), slots.tolist(), strict=True)):
        lots, best = int(to_close_lots[row, slot]), int(opposite[row, slot])
        side = Side.SELL if lots > 0 else Side.BUY
        worst = best + int(side) * max(1, math.ceil(rules.close_out_protection * abs(best)))
        # The tiny slack keeps 0.07 x 100 lots, a float just above 7, from being rounded up to 8.
        slice_lots = max(1, math.ceil(rules.close_out_slice_share * int(lots_at_start[row, slot]) - 1e-9))
        if rules.close_out_participation > 0.0:
            shown = market.bid_lots if lots > 0 else market.ask_lots
            assert shown is not None, "participation is a share of lots shown, and none are given"
            most = max(1, int(rules.close_out_participation * int(shown[slot]) + 1e-9))
            slice_lots = min(slice_lots, most)
        orders["order_id"][at] = first_order_id + 2 * at
        orders["account"][at] = accounts[row]
        orders["month"][at] = market.months[slot]
        orders["side"][at] = int(side)
        orders["lots"][at] = min(abs(lots), slice_lots)
        orders["price_ticks"][at] = min(max(worst, int(market.low_ticks[slot])), int(market.high_ticks[slot]))
    orders["kind"] = int(MessageKind.LIMIT)
    orders["time_in_force"] = int(TimeInForce.IOC)
    orders["close_out"] = 1
    return orders
