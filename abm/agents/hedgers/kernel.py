"""Execution of a hedge programme, shared by enterprises (buyers) and providers (sellers).

A hedger compares its position with the programme's target in every month, picks a month with probability
in proportion to the gap, replaces its resting order there, and sends one slice: passive at the best price of
its own side, or, with a given probability, across the spread. It pays no more than a set premium over the
model curve and never sells below its floor. The delivery month is left alone: its exposure rolls off with the
fixings.

What a hedger may do besides, each off at zero: cross when nothing has filled for some time
(``patience_days``), take no more than a share of what shows (``participation``), and give up a risk
premium that grows with the tenor (``risk_premium_per_month``): it then accepts prices that much worse than
the model, and its passive quotes improve on the book up to there (hedging pressure: Keynes 1930,
Hirshleifer 1990). One in urgency crosses at any price inside the day's limits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_cancel_all, write_limit
from abm.agents.base.ticks import ceil_ticks, clamp_ticks, floor_ticks
from abm.agents.base.timing import acts, arrival_ms
from abm.core.arrays import FloatArray
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TimeInForce, TradingPhase
from abm.core.random_kernels import uniform

_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)
_HALT = int(TradingPhase.HALT)

HEDGER_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("cross_probability", np.float64),
        ("max_premium", np.float64),
        ("floor_ticks", np.float64),
        ("slice_lots", np.int64),
        ("band_lots", np.int64),
        ("risk_premium_per_month", np.float64),
        ("patience_days", np.float64),
        ("participation", np.float64),
        ("urgency", np.int64),
    ],
    align=True,
)
"""One hedger. ``max_premium`` is the share of the model price it pays or gives up to trade at all;
``floor_ticks`` the price under which it would not sell today's output; ``band_lots`` the gap that it leaves
alone unless its target is zero; ``risk_premium_per_month`` a share of the model price for each month of
tenor; ``patience_days`` the time without a fill after which it crosses; ``participation`` the share of the
lots shown that one slice may be, one lot at least; ``urgency`` one of the three below."""

OPTIONAL_COLUMNS = ("risk_premium_per_month", "patience_days", "participation", "urgency")
"""Columns that are zero where nothing beyond the plain programme is asked for."""

NO_URGENCY, NEVER_DELIVERS, UNWINDS = 0, 1, 2
"""Usual pace; in a hurry where delivery is near (any position in the delivery month, sales of the next
one); in a hurry everywhere, the delivery month included."""

PROGRESS_DTYPE = np.dtype([("seen_lots", np.int64), ("waited_days", np.float64)], align=True)
"""Patience of a hedger in one month slot: its position when last looked at, and the time since the gap
opened or the position changed. Without a gap ``seen_lots`` is ``NO_GAP``."""

NO_GAP = int(np.iinfo(np.int64).min)
_ROUNDING_DAYS = 1e-9

MESSAGES_PER_AGENT = 2


@kernel
def decide_hedgers(
    hedgers: NDArray[Any],
    streams: NDArray[np.uint64],
    target_lots: NDArray[np.int64],
    floor_ratio: FloatArray,
    progress: NDArray[Any],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages of all hedgers and return the new message count.

    Parameters
    ----------
    target_lots : array of int64, shape (hedgers, listed months)
        Signed position that the programme wants, in tenor order; column 0 counts for those in a hurry only.
    floor_ratio : array of float, shape (listed months,)
        Floor under sales of each month over that of today's output, positive.
    progress : array of PROGRESS_DTYPE, shape (hedgers, listed months)
        By slot; advanced in place for those with patience.
    """
    for i in range(hedgers.shape[0]):
        me = hedgers[i]
        if me.patience_days > 0.0:
            _wait(progress[i], target_lots[i], months, position_lots[me.account], me.band_lots, day_share)
        if not acts(streams, i, me.actions_per_day, day_share):
            continue
        first_tenor = 1 if me.urgency == NO_URGENCY else 0
        tenor = _pick_gap(
            target_lots[i], months, position_lots[me.account], me.band_lots, first_tenor, uniform(streams, i)
        )
        if tenor < 0:
            continue
        at = months[tenor]
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        held = position_lots[me.account, at.slot]
        gap = target_lots[i, tenor] - held
        side = 1 if gap > 0 else -1
        if me.urgency == UNWINDS and held * side >= 0:  # sold more than was meant: that stays sold
            continue
        hurries = me.urgency == UNWINDS or (me.urgency == NEVER_DELIVERS and tenor <= 1 and held * side < 0)
        limit = _sweep_limit(me, at, side) if hurries else _worst_price(me, at, tenor, side, floor_ratio)
        crosses = uniform(streams, i) < me.cross_probability
        if me.patience_days > 0.0 and progress[i, at.slot].waited_days >= me.patience_days - _ROUNDING_DAYS:
            crosses = True
        if at.phase == _HALT:
            continue
        if hurries:
            opposite = at.best_ask_ticks if side > 0 else at.best_bid_ticks
            price, time_in_force = limit, _DAY if opposite == NO_PRICE else _IOC
        else:
            price, time_in_force = _slice_price(me, at, tenor, side, limit, crosses)
        if price != NO_PRICE:  # a price that is no number is refused and leaves the resting order alone
            count = write_cancel_all(out, count, me.account, at.month, arrival)
        if price == NO_PRICE or at.low_ticks <= price <= at.high_ticks:
            wanted = abs(gap) if hurries else min(abs(gap), me.slice_lots)
            lots = _participating(me, at, side, wanted, time_in_force == _IOC)
            count = write_limit(
                out, count, first_order_id, me.account, at.month, arrival, side, price, lots, time_in_force, 0
            )
    return count


@kernel
def _wait(
    progress: NDArray[Any],
    targets: NDArray[np.int64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    band_lots: int,
    day_share: float,
) -> None:
    """Add a round to the waiting time of every gap that nothing has filled since the last one."""
    for tenor in range(targets.shape[0]):
        slot = months[tenor].slot
        held = position_lots[slot]
        if tenor == 0 or _gap_lots(targets[tenor], held, band_lots) == 0:
            progress[slot].seen_lots = NO_GAP
        elif progress[slot].seen_lots == held:
            progress[slot].waited_days += day_share
        else:
            progress[slot].seen_lots = held
            progress[slot].waited_days = 0.0


@kernel
def _gap_lots(target_lots: int, held_lots: int, band_lots: int) -> int:
    """Return the distance from the target, zero inside the band; a target of zero has no band."""
    gap: int = abs(target_lots - held_lots)
    return gap if gap > band_lots or target_lots == 0 else 0


@kernel
def _pick_gap(
    targets: NDArray[np.int64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    band_lots: int,
    first_tenor: int,
    draw: float,
) -> int:
    """Return a tenor with probability in proportion to its gap beyond the band, -1 if there is none."""
    total = 0
    for tenor in range(first_tenor, targets.shape[0]):
        total += _gap_lots(targets[tenor], position_lots[months[tenor].slot], band_lots)
    left = draw * total
    for tenor in range(first_tenor, targets.shape[0]):
        gap = _gap_lots(targets[tenor], position_lots[months[tenor].slot], band_lots)
        if gap > 0:
            left -= gap
            if left < 0.0:
                return tenor
    return -1


@kernel
def _participating(me: Any, at: Any, side: int, wanted_lots: int, crosses: bool) -> int:
    """Return the lots of one slice: what is wanted, or the hedger's share of what shows, at least one."""
    lots = wanted_lots
    if me.participation > 0.0:
        shown = at.ask_lots if (side > 0) == crosses else at.bid_lots
        lots = min(lots, max(1, int(me.participation * shown)))
    return lots


@kernel
def _sweep_limit(me: Any, at: Any, side: int) -> int:
    """Return how far one in a hurry goes: its premium beyond the best price, inside the limits of the day."""
    opposite = at.best_ask_ticks if side > 0 else at.best_bid_ticks
    start = at.reference_ticks if opposite == NO_PRICE else float(opposite)
    farthest = start + side * me.max_premium * at.scale_ticks
    worst = floor_ticks(farthest) if side > 0 else ceil_ticks(farthest)
    return clamp_ticks(worst, at.low_ticks, at.high_ticks)


@kernel
def _worst_price(me: Any, at: Any, tenor: int, side: int, floor_ratio: FloatArray) -> int:
    """Return the highest tick a buyer pays or the lowest a seller takes, ``NO_PRICE`` without a belief."""
    concession = (me.max_premium + me.risk_premium_per_month * tenor) * at.scale_ticks
    if side > 0:
        highest: int = floor_ticks(at.model_ticks + concession)
        return highest
    lowest: int = ceil_ticks(at.model_ticks - concession)
    floor = me.floor_ticks * floor_ratio[tenor]
    if lowest != NO_PRICE and not floor <= lowest:  # NaN is not a floor that any price is above
        lowest = ceil_ticks(floor)
    return lowest


@kernel
def _slice_price(me: Any, at: Any, tenor: int, side: int, limit: int, crosses: bool) -> tuple[int, int]:
    """Return price and time in force of one slice: across the spread, or joining the own side.

    One who gives a risk premium bids up to it over the model, or offers down to it, rather than wait in a
    queue at a better price.
    """
    if limit == NO_PRICE:
        return NO_PRICE, _DAY
    own = at.best_bid_ticks if side > 0 else at.best_ask_ticks
    opposite = at.best_ask_ticks if side > 0 else at.best_bid_ticks
    if crosses and opposite != NO_PRICE and side * (limit - opposite) >= 0:
        return opposite, _IOC
    if own == NO_PRICE:
        own = floor_ticks(at.reference_ticks - side + 0.5)
        if own == NO_PRICE:
            return NO_PRICE, _DAY
    if me.risk_premium_per_month > 0.0:
        given = side * me.risk_premium_per_month * tenor * at.scale_ticks
        shaded = floor_ticks(at.model_ticks + given) if side > 0 else ceil_ticks(at.model_ticks + given)
        if shaded != NO_PRICE and side * (shaded - own) > 0:
            own = shaded
    if opposite != NO_PRICE and side * (own - opposite) >= 0:
        own = opposite - side
    if side * (own - limit) > 0:
        own = limit
    return own, _DAY
