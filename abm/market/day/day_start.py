"""The open of a day: the index is fixed, the curve valued, limits set, and every trader plans its day."""

from __future__ import annotations

from abm.market.day.capital_desk import follow_price
from abm.market.day.clearing_link import load_risk
from abm.market.day.hedge_days import day_opening, note_hedges
from abm.market.day.observation import TradingDayRecord
from abm.market.day.private_signals import give_signals
from abm.market.day.record_start import begin_record
from abm.market.state import MarketState


def open_trading_day(market: MarketState) -> None:
    """Open the day; rules of the venue come after it."""
    day = market.clock.day
    if day > market.clock.calendar.first_trading_day:
        market.desk.advance_to(day)
        market.curve.open_day(day)
        if market.clock.ends_warm_up:
            begin_record(market)
    follow_price(market)
    market.exchange.open_day(**market.curve.day_terms(day))
    load_risk(market)
    opening = day_opening(market)
    for population in market.populations:
        population.open_day(opening)
    give_signals(market)
    note_hedges(market)
    market.today = TradingDayRecord(market.contract.listed_months)
    market.feed.open_day(day)
    market.sessions.open_day()
