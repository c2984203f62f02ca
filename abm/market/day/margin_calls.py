"""The clearing house's work between rounds: margin cycles, deadlines and defaults."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.market.day.clearing_link import load_risk
from abm.market.day.observation import add_trade_values
from abm.market.state import MarketState


def marks_if_due(market: MarketState) -> NDArray[np.int64] | None:
    """Return marks by slot if an intraday margin cycle is due: a scheduled one, or after a large loss."""
    house, clock = market.clearing, market.clock
    if clock.is_margin_cycle:
        return market.curve.mark_ticks(market.exchange.top_of_book())
    if house.rules.ad_hoc_call_loss_share_bps > 0 and not clock.is_close:
        marks = market.curve.mark_ticks(market.exchange.top_of_book())
        if house.needs_ad_hoc_call(marks):
            return marks
    return None


def hold_margin_cycle(market: MarketState, mark_ticks: NDArray[np.int64]) -> None:
    """Mark to market, call margin, settle finished close-outs, and tell the exchange what is left.

    Parameters
    ----------
    market : MarketState
        The market.
    mark_ticks : array of int64, shape (listed months,)
        Mark prices by slot.
    """
    house, now = market.clearing, market.clock.now_round
    house.mark_to_market(mark_ticks, now_round=now)
    calls = house.margin_cycle(now_round=now)
    market.margin_calls_made += len(calls)
    market.tables.record_calls(calls)
    results = house.finish_close_outs(now_round=now)
    for finished in results:
        market.tables.record_close_out(finished)
        for account in finished.own_accounts_in_default:
            market.departures.suspend(account)
    moved = house.drain_transfers()
    add_trade_values(moved, market.trade_value_ticks)
    market.tables.record_moves(results, moved)
    load_risk(market)


def manage_defaults(market: MarketState) -> None:
    """Put accounts whose call ran past its deadline into default, or reduce them; pull their orders."""
    house = market.clearing
    events = house.process_deadlines(now_round=market.clock.now_round)
    for event in events:
        market.departures.suspend(event.account)
        market.tables.record_default(event)
    for notice in house.drain_reduction_notices():
        market.departures.pull_orders(notice.account)
        market.tables.record_reduction(notice)
    if events or house.reducing_changed:
        load_risk(market)
