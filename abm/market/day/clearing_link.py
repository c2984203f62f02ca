"""What passes from the clearing house to the exchange: pre-trade limits and close-out orders."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import NO_PRICE, TradingPhase
from abm.market.state import MarketState


def load_risk(market: MarketState) -> None:
    """Tell the exchange positions, funds and margin of every account, who may trade, and position limits."""
    house = market.clearing
    market.exchange.load_risk(
        position_lots=house.position_lots,
        funds_usd_micro=house.pre_trade_funds(),
        margin_per_lot_usd_micro=house.margin_per_lot_usd_micro,
        may_trade=house.may_trade,
        position_limit_lots=market.position_limits.by_slot(
            market.exchange.n_slots, market.clock.calendar.slot(market.clock.front_month)
        ),
        limit_exempt=market.position_limits.exempt,
    )


def close_out_orders(market: MarketState) -> NDArray[Any]:
    """Return the clearing house's orders for defaulters; it trades in continuous trading only."""
    top, terms = market.exchange.top_of_book(), market.curve.day_terms(market.clock.day)
    trading = top.phase == TradingPhase.CONTINUOUS
    return market.clearing.close_out_orders(
        best_bid_ticks=np.where(trading, top.best_bid_ticks, NO_PRICE),
        best_ask_ticks=np.where(trading, top.best_ask_ticks, NO_PRICE),
        low_ticks=terms["low_ticks"],
        high_ticks=terms["high_ticks"],
        months=terms["months"],
        first_order_id=market.outbox.next_order_id,
        bid_lots=top.bid_lots,
        ask_lots=top.ask_lots,
    )
