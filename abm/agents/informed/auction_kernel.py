"""Informed traders who mind their own price impact: one market order in every call auction (Kyle 1985).

With lambda the ticks by which a lot moves the price of an auction, p the public reference price before it,
and v what the trader knows the month to be worth tomorrow, an order of x lots gains x (v - p - lambda x) on
average. That is most at

    x = (v - p) / (2 lambda),

where fees in and out, f ticks a lot, shrink v - p to sign(v - p) max(|v - p| - f, 0). The trader learns
lambda, for each place on the curve, from what its own fills x have done to prices: after an auction

    R <- R + (x^2 - R) / min(n, M),    lambda <- lambda + x (price - p - lambda x) / (M R),

least squares through the origin with constant gain 1 / M (Evans and Honkapohja 2001), where n counts the
auctions; a first guess fades as (1 - 1/M)^n. Where others know the same, it takes their impact for its own.

The order is cut by the position limit, and by free funds in all months in one proportion. Kyle's trader is
paid v in the end. Here v is public at the next open: from then on the trader closes, at its rate of activity
and at the best quote, what it carries from days before, unless by then it knows that to be worth more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_limit, write_market
from abm.agents.base.timing import acts, arrival_ms
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TimeInForce, TradingPhase

_IOC = int(TimeInForce.IOC)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_AUCTION = int(TradingPhase.AUCTION)

AUCTION_INFORMED_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("signal_sd", np.float64),
        ("signal_error", np.float64),
        ("max_position_lots", np.int64),
        ("memory_auctions", np.float64),
        ("funds_usd", np.float64),
    ],
    align=True,
)
"""One trader. ``signal_error`` (log) is today's; ``funds_usd``: free funds at the open less the margin of
what it has ordered since; at a rate ``actions_per_day`` of zero it keeps still in auctions, too."""

IDLE, SENT, FILLED = range(3)
"""Stages of an order: there is none; it waits for its auction; its fill is known and the price is not."""

IMPACT_DTYPE = np.dtype(
    [
        ("impact_ticks", np.float64),
        ("mean_square_lots", np.float64),
        ("auctions", np.int64),
        ("stage", np.int64),
        ("reference_ticks", np.float64),
        ("order_lots", np.int64),
        ("filled_lots", np.int64),
        ("seen_lots", np.int64),
        ("carried_lots", np.int64),
    ],
    align=True,
)
"""What one trader remembers of one place on the curve. ``impact_ticks``: lambda, ticks a lot;
``reference_ticks``: p of the last order, ``order_lots`` its signed size, ``filled_lots`` what traded of it;
``seen_lots``: position at the last look; ``carried_lots``: what is left of the position at the open."""


@kernel
def begin_day(
    traders: NDArray[Any],
    impacts: NDArray[Any],
    free_funds_usd_micro: NDArray[np.int64],
    position_lots: NDArray[np.int64],
) -> None:
    """Take down own funds and what is carried from days before; orders of yesterday are over.

    Parameters
    ----------
    free_funds_usd_micro : array of int64, shape (accounts,)
        What each account could still pay.
    position_lots : array of int64, shape (accounts, listed months)
        Signed positions in tenor order.
    """
    for i in range(traders.shape[0]):
        traders[i].funds_usd = max(0.0, free_funds_usd_micro[traders[i].account] / 1e6)
        for tenor in range(impacts.shape[1]):
            held = position_lots[traders[i].account, tenor]
            impacts[i, tenor].stage = IDLE
            impacts[i, tenor].seen_lots = held
            impacts[i, tenor].carried_lots = held


@kernel
def decide_auction_informed(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    impacts: NDArray[Any],
    values_ticks: NDArray[np.float64],
    fees_ticks: float,
    margin_usd: NDArray[np.float64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages, one a trader and month at most, and return the new message count.

    Parameters
    ----------
    impacts : array of IMPACT_DTYPE, shape (traders, listed months)
        What each trader has learned and what it waits for.
    values_ticks : array of float, shape (listed months,)
        Tomorrow's value by tenor; a month whose value is NaN is left alone.
    fees_ticks : float
        Fees of a lot on its way in and out, in ticks.
    margin_usd : array of float, shape (listed months,)
        Initial margin of one lot.
    """
    for i in range(traders.shape[0]):
        me = traders[i]
        if me.actions_per_day <= 0.0:
            continue
        share = _plan_orders(me, i, impacts, values_ticks, fees_ticks, margin_usd, months, position_lots)
        for tenor in range(months.shape[0]):
            at, mine = months[tenor], impacts[i, tenor]
            held = position_lots[me.account, at.slot]
            if mine.order_lots != 0:
                side = 1 if mine.order_lots > 0 else -1
                added = _added_lots(mine.order_lots, held)
                lots = abs(mine.order_lots) - added + int(share * added)
                if lots > 0:
                    arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
                    count = write_market(
                        out, count, first_order_id, me.account, at.month, arrival, side, lots
                    )
                    me.funds_usd -= int(share * added) * margin_usd[tenor]
                    mine.stage, mine.reference_ticks = SENT, at.reference_ticks
            elif _closes(me, mine, i, streams, at.phase, held, day_share):
                value = values_ticks[tenor] + at.scale_ticks * math.expm1(me.signal_error)
                side, price, lots = _closing_trade(at, value, mine.carried_lots, held)
                if lots > 0:
                    arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
                    count = write_limit(
                        out, count, first_order_id, me.account, at.month, arrival, side, price, lots, _IOC, 0
                    )
    return count


@kernel
def _plan_orders(
    me: Any,
    row: int,
    impacts: NDArray[Any],
    values_ticks: NDArray[np.float64],
    fees_ticks: float,
    margin_usd: NDArray[np.float64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
) -> float:
    """Learn from auctions that are over, size an order for each that is on; return what share funds carry."""
    cost_usd = 0.0
    for tenor in range(months.shape[0]):
        at, mine = months[tenor], impacts[row, tenor]
        held = position_lots[me.account, at.slot]
        _follow(mine, at, held, me.memory_auctions)
        mine.order_lots = 0
        if at.phase == _AUCTION and mine.stage != SENT:
            value = values_ticks[tenor] + at.scale_ticks * math.expm1(me.signal_error)
            mine.order_lots = best_order_lots(
                value - at.reference_ticks, fees_ticks, mine.impact_ticks, held, me.max_position_lots
            )
            cost_usd += _added_lots(mine.order_lots, held) * margin_usd[tenor]
    return 1.0 if cost_usd <= me.funds_usd else max(0.0, me.funds_usd) / cost_usd


@kernel
def best_order_lots(
    surprise_ticks: float, fees_ticks: float, impact_ticks: float, held_lots: int, most_lots: int
) -> int:
    """Return the signed lots (v - p) / (2 lambda), after fees and within the position limit.

    Lambda counts as one tick over an order as large as the position limit if it is less, so that a trader who
    has seen no impact trades its limit. What is no number orders nothing.
    """
    gain = abs(surprise_ticks) - fees_ticks
    if not (math.isfinite(gain) and math.isfinite(impact_ticks)) or gain <= 0.0:
        return 0
    wanted = gain / (2.0 * max(impact_ticks, 1.0 / most_lots))
    side = 1 if surprise_ticks > 0.0 else -1
    room = max(0, most_lots - side * held_lots)
    return side * int(min(wanted + 0.5, float(room)))


@kernel
def _added_lots(order_lots: int, held_lots: int) -> int:
    """Return how many lots of an order go beyond closing a position."""
    if order_lots * held_lots >= 0:
        return abs(order_lots)
    return max(0, abs(order_lots) - abs(held_lots))


@kernel
def _follow(mine: Any, at: Any, held_lots: int, memory_auctions: float) -> None:
    """Take in what has been traded since the last look, and the price of an auction once it is shown.

    An auction is over when it has filled the order or the month trades on; all other fills close what is
    carried. Back to back auctions are told apart by the fill alone.
    """
    traded = held_lots - mine.seen_lots
    mine.seen_lots = held_lots
    if mine.stage == SENT:
        if traded != 0 or at.phase != _AUCTION:
            mine.stage, mine.filled_lots = FILLED if traded != 0 else IDLE, traded
    elif traded * mine.carried_lots < 0:
        left = max(0, abs(mine.carried_lots) - abs(traded))
        mine.carried_lots = left if mine.carried_lots > 0 else -left
    if mine.stage == FILLED and at.last_trade_ticks != NO_PRICE:
        mine.stage = IDLE
        learn_impact(mine, at.last_trade_ticks - mine.reference_ticks, mine.filled_lots, memory_auctions)


@kernel
def learn_impact(mine: Any, change_ticks: float, lots: int, memory_auctions: float) -> None:
    """Take an auction's change of price and own fill into lambda; what is no number teaches nothing."""
    if not math.isfinite(change_ticks):
        return
    mine.auctions += 1
    square = float(lots) * lots
    mine.mean_square_lots += (square - mine.mean_square_lots) / min(float(mine.auctions), memory_auctions)
    surprise = change_ticks - mine.impact_ticks * lots
    mine.impact_ticks += lots * surprise / (memory_auctions * mine.mean_square_lots)


@kernel
def _closes(
    me: Any, mine: Any, row: int, streams: NDArray[np.uint64], phase: int, held_lots: int, day_share: float
) -> bool:
    """Say whether a trader looks in this round at a month in which it carries a position from before."""
    if phase != _CONTINUOUS or mine.carried_lots * held_lots <= 0:
        return False
    looks: bool = acts(streams, row, me.actions_per_day, day_share)
    return looks


@kernel
def _closing_trade(at: Any, value: float, carried_lots: int, held_lots: int) -> tuple[int, int, int]:
    """Return side, price and lots of a trade that closes what is carried, no lots if it should be held."""
    side = -1 if carried_lots > 0 else 1
    price = at.best_bid_ticks if side < 0 else at.best_ask_ticks
    shown = at.bid_lots if side < 0 else at.ask_lots
    if price == NO_PRICE or not side * (value - price) >= 0.0:
        return side, price, 0
    return side, price, min(abs(carried_lots), abs(held_lots), shown)
