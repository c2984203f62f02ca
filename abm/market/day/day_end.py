"""What the end of a month adds to the close: final settlement and expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.exchange import final_settlement_ticks

if TYPE_CHECKING:
    from abm.market.model import TokenFuturesMarket


def final_price_ticks(market: TokenFuturesMarket) -> int:
    """Return the front month's final settlement price: the mean of its last fixings on tick."""
    return final_settlement_ticks(
        market.desk.final_fixings_usd_micro(market.front_month),
        market.contract.tick_size_usd_micro,
        scheduled_fixings=market.desk.final_fixings,
    )


def expire_front_month(market: TokenFuturesMarket) -> None:
    """Settle the front month at its final price; its positions and orders go."""
    month = market.front_month
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
