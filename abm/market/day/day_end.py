"""The close of a day: settlement prices, and at the end of a month final settlement and expiry."""

from __future__ import annotations

import numpy as np

from abm.exchange import SettlementTier, final_settlement_ticks
from abm.market.state import MarketState


def final_price_ticks(market: MarketState) -> int:
    """Return the front month's final settlement price: the mean of its last fixings on tick."""
    return final_settlement_ticks(
        market.desk.final_fixings_usd_micro(market.clock.front_month),
        market.contract.tick_size_usd_micro,
        scheduled_fixings=market.desk.final_fixings,
    )


def expire_front_month(market: MarketState) -> None:
    """Settle the front month at its final price; its positions and orders go."""
    month = market.clock.front_month
    slot = market.clock.calendar.slot(month)
    final = int(market.curve.settlement_ticks[0])
    market.exchange.expire_month(month)
    rows = market.hedge_accounts.close_month(
        month,
        position_lots=market.clearing.position_lots[:, slot],
        value_ticks=market.trade_value_ticks[:, slot],
        final_ticks=final,
        fees_usd_micro=market.clearing.fees_usd_micro,
    )
    market.tables.record_hedging(rows)
    market.clearing.final_settlement(slot, final)
    market.exchange.check()
    market.trade_value_ticks[:, slot] = 0


def settle_prices(market: MarketState) -> bool:
    """Set the day's settlement prices, final for a month that ends; return whether one ends.

    Exchange and clearing house keep positions apart, each from the trades alone: they must agree.
    """
    assert np.array_equal(market.exchange.position_lots, market.clearing.position_lots), "positions differ"
    market.curve.settle(market.today, market.exchange.top_of_book())
    market.exchange.close_day()
    expires = market.clock.calendar.is_last_day_of_month(market.clock.day)
    if expires:
        market.curve.settlement_ticks[0] = final_price_ticks(market)
    market.tables.record_day(market.today, front_is_final=expires)
    market.desk.see_settlements(
        market.clock.day,
        market.curve.settlement_ticks.astype(np.float64) * market.contract.ticks_to_usd(1),
        market.curve.settlement_tier <= SettlementTier.LAST_TRADE,
    )
    return expires


def roll_to_next_day(market: MarketState) -> None:
    """List the month that comes in an expired one's place, and margin what is held over the close."""
    day = market.clock.day
    market.curve.roll_to_next(day)
    market.clearing.set_margin(market.curve.margin_day(day + 1, market.today.volume_lots))
