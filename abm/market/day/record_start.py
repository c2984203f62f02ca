"""The start of the record after a warm-up: positions and people stay, what is counted begins anew.

A warm-up is trading like any other: nobody in the market can tell that it is one. As day 0 opens, with its
fixing known and nothing traded yet, holders bring their positions in, hedges that are carried in count as
bought at the last settlement, what bills will cost is expected as of now, and counts begin at zero. Totals of
the clearing house go on; the tables take off what they came to by then.
"""

from __future__ import annotations

import copy

from abm.market.day.opening_positions import bring_in_positions
from abm.market.state import MarketState


def begin_record(market: MarketState) -> None:
    """Begin to count and to record, before the first round of day 0; the curve is that of the day."""
    bring_in_positions(market)
    house = market.clearing
    market.trade_value_ticks[:] = house.position_lots * market.curve.settlement_by_slot()
    market.hedge_accounts.begin_again(copy.deepcopy(market.desk), market.clock.day, house.fees_usd_micro)
    market.messages_sent[:], market.refusals[:] = 0, 0
    market.trades_made = market.margin_calls_made = 0
    market.warm_up_defaults = int(house.in_default.sum())
    market.tables.begin_record()
