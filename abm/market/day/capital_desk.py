"""Money outside trading: owners settle at month ends, and wealth outside follows each fixing.

Both look at published fixings alone, which nobody in the market can move by trading.
"""

from __future__ import annotations

import math

from abm.clearing.capital.terms import MILLION
from abm.market.state import MarketState


def follow_price(market: MarketState) -> None:
    """Let wealth outside the market follow today's fixing, before anybody plans the day.

    The surprise is the log change of the fixing less that of the price level's trend; shifts of the level are
    part of it, as they surprise everybody. A fixing that is not positive has no logarithm and moves nothing.
    """
    outside, clock, fixings = market.clearing.outside_wealth, market.clock, market.desk.fixings
    if not outside.moves or len(fixings) < 2:
        return
    before, now = (fixing.usd_micro for fixing in fixings[-2:])
    if before <= 0 or now <= 0:
        return
    level, year_fraction = market.desk.process.level, clock.calendar.year_fraction
    trend = level.log_usd(year_fraction(clock.day)) - level.log_usd(year_fraction(clock.day - 1))
    outside.follow(math.log(now / before) - float(trend), now_round=clock.now_round)


def settle_with_owners(market: MarketState) -> None:
    """At a month's end let owners take out and bring in, after settlement, calls, interest and fees."""
    owners, clock = market.clearing.owners, market.clock
    if owners.are_there and clock.calendar.is_last_day_of_month(clock.day):
        owners.settle(price_ratio_millionths(market), now_round=clock.now_round)


def price_ratio_millionths(market: MarketState) -> int:
    """Return the mean fixing of the last months over the fixing of day 0, in millionths.

    A fixing below zero counts as zero. Where the first one is not positive the ratio is one.
    """
    fixings = market.desk.fixings
    days = market.scenario.agents.capital.lag_months * market.clock.calendar.days_per_month
    lagged = [max(fixing.usd_micro, 0) for fixing in fixings[-days:]]
    first = fixings[0].usd_micro
    return sum(lagged) * MILLION // (len(lagged) * first) if first > 0 else MILLION
